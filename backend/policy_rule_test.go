package backend

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend/soc"
)

// rules puts rules in force with the authority of the host.
func (b *bench) rules(rules ...soc.PolicyRule) {
	b.t.Helper()
	_, err := b.EditPolicy(ctx, b.host, soc.PolicyEdit{
		Workspace: b.first, Part: soc.PartRules, Event: "rule_changed",
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			doc.Rules = rules
			return doc, nil
		},
	})
	b.must(err)
}

func forbid(name, when string) soc.PolicyRule {
	return soc.PolicyRule{Name: name, Effect: "forbid", When: when, Need: 1, Mode: soc.RuleEnforce}
}

// TestS59RulesDecide: a forbid beats a permit, an approval rule asks for its
// people, a rule that cannot be judged counts, and one whose time is over does
// not.
func TestS59RulesDecide(t *testing.T) {
	b := lite(t)
	b.respond()
	onHosts := `steps.exists(s, s.kind == "host" && s.value.startsWith("ws-042"))`
	permit := forbid("permit", "true")
	permit.Effect = "permit"
	b.rules(forbid("no-ws-042", onHosts), permit)
	if r := b.submit(b.agent, "isolate_host", "host"); r.Code != soc.CodePolicyForbids || r.Rule != "no-ws-042" {
		t.Errorf("%+v", r)
	}
	if r := b.submit(b.agent, "isolate_host", "host2"); r.QueuedForApproval || !r.Success {
		t.Errorf("another host: %+v", r)
	}
	approval := forbid("two-people", onHosts)
	approval.Effect, approval.Need = "require_approval", 2
	b.rules(approval)
	if r := b.submit(b.agent, "isolate_host", "host"); !slices.Equal(r.QueueReasons, []soc.Code{soc.CodePolicyRequiresApproval}) || r.Need.Count != 2 {
		t.Errorf("%+v", r)
	}
	// Over budget: what cannot be judged does not pass.
	long := forbid("costly", `[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, a+b+c+d+e > 0))))) && false`)
	b.rules(long)
	b.entity("h3", soc.KindHost, "ws-050.corp.local", soc.ProvenanceSensorAsserted)
	if r := b.submit(b.agent, "isolate_host", "h3"); r.Code != soc.CodePolicyForbids || r.Rule != "costly" {
		t.Errorf("over budget: %+v", r)
	}
	ended := forbid("ended", "true")
	at := b.now().Add(-time.Second).Format(time.RFC3339)
	ended.ExpiresAt = &at
	b.rules(ended)
	if r := b.submit(b.agent, "isolate_host", "h3"); !r.Success || r.QueuedForApproval {
		t.Errorf("after its end: %+v", r)
	}
	for name, when := range map[string]string{"unknown fact": "severety == 'high'", "no truth": "severity", "syntax": "severity ==", "wrong kind": "entities == 'x'"} {
		_, err := b.EditPolicy(ctx, b.host, soc.PolicyEdit{Workspace: b.first, Part: soc.PartRules, Event: "rule_changed", Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			doc.Rules = []soc.PolicyRule{forbid("x", when)}
			return doc, nil
		}})
		if soc.KindOf(err) != soc.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestS59LogOnlyIsRecordedNeverEnforced: the decision is what it would be
// without the rule; what the rule would have said is in record, audit and log.
func TestS59LogOnlyIsRecordedNeverEnforced(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.respond()
		watched := forbid("watched", `trigger == "OnQueue" && now.getHours("UTC") >= 0`)
		watched.Mode = soc.RuleLogOnly
		b.rules(watched)
		r := b.submit(b.agent, "isolate_host", "host")
		if !r.Success || r.QueuedForApproval {
			t.Fatalf("a rule that only logs decided: %+v", r)
		}
		record, err := soc.ParseGateRecord(b.stored(r.GamebookID).Facts)
		b.must(err)
		if len(record.Input.Watched) != 1 || record.Input.Watched[0].Rule != "watched" || len(record.Input.Policy) != 0 {
			t.Errorf("%+v", record.Input)
		}
		if e := b.audited("gamebook_submitted"); !strings.Contains(e.Detail, `"would":"deny"`) {
			t.Errorf("%s", e.Detail)
		}
		log, err := b.RuleLog(ctx, b.as("vw"), "watched", time.Time{}, time.Time{})
		b.must(err)
		if len(log) != 1 || log[0].Gamebook != r.GamebookID || log[0].Outcome != "run" || log[0].Would != "deny" {
			t.Errorf("%+v", log)
		}
	})
}

