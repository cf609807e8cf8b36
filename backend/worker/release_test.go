package worker

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/connector/simrange"
	"vedette/backend/playbook"
	"vedette/backend/soc"
	"vedette/backend/store/storetest"
)

// reverting is a desk whose isolations last ten minutes.
func reverting(c *backend.Config) {
	file, err := os.ReadFile("../playbook/catalogue.yaml")
	if err != nil {
		panic(err)
	}
	file = bytes.Replace(file, []byte("rollback: unisolate_host\n"), []byte("rollback: unisolate_host\n    auto_revert_s: 600\n"), 1)
	if c.Catalogue, err = playbook.Load(file); err != nil {
		panic(err)
	}
}

// released carries out what the clock has asked for, and returns the releases
// of a gamebook.
func (b *bench) released(g soc.Gamebook) []soc.Revert {
	b.t.Helper()
	b.must(b.desk.ReleaseSteps(ctx))
	owed, err := b.store.Read(ctx).Reverts(b.workspace, g.ID)
	b.must(err)
	for _, v := range owed {
		if v.State == soc.RevertAsked {
			b.run(b.stored(v.Release))
		}
	}
	b.must(b.desk.ReleaseSteps(ctx))
	owed, err = b.store.Read(ctx).Reverts(b.workspace, g.ID)
	b.must(err)
	return owed
}

func operations(lines []simrange.Dispatch) (all []string) {
	for _, l := range lines {
		all = append(all, l.Operation)
	}
	return all
}

