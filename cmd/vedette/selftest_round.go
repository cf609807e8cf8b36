package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"path/filepath"
	"time"

	"vedette/backend/connector/simrange"
	"vedette/backend/store"
	"vedette/backend/store/bare"
)

const (
	// slowest is how long the range may hold an answer back; after a kill it is
	// waited for, so that what the range had accepted has happened.
	slowest = 150 * time.Millisecond
	// settling bounds how long what was approved may take to end after a restart.
	settling = 90 * time.Second
)

// round is one life and death of a server.
func (t *crashes) round(ctx context.Context, n int, seed uint64) (err error) {
	dice := mathrand.New(mathrand.NewPCG(seed, 0))
	folder, where, err := t.copy(ctx, n)
	if err != nil {
		return err
	}
	products, err := startTestRange(ctx, filepath.Join(folder, "range.jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, products.close()) }()
	if err := products.misbehave(dice); err != nil {
		return err
	}
	server, err := t.start(ctx, folder, where, products)
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	credentials, err := server.demo(where)
	if err != nil {
		return err
	}
	load, err := newCrashLoad(ctx, server.base, credentials, seed)
	if err != nil {
		return err
	}
	defer load.close()
	var fates string
	for kills := 1 + dice.IntN(2); kills > 0; kills-- {
		life := time.Duration(100+dice.IntN(1900)) * time.Millisecond
		if err := t.die(ctx, load, server, life); err != nil {
			return err
		}
		fates += fmt.Sprintf(", killed after %v", life.Round(time.Millisecond))
		if server, err = t.start(ctx, folder, where, products); err != nil {
			return violated("the server does not start again: %v", err)
		}
		t.note(func(r *crashReport) { t.ready, r.Kills = append(t.ready, server.ready), r.Kills+1 })
		load.retarget(server.base)
	}
	if err := t.verify(ctx, load, server, where, products); err != nil {
		return err
	}
	acknowledged, doubt, refused := load.counts()
	t.note(func(r *crashReport) {
		r.Rounds++
		r.Acknowledged, r.InDoubt, r.Refused = r.Acknowledged+acknowledged, r.InDoubt+doubt, r.Refused+refused
		for words, n := range load.refused {
			r.Refusals[words] += n
		}
		t.say("round %d, seed %d%s: %d acknowledged, %d in doubt, %d refused, ready in %v; %d of %d done",
			n+1, seed, fates, acknowledged, doubt, refused, server.ready.Round(time.Millisecond), r.Rounds, t.command.Rounds)
	})
	return t.discard(ctx, folder, where)
}

// note changes the report, which the rounds share.
func (t *crashes) note(change func(*crashReport)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.report)
}

// die loads the server for its life and kills it in the middle of the work.
func (t *crashes) die(ctx context.Context, load *crashLoad, server *child, life time.Duration) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		load.run(working)
		close(ended)
	}()
	pause(ctx, life)
	err := server.kill()
	stop()
	<-ended
	pause(ctx, slowest+50*time.Millisecond)
	return errors.Join(err, ctx.Err())
}

func (t *crashes) start(ctx context.Context, folder, where string, products *testRange) (*child, error) {
	return startChild(ctx, folder, where, "--demo", "--range-url", products.url, "--range-token", products.token)
}

// verify lets the server finish, stops it, and checks what is left against what
// was promised.
func (t *crashes) verify(ctx context.Context, load *crashLoad, server *child, where string, products *testRange) error {
	products.simulation.ClearFaults()
	if err := load.again(ctx); err != nil {
		return violated("%v", err)
	}
	if err := settled(ctx, where); err != nil {
		return err
	}
	if err := server.stop(); err != nil {
		return violated("the server started again does not stop: %v", err)
	}
	dispatches, err := products.simulation.Dispatches()
	if err != nil {
		return err
	}
	raw, err := bare.Open(ctx, where)
	if err != nil {
		return err
	}
	facts, err := raw.Facts(ctx)
	if err := errors.Join(err, raw.Check(ctx), raw.Close()); err != nil {
		return violated("%v", err)
	}
	if err := checkFacts(load, facts, dispatches); err != nil {
		return err
	}
	t.note(func(r *crashReport) {
		r.Dispatched += len(dispatches)
		for _, s := range facts.Steps {
			if s.Status == "Confirmed" {
				r.Confirmed++
			}
		}
	})
	return checkRecord(ctx, where)
}

// settled waits until every gamebook that may run has ended.
func settled(ctx context.Context, where string) error {
	raw, err := bare.Open(ctx, where)
	if err != nil {
		return err
	}
	defer func() { _ = raw.Close() }()
	until := time.Now().Add(settling)
	for {
		facts, err := raw.Facts(ctx)
		if err != nil {
			return err
		}
		stuck := unfinished(facts)
		if stuck == "" {
			return nil
		}
		if time.Now().After(until) {
			return violated("%v after the restart %s", settling, stuck)
		}
		pause(ctx, 100*time.Millisecond)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// unfinished names a gamebook or step that is on its way, if any.
func unfinished(facts *bare.Facts) string {
	for id, g := range facts.Gamebooks {
		if g.Status == "Running" || (g.Status == "Queued" && !g.NeedsApproval) {
			return fmt.Sprintf("gamebook %s is still %s", id, g.Status)
		}
	}
	for _, s := range facts.Steps {
		if s.Status == "Dispatched" {
			return fmt.Sprintf("step %s of %s is still Dispatched", s.Key, s.Gamebook)
		}
	}
	return ""
}

// checkRecord recomputes the audit's chain.
func checkRecord(ctx context.Context, where string) error {
	s, err := store.Open(ctx, where, store.Options{})
	if err != nil {
		return violated("the database does not open: %v", err)
	}
	found, err := s.VerifyAudit(ctx, 1)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if !found.OK {
		return violated("the audit is not as it was written: row %d: %s", found.FirstBad.Position, found.FirstBad.Reason)
	}
	return nil
}

// testRange is a range in this process, which survives every server.
type testRange struct {
	simulation *simrange.Range
	url, token string
	ended      chan error
}

func startTestRange(ctx context.Context, journal string) (*testRange, error) {
	r := &testRange{token: rand.Text(), ended: make(chan error, 1)}
	var err error
	if r.simulation, err = simrange.New(simrange.Config{Path: journal, Token: r.token, ControlToken: rand.Text()}); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, r.simulation.Close())
	}
	r.url = "http://" + listener.Addr().String()
	go func() { r.ended <- r.simulation.Serve(listener) }()
	return r, nil
}

// misbehave makes every act slow, so that kills land in the middle of one, and
// sometimes lets answers be lost.
func (r *testRange) misbehave(dice *mathrand.Rand) error {
	if dice.IntN(3) == 0 {
		err := r.simulation.Inject(simrange.Fault{Operation: "*", Behaviour: simrange.ActThenDrop, Delay: slowest / 3, Count: 1 + dice.IntN(2)})
		if err != nil {
			return err
		}
	}
	return r.simulation.Inject(simrange.Fault{Operation: "*", Behaviour: simrange.Delay, Delay: time.Duration(dice.Int64N(int64(slowest)))})
}

func (r *testRange) close() error { return errors.Join(r.simulation.Close(), <-r.ended) }
