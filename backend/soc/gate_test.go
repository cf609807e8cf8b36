package soc_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

// free is an input that every rule lets run: an agent with a clean implicit
// run, gamebooks on, one reversible step of low impact on a sensor's host.
func free() soc.GateInput {
	settings := soc.ShippedSettings("w", soc.SeverityHigh)
	settings.Gamebooks = true
	return soc.GateInput{
		Phase:     soc.PhaseSubmit,
		Principal: soc.GatePrincipal{Kind: soc.PrincipalAgent, Role: soc.RoleSenior},
		Run:       &soc.GateRun{Taint: soc.TaintClean},
		Severities: []soc.Severity{
			soc.SeverityHigh, soc.SeverityHigh, soc.SeverityHigh,
		},
		Settings:     []soc.AgentSettings{settings},
		PolicyLoaded: true, CatalogueLoaded: true, ProtectedLoaded: true,
		Steps: []soc.GateStep{{
			Entity: "ENT-1", Class: soc.ClassReversible, Impact: soc.ImpactLow, Provenance: soc.ProvenanceSensorAsserted,
		}},
		BlastSoft: 10, BlastHard: 25,
	}
}

func respond(in *soc.GateInput) {
	in.ClaimedTrigger = soc.TriggerInvestigateAndRespond
	in.Run = &soc.GateRun{
		TokenValid: true, Trigger: soc.TriggerInvestigateAndRespond, Taint: in.Run.Taint,
		Envelope: soc.Ceiling{Class: soc.ClassReversible, Impact: soc.ImpactHigh}, EnvelopeEntities: 5,
	}
}

func investigateOnly(in *soc.GateInput) {
	in.Run = &soc.GateRun{TokenValid: true, Trigger: soc.TriggerInvestigateOnly, Taint: in.Run.Taint}
	in.ClaimedTrigger = soc.TriggerInvestigateOnly
}

func person(role soc.Role) func(*soc.GateInput) {
	return func(in *soc.GateInput) {
		in.Run = nil
		in.Principal = soc.GatePrincipal{Kind: soc.PrincipalPerson, Role: role}
	}
}

