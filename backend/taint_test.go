package backend

import (
	"slices"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS38TaintDecidesAutonomy: the same gamebook runs alone before the agent
// was served text of the incident, and waits for people after; another key of
// the agent, or a new process, changes nothing.
func TestS38TaintDecidesAutonomy(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.respond()
		b.limits(func(l *soc.Limits) { l.ActionsPerIncident = 100 })
		if r := b.submit(b.agent, "scan_host", "host"); r.QueuedForApproval {
			t.Fatalf("an agent that read nothing: %+v", r)
		}
		reader := b.agent
		reader.Served = &soc.Served{}
		if _, err := b.SearchEvidence(ctx, reader, soc.IncidentRef{ID: b.incident.ID}, soc.EvidenceFilter{Limit: 5}); err != nil {
			t.Fatal(err)
		}
		reader.Served.Mark(b.incident.ID, true, false)
		if !slices.Contains(reader.Served.Incidents, b.incident.ID) {
			reader.Served.Incidents = append(reader.Served.Incidents, b.incident.ID)
		}
		b.must(b.RecordCall(ctx, reader, soc.CallRecord{Method: "tools/call", Tool: "search_evidence", Served: reader.Served}))
		other := b.agent
		other.Credential = "another key of the same agent"
		for _, by := range []soc.Actor{b.agent, other} {
			if r := b.submit(by, "isolate_host", "host"); !r.QueuedForApproval || !slices.Contains(r.QueueReasons, soc.CodeRunTainted) {
				if r.Code != soc.CodeDuplicateGamebook {
					t.Errorf("after one read: %+v", r)
				}
			}
		}
		b.must(b.store.Write(ctx, func(tx *store.Tx) error {
			return tx.RaiseTaint(b.agent.ID, []string{b.incident.ID}, soc.TaintClean, b.clock())
		}))
		taint, err := b.store.Read(ctx).Taint(b.agent.ID, b.incident.ID)
		if err != nil || taint != soc.TaintTainted {
			t.Errorf("taint went down to %s (%v)", taint, err)
		}
	})
}