func TestS25AutoRevertSurvivesCrashes(t *testing.T) {
	suite := func(t *testing.T, b *bench) {
		g := b.approved("isolate_host", "host")
		claim, err := b.desk.ClaimGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID})
		b.must(err)
		order, err := b.desk.BeginStep(ctx, claim, g.Steps[0].ID, false)
		b.must(err)
		b.carry(ctx, order)
		// The worker is gone. The release was written with the intent.
		owed, err := b.store.Read(ctx).Reverts(b.workspace, g.ID)
		b.must(err)
		if len(owed) != 1 || owed[0].State != soc.RevertWaiting || owed[0].Digest != g.Digest || !owed[0].DueAt.Equal(b.now().Add(10*time.Minute)) {
			t.Fatalf("%+v", owed)
		}
		by := b.as("op1")
		if detail, err := b.desk.GetGamebook(ctx, by, g.ID, 0); err != nil || !detail.AutoRevertAt.Equal(owed[0].DueAt) {
			t.Errorf("%v %v", detail.AutoRevertAt, err)
		}
		b.wait(9 * time.Minute)
		b.Worker = b.another() // the next process
		if b.run(g); len(b.released(g)) != 1 || b.acts() != 1 {
			t.Errorf("too early: %d acts", b.acts())
		}
		_, err = b.desk.SuspendAgent(ctx, by, b.agent.ID, "odd") // a release runs all the same
		b.must(err)
		b.wait(2 * time.Minute)
		var replicas sync.WaitGroup
		for range 20 { // of several replicas any one may, and one does
			replicas.Go(func() {
				if err := b.desk.ReleaseSteps(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		replicas.Wait()
		if found, _, err := b.store.Read(ctx).ListGamebooks(soc.GamebookFilter{Workspace: b.workspace, Limit: 50}); err != nil || len(found) != 2 {
			t.Errorf("%d gamebooks, not the isolation and one release (%v)", len(found), err)
		}
		for range 3 {
			b.wait(time.Minute)
			if owed = b.released(g); owed[0].State != soc.RevertDone {
				t.Fatalf("%+v", owed)
			}
		}
		if got := operations(b.lines()); !slices.Equal(got, []string{"host.isolate", "host.release"}) {
			t.Errorf("%v", got)
		}
		if after := b.stored(g.ID); after.Status != soc.GamebookRolledBack || after.Steps[0].Status != soc.StepRolledBack {
			t.Errorf("%s %v", after.Status, statuses(after))
		}
		if b.count("auto_revert_asked") != 1 || b.count("auto_revert_done") != 1 {
			t.Error("not on record")
		}
	}
	t.Run("sqlite", func(t *testing.T) { suite(t, newBench(t, storetest.File(t), reverting)) })
	t.Run("postgres", func(t *testing.T) { suite(t, newBench(t, storetest.Postgres(t), reverting)) })
}

func TestS25ReleaseWaitsForTheKillSwitch(t *testing.T) {
	b := newBench(t, storetest.File(t), reverting)
	g := b.run(b.approved("isolate_host", "host"))
	order := soc.KillOrder{Scope: soc.KillGlobal, Reason: "stop", Via: "api"}
	engage := func() {
		_, err := b.desk.EngageKillSwitch(ctx, b.as("op1"), order)
		b.must(err)
	}
	lift := func() {
		for _, name := range []string{"sr1", "mgr"} {
			_, _, err := b.desk.ReleaseKillSwitch(ctx, b.as(name), order)
			b.must(err)
		}
	}
	overdue := func() int {
		engaged, err := b.desk.ListKillSwitches(ctx, b.as("op1"))
		b.must(err)
		return engaged[0].OverdueReverts
	}
	engage()
	if overdue() != 0 {
		t.Error("overdue before its time")
	}
	b.wait(time.Hour)
	if owed := b.released(g); owed[0].State != soc.RevertWaiting || b.acts() != 1 || overdue() != 1 {
		t.Errorf("%+v, %d acts, %d overdue", owed, b.acts(), overdue())
	}
	lift()
	// Engaged again after the release was asked for and before it was sent:
	// it is halted with everything else, and still owed.
	b.must(b.desk.ReleaseSteps(ctx))
	engage()
	if owed := b.released(g); owed[0].State != soc.RevertWaiting || b.acts() != 1 || overdue() != 1 {
		t.Errorf("%+v, %d acts, %d overdue", owed, b.acts(), overdue())
	}
	lift()
	if owed := b.released(g); owed[0].State != soc.RevertDone || b.acts() != 2 {
		t.Errorf("%+v, %d acts", owed, b.acts())
	}
}

// TestS25ReleaseIsBoundToWhatWasDecided: no row makes a release of something
// else, and one that is not needed is not sent.
func TestS25ReleaseIsBoundToWhatWasDecided(t *testing.T) {
	b := newBench(t, storetest.File(t), reverting)
	for name, edit := range map[string]string{
		"another target":   `UPDATE step SET native_id = 'ws-043.corp.local' WHERE gamebook_id = $2 AND $1 <> ''`,
		"another playbook": `UPDATE step SET playbook_id = 'disable_user' WHERE gamebook_id = $2 AND $1 <> ''`,
		"another decision": `UPDATE gamebook SET digest = 'sha256:x' WHERE id = $1 AND $2 <> ''`,
		"another original": `UPDATE revert SET digest = 'sha256:x' WHERE gamebook_id = $1 AND $2 <> ''`,
		"no such release":  `DELETE FROM revert WHERE gamebook_id = $1 AND $2 <> ''`,
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			b.entity(name, soc.KindHost, strings.ReplaceAll(name, " ", "-")+".corp.local")
			g := b.run(b.approved("isolate_host", name))
			b.wait(2 * time.Hour)
			b.must(b.desk.ReleaseSteps(ctx))
			owed, err := b.store.Read(ctx).Reverts(b.workspace, g.ID)
			b.must(err)
			before := b.acts()
			b.damage(edit, g.ID, owed[0].Release)
			if after := b.run(b.stored(owed[0].Release)); after.Status != soc.GamebookHalted || b.acts() != before {
				t.Errorf("%s, %d acts more", after.Status, b.acts()-before)
			}
		})
	}
	b.t = t
	b.inject(simrange.Fault{Operation: "host.isolate", Behaviour: simrange.Decline, Count: 1})
	g := b.run(b.approved("isolate_host", "host2"))
	b.wait(time.Hour)
	before := b.acts()
	if owed := b.released(g); owed[0].State != soc.RevertNeedless || b.acts() != before {
		t.Errorf("%+v", owed)
	}
}
