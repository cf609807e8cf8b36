package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vedette/backend/store/pgcluster"
)

// soakCommand lets one server work under mixed load for a while and then looks
// at what it kept: memory must have stayed flat, and every acknowledged write
// must be stored once. It uses a database of its own.
type soakCommand struct {
	Engine string        `enum:"sqlite,postgres" default:"sqlite" help:"sqlite, or postgres (a throw-away server is started)."`
	Time   time.Duration `default:"1m" help:"How long the load goes on."`
	Seed   uint64        `default:"1" help:"Seed of the load."`
}

// soakReport is what --json prints.
type soakReport struct {
	Engine       string         `json:"engine"`
	Seconds      float64        `json:"seconds"`
	Requests     map[string]int `json:"requests"`
	Acknowledged int            `json:"acknowledged"`
	Refused      int            `json:"refused"`
	// Memory of the process: the highest of the second and of the last quarter.
	EarlyMB   float64 `json:"early_mb"`
	LateMB    float64 `json:"late_mb"`
	Violation string  `json:"violation,omitempty"`
}

// Memory is flat when the last quarter is no higher than the second, but for a
// tenth and a few megabytes: the collector's pacing, and a garbage cycle that
// falls into one quarter and not into the other. A leak of one page for each
// request of a short soak is far above it.
const (
	soakGrowth = 1.10
	soakSlack  = 16.0 // MB
)

// shortestSoak gives each quarter a few garbage cycles.
const shortestSoak = 20 * time.Second

// Run loads a server and checks what is left.
func (c *soakCommand) Run(ctx context.Context, e *environment) (err error) {
	if c.Time < shortestSoak {
		return fmt.Errorf("--time must be at least %v", shortestSoak)
	}
	t := &crashes{command: &crashCommand{Engine: c.Engine}, environment: e, report: crashReport{Engine: c.Engine, Refusals: map[string]int{}}}
	if t.folder, err = os.MkdirTemp("", "vedette-soak-"); err != nil {
		return err
	}
	where := filepath.Join(t.folder, "vedette.db")
	if c.Engine == "postgres" {
		if t.cluster, err = pgcluster.Start(ctx, pgcluster.Options{Durable: true}); err != nil {
			return errors.Join(err, os.RemoveAll(t.folder))
		}
		defer func() { err = errors.Join(err, t.cluster.Stop()) }()
		if where, err = t.cluster.CreateDatabase(ctx); err != nil {
			return err
		}
	}
	report := &soakReport{Engine: c.Engine, Seconds: c.Time.Seconds()}
	err = c.soak(ctx, t, where, report)
	if violation := new(violationError); errors.As(err, violation) {
		report.Violation = violation.Error()
		t.say("The files stay in %s.", t.folder)
	} else {
		err = errors.Join(err, os.RemoveAll(t.folder))
	}
	if ctx.Err() != nil {
		return ctx.Err() // interrupted by a person
	}
	return errors.Join(report.print(e), err)
}

// soak is the life of the one server.
func (c *soakCommand) soak(ctx context.Context, t *crashes, where string, report *soakReport) (err error) {
	products, err := startTestRange(ctx, filepath.Join(t.folder, "range.jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, products.close()) }()
	t.say("Loading a server on %s for %v ...", c.Engine, c.Time)
	server, err := t.start(ctx, t.folder, where, products)
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	credentials, err := server.demo(where)
	if err != nil {
		return err
	}
	writes, err := newCrashLoad(ctx, server.base, credentials, c.Seed)
	if err != nil {
		return err
	}
	defer writes.close()
	families := newSoakLoad(server.base, credentials, writes)
	defer families.close()
	memory, err := c.load(ctx, server, writes, families)
	report.Requests = families.answered
	if err != nil {
		return err
	}
	report.EarlyMB, report.LateMB = quarters(memory)
	if limit := report.EarlyMB*soakGrowth + soakSlack; report.LateMB > limit {
		return violated("memory grew from %.0f MB to %.0f MB, over %.0f MB", report.EarlyMB, report.LateMB, limit)
	}
	for words := range writes.refused {
		if strings.Contains(words, "answered 5") {
			return violated("a write met a server error: %s", words)
		}
	}
	if fault := families.fault(); fault != nil {
		return fault
	}
	report.Acknowledged, _, report.Refused = writes.counts()
	return t.verify(ctx, writes, server, where, products)
}

// load runs everything at once and measures the process each second. The time
// is up between two requests and never inside one, so nothing is in doubt.
func (c *soakCommand) load(ctx context.Context, server *child, writes *crashLoad, families *soakLoad) (memory []float64, err error) {
	working, stop := context.WithTimeout(ctx, c.Time)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { writes.run(working) })
	running.Go(func() { families.run(working, c.Seed) })
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for working.Err() == nil && err == nil {
		select {
		case <-tick.C:
			var now float64
			if now, err = server.residentMB(); err == nil {
				memory = append(memory, now)
			}
		case <-server.ended:
			err = violated("the server ended under load: %v", server.exit)
		case <-working.Done():
		}
	}
	stop()
	running.Wait()
	return memory, errors.Join(err, ctx.Err())
}

// quarters are the highest values of the second and of the last quarter; in the
// first one caches fill.
func quarters(memory []float64) (early, late float64) {
	n := len(memory) / 4
	if n == 0 {
		return 0, 0
	}
	return slices.Max(memory[n : 2*n]), slices.Max(memory[len(memory)-n:])
}

func (r *soakReport) print(e *environment) error {
	result := "memory flat, every acknowledged write stored once"
	if r.Violation != "" {
		result = r.Violation
	}
	rows := [][]string{{"engine", r.Engine}, {"time", fmt.Sprintf("%.0f s", r.Seconds)}}
	names := make([]string, 0, len(r.Requests))
	for name := range r.Requests {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		rows = append(rows, []string{name, fmt.Sprintf("%d answered", r.Requests[name])})
	}
	return e.print(r, append(rows, [][]string{
		{"writes", fmt.Sprintf("%d acknowledged, %d refused", r.Acknowledged, r.Refused)},
		{"memory", fmt.Sprintf("%.0f MB in the second quarter, %.0f MB in the last", r.EarlyMB, r.LateMB)},
		{"result", result},
	}...))
}
