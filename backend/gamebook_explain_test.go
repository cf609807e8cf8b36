package backend

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS29SimulateExplainAndSubmitAgree: over random requests under random
// settings and rules, a simulation, a dry run and the submit give one outcome
// with the same codes, explain repeats it, and asking leaves no row but audit.
func TestS29SimulateExplainAndSubmitAgree(t *testing.T) {
	b := lite(t)
	random := rand.New(rand.NewPCG(29, 31))
	playbooks := []string{"isolate_host", "add_comment", "scan_host", "no_such_playbook", "disable_user"}
	for i := range 16 {
		b.entity(fmt.Sprint("n", i), soc.KindHost, fmt.Sprintf("n%d.corp.local", i), soc.ProvenanceSensorAsserted)
	}
	for i := range 24 {
		if i%6 == 0 {
			on := random.IntN(3) > 0
			b.settings(func(c *soc.SettingsChange) { c.Gamebooks = &on })
			rule := forbid("hosts", `steps.exists(s, s.playbook == "scan_host" && s.value < "n2")`)
			rule.Effect = []string{"forbid", "require_approval", "permit"}[random.IntN(3)]
			b.rules(rule)
		}
		targets := []string{fmt.Sprint("n", random.IntN(16)), fmt.Sprint("n", random.IntN(16)), "parsed", "added", "user"}
		plan := b.plan(playbooks[random.IntN(len(playbooks))], targets[random.IntN(len(targets))])
		by := []soc.Actor{b.agent, b.as("sr1"), b.as("op1")}[random.IntN(3)]
		by.Served = &soc.Served{}

		before := b.gamebooks()
		order := soc.SimulateGamebook{Submit: plan, Taint: soc.TaintClean}
		asker := by
		if by.Kind == soc.PrincipalAgent { // no agent calls the ops family: a person asks as it
			order.Kind, order.Role = soc.PrincipalAgent, soc.RoleSenior
			asker = b.as("op2")
		} else {
			order.Taint = ""
		}
		simulated, err := b.SimulateGamebook(ctx, asker, order)
		b.must(err)
		dry := plan
		dry.DryRun = true
		tried, err := b.SubmitGamebook(ctx, by, dry)
		b.must(err)
		if b.gamebooks() != before {
			t.Fatal("asking stored a gamebook")
		}
		submitted, err := b.SubmitGamebook(ctx, by, plan)
		b.must(err)
		if submitted.Code == soc.CodeDuplicateGamebook || tried.Code == soc.CodeDuplicateGamebook {
			continue
		}
		want := simulated.Result
		if submitted.Code != want.Code || tried.Code != want.Code || !slices.Equal(submitted.QueueReasons, queueReasons(want)) || submitted.Success && !sameNeed(submitted.Need, want.Need) {
			t.Fatalf("%v by %s: simulated %s %v %v, tried %s, submitted %+v", plan.Steps, by.Kind, want.Code, want.Reasons, want.Need, tried.Code, submitted)
		}
		if submitted.GamebookID == "" {
			continue
		}
		explained, err := b.ExplainGamebook(ctx, b.as("vw"), submitted.GamebookID, soc.PhaseSubmit)
		b.must(err)
		for name, judged := range map[string]soc.Judged{"recorded": explained.Recorded, "now": explained.Now} {
			if judged.Result.Outcome != want.Outcome || !reflect.DeepEqual(judged.Result.Reasons, want.Reasons) || !sameNeed(judged.Result.Need, want.Need) {
				t.Fatalf("%s: %+v, simulated %+v", name, judged.Result, want)
			}
		}
	}
}

func queueReasons(r soc.GateResult) []soc.Code {
	if r.Outcome == soc.OutcomeQueue {
		return r.Reasons
	}
	return nil
}

// TestS31ClosingABreakerTakesAPerson: the latch is a row, so it outlives the
// process; a manager in person closes it, and nobody else.
func TestS31ClosingABreakerTakesAPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.write(func(tx *store.Tx) error {
			_, err := tx.OpenBreaker(b.first, soc.KindHost, b.now())
			return err
		})
		b.respond()
		again := New(Config{Store: b.store, Now: b.now, Connectors: b.connectors}) // as after a restart
		r, err := again.SubmitGamebook(ctx, b.agent, b.plan("isolate_host", "host"))
		b.must(err)
		if r.Need.Count != 2 || !slices.Contains(r.QueueReasons, soc.CodeLimitReached) {
			t.Fatalf("with an open breaker: %+v", r)
		}
		_, err = b.CloseBreaker(ctx, b.agent, soc.KindHost, "over")
		refusedWith(t, "an agent", err, soc.Denied, soc.CodeHumanSessionRequired)
		_, err = b.CloseBreaker(ctx, b.as("sr1"), soc.KindHost, "over")
		refusedWith(t, "a senior", err, soc.Denied, soc.CodeInsufficientWorkspaceRole)
		stale := b.as("mgr")
		stale.AuthenticatedAt = b.now().Add(-time.Hour)
		_, err = b.CloseBreaker(ctx, stale, soc.KindHost, "over")
		refusedWith(t, "an old sign-in", err, soc.Denied, soc.CodeHumanSessionRequired)
		open, err := b.CloseBreaker(ctx, b.as("mgr"), soc.KindHost, "one faulty detector")
		b.must(err)
		if len(open) != 0 || b.audited("breaker_closed").Target != "host" {
			t.Errorf("%+v", open)
		}
		if r := b.submit(b.agent, "isolate_host", "host2"); r.QueuedForApproval {
			t.Errorf("after it was closed: %+v", r)
		}
	})
}

// TestS30LimitsSurviveARestart: counters are rows, so a new process counts on,
// and so does another replica.
func TestS30LimitsSurviveARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.respond()
		b.limits(func(l *soc.Limits) { l.BreakerFloor = 100 })
		desk := b.Desk
		for i := range 6 {
			name := fmt.Sprint("r", i)
			b.entity(name, soc.KindHost, name+".corp.local", soc.ProvenanceSensorAsserted)
			r, err := desk.SubmitGamebook(context.Background(), b.agent, b.plan("isolate_host", name))
			b.must(err)
			if r.QueuedForApproval != (i >= 5) || i >= 5 && !slices.Equal(r.QueueReasons, []soc.Code{soc.CodeLimitReached}) {
				t.Fatalf("%d: %+v", i, r)
			}
			desk = New(Config{Store: b.store, Now: b.now, Connectors: b.connectors})
		}
	})
}
