package worker

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/connector/simrange"
	"vedette/backend/soc"
	"vedette/backend/store"
)

func TestS22StatesWithEveryFaultOfTheProduct(t *testing.T) {
	b := lite(t)
	for _, c := range []struct {
		name     string
		fault    simrange.Fault
		playbook string
		step     soc.StepStatus
		gamebook soc.GamebookStatus
		acts     int
	}{
		{"nothing wrong", simrange.Fault{}, "disable_user", soc.StepConfirmed, soc.GamebookCompleted, 1},
		{"late", simrange.Fault{Operation: "account.disable", Behaviour: simrange.Delay, Delay: time.Millisecond}, "disable_user", soc.StepConfirmed, soc.GamebookCompleted, 1},
		{"accepts and does nothing", simrange.Fault{Operation: "account.disable", Behaviour: simrange.Ignore, Count: 1}, "disable_user", soc.StepUnconfirmed, soc.GamebookCompletedUnverified, 1},
		{"acts and drops", simrange.Fault{Operation: "account.disable", Behaviour: simrange.ActThenDrop, Count: 1}, "disable_user", soc.StepConfirmed, soc.GamebookCompleted, 1},
		{"acts and answers 500", simrange.Fault{Operation: "account.disable", Behaviour: simrange.ActThenError, Count: 1}, "disable_user", soc.StepConfirmed, soc.GamebookCompleted, 1},
		{"drops, idempotent", simrange.Fault{Operation: "account.disable", Behaviour: simrange.Drop, Count: 1}, "disable_user", soc.StepConfirmed, soc.GamebookCompleted, 2},
		{"answers 500 for ever", simrange.Fault{Operation: "account.disable", Behaviour: simrange.Error}, "disable_user", soc.StepUnknown, soc.GamebookCompletedUnverified, soc.MaxAttempts},
		{"drops, not idempotent", simrange.Fault{Operation: "account.reset_password", Behaviour: simrange.Drop, Count: 1}, "reset_password", soc.StepUnknown, soc.GamebookCompletedUnverified, 1},
		{"declines", simrange.Fault{Operation: "account.disable", Behaviour: simrange.Decline, Count: 1}, "disable_user", soc.StepFailed, soc.GamebookFailed, 1},
		{"cannot be read", simrange.Fault{Operation: "account.status", Behaviour: simrange.Error}, "disable_user", soc.StepUnconfirmed, soc.GamebookCompletedUnverified, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.t = t
			b.sink.ClearFaults()
			name := strings.NewReplacer(" ", "-", ",", "").Replace(c.name)
			b.entity(name, soc.KindAccount, name+"@example.com")
			if c.fault.Operation != "" {
				b.inject(c.fault)
			}
			before := b.acts()
			g := b.run(b.approved(c.playbook, name))
			if g.Status != c.gamebook || g.Steps[0].Status != c.step || b.acts()-before != c.acts {
				t.Errorf("%s %v (%s), %d acts", g.Status, statuses(g), g.Steps[0].Error, b.acts()-before)
			}
			if strings.Contains(g.Steps[0].Error, "ucceeded") {
				t.Error("an honest word is not Succeeded")
			}
			keys := map[string]bool{}
			for _, line := range b.lines()[before:] {
				keys[line.Key] = true
			}
			if len(keys) != 1 {
				t.Errorf("%d keys for one step", len(keys))
			}
			b.wait(2 * time.Hour) // past the limits of the hour
		})
	}
}

func TestS23LaterReadBackUpgradesOnce(t *testing.T) {
	b := lite(t)
	b.inject(simrange.Fault{Operation: "host.isolation", Behaviour: simrange.Error})
	g := b.run(b.approved("isolate_host", "host"))
	if g.Status != soc.GamebookCompletedUnverified {
		t.Fatalf("%s", g.Status)
	}
	b.sink.ClearFaults()
	job := soc.VerifyJob{Workspace: b.workspace, Gamebook: g.ID, Round: 1}
	b.must(b.VerifyGamebook(ctx, job))
	b.must(b.VerifyGamebook(ctx, job))
	if g = b.stored(g.ID); g.Status != soc.GamebookCompleted || g.Steps[0].ReadBack.Seen != "isolated" || b.count("step_confirmed_late") != 1 || b.acts() != 1 {
		t.Errorf("%s %+v", g.Status, g.Steps[0])
	}
}

