package soc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// TestS1ResultingTable is the table of safety.md section 1.1, row by row.
func TestS1ResultingTable(t *testing.T) {
	type row struct {
		name      string
		set       func(*soc.GateInput)
		gamebooks []bool
		taints    []soc.Taint
		want      string // read_only, reversible in, reversible over, externally_reversible, irreversible
	}
	both, on, off := []bool{true, false}, []bool{true}, []bool{false}
	clean, tainted, flagged := soc.TaintClean, soc.TaintTainted, soc.TaintFlagged
	nothing := func(*soc.GateInput) {}
	rows := []row{
		{"ManualInvestigateOnly", investigateOnly, both, soc.AllTaints, "Q Q Q Q Q2"},
		{"OnQueue off", nothing, off, []soc.Taint{clean, tainted, flagged}, "R Q Q Q Q2"},
		{"OnQueue on clean", nothing, on, []soc.Taint{clean}, "R R Q Q Q2"},
		{"OnQueue on clean, ceiling names it", func(in *soc.GateInput) {
			in.Settings[0].CeilingClean.Class = soc.ClassExternallyReversible
		}, on, []soc.Taint{clean}, "R R Q R Q2"},
		{"OnQueue on tainted", nothing, on, []soc.Taint{tainted}, "R R Q Q Q2"},
		{"OnQueue on tainted, both ceilings name it", func(in *soc.GateInput) {
			in.Settings[0].CeilingClean.Class = soc.ClassExternallyReversible
			in.Settings[0].CeilingTainted.Class = soc.ClassExternallyReversible
		}, on, []soc.Taint{tainted}, "R R Q Q Q2"},
		{"OnQueue flagged", nothing, both, []soc.Taint{flagged}, "R Q Q Q Q2"},
		{"Respond flagged", respond, both, []soc.Taint{flagged}, "R Q Q Q Q2"},
		{"Respond", respond, both, []soc.Taint{clean, tainted}, "R R Q Q Q2"},
		{"senior person", person(soc.RoleSenior), on, []soc.Taint{clean}, "R R Q Q Q2"},
		{"manager", person(soc.RoleManager), on, []soc.Taint{clean}, "R R Q Q Q2"},
		{"senior person, gamebooks off", person(soc.RoleSenior), off, []soc.Taint{clean}, "R Q Q Q Q2"},
		{"analyst", person(soc.RoleAnalyst), both, []soc.Taint{clean}, "R Q Q Q Q2"},
		{"admin alone", person(soc.RoleAdmin), both, []soc.Taint{clean}, "R Q Q Q Q2"},
	}
	for _, r := range rows {
		for _, gamebooks := range r.gamebooks {
			for _, taint := range r.taints {
				name := fmt.Sprintf("%s gamebooks=%v %s", r.name, gamebooks, taint)
				if got := tableRow(t, gamebooks, taint, r.set); got != r.want {
					t.Errorf("%s: %s, want %s", name, got, r.want)
				}
			}
		}
	}
}