// TestS59AddingAForbidNeverRaisesAllows: over random requests and random rules,
// with the conditions evaluated as in the product.
func TestS59AddingAForbidNeverRaisesAllows(t *testing.T) {
	conditions := &conditions{}
	texts := []string{
		"true", "false", `severity == "high"`, `trigger == "OnQueue"`, `taint != "clean"`, `steps.exists(s, s.critical)`, `steps.all(s, s.class == "reversible")`,
		`entities > 1`, `principal.role == "senior"`, `steps[7].playbook == "x"`, `now < timestamp("2026-01-01T00:00:00Z")`,
	}
	rule := func(t *rapid.T, name, effect string) soc.PolicyRule {
		return soc.PolicyRule{Name: name, Effect: effect, When: rapid.SampledFrom(texts).Draw(t, "when"), Need: rapid.IntRange(1, 2).Draw(t, "need"), Mode: soc.RuleEnforce}
	}
	rapid.Check(t, func(t *rapid.T) {
		facts := soc.PolicyFacts{PolicyLoaded: true, ProtectedLoaded: true, Limits: soc.ShippedLimits(), Settings: map[soc.Severity]soc.AgentSettings{}}
		settings := soc.ShippedSettings("w", soc.SeverityHigh)
		settings.Gamebooks = rapid.Bool().Draw(t, "gamebooks")
		facts.Settings[soc.SeverityHigh] = settings
		for range rapid.IntRange(0, 3).Draw(t, "rules") {
			effect := rapid.SampledFrom(soc.AllPolicyEffects).Draw(t, "effect")
			facts.Rules = append(facts.Rules, rule(t, "r", string(effect)))
		}
		in := soc.GateInput{
			Phase: soc.PhaseSubmit, Principal: soc.GatePrincipal{Kind: soc.PrincipalAgent, Role: soc.RoleSenior}, CatalogueLoaded: true,
			Run:        &soc.GateRun{Taint: rapid.SampledFrom(soc.AllTaints).Draw(t, "taint")},
			Severities: []soc.Severity{soc.SeverityHigh}, At: time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC),
		}
		for _, entity := range []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "steps")] {
			in.Steps = append(in.Steps, soc.GateStep{
				Entity: entity, Kind: soc.KindHost, Class: rapid.SampledFrom(soc.AllClasses).Draw(t, "class"), Impact: soc.ImpactLow,
				Critical: rapid.Bool().Draw(t, "critical"), Provenance: soc.ProvenanceSensorAsserted,
			})
		}
		before := soc.Gate(conditions.judge(facts, facts.Govern(in)))
		more := facts
		more.Rules = append(slices.Clone(facts.Rules), rule(t, "more", rapid.SampledFrom([]string{"forbid", "require_approval"}).Draw(t, "more")))
		after := soc.Gate(conditions.judge(more, more.Govern(in)))
		if after.Outcome < before.Outcome || after.Outcome != soc.OutcomeDeny && after.Need.Count < before.Need.Count {
			t.Fatalf("%s %v became %s %v by %+v", before.Outcome, before.Need, after.Outcome, after.Need, more.Rules)
		}
		more.Rules = append(slices.Clone(facts.Rules), rule(t, "permit", "permit"))
		if after := soc.Gate(conditions.judge(more, more.Govern(in))); after.Outcome != before.Outcome {
			t.Fatalf("a permit made %s of %s", after.Outcome, before.Outcome)
		}
	})
}
