package backend

import (
	"slices"
	"testing"

	"vedette/backend/soc"
)

// TestS60SwitchingPlaybooks: off is one person's and at once, for what is asked
// for and for what waits; on again takes two. An inverse that is off makes what it
// undoes irreversible (S24).
func TestS60SwitchingPlaybooks(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.insertPerson("mgr2", soc.RoleManager)
		waits := b.queued(b.agent, "isolate_host", "host")
		off, err := b.SwitchPlaybook(ctx, b.as("mgr"), "isolate_host", false, "a bad day")
		b.must(err)
		if !off.Made || off.Change != nil || off.Entry.Enabled || off.Entry.DisabledReason != "a bad day" || b.count("playbook_disabled") != 1 {
			t.Fatalf("%+v", off)
		}
		if r := b.submit(b.agent, "isolate_host", "host2"); r.Success || r.Code != soc.CodePlaybookDisabled {
			t.Errorf("asked for: %+v", r)
		}
		_, err = b.RequestAction(ctx, b.as("sr1"), soc.ActionRequest{Playbook: "isolate_host", Incident: b.ref(), Entity: b.entities["host2"].ID}, 0)
		if soc.AsError(err).Code != soc.CodePlaybookDisabled {
			t.Errorf("an action: %v", err)
		}
		_, err = b.approve("sr1", b.stored(waits.ID))
		if soc.AsError(err).Code != soc.CodePlaybookDisabled {
			t.Errorf("approved: %v", err)
		}
		offers, err := b.ListPlaybooks(ctx, b.agent, soc.PlaybookQuery{Playbook: "isolate_host"})
		if b.must(err); len(offers) != 1 || offers[0].Enabled {
			t.Errorf("offered: %+v", offers)
		}
		for name, try := range map[string]func() error{
			"a senior": func() error { _, err := b.SwitchPlaybook(ctx, b.as("sr1"), "scan_host", false, "x"); return err },
			"an agent": func() error { _, err := b.SwitchPlaybook(ctx, b.agent, "scan_host", false, "x"); return err },
			"no such":  func() error { _, err := b.SwitchPlaybook(ctx, b.as("mgr"), "scan_hosts", false, "x"); return err },
			"no cause": func() error { _, err := b.SwitchPlaybook(ctx, b.as("mgr"), "scan_host", false, ""); return err },
		} {
			if try() == nil {
				t.Errorf("%s switched a playbook", name)
			}
		}
		on, err := b.SwitchPlaybook(ctx, b.as("mgr"), "isolate_host", true, "over")
		if b.must(err); on.Made || on.Entry.Enabled || on.Change == nil || on.Change.Kind != soc.PartCatalogue || len(on.Change.Confirmations) != 1 {
			t.Fatalf("one person loosened: %+v", on)
		}
		_, err = b.confirm("mgr", *on.Change)
		refusedWith(t, "the same person", err, soc.Conflict, soc.CodeConflict)
		done, err := b.confirm("mgr2", *on.Change)
		if b.must(err); done.State != soc.ChangeApplied || b.count("playbook_enabled") != 2 { // asked, in force
			t.Fatalf("%+v", done)
		}
		if _, err := b.approve("sr1", b.stored(waits.ID)); err != nil {
			t.Errorf("switched on again: %v", err)
		}

		_, err = b.SwitchPlaybook(ctx, b.as("mgr"), "unisolate_host", false, "lost")
		b.must(err)
		entry, err := b.GetPlaybook(ctx, b.as("vw"), "isolate_host")
		if b.must(err); entry.Playbook.Class != soc.ClassIrreversible {
			t.Errorf("S24: %s", entry.Playbook.Class)
		}
		disabled := false
		found, next, err := b.ListCatalogue(ctx, b.as("vw"), soc.CatalogueFilter{Enabled: &disabled, Limit: 50})
		if b.must(err); len(found) != 1 || found[0].Playbook.ID != "unisolate_host" || next != "" {
			t.Errorf("%+v", found)
		}
		var listed []string
		for after, more := "", true; more; more = after != "" {
			found, next, err := b.ListCatalogue(ctx, b.as("vw"), soc.CatalogueFilter{After: after, Limit: 7})
			b.must(err)
			for _, e := range found {
				listed = append(listed, e.Playbook.ID)
			}
			after = next
		}
		if !slices.Equal(listed, b.catalogue.IDs()) {
			t.Errorf("listed %v", listed)
		}
	})
}
