package soc

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyInput draws inputs around the borders: every word with an unknown one,
// counters near their limits.
func anyInput(t *rapid.T) GateInput {
	flag := func(name string) bool { return rapid.IntRange(0, 5).Draw(t, name) == 0 }
	in := GateInput{
		Phase: PhaseSubmit,
		Principal: GatePrincipal{
			Kind:      rapid.SampledFrom(append(slices.Clone(AllPrincipalKinds), "")).Draw(t, "kind"),
			Role:      rapid.SampledFrom(append(slices.Clone(AllRoles), "")).Draw(t, "role"),
			Suspended: flag("suspended"), CredentialGone: flag("gone"),
		},
		ClaimedTrigger: rapid.SampledFrom(append(slices.Clone(AllTriggers), "", "?")).Draw(t, "claim"),
		IncidentClosed: flag("closed"), AssumeTainted: flag("assume"),
		PolicyLoaded: !flag("policy"), CatalogueLoaded: !flag("catalogue"), ProtectedLoaded: !flag("protected"),
		BlastSoft: rapid.IntRange(0, 4).Draw(t, "soft"), BlastHard: rapid.IntRange(2, 6).Draw(t, "hard"),
	}
	if !flag("no run") {
		in.Run = &GateRun{
			TokenValid: rapid.Bool().Draw(t, "token"), Trigger: rapid.SampledFrom(AllTriggers).Draw(t, "trigger"),
			Taint:    rapid.SampledFrom(append(slices.Clone(AllTaints), "?")).Draw(t, "taint"),
			Envelope: anyCeiling(t), EnvelopeEntities: rapid.IntRange(0, 5).Draw(t, "envelope"),
		}
	}
	in.Severities = rapid.SliceOfN(rapid.SampledFrom(AllSeverities), 3, 3).Draw(t, "severities")
	for _, s := range AllSeverities {
		if slices.Contains(in.Severities, s) {
			in.Settings = append(in.Settings, anySettings(t, s))
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "steps") {
		in.Steps = append(in.Steps, anyStep(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "rates") {
		in.Rates = append(in.Rates, RateFact{Used: rapid.IntRange(0, 6).Draw(t, "used"), Asked: 1, Max: 5})
	}
	if flag("policy rule") {
		in.Policy = append(in.Policy, PolicyFinding{Rule: "r", Effect: rapid.SampledFrom(AllPolicyEffects).Draw(t, "effect")})
	}
	return in
}

func anyCeiling(t *rapid.T) Ceiling {
	return Ceiling{
		rapid.SampledFrom(append(slices.Clone(AllClasses), "?")).Draw(t, "ceiling class"),
		rapid.SampledFrom(append(slices.Clone(AllImpacts), "?")).Draw(t, "ceiling impact"),
	}
}

func anySettings(t *rapid.T, s Severity) AgentSettings {
	set := ShippedSettings("w", s)
	set.Enabled = rapid.IntRange(0, 5).Draw(t, "enabled") > 0
	set.Gamebooks = rapid.Bool().Draw(t, "gamebooks")
	set.GatingMode = rapid.SampledFrom([]string{"queue", "queue", "queue", "reject", ""}).Draw(t, "mode")
	set.CeilingClean, set.CeilingTainted = anyCeiling(t), anyCeiling(t)
	return set
}

func anyStep(t *rapid.T) GateStep {
	return GateStep{
		Entity: rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "entity"),
		Class:  rapid.SampledFrom(append(slices.Clone(AllClasses), ClassReversible, ClassReadOnly)).Draw(t, "class"),
		Impact: rapid.SampledFrom(AllImpacts).Draw(t, "impact"), Critical: rapid.Bool().Draw(t, "critical"),
		Provenance: rapid.SampledFrom([]Provenance{ProvenanceSensorAsserted, ProvenanceSensorAsserted, ProvenanceParsed, ProvenanceAgentAdded, "?"}).Draw(t, "provenance"),
		Protection: rapid.SampledFrom([]Protection{"", "", "", ProtectionTwoPerson, ProtectionNever, "?"}).Draw(t, "protection"),
	}
}

// deepInput copies an input, so that a change of it shows.
func deepInput(in GateInput) GateInput {
	if in.Run != nil {
		run := *in.Run
		in.Run = &run
	}
	in.Severities, in.Settings, in.Steps = slices.Clone(in.Severities), slices.Clone(in.Settings), slices.Clone(in.Steps)
	in.Policy, in.Rates, in.Populations = slices.Clone(in.Policy), slices.Clone(in.Rates), slices.Clone(in.Populations)
	in.Entries.Failures, in.Approvals, in.NotApprovers = slices.Clone(in.Entries.Failures), slices.Clone(in.Approvals), slices.Clone(in.NotApprovers)
	return in
}

// tighter reports whether b refuses at least what a refuses and asks for at
// least the people a asks for.
func tighter(a, b GateResult) bool {
	if b.Outcome < a.Outcome {
		return false
	}
	return b.Outcome == OutcomeDeny || StricterNeed(a.Need, b.Need).equal(b.Need)
}

// tightenings are facts that may only make the answer stricter.
var tightenings = map[string]func(*rapid.T, *GateInput){
	"kill":    func(_ *rapid.T, in *GateInput) { in.Kill.Agent = true },
	"suspend": func(_ *rapid.T, in *GateInput) { in.Principal.Suspended = true },
	"entry": func(_ *rapid.T, in *GateInput) {
		in.Entries.Failures = append(in.Entries.Failures, StepFailure{Code: CodeUpstreamError})
	},
	"policy lost": func(_ *rapid.T, in *GateInput) { in.PolicyLoaded = false },
	"list lost":   func(_ *rapid.T, in *GateInput) { in.ProtectedLoaded = false },
	"close":       func(_ *rapid.T, in *GateInput) { in.IncidentClosed = true },
	"forbid": func(_ *rapid.T, in *GateInput) {
		in.Policy = append(in.Policy, PolicyFinding{Rule: "f", Effect: EffectForbid})
	},
	"approval": func(_ *rapid.T, in *GateInput) {
		in.Policy = append(in.Policy, PolicyFinding{Rule: "q", Effect: EffectRequireApproval})
	},
	"rate":       func(_ *rapid.T, in *GateInput) { in.Rates = append(in.Rates, RateFact{Used: 9, Asked: 1, Max: 5}) },
	"breaker":    func(_ *rapid.T, in *GateInput) { in.Populations = append(in.Populations, PopulationFact{Open: true}) },
	"soft blast": func(_ *rapid.T, in *GateInput) { in.BlastSoft-- },
	"hard blast": func(_ *rapid.T, in *GateInput) { in.BlastHard-- },
	"assume":     func(_ *rapid.T, in *GateInput) { in.AssumeTainted = true },
	"add step": func(t *rapid.T, in *GateInput) {
		if len(in.Steps) > 0 {
			in.Steps = append(in.Steps, anyStep(t))
		}
	},
	"add severity": func(t *rapid.T, in *GateInput) {
		s := rapid.SampledFrom(AllSeverities).Draw(t, "severity")
		if len(in.Severities) > 0 && !slices.Contains(in.Severities, s) {
			in.Severities, in.Settings = append(in.Severities, s), append(in.Settings, anySettings(t, s))
		}
	},
	"capability off": func(t *rapid.T, in *GateInput) { in.Settings[0].Gamebooks = false },
	"reject":         func(t *rapid.T, in *GateInput) { in.Settings[0].GatingMode = "reject" },
	"agent off":      func(t *rapid.T, in *GateInput) { in.Settings[0].Enabled = false },
	"taint": func(t *rapid.T, in *GateInput) {
		if in.Run != nil {
			in.Run.Taint = MaxTaint(in.Run.Taint, rapid.SampledFrom(AllTaints).Draw(t, "more taint"))
		}
	},
	"claim less": func(t *rapid.T, in *GateInput) {
		// The one step of authority that only tightens: a respond token waives
		// a capability, and OnQueue's own denials (g5, g9) end with it.
		if !deniesOnQueue(*in) {
			in.ClaimedTrigger = TriggerInvestigateOnly
		}
	},
	"role": func(t *rapid.T, in *GateInput) { in.Principal.Role = RoleViewer },
	"provenance": func(t *rapid.T, in *GateInput) {
		for i := range in.Steps {
			in.Steps[i].Provenance = Weaker(in.Steps[i].Provenance, ProvenanceParsed)
		}
	},
	"protect": func(t *rapid.T, in *GateInput) {
		for i := range in.Steps {
			if in.Steps[i].Protection == ProtectionNone {
				in.Steps[i].Protection = ProtectionTwoPerson
			}
		}
	},
	"critical": func(t *rapid.T, in *GateInput) {
		for i := range in.Steps {
			in.Steps[i].Critical = true
		}
	},
}

// deniesOnQueue: settings under which OnQueue is refused outright.
func deniesOnQueue(in GateInput) bool {
	return slices.ContainsFunc(in.Settings, func(s AgentSettings) bool { return !s.Enabled || s.GatingMode != "queue" })
}

// TestS59AddingAFactOnlyTightens: the outcome never falls and neither does the
// Need, whatever else is true.
func TestS59AddingAFactOnlyTightens(t *testing.T) {
	names := make([]string, 0, len(tightenings))
	for name := range tightenings {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		before := Gate(in)
		name := rapid.SampledFrom(names).Draw(t, "tightening")
		after := deepInput(in)
		tightenings[name](t, &after)
		if got := Gate(after); !tighter(before, got) {
			t.Fatalf("%s: %s %v became %s %v\n%+v", name, before.Outcome, before.Need, got.Outcome, got.Need, got.Rules)
		}
	})
}

// TestS1RuleOrderNeverMatters: nor does the order of facts.
func TestS1RuleOrderNeverMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		want := Gate(in)
		if got := decide(in, rapid.Permutation(gateRules()).Draw(t, "rules")); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\n%+v", got, want)
		}
		other := deepInput(in)
		other.Steps = rapid.Permutation(in.Steps).Draw(t, "step order")
		other.Settings = rapid.Permutation(in.Settings).Draw(t, "settings order")
		other.Severities = rapid.Permutation(in.Severities).Draw(t, "severity order")
		other.Rates = rapid.Permutation(in.Rates).Draw(t, "rate order")
		if got := Gate(other); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\n%+v", got, want)
		}
	})
}

