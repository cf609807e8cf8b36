package backend_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestT34MemoryCanBeSeenAndUndone: what people decided is shown with what it
// makes closable; a benign decision is taken back by one senior, a TruePositive
// by two, and nothing of it is left in the counts.
func TestT34MemoryCanBeSeenAndUndone(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	first, second := o.person("sr1", soc.RoleSenior), o.person("sr2", soc.RoleSenior)
	decide := func(n int, verdict soc.Verdict) string {
		t.Helper()
		item := o.ingest(o.home, fmt.Sprintf(`{"external_id":"m%d","source":"wazuh","title":"Backup agent reads passwords","severity":"low","created_at":"2026-03-01T00:00:00Z"}`, n))[0]
		_, err := o.desk.TriageIncident(ctx, first, soc.TriageRequest{Incident: soc.IncidentRef{ID: item.IncidentID}, Wait: time.Second})
		must(t, err)
		_, err = o.desk.SetVerdict(ctx, first, soc.IncidentRef{ID: item.IncidentID}, soc.PersonVerdict{Verdict: verdict, Reason: "Other"})
		must(t, err)
		o.clock.Advance(time.Minute)
		return item.IncidentID
	}
	look := func(incident string) soc.MemoryOfType {
		t.Helper()
		found, err := o.desk.InspectMemory(ctx, first, soc.MemoryQuery{Incident: incident})
		must(t, err)
		if len(found) != 1 {
			t.Fatalf("%d alert types", len(found))
		}
		return found[0]
	}
	incident := ""
	for n := range 12 {
		incident = decide(n, soc.VerdictFalsePositive)
	}
	reliability, err := o.desk.FloorReliability(ctx, first, o.clock.Now().AddDate(0, 0, -1), o.clock.Now().Add(time.Hour))
	if err != nil || reliability.Decided != 12 || reliability.Answered+reliability.Undetermined != 12 || reliability.Right != reliability.Answered || reliability.Right == 0 {
		t.Errorf("twelve decisions after a triage each: %+v, %v", reliability, err)
	}
	if m := look(incident); len(m.WhyNot) != 0 || m.Levels[0].Counts.FalsePositive != 12 || len(m.Events) != 12 {
		t.Fatalf("twelve false alarms are a closable history: %v, %+v", m.WhyNot, m.Levels[0])
	}
	incident = decide(12, soc.VerdictTruePositive)
	before := look(incident)
	if !slices.Contains(before.WhyNot, soc.GapTruePositive) {
		t.Errorf("one TruePositive: %v", before.WhyNot)
	}
	undo := func(by soc.Actor, event string) (soc.MemoryUndone, error) {
		return o.desk.UndoMemory(ctx, by, soc.MemoryUndo{Event: event, Reason: "given by mistake"})
	}
	refused := func(what string, by soc.Actor, event string, want soc.Code) {
		t.Helper()
		if _, err := undo(by, event); soc.AsError(err).Code != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	attack, harmless := before.Events[0].ID, before.Events[1].ID
	refused("an agent", o.agent("a"), attack, soc.CodeHumanSessionRequired)
	refused("an analyst", o.person("an", soc.RoleAnalyst), attack, soc.CodeInsufficientApprovalLevel)
	elsewhere := first
	elsewhere.Workspace = o.away
	refused("another workspace", elsewhere, attack, soc.CodeNotFound)

	out, err := undo(first, harmless)
	must(t, err)
	if out.Asked != nil || look(incident).Levels[0].Counts.FalsePositive != 11 {
		t.Errorf("a benign decision goes at once: %+v", out)
	}
	refused("twice", first, harmless, soc.CodeInvalidState)

	for range 2 { // the same person twice is still one person
		out, err = undo(first, attack)
		must(t, err)
		if out.Asked == nil || look(incident).Levels[0].Counts.TruePositive != 1 {
			t.Fatalf("a TruePositive takes two: %+v", out)
		}
	}
	o.clock.Advance(25 * time.Hour)
	if out, err = undo(second, attack); err != nil || out.Asked == nil || out.Asked.By != "sr2" {
		t.Fatalf("after a day the first word is gone: %+v, %v", out, err)
	}
	out, err = undo(first, attack)
	must(t, err)
	after := look(incident)
	if out.Asked != nil || after.Levels[0].Counts != (soc.VerdictCounts{FalsePositive: 11}) || len(after.WhyNot) != 0 {
		t.Errorf("undone by two: %+v, %+v, %v", out, after.Levels[0], after.WhyNot)
	}
	if want := soc.SharesOf(soc.VerdictCounts{FalsePositive: 11}); after.Levels[2].Types != want {
		t.Errorf("the sums over types keep %+v, want %+v", after.Levels[2].Types, want)
	}
	if len(after.Events) != 13 || after.Events[0].SupersededBy != "undone" {
		t.Errorf("what was undone stays visible: %+v", after.Events[0])
	}
}
