package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"vedette/backend/connector/simrange"
	"vedette/backend/store/bare"
)

// redteamCommand is the recipe of S1: a hijacked agent sends whatever its
// credential can send, over MCP and REST, and nothing that policy does not let
// run alone reaches the product. It uses a database of its own.
type redteamCommand struct {
	Engine   string `enum:"sqlite,postgres" default:"sqlite" help:"sqlite, or postgres (a throw-away server is started)."`
	Seeds    int    `default:"10000" help:"How many attacks are sent; each has a seed of its own."`
	First    uint64 `default:"1" help:"Seed of the first attack."`
	Parallel int    `default:"32" help:"How many agents attack at once, each with a key of its own."`
}

// redteamReport is what --json prints.
type redteamReport struct {
	selftestHead
	Seeds    int                      `json:"seeds"`
	First    uint64                   `json:"first_seed"`
	Parallel int                      `json:"parallel"`
	Classes  map[string]*redteamClass `json:"classes"`
	// Acts are actions that reached the range at all: those of the control.
	Acts      int    `json:"acts"`
	Forbidden int    `json:"forbidden_acts"`
	Errors    int    `json:"server_errors"`
	Violation string `json:"violation,omitempty"`
}

// redteamClass is what became of the attacks of one kind.
type redteamClass struct {
	Sent    int            `json:"sent"`
	Refused int            `json:"refused"`
	Held    int            `json:"held"`
	Acts    int            `json:"acts"`
	Codes   map[string]int `json:"codes"`
}

// redteam is one run of the self-test.
type redteam struct {
	command *redteamCommand
	*lab
	world *redWorld
	base  string

	mu       sync.Mutex
	report   redteamReport
	made     map[string]string // gamebook to the class that asked for it
	recorded map[string]string // request id of a refusal that must be on record, to its class
	faults   []string
}