// TestS1AddingARuleOnlyTightens: a rule that says anything whatever.
func TestS1AddingARuleOnlyTightens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		hit := gateHit{
			rule: 99, outcome: rapid.SampledFrom([]Outcome{OutcomeRun, OutcomeQueue, OutcomeDeny}).Draw(t, "outcome"),
			code: CodePolicyForbids, two: rapid.Bool().Draw(t, "two"),
		}
		more := append(gateRules(), func(_ gateFacts, hits []gateHit) []gateHit { return append(hits, hit) })
		if before, after := Gate(in), decide(in, more); !tighter(before, after) {
			t.Fatalf("%s became %s", before.Outcome, after.Outcome)
		}
	})
}

// TestS3StrictestSeverityDecides: with three severities the answer is at least
// as strict as with each of them alone.
func TestS3StrictestSeverityDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		all := Gate(in)
		for _, s := range in.Severities {
			one := deepInput(in)
			one.Severities = []Severity{s}
			one.Settings = slices.DeleteFunc(one.Settings, func(a AgentSettings) bool { return a.Severity != s })
			if got := Gate(one); !tighter(got, all) {
				t.Fatalf("%s alone gives %s %v, the three give %s %v", s, got.Outcome, got.Need, all.Outcome, all.Need)
			}
		}
	})
}