// gateCases are one way to trip each rule, alone.
var gateCases = []struct {
	rule    string
	name    string
	change  func(*soc.GateInput)
	outcome soc.Outcome
	code    soc.Code
	need    soc.Need
}{
	{"g1", "global switch", func(in *soc.GateInput) { in.Kill.Global = true }, soc.OutcomeDeny, soc.CodeKillSwitchEngaged, soc.Need{}},
	{"g1", "workspace switch", func(in *soc.GateInput) { in.Kill.Workspace = true }, soc.OutcomeDeny, soc.CodeKillSwitchEngaged, soc.Need{}},
	{"g1", "agent switch", func(in *soc.GateInput) { in.Kill.Agent = true }, soc.OutcomeDeny, soc.CodeKillSwitchEngaged, soc.Need{}},
	{"g2", "suspended", func(in *soc.GateInput) { in.Principal.Suspended = true }, soc.OutcomeDeny, soc.CodeAgentSuspended, soc.Need{}},
	{"g2", "expired", func(in *soc.GateInput) { in.Principal.CredentialGone = true }, soc.OutcomeDeny, soc.CodeAgentSuspended, soc.Need{}},
	{"g3", "entry", func(in *soc.GateInput) {
		in.Entries.Failures = []soc.StepFailure{{Code: soc.CodeEntityNotInIncident}}
	}, soc.OutcomeDeny, soc.CodeEntityNotInIncident, soc.Need{}},
	{"g3", "incident number", func(in *soc.GateInput) { in.Entries.Incident = soc.CodeIncidentMismatch }, soc.OutcomeDeny, soc.CodeIncidentMismatch, soc.Need{}},
	{"g4", "no policy", func(in *soc.GateInput) { in.PolicyLoaded = false }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g4", "no catalogue", func(in *soc.GateInput) { in.CatalogueLoaded = false }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g4", "no protected list", func(in *soc.GateInput) { in.ProtectedLoaded = false }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g4", "no settings of a severity", func(in *soc.GateInput) { in.Severities[1] = soc.SeverityLow }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g4", "no severity", func(in *soc.GateInput) { in.Severities = nil }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g5", "closed", func(in *soc.GateInput) { in.IncidentClosed = true }, soc.OutcomeDeny, soc.CodeIncidentClosed, soc.Need{}},
	{"g5", "agent off", func(in *soc.GateInput) { in.Settings[0].Enabled = false }, soc.OutcomeDeny, soc.CodeAgentDisabled, soc.Need{}},
	{"g6", "forbid", func(in *soc.GateInput) {
		in.Policy = []soc.PolicyFinding{{Rule: "r1", Effect: soc.EffectForbid}}
	}, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g6", "unknown effect", func(in *soc.GateInput) { in.Policy = []soc.PolicyFinding{{Rule: "r1", Effect: "?"}} }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g6", "conflict", func(in *soc.GateInput) { in.Steps[0].Conflicts = true }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g6", "never", func(in *soc.GateInput) { in.Steps[0].Protection = soc.ProtectionNever }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g6", "unknown protection", func(in *soc.GateInput) { in.Steps[0].Protection = "?" }, soc.OutcomeDeny, soc.CodePolicyForbids, soc.Need{}},
	{"g7", "agent added", func(in *soc.GateInput) { in.Steps[0].Provenance = soc.ProvenanceAgentAdded }, soc.OutcomeDeny, soc.CodeEntityAgentAdded, soc.Need{}},
	{"g8", "investigate only", investigateOnly, soc.OutcomeQueue, soc.CodeInvestigateOnly, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g9", "gamebooks off", func(in *soc.GateInput) { in.Settings[0].Gamebooks = false }, soc.OutcomeQueue, soc.CodeCapabilityOff, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g9", "reject", func(in *soc.GateInput) {
		in.Settings[0].Gamebooks, in.Settings[0].GatingMode = false, "reject"
	}, soc.OutcomeDeny, soc.CodeCapabilityOff, soc.Need{}},
	{"g10", "two person", func(in *soc.GateInput) { in.Steps[0].Protection = soc.ProtectionTwoPerson }, soc.OutcomeQueue, soc.CodeProtectedTarget, soc.NeedTwo()},
	{"g12", "above the ceiling", func(in *soc.GateInput) {
		in.Steps[0].Class = soc.ClassExternallyReversible
	}, soc.OutcomeQueue, soc.CodePolicyRequiresApproval, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}}},
	{"g12", "impact of a critical target", func(in *soc.GateInput) {
		in.Steps[0].Critical = true
		in.Settings[0].CeilingClean.Impact = soc.ImpactLow
	}, soc.OutcomeQueue, soc.CodePolicyRequiresApproval, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}}},
	{"g12", "unknown ceiling", func(in *soc.GateInput) { in.Settings[0].CeilingClean = soc.Ceiling{} }, soc.OutcomeQueue, soc.CodePolicyRequiresApproval, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g12", "analyst", person(soc.RoleAnalyst), soc.OutcomeQueue, soc.CodePolicyRequiresApproval, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g12", "envelope entities", func(in *soc.GateInput) { respond(in); in.Run.EnvelopeEntities = 0 }, soc.OutcomeQueue, soc.CodePolicyRequiresApproval, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g13", "parsed", func(in *soc.GateInput) { in.Steps[0].Provenance = soc.ProvenanceParsed }, soc.OutcomeQueue, soc.CodeTargetProvenance, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g14", "flagged", func(in *soc.GateInput) { in.Run.Taint = soc.TaintFlagged }, soc.OutcomeQueue, soc.CodeRunTainted, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g14", "unknown taint", func(in *soc.GateInput) { in.Run.Taint = "" }, soc.OutcomeQueue, soc.CodeRunTainted, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g14", "agent without a run", func(in *soc.GateInput) { in.Run = nil }, soc.OutcomeQueue, soc.CodeRunTainted, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g15", "tainted", func(in *soc.GateInput) {
		in.Run.Taint, in.Steps[0].Impact = soc.TaintTainted, soc.ImpactHigh
	}, soc.OutcomeQueue, soc.CodeRunTainted, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}}},
	{"g15", "assumed tainted", func(in *soc.GateInput) {
		in.AssumeTainted, in.Steps[0].Impact = true, soc.ImpactHigh
	}, soc.OutcomeQueue, soc.CodeRunTainted, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleSenior}}},
	{"g16", "rate", func(in *soc.GateInput) {
		in.Rates = []soc.RateFact{{Limit: "isolate_host/h", Used: 5, Asked: 1, Max: 5}}
	}, soc.OutcomeQueue, soc.CodeLimitReached, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g17", "soft blast", func(in *soc.GateInput) { in.BlastSoft = 0 }, soc.OutcomeQueue, soc.CodeLimitReached, soc.NeedTwo()},
	{"g17", "breaker open", func(in *soc.GateInput) { in.Populations = []soc.PopulationFact{{Open: true}} }, soc.OutcomeQueue, soc.CodeLimitReached, soc.NeedTwo()},
	{"g18", "policy", func(in *soc.GateInput) {
		in.Policy = []soc.PolicyFinding{{Rule: "night", Effect: soc.EffectRequireApproval}}
	}, soc.OutcomeQueue, soc.CodePolicyRequiresApproval, soc.Need{Count: 1, Roles: []soc.Role{soc.RoleAnalyst}}},
	{"g19", "nothing", func(in *soc.GateInput) {}, soc.OutcomeRun, soc.CodeQueued, soc.Need{}},
	{"g19", "permit", func(in *soc.GateInput) { in.Policy = []soc.PolicyFinding{{Rule: "p", Effect: soc.EffectPermit}} }, soc.OutcomeRun, soc.CodeQueued, soc.Need{}},
}