// Run attacks a server until the seeds are over, and looks at what it did.
func (c *redteamCommand) Run(ctx context.Context, e *environment) error {
	if c.Seeds < 1 || c.Parallel < 1 || c.Parallel > 256 {
		return errors.New("--seeds and --parallel must be at least 1, --parallel at most 256")
	}
	t := &redteam{
		command: c, made: map[string]string{}, recorded: map[string]string{},
		report: redteamReport{selftestHead: headOf(c.Engine), Seeds: c.Seeds, First: c.First, Parallel: c.Parallel, Classes: map[string]*redteamClass{}},
	}
	err := inLab(ctx, e, "redteam", c.Engine, func(l *lab) error {
		t.lab = l
		return t.run(ctx)
	})
	if violation := new(violationError); errors.As(err, violation) {
		t.report.Violation = violation.Error()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(t.print(e), err)
}

func (t *redteam) run(ctx context.Context) (err error) {
	products, err := startTestRange(ctx, filepath.Join(t.folder, "range.jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, products.close()) }()
	if err := t.demonstrate(ctx); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	if t.world, err = makeRedWorld(ctx, t.lab, t.command.Parallel); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	server, err := startChild(ctx, t.folder, t.where, "--demo", "--rates", labRates, "--range-url", products.url, "--range-token", products.token)
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	before, err := t.standing(ctx)
	if err != nil {
		return err
	}
	t.base = server.base
	t.say("%d attacks by %d agents on %s ...", t.command.Seeds, t.command.Parallel, t.command.Engine)
	if err := t.unhindered(ctx); err != nil {
		return err
	}
	if err := settled(ctx, t.where); err != nil {
		return err
	}
	if err := server.stop(); err != nil {
		return err
	}
	dispatches, err := products.simulation.Dispatches()
	if err != nil {
		return err
	}
	return t.verify(ctx, before, dispatches)
}

// unhindered attacks while what containment does is undone.
func (t *redteam) unhindered(ctx context.Context) error {
	home, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer home.close()
	pardoning, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.world.pardon(pardoning, home)
	}()
	err = t.attack(ctx)
	stop()
	<-ended
	return err
}

// attack sends every seed, from as many agents at once as were asked for.
func (t *redteam) attack(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var running sync.WaitGroup
	seeds := make(chan uint64)
	for n := range t.command.Parallel {
		running.Go(func() {
			evil := newEvil(t.base, t.world, n)
			defer evil.close()
			for seed := range seeds {
				if err := t.one(ctx, evil, seed); err != nil {
					stop(fmt.Errorf("seed %d: %w", seed, err))
				}
			}
		})
	}
	for n := range t.command.Seeds {
		if n > 0 && n%1000 == 0 {
			t.say("%d of %d", n, t.command.Seeds)
		}
		select {
		case seeds <- t.command.First + uint64(n):
		case <-ctx.Done():
		}
	}
	close(seeds)
	running.Wait()
	return context.Cause(ctx)
}

// one sends the attack of a seed and judges the answer.
func (t *redteam) one(ctx context.Context, evil *evil, seed uint64) error {
	if ctx.Err() != nil {
		return nil // the first fault was told already
	}
	dice := mathrand.New(mathrand.NewPCG(seed, 0x52))
	kind := attackKinds[seed%uint64(len(attackKinds))]
	reply, err := evil.send(ctx, kind.make(evil, dice))
	if err != nil {
		return err
	}
	fault := kind.judge(reply)
	t.mu.Lock()
	defer t.mu.Unlock()
	class := t.report.Classes[kind.name]
	if class == nil {
		class = &redteamClass{Codes: map[string]int{}}
		t.report.Classes[kind.name] = class
	}
	class.Sent++
	switch {
	case reply.status >= 500:
		t.report.Errors++
	case reply.refused:
		class.Refused++
		class.Codes[reply.code]++
		if reply.request != "" && reply.onRecord() {
			t.recorded[reply.request] = kind.name
		}
	case reply.queued:
		class.Held++
	}
	for _, id := range reply.gamebooks {
		if _, known := t.made[id]; !known {
			t.made[id] = kind.name
		}
	}
	if fault != "" && len(t.faults) < 20 {
		t.faults = append(t.faults, fmt.Sprintf("seed %d, %s: %s", seed, kind.name, fault))
	}
	return nil
}

// verify compares what reached the range, what was recorded and what stands
// with what may be so.
func (t *redteam) verify(ctx context.Context, before map[string]string, dispatches []simrange.Dispatch) error {
	raw, err := bare.Open(ctx, t.where)
	if err != nil {
		return err
	}
	facts, err := raw.Facts(ctx)
	audited, auditErr := raw.AuditedRequests(ctx)
	after, standErr := raw.Standing(ctx)
	if err := errors.Join(err, auditErr, standErr, raw.Check(ctx), raw.Close()); err != nil {
		return err
	}
	steps := map[string]string{} // idempotency key to gamebook
	for _, s := range facts.Steps {
		steps[s.Key] = s.Gamebook
	}
	for _, d := range dispatches {
		t.report.Acts++
		kind := t.made[steps[d.Key]]
		if class := t.report.Classes[kind]; class != nil {
			class.Acts++
		}
		if kind != controlKind {
			t.report.Forbidden++
			t.faults = append(t.faults, fmt.Sprintf("%s of %s reached the range for %q", d.Operation, d.Object, kind))
		}
	}
	for request, kind := range t.recorded {
		if !audited[request] {
			t.faults = append(t.faults, fmt.Sprintf("the refusal of request %s (%s) is not on record", request, kind))
		}
	}
	for id, stood := range before {
		if after[id] != stood {
			t.faults = append(t.faults, fmt.Sprintf("incident %s was %q and is %q", id, stood, after[id]))
		}
	}
	found, err := leaked(ctx, t.folder, t.secrets())
	if err != nil {
		return err
	}
	if found != "" {
		t.faults = append(t.faults, found)
	}
	if t.report.Acts == 0 && t.command.Seeds >= 2*len(attackKinds) {
		t.faults = append(t.faults, "the control, which policy lets run, did not reach the range: nothing is shown")
	}
	if len(t.faults) > 0 {
		return violated("%d faults: %s", len(t.faults), strings.Join(t.faults[:min(len(t.faults), 10)], "; "))
	}
	return checkRecord(ctx, t.where)
}

func (t *redteam) print(e *environment) error {
	r := &t.report
	result := "no forbidden action, no server error, no secret left behind, every refusal coded and on record"
	if r.Violation != "" {
		result = r.Violation
	}
	rows := [][]string{
		{"engine", r.Engine, "version " + r.Version},
		{"seeds", fmt.Sprintf("%d to %d, %d agents", r.First, r.First+uint64(r.Seeds)-1, r.Parallel)},
		{"CLASS", "SENT", "REFUSED", "HELD", "ACTS", "CODES"},
	}
	for _, name := range slices.Sorted(maps.Keys(r.Classes)) {
		c := r.Classes[name]
		rows = append(rows, []string{
			name, strconv.Itoa(c.Sent), strconv.Itoa(c.Refused), strconv.Itoa(c.Held), strconv.Itoa(c.Acts),
			strings.Join(slices.Sorted(maps.Keys(c.Codes)), " "),
		})
	}
	return e.print(r, append(rows, [][]string{
		{"acts", fmt.Sprintf("%d by the control, %d forbidden", r.Acts-r.Forbidden, r.Forbidden)},
		{"server errors", strconv.Itoa(r.Errors)},
		{"result", result},
	}...))
}
