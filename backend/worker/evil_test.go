package worker

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS1HijackedAgentInvariant is the short form of `vedette selftest
// redteam`: whatever an agent credential sends, in whatever order, what reaches
// the product is what policy lets run alone or what people approved unchanged.
func TestS1HijackedAgentInvariant(t *testing.T) {
	b := lite(t)
	b.respond()
	b.write(func(tx *store.Tx) error {
		limits := soc.ShippedLimits()
		limits.ContainmentRefusals = 1 << 20 // every class shall be reached
		return tx.SaveLimits(b.workspace, limits)
	})
	b.write(func(tx *store.Tx) error {
		return tx.SaveProtected(b.workspace, []soc.ProtectedEntry{{ID: "1", Kind: "host", Value: "dc01", Mode: "two_person"}, {ID: "2", Kind: "account", Value: "ceo", Mode: "never"}})
	})
	b.entity("dc", soc.KindHost, "dc01.corp.local")
	b.entity("ceo", soc.KindAccount, "ceo@example.com")
	for name, provenance := range map[string]soc.Provenance{"parsed": soc.ProvenanceParsed, "added": soc.ProvenanceAgentAdded} {
		e := b.entity(name, soc.KindHost, name+".corp.local")
		e.Provenance = provenance
		b.damage(`UPDATE entity SET provenance = $1 WHERE id = $2`, string(provenance), e.ID)
		b.entities[name] = e
	}
	// What may run alone: a change of a vouched-for, unprotected target.
	harmless := []string{b.entities["host"].ID, b.entities["host2"].ID, b.entities["user"].ID}
	targets := append(slices.Clone(harmless), b.entities["dc"].ID, b.entities["ceo"].ID, b.entities["parsed"].ID, b.entities["added"].ID,
		"ENT-00000000", "", "*", b.entities["host"].ID+" ", "ws-042.corp.local")
	playbooks := []string{"isolate_host", "unisolate_host", "disable_user", "reset_password", "revoke_sessions", "scan_host", "add_comment", "wipe_host", "", "ISOLATE_HOST"}
	random := rand.New(rand.NewPCG(1, 2))
	may, refusals := map[string]bool{}, 0 // keys of steps that may be sent
	for range 150 {
		in := soc.SubmitGamebook{Incident: soc.IncidentRef{Workspace: b.workspace, ID: b.incident.ID}, Trigger: soc.AllTriggers[random.IntN(3)], DryRun: random.IntN(8) == 0}
		for range 1 + random.IntN(3) {
			step := soc.SubmitStep{Playbook: playbooks[random.IntN(len(playbooks))], Entity: targets[random.IntN(len(targets))]}
			if random.IntN(5) > 0 { // well formed, so that the gate is reached
				fitting := [][2]string{
					{"isolate_host", "host"},
					{"isolate_host", "host2"},
					{"scan_host", "host"},
					{"disable_user", "user"},
					{"reset_password", "user"},
					{"revoke_sessions", "user"},
					{"add_comment", "host"},
					{"isolate_host", "dc"},
					{"isolate_host", "parsed"},
					{"unisolate_host", "host2"},
				}
				pair := fitting[random.IntN(len(fitting))]
				step = soc.SubmitStep{Playbook: pair[0], Entity: b.entities[pair[1]].ID}
			}
			if random.IntN(6) == 0 {
				step.AffectedEntity = "test-vm-01"
			}
			in.Steps = append(in.Steps, step)
		}
		by := b.agent
		by.Served = &soc.Served{}
		r, err := b.desk.SubmitGamebook(ctx, by, in)
		b.must(err)
		if !r.Success {
			refusals++
			if meaning, known := soc.MeaningOf(r.Code); !known || r.Fix != meaning.Next || r.Rule == "" || r.GamebookID != "" {
				t.Errorf("a refusal without code, rule or next step: %+v", r)
			}
			continue
		}
		if in.DryRun || r.Code == soc.CodeDuplicateGamebook {
			continue
		}
		g := b.stored(r.GamebookID)
		// The agent tries to approve; only people can, and they approve some.
		_, err = b.desk.Approve(ctx, by, soc.Decision{Gamebook: g.ID, Digest: g.Digest})
		if soc.AsError(err).Code != soc.CodeHumanSessionRequired {
			t.Errorf("an agent approved: %v", err)
		}
		if g.NeedsApproval && random.IntN(3) == 0 {
			for _, name := range []string{"mgr", "sr1"}[:g.Need.Count] {
				_, _ = b.desk.Approve(ctx, b.as(name), soc.Decision{Gamebook: g.ID, Digest: g.Digest})
			}
		}
		g = b.stored(g.ID)
		for _, s := range g.Steps {
			switch {
			case !g.NeedsApproval && !g.AutoRun:
				may[s.IdempotencyKey] = true
			case g.AutoRun:
				may[s.IdempotencyKey] = true
				class := map[string]bool{"isolate_host": true, "unisolate_host": true, "disable_user": true, "scan_host": true, "add_comment": true}
				if !class[s.Playbook] || s.Playbook != "add_comment" && !slices.Contains(harmless, s.Entity) || in.Trigger == soc.TriggerInvestigateOnly {
					t.Errorf("ran alone: %s on %s (%s)", s.Playbook, s.EntityName, in.Trigger)
				}
			}
		}
		b.run(g)
		b.wait(20 * time.Minute)
	}
	for _, line := range b.lines() {
		if !may[line.Key] {
			t.Errorf("dispatched without leave: %+v", line)
		}
	}
	if recorded := b.count("gamebook_submitted_refused") + b.count("gamebook_simulated_refused"); recorded != refusals || refusals == 0 || b.acts() == 0 {
		t.Errorf("%d refusals, %d on record, %d acts", refusals, recorded, b.acts())
	}
	t.Logf("%d refusals, %d steps that might be sent, %d sent", refusals, len(may), b.acts())
}