// tableRow asks the gate for the five columns. "Over" is a high-impact step
// under ceilings lowered to low impact.
func tableRow(t *testing.T, gamebooks bool, taint soc.Taint, set func(*soc.GateInput)) string {
	t.Helper()
	var cells []string
	for _, column := range []soc.Class{soc.ClassReadOnly, soc.ClassReversible, "over", soc.ClassExternallyReversible, soc.ClassIrreversible} {
		in := free()
		in.Run.Taint = taint
		in.Settings[0].Gamebooks = gamebooks
		set(&in)
		in.Steps[0].Class = column
		if column == "over" {
			in.Steps[0].Class, in.Steps[0].Impact = soc.ClassReversible, soc.ImpactHigh
			in.Settings[0].CeilingClean.Impact = soc.ImpactLow
			if in.Run != nil {
				in.Run.Envelope.Impact = soc.ImpactLow
			}
		}
		result := soc.Gate(in)
		cell := map[soc.Outcome]string{soc.OutcomeRun: "R", soc.OutcomeQueue: "Q", soc.OutcomeDeny: "D"}[result.Outcome]
		if result.Need.Count > 1 {
			cell += "2"
		}
		if (result.Outcome == soc.OutcomeQueue) != (result.Need.Count > 0) {
			t.Errorf("outcome %s with need %v", result.Outcome, result.Need)
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, " ")
}

// TestS2TruthTable is the truth table of portal-api.md section 7.
func TestS2TruthTable(t *testing.T) {
	none, queue, only, resp := soc.Trigger(""), soc.TriggerOnQueue, soc.TriggerInvestigateOnly, soc.TriggerInvestigateAndRespond
	cells := []struct {
		claim, token soc.Trigger // token "" = none or invalid
		on, off      string
		downgraded   bool
	}{
		{queue, none, "R", "A", false},
		{queue, queue, "R", "A", false},
		{queue, only, "A", "A", false},
		{queue, resp, "R", "A", false},
		{none, none, "R", "A", false},
		{none, queue, "R", "A", false},
		{none, only, "A", "A", false},
		{none, resp, "R", "A", false},
		{only, none, "A", "A", false},
		{only, queue, "A", "A", false},
		{only, only, "A", "A", false},
		{only, resp, "A", "A", false},
		{resp, none, "R", "A", true},
		{resp, queue, "R", "A", true},
		{resp, only, "A", "A", true},
		{resp, resp, "R", "R", false},
	}
	for _, c := range cells {
		for _, gamebooks := range []bool{true, false} {
			in := free()
			in.Settings[0].Gamebooks = gamebooks
			in.ClaimedTrigger = c.claim
			in.Run = &soc.GateRun{
				TokenValid: c.token != none, Trigger: c.token, Taint: soc.TaintClean,
				Envelope: soc.Ceiling{Class: soc.ClassReversible, Impact: soc.ImpactHigh}, EnvelopeEntities: 5,
			}
			if c.token == none { // an invalid token may say anything
				in.Run.Trigger = soc.TriggerInvestigateAndRespond
			}
			name := fmt.Sprintf("claim %q token %q gamebooks %v", c.claim, c.token, gamebooks)
			checkCell(t, name, in, gamebooks, c.on, c.off, c.downgraded)
		}
	}
}

func checkCell(t *testing.T, name string, in soc.GateInput, gamebooks bool, on, off string, downgraded bool) {
	t.Helper()
	want := off
	if gamebooks {
		want = on
	}
	got := soc.Gate(in)
	if (got.Outcome == soc.OutcomeRun) != (want == "R") || got.Downgraded != downgraded {
		t.Errorf("%s: %s downgraded %v, want %s %v", name, got.Outcome, got.Downgraded, want, downgraded)
	}
	onQueueOff := got.EffectiveTrigger == soc.TriggerOnQueue && !gamebooks
	if slices.Contains(got.Reasons, soc.CodeCapabilityOff) != onQueueOff {
		t.Errorf("%s: reasons %v", name, got.Reasons)
	}
	if slices.Contains(got.Reasons, soc.CodeTriggerDowngraded) != (onQueueOff && downgraded) {
		t.Errorf("%s: TRIGGER_DOWNGRADED stands beside CAPABILITY_OFF only: %v", name, got.Reasons)
	}
	// gating_mode=reject turns only these cells into a refusal.
	in.Settings[0].GatingMode = "reject"
	if rejected := soc.Gate(in); (rejected.Outcome == soc.OutcomeDeny) != onQueueOff ||
		onQueueOff && rejected.Code != soc.CodeCapabilityOff {
		t.Errorf("%s, reject: %s %s", name, rejected.Outcome, rejected.Code)
	}
	// A gamebook of read-only steps alone reads off as on.
	in.Steps[0].Class = soc.ClassReadOnly
	if reads := soc.Gate(in); (reads.Outcome == soc.OutcomeRun) != (on == "R") {
		t.Errorf("%s, read only: %s", name, reads.Outcome)
	}
}