func TestS13ExecutorRebuildsTheDigest(t *testing.T) {
	for name, edit := range map[string]string{
		"playbook id":     `UPDATE step SET playbook_id = 'unisolate_host' WHERE gamebook_id = $1`,
		"playbook hash":   `UPDATE step SET playbook_hash = 'sha256:x' WHERE gamebook_id = $1`,
		"entity":          `UPDATE step SET entity_id = (SELECT id FROM entity WHERE value = 'ws-043.corp.local') WHERE gamebook_id = $1`,
		"native id":       `UPDATE step SET native_id = 'ws-043.corp.local' WHERE gamebook_id = $1`,
		"connector":       `UPDATE step SET connector_id = 'other' WHERE gamebook_id = $1`,
		"parameter":       `UPDATE step SET parameters = '{"mode":"selective"}' WHERE gamebook_id = $1`,
		"ordinal":         `UPDATE step SET ordinal = 7 WHERE gamebook_id = $1`,
		"step removed":    `DELETE FROM step WHERE gamebook_id = $1 AND playbook_id = 'scan_host'`,
		"incident":        `UPDATE gamebook SET incident_id = (SELECT id FROM incident WHERE external_id = 'y') WHERE id = $1`,
		"workspace":       `UPDATE gamebook SET workspace_id = (SELECT id FROM workspace WHERE name = 'Second') WHERE id = $1`,
		"policy version":  `UPDATE gamebook SET policy_version = 99 WHERE id = $1`,
		"expiry":          `UPDATE gamebook SET approval_expires_at = approval_expires_at + 1000 WHERE id = $1`,
		"window":          `UPDATE gamebook SET execution_window = execution_window + 1000000 WHERE id = $1`,
		"need":            `UPDATE gamebook SET need_count = 0, need_roles = '[]' WHERE id = $1`,
		"class":           `UPDATE gamebook SET class = 'read_only' WHERE id = $1`,
		"requester":       `UPDATE gamebook SET requested_by = 'x' WHERE id = $1`,
		"nonce":           `UPDATE gamebook SET nonce = 'x' WHERE id = $1`,
		"canonical":       `UPDATE gamebook SET canonical = CAST('{}' AS BLOB) WHERE id = $1`,
		"approver":        `UPDATE approval SET person_id = (SELECT id FROM person WHERE name = 'mgr') WHERE gamebook_id = $1`,
		"approval's role": `UPDATE approval SET role = 'manager' WHERE gamebook_id = $1`,
		"unchanged":       `UPDATE gamebook SET rationale = 'other words' WHERE id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := lite(t)
			_, err := b.desk.CreateWorkspace(ctx, soc.Actor{Kind: soc.PrincipalHost, ID: "host:test"}, b.organization, "Second")
			b.must(err)
			other := b.incident
			other.ID, other.ShortID, other.ExternalID, other.Number, other.Seq = "other-incident", "INC-11111111", "y", 2, 0
			b.write(func(tx *store.Tx) error { _, err := tx.InsertIncident(other); return err })
			g := b.submit("isolate_host", "host", "scan_host", "host")
			_, err = b.desk.Approve(ctx, b.as("sr1"), soc.Decision{Gamebook: g.ID, Digest: g.Digest})
			b.must(err)
			b.damage(edit, g.ID)
			again, err := b.RunGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID})
			if name == "unchanged" {
				if after := b.stored(g.ID); b.acts() != 2 || after.Status != soc.GamebookCompleted {
					t.Errorf("control: %d acts, %s, %v %v", b.acts(), after.Status, again, err)
				}
				return
			}
			if b.acts() != 0 {
				t.Errorf("%d acts", b.acts())
			}
			if name == "workspace" { // not there any more
				return
			}
			if after := b.stored(g.ID); after.Status != soc.GamebookHalted || !slices.ContainsFunc(after.Steps, func(s soc.Step) bool { return s.Error == string(soc.CodeDigestMismatch) }) {
				t.Errorf("%s %+v", after.Status, after.Steps)
			}
		})
	}
}

func TestS12RemappedTargetStops(t *testing.T) {
	b := lite(t)
	g := b.approved("isolate_host", "host")
	e := b.entities["host"]
	e.Properties = map[string]string{soc.PropertyDeviceID: "another-device"}
	b.write(func(tx *store.Tx) error { return tx.UpdateEntity(e, b.incident.Seq) })
	if after := b.run(g); after.Status != soc.GamebookHalted || b.acts() != 0 {
		t.Errorf("%s, %d acts", after.Status, b.acts())
	}
}

func TestS16ManyWorkersRunItOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		g := b.approved("isolate_host", "host", "scan_host", "host", "disable_user", "user")
		workers := []*Worker{b.Worker, b.another(), b.another()}
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				if _, err := workers[i%3].RunGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		after := b.stored(g.ID)
		if after.Status != soc.GamebookCompleted || b.acts() != 3 || b.count("step_dispatched") != 3 || !after.Approvals[0].Consumed {
			t.Errorf("%s %v, %d acts", after.Status, statuses(after), b.acts())
		}
	})
}

func TestS15OutsideTheWindowNothingRuns(t *testing.T) {
	for name, step := range map[string]time.Duration{"past the window": 31 * time.Minute, "an hour on": time.Hour, "an hour back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			b := lite(t)
			g := b.approved("isolate_host", "host")
			b.wait(step)
			after := b.run(g)
			if after.Status != soc.GamebookExpired || after.Steps[0].Error != string(soc.CodeExecutionWindowExpired) || b.acts() != 0 {
				t.Errorf("%s %q, %d acts", after.Status, after.Steps[0].Error, b.acts())
			}
			if jumps := b.count("clock_jump"); (jumps == 1) != (step < 0) {
				t.Errorf("%d clock jumps on record", jumps)
			}
		})
	}
}

func TestS18WorldIsReadAgainBeforeEachStep(t *testing.T) {
	tag := func(b *bench, edit func(*soc.Entity)) {
		e := b.entities["host"]
		e.Properties = map[string]string{}
		edit(&e)
		b.write(func(tx *store.Tx) error { return tx.UpdateEntity(e, b.incident.Seq) })
	}
	for name, c := range map[string]struct {
		change func(b *bench)
		stale  bool
	}{
		"protected": {func(b *bench) {
			b.write(func(tx *store.Tx) error {
				return tx.SaveProtected(b.workspace, []soc.ProtectedEntry{{ID: "1", Kind: "host", Value: "ws-042", Mode: "two_person"}})
			})
		}, true},
		"closed": {func(b *bench) {
			closed := b.incident
			closed.Status = soc.StatusClosed
			b.write(func(tx *store.Tx) error { _, err := tx.UpdateIncident(b.incident, closed); return err })
		}, true},
		"owner":   {func(b *bench) { tag(b, func(e *soc.Entity) { e.Properties[soc.PropertyOwner] = "ceo" }) }, true},
		"renamed": {func(b *bench) { tag(b, func(e *soc.Entity) { e.Display = "other name" }) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := lite(t)
			g := b.approved("isolate_host", "host")
			c.change(b)
			after := b.run(g)
			if !c.stale {
				if after.Status != soc.GamebookCompleted || b.acts() != 1 {
					t.Errorf("%s, %d acts", after.Status, b.acts())
				}
				return
			}
			if after.Status != soc.GamebookQueued || !after.NeedsApproval || !slices.Contains(after.QueueReasons, soc.CodeWorldChanged) || after.Digest == g.Digest || b.acts() != 0 {
				t.Errorf("%s %v, %d acts", after.Status, after.QueueReasons, b.acts())
			}
			for _, a := range after.Approvals {
				if !a.Void {
					t.Error("an approval of another world stands")
				}
			}
		})
	}
}

func TestS28OrderLocksAndGroups(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.inject(simrange.Fault{Operation: "host.isolate", Behaviour: simrange.Decline, Count: 1})
		after := b.run(b.approved("isolate_host", "host", "scan_host", "host", "disable_user", "user"))
		want := []soc.StepStatus{soc.StepFailed, soc.StepNotRun, soc.StepConfirmed}
		if !slices.Equal(statuses(after), want) || after.Status != soc.GamebookPartiallyCompleted {
			t.Errorf("%s %v", after.Status, statuses(after))
		}
		// Another entity that is the same thing waits for the target.
		twin := b.entity("twin", soc.KindHost, "twin")
		twin.Properties = map[string]string{soc.PropertyFQDN: "ws-043.corp.local"}
		b.write(func(tx *store.Tx) error { return tx.UpdateEntity(twin, b.incident.Seq) })
		first, second := b.approved("isolate_host", "host2"), b.approved("scan_host", "twin")
		if first.Steps[0].NativeID != second.Steps[0].NativeID {
			t.Fatalf("%s and %s", first.Steps[0].NativeID, second.Steps[0].NativeID)
		}
		claim, err := b.desk.ClaimGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: first.ID})
		b.must(err)
		if _, err := b.desk.BeginStep(ctx, claim, first.Steps[0].ID, false); err != nil {
			t.Fatal(err)
		}
		if waits := b.run(second); waits.Steps[0].Status != soc.StepQueued {
			t.Errorf("%v", statuses(waits))
		}
		_, err = b.desk.RecordStep(ctx, soc.StepResult{Workspace: b.workspace, Gamebook: first.ID, Step: first.Steps[0].ID, Attempt: 1, Status: soc.StepConfirmed})
		b.must(err)
		b.wait(3 * time.Second)
		if done := b.run(second); done.Status != soc.GamebookCompleted {
			t.Errorf("%s %v", done.Status, statuses(done))
		}
	})
}

func TestS30FailedCallsCountToo(t *testing.T) {
	b := lite(t)
	b.respond()
	b.inject(simrange.Fault{Operation: "host.isolate", Behaviour: simrange.Decline})
	b.write(func(tx *store.Tx) error {
		l := soc.ShippedLimits()
		l.BreakerFloor, l.ActionsPerIncident = 1000, 1000
		return tx.SaveLimits(b.workspace, l)
	})
	for i := range 7 {
		b.entity(string(rune('a'+i)), soc.KindHost, string(rune('a'+i))+".corp.local")
		g := b.submit("isolate_host", string(rune('a'+i)))
		if g.NeedsApproval != (i >= 5) {
			t.Errorf("%d: %v", i, g.QueueReasons)
		}
		if !g.NeedsApproval {
			b.run(g)
		}
	}
	if b.acts() != 5 {
		t.Errorf("%d acts", b.acts())
	}
}

func TestS26CrashAtEveryPoint(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		dead := func() { b.wait(31 * time.Second) } // its lease ends
		claimOf := func(g soc.Gamebook) soc.GamebookClaim {
			claim, err := b.desk.ClaimGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID})
			b.must(err)
			return claim
		}
		begin := func(g soc.Gamebook) soc.StepOrder {
			order, err := b.desk.BeginStep(ctx, claimOf(g), g.Steps[0].ID, false)
			b.must(err)
			return order
		}
		target := func(name string) string {
			b.entity(name, soc.KindAccount, name+"@example.com")
			return name
		}
		check := func(what string, g soc.Gamebook, step soc.StepStatus, acts int) {
			t.Helper()
			after, n := b.run(g), 0
			for _, line := range b.lines() {
				if line.Key == g.Steps[0].IdempotencyKey {
					n++
				}
			}
			if after.Steps[0].Status != step || n != acts || !after.Status.Ended() {
				t.Errorf("%s: %s %v, %d acts", what, after.Status, statuses(after), n)
			}
			b.wait(2 * time.Hour)
		}

		g := b.approved("disable_user", target("claimed"))
		claimOf(g)
		if held := b.run(g); held.Status.Ended() {
			t.Error("a second worker ran what the first holds")
		}
		dead()
		check("after the claim", g, soc.StepConfirmed, 1)

		g = b.approved("disable_user", target("intended"))
		begin(g)
		dead()
		check("after the intent, idempotent", g, soc.StepConfirmed, 1)

		g = b.approved("reset_password", target("intended-once"))
		begin(g)
		dead()
		check("after the intent, not idempotent", g, soc.StepUnknown, 0)

		g = b.approved("reset_password", target("acted"))
		if call := b.carry(ctx, begin(g)); !call.accepted {
			t.Fatalf("%+v", call)
		}
		dead()
		check("after the call", g, soc.StepConfirmed, 1)

		g = b.approved("disable_user", target("recorded"))
		order := begin(g)
		b.carry(ctx, order)
		_, err := b.desk.RecordStep(ctx, soc.StepResult{Workspace: b.workspace, Gamebook: g.ID, Step: order.Step.ID, Attempt: 1, Status: soc.StepConfirmed})
		b.must(err)
		dead()
		check("after the record", g, soc.StepConfirmed, 1)
	})
}

func TestS26LateWorkerChangesNothing(t *testing.T) {
	b := lite(t)
	g := b.approved("disable_user", "user")
	claim, err := b.desk.ClaimGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID})
	b.must(err)
	b.wait(31 * time.Second)
	done := b.run(g)
	order, err := b.desk.BeginStep(ctx, claim, g.Steps[0].ID, false)
	b.must(err)
	if order.Decision == soc.StepCarry {
		t.Error("a worker without its lease may send")
	}
	if held, err := b.desk.RenewClaim(ctx, claim); err != nil || held {
		t.Errorf("renewed: %v %v", held, err)
	}
	_, err = b.desk.RecordStep(ctx, soc.StepResult{Workspace: b.workspace, Gamebook: g.ID, Step: g.Steps[0].ID, Attempt: 1, Status: soc.StepFailed})
	b.must(err)
	if after := b.stored(g.ID); after.Steps[0].Status != done.Steps[0].Status {
		t.Errorf("%v", statuses(after))
	}
}

func TestS33KillSwitchBetweenSteps(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		pairs := []string{}
		for i := range 5 {
			name := "u" + string(rune('0'+i))
			b.entity(name, soc.KindAccount, name+"@example.com")
			pairs = append(pairs, "disable_user", name)
		}
		g := b.approved(pairs...)
		claim, err := b.desk.ClaimGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID})
		b.must(err)
		under, err := b.desk.BeginStep(ctx, claim, g.Steps[0].ID, false)
		b.must(err)
		k, err := b.desk.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillGlobal, Reason: "stop", Via: "api"})
		b.must(err)
		if !slices.Equal(k.Halted, []string{g.ID}) {
			t.Errorf("%+v", k)
		}
		if order, err := b.desk.BeginStep(ctx, claim, g.Steps[1].ID, false); err != nil || order.Decision != soc.StepStop {
			t.Errorf("%+v %v", order, err)
		}
		// What was under way is finished and told as it was.
		status, err := b.settle(ctx, claim, under.Step, b.carry(ctx, under))
		b.must(err)
		after := b.stored(g.ID)
		if status != soc.StepConfirmed || after.Status != soc.GamebookHalted || after.Steps[1].Status != soc.StepNotRun || b.acts() != 1 {
			t.Errorf("%s %v, %d acts", after.Status, statuses(after), b.acts())
		}
		if _, _, err := b.desk.ReleaseKillSwitch(ctx, b.as("sr1"), soc.KillOrder{Scope: soc.KillGlobal, Reason: "over"}); err != nil {
			t.Error(err)
		}
		if _, released, err := b.desk.ReleaseKillSwitch(ctx, b.as("mgr"), soc.KillOrder{Scope: soc.KillGlobal, Reason: "over"}); err != nil || !released {
			t.Errorf("%v %v", released, err)
		}
		b.wait(time.Minute)
		if b.run(g); b.acts() != 1 {
			t.Error("a halted gamebook went on after the release")
		}
	})
}

func TestS24RollBackThroughTheSameGate(t *testing.T) {
	b := lite(t)
	g := b.run(b.approved("disable_user", "user"))
	r, err := b.desk.RollBackGamebook(ctx, b.as("sr2"), soc.GamebookOrder{Gamebook: g.ID, Reason: "wrong person"})
	b.must(err)
	undo := b.stored(r.GamebookID)
	if !undo.NeedsApproval || !undo.Recover {
		t.Fatalf("%+v", undo)
	}
	_, err = b.desk.Approve(ctx, b.as("mgr"), soc.Decision{Gamebook: undo.ID, Digest: undo.Digest})
	b.must(err)
	if after := b.run(undo); after.Status != soc.GamebookCompleted {
		t.Fatalf("%s %v", after.Status, statuses(after))
	}
	if before := b.stored(g.ID); before.Status != soc.GamebookRolledBack || before.Steps[0].Status != soc.StepRolledBack {
		t.Errorf("%s %v", before.Status, statuses(before))
	}
	_, err = b.desk.RollBackGamebook(ctx, b.as("sr2"), soc.GamebookOrder{Gamebook: g.ID, Reason: "again"})
	if soc.AsError(err).Code != soc.CodeInvalidState {
		t.Errorf("a second rollback: %v", err)
	}
	// What nobody knows is verified first, then it can be undone.
	b.wait(2 * time.Hour)
	for _, operation := range []string{"account.disable", "account.status"} {
		b.inject(simrange.Fault{Operation: operation, Behaviour: simrange.Error})
	}
	b.entity("unknown", soc.KindAccount, "unknown@example.com")
	g = b.run(b.approved("disable_user", "unknown"))
	if g.Steps[0].Status != soc.StepUnknown {
		t.Fatalf("%v", statuses(g))
	}
	_, err = b.desk.RollBackGamebook(ctx, b.as("sr2"), soc.GamebookOrder{Gamebook: g.ID, Reason: "undo"})
	if known := soc.AsError(err); known == nil || known.Kind != soc.Conflict || known.Code != soc.CodeOutcomeUnknown {
		t.Errorf("undoing what nobody knows: %v", err)
	}
	b.damage(`UPDATE step SET status = 'Unconfirmed' WHERE id = $1`, g.Steps[0].ID)
	if r, err = b.desk.RollBackGamebook(ctx, b.as("sr2"), soc.GamebookOrder{Gamebook: g.ID, Reason: "undo"}); err != nil || !r.Success {
		t.Errorf("%+v %v", r, err)
	}
	// Past its window there is nothing to undo any more.
	b.wait(31 * 24 * time.Hour)
	_, err = b.desk.RollBackGamebook(ctx, b.as("sr2"), soc.GamebookOrder{Gamebook: g.ID, Reason: "late"})
	if soc.AsError(err).Code != soc.CodeInvalidState {
		t.Errorf("a rollback past its window: %v", err)
	}
}

// TestWorkerWorksJobs is the whole way on both engines: job, claim, call,
// read-back, end; then a stop that drains.
func TestWorkerWorksJobs(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.respond()
		b.must(b.Start(ctx))
		comment := b.submit("add_comment", "host", "isolate_host", "host")
		by := b.agent
		by.Served = &soc.Served{}
		for range 30 {
			states, err := b.desk.GetStatus(ctx, by, soc.StatusQuery{IDs: []string{comment.ID}, Wait: 20 * time.Second})
			b.must(err)
			if states[0].Gamebook.Status.Ended() {
				break
			}
		}
		if g := b.stored(comment.ID); g.Status != soc.GamebookCompleted || b.acts() != 1 {
			t.Errorf("%s %v %d acts", g.Status, statuses(g), b.acts())
		}
		b.must(b.Stop(ctx))
		comments, err := b.store.Read(ctx).Comments(b.workspace, b.incident.ID, nil, 10)
		if err != nil || len(comments) != 1 {
			t.Errorf("%d comments, %v", len(comments), err)
		}
	})
}