// TestS1EachRuleAlone: one fact trips exactly one rule.
func TestS1EachRuleAlone(t *testing.T) {
	for _, c := range gateCases {
		in := free()
		c.change(&in)
		got := soc.Gate(in)
		if got.Outcome != c.outcome || len(got.Rules) != 1 || got.Rules[0].ID != c.rule {
			t.Errorf("%s %s: %s by %v", c.rule, c.name, got.Outcome, got.Rules)
			continue
		}
		wantCode := c.code
		if c.outcome == soc.OutcomeQueue {
			wantCode = soc.CodeQueuedForApproval
			if !slices.Equal(got.Reasons, []soc.Code{c.code}) {
				t.Errorf("%s %s: reasons %v", c.rule, c.name, got.Reasons)
			}
		}
		if got.Code != wantCode || cmp.Diff(got.Need, c.need) != "" {
			t.Errorf("%s %s: code %s need %v, want %s %v", c.rule, c.name, got.Code, got.Need, wantCode, c.need)
		}
	}
	in := free() // g11 and g12 together: nothing irreversible is below any ceiling
	in.Steps[0].Class = soc.ClassIrreversible
	if got := soc.Gate(in); !slices.Equal(got.Reasons, []soc.Code{soc.CodeIrreversible, soc.CodePolicyRequiresApproval}) || cmp.Diff(got.Need, soc.NeedTwo()) != "" {
		t.Errorf("g11: %+v", got)
	}
}

func TestGateZeroInputIsDenied(t *testing.T) {
	if got := soc.Gate(soc.GateInput{}); got.Outcome != soc.OutcomeDeny {
		t.Errorf("%+v", got)
	}
	if soc.OutcomeRun == 0 || (soc.GateResult{}).Outcome == soc.OutcomeRun {
		t.Error("a forgotten result runs")
	}
}

// TestPortal7PrimaryCode: whatever fails together, the first in the wire's
// order is the code, and all are listed in that order.
func TestPortal7PrimaryCode(t *testing.T) {
	var denials []func(*soc.GateInput)
	for _, c := range gateCases {
		if c.outcome == soc.OutcomeDeny && c.rule != "g3" {
			denials = append(denials, c.change)
		}
	}
	order := soc.DenyOrder()
	for i, first := range order[4:14] { // the entry checks
		in := free()
		for _, change := range denials {
			change(&in)
		}
		for _, code := range slices.Backward(order[4+i : 14]) {
			if code == soc.CodeIncidentMismatch {
				in.Entries.Incident = code
			} else {
				in.Entries.Failures = append(in.Entries.Failures, soc.StepFailure{Code: code})
			}
		}
		in.Entries.Failures = append(in.Entries.Failures, soc.StepFailure{Code: soc.CodeUpstreamError})
		got := soc.Gate(in)
		if got.Code != soc.CodeAgentSuspended || !slices.IsSortedFunc(got.Reasons, func(a, b soc.Code) int {
			return slices.Index(order, a) - slices.Index(order, b)
		}) {
			t.Errorf("%s: %s %v", first, got.Code, got.Reasons)
		}
		in.Principal, in.Kill = free().Principal, soc.KillFacts{}
		in.IncidentClosed, in.Settings[0].Enabled = false, true
		in.Steps[0].Provenance = soc.ProvenanceSensorAsserted // g7 shares an entry check's code
		if got := soc.Gate(in); got.Code != first || got.Reasons[len(got.Reasons)-1] != soc.CodeUpstreamError {
			t.Errorf("%s: code %s of %v", first, got.Code, got.Reasons)
		}
	}
	in := free()
	in.Entries.Failures = []soc.StepFailure{{Code: soc.CodeUpstreamError}}
	in.Steps[0].Conflicts = true
	if got := soc.Gate(in); got.Code != soc.CodePolicyForbids {
		t.Errorf("UPSTREAM_ERROR is reported after the gate's denials, got %s", got.Code)
	}
}

// TestS31PopulationBreaker: 400 known hosts, the fifth isolation of the hour.
func TestS31PopulationBreaker(t *testing.T) {
	for used, trips := range map[int]bool{0: false, 3: false, 4: true, 5: true} {
		p := soc.PopulationFact{Known: 400, Used: used, Asked: 1, Percent: 1, Floor: 3}
		if p.Trips() != trips {
			t.Errorf("%d used: %v", used, p.Trips())
		}
	}
	if (soc.PopulationFact{Known: 10, Used: 2, Asked: 1, Percent: 1, Floor: 3}).Trips() {
		t.Error("three actions among ten hosts are below the floor")
	}
}

func BenchmarkGate(b *testing.B) {
	in := free()
	in.Steps = nil
	for i := range 50 {
		in.Steps = append(in.Steps, soc.GateStep{
			Entity: fmt.Sprintf("ENT-%d", i%20), Class: soc.ClassReversible, Impact: soc.ImpactHigh, Provenance: soc.ProvenanceParsed,
		})
	}
	in.Run.Taint, in.Settings[0].Gamebooks = soc.TaintTainted, false
	in.Settings = append(in.Settings, in.Settings[0], in.Settings[0])
	b.ReportAllocs()
	for b.Loop() {
		if soc.Gate(in).Outcome != soc.OutcomeQueue {
			b.Fatal("wrong outcome")
		}
	}
}