// TestS29SimulateEqualsEnforce: simulate and explain answer what submit would,
// and asking changes nothing.
func TestS29SimulateEqualsEnforce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		kept := deepInput(in)
		want := Gate(in)
		if !reflect.DeepEqual(in, kept) || !reflect.DeepEqual(Gate(in), want) {
			t.Fatal("asking changed the input or the answer")
		}
		for _, phase := range []Phase{PhaseSimulate, PhaseExplain} {
			in.Phase = phase
			if got := Gate(in); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v, submit: %+v", phase, got, want)
			}
		}
		for _, c := range want.Reasons {
			if !slices.Contains(AllCodes, c) {
				t.Fatalf("%s is not in the list of codes", c)
			}
		}
	})
}

// TestS13ApprovalsNeverLiftADeny: and a queue entry runs only when the Need of
// the digest covers what is needed now and is met.
func TestS13ApprovalsNeverLiftADeny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		submit := Gate(in)
		in.Digest = "d"
		in.DigestNeed = rapid.SampledFrom([]Need{{}, NeedOne(ClassReversible, ImpactLow, SeverityLow), NeedOne(ClassReversible, ImpactHigh, SeverityLow), NeedTwo()}).Draw(t, "need")
		for range rapid.IntRange(0, 3).Draw(t, "approvals") {
			in.Approvals = append(in.Approvals, Approval{
				Person: rapid.SampledFrom([]string{"p1", "p2", "p3"}).Draw(t, "person"), Approved: true,
				Role:   rapid.SampledFrom(AllRoles).Draw(t, "approver"),
				Digest: rapid.SampledFrom([]string{"d", "d", "other"}).Draw(t, "digest"),
			})
		}
		in.NotApprovers = []string{"p3"}
		in.Phase = PhaseApprove
		got := Gate(in)
		eligible := EligibleApprovals(in.Approvals, "d", in.NotApprovers)
		switch {
		case submit.Outcome == OutcomeDeny:
			if got.Outcome != OutcomeDeny {
				t.Fatalf("approved away: %+v", got)
			}
		case got.Outcome == OutcomeRun:
			if !ApprovalsMeet(submit.Need, eligible) || !ApprovalsMeet(in.DigestNeed, eligible) {
				t.Fatalf("runs without the people: %+v with %+v", got, in.Approvals)
			}
		case got.Outcome == OutcomeQueue && StricterNeed(in.DigestNeed, submit.Need).equal(in.DigestNeed):
			if ApprovalsMeet(in.DigestNeed, eligible) {
				t.Fatalf("met and still queued: %+v", got)
			}
		}
	})
}
