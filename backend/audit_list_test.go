package backend_test

import (
	"context"
	"testing"

	"vedette/backend/soc"
)

func TestS44TheRecordIsListedForItsOwnWorkspace(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ctx := context.Background()
		manager := soc.Actor{Kind: soc.PrincipalPerson, ID: "manager", Session: true, Workspace: o.home, Organization: o.org, Role: soc.RoleManager}
		list := func(by soc.Actor, f soc.AuditFilter) []soc.AuditEntry {
			t.Helper()
			f.Limit = 100
			entries, err := o.desk.ListAudit(ctx, by, f)
			must(t, err)
			return entries
		}
		item := [][]byte{[]byte(`{"external_id":"a-1","source":"edge_sensor","title":"Logon","severity":"low"}`)}
		for _, workspace := range []string{o.home, o.away} {
			_, err := o.desk.Ingest(ctx, o.ingestKey(workspace), soc.IngestRequest{Format: "generic", Items: item})
			must(t, err)
		}
		for _, e := range list(manager, soc.AuditFilter{Workspace: o.away}) {
			if e.Workspace != o.home {
				t.Errorf("a manager of one workspace reads %s of another", e.Event)
			}
		}
		if own := list(manager, soc.AuditFilter{Event: "ingest_received"}); len(own) != 1 {
			t.Errorf("a manager reads %d ingest entries, want 1", len(own))
		}
		all := list(host(), soc.AuditFilter{Event: "ingest_received"})
		if len(all) != 2 || all[0].Position <= all[1].Position {
			t.Fatalf("the host reads %d ingest entries, want 2, newest first", len(all))
		}
		if below := list(host(), soc.AuditFilter{Event: "ingest_received", Before: all[0].Position}); len(below) != 1 || below[0].Position != all[1].Position {
			t.Errorf("below position %d there are %d entries, want the other one", all[0].Position, len(below))
		}
		senior := manager
		senior.Role = soc.RoleSenior
		nowhere := manager
		nowhere.Workspace = ""
		for name, by := range map[string]soc.Actor{"a senior": senior, "an agent": o.agent("agent-1"), "an ingest key": o.ingestKey(o.home), "a manager of nowhere": nowhere, "nobody": {}} {
			if _, err := o.desk.ListAudit(ctx, by, soc.AuditFilter{Limit: 1}); err == nil {
				t.Errorf("%s reads the record", name)
			}
		}
	})
}
