package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"vedette/backend/store/pgcluster"
)

type selftestCommand struct {
	Crash   crashCommand   `cmd:"" help:"Load a server, kill it at a random moment, start it again, and check that nothing was lost or done twice."`
	Redteam redteamCommand `cmd:"" help:"Attack a server as a hijacked agent over MCP and REST, and check that nothing forbidden reached a product."`
	Egress  egressCommand  `cmd:"" help:"Ask a server to save and to call addresses that point inward, and check that nothing was reached."`
	Tenants tenantsCommand `cmd:"" help:"Ask every route and tool about what belongs to another workspace, and check that it is not there."`
	Soak    soakCommand    `cmd:"" help:"Load a server through all families for a while, and check that memory stayed flat and nothing was lost or stored twice."`
}

// crashCommand is the test of S26 (safety.md). It uses databases of its own.
type crashCommand struct {
	Engine string `enum:"sqlite,postgres" default:"sqlite" help:"sqlite, or postgres (a throw-away server is started)."`
	Rounds int    `default:"20" help:"How often a server is killed."`
	Seed   uint64 `help:"Seed of the first round (default: drawn); each round takes the one after." placeholder:"N"`
	// A round mostly waits for the server to take up again what it was killed in.
	Parallel int `default:"4" help:"How many rounds run at once, each with a server and a database of its own."`
}

// crashReport is what --json prints.
type crashReport struct {
	Engine       string `json:"engine"`
	Rounds       int    `json:"rounds"`
	Seed         uint64 `json:"seed"`
	Kills        int    `json:"kills"`
	Acknowledged int    `json:"acknowledged"`
	InDoubt      int    `json:"in_doubt"`
	Refused      int    `json:"refused"`
	// Refusals counts what the server said no to, by its words.
	Refusals    map[string]int `json:"refusals,omitempty"`
	Dispatched  int            `json:"dispatched"`
	Confirmed   int            `json:"confirmed"`
	ReadyMedian float64        `json:"ready_median_s"`
	ReadyWorst  float64        `json:"ready_worst_s"`
	Violation   string         `json:"violation,omitempty"`
}

// readyLimit is how soon a killed server should take requests again. It is
// reported, and fails nothing: the machine may be busy.
const readyLimit = 3 * time.Second

// crashes is one run of the self-test.
type crashes struct {
	command     *crashCommand
	environment *environment
	folder      string
	template    string // folder of a finished demonstration
	where       string // its database
	cluster     *pgcluster.Cluster

	mu     sync.Mutex
	report crashReport
	ready  []time.Duration
}

// Run kills servers until the rounds are over or an invariant is broken.
func (c *crashCommand) Run(ctx context.Context, e *environment) (err error) {
	if c.Rounds < 1 || c.Parallel < 1 {
		return errors.New("--rounds and --parallel must be at least 1")
	}
	if c.Seed == 0 {
		c.Seed = mathrand.Uint64N(1 << 32)
	}
	t := &crashes{command: c, environment: e, report: crashReport{Engine: c.Engine, Seed: c.Seed, Refusals: map[string]int{}}}
	if t.folder, err = os.MkdirTemp("", "vedette-crash-"); err != nil {
		return err
	}
	if c.Engine == "postgres" {
		if t.cluster, err = pgcluster.Start(ctx, pgcluster.Options{Durable: true}); err != nil {
			return errors.Join(err, os.RemoveAll(t.folder))
		}
		defer func() { err = errors.Join(err, t.cluster.Stop()) }()
	}
	err = t.rounds(ctx)
	if violation := new(violationError); errors.As(err, violation) {
		t.report.Violation = violation.Error()
		t.say("The files of this round stay in %s.", t.folder)
	} else {
		err = errors.Join(err, os.RemoveAll(t.folder))
	}
	if ctx.Err() != nil {
		return ctx.Err() // interrupted by a person
	}
	return errors.Join(t.print(), err)
}

func (t *crashes) rounds(ctx context.Context) error {
	if err := t.prepare(ctx); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var running sync.WaitGroup
	places := make(chan struct{}, t.command.Parallel)
	for n := range t.command.Rounds {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-places }()
			seed := t.command.Seed + uint64(n)
			if err := t.round(ctx, n, seed); err != nil {
				stop(fmt.Errorf("round %d (--engine %s --rounds 1 --seed %d): %w", n+1, t.command.Engine, seed, err)) // the first one counts
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// prepare makes the demonstration that each round begins with a copy of.
func (t *crashes) prepare(ctx context.Context) (err error) {
	t.template = filepath.Join(t.folder, "template")
	if err := os.Mkdir(t.template, 0o700); err != nil {
		return err
	}
	t.where = filepath.Join(t.template, "vedette.db")
	if t.cluster != nil {
		if t.where, err = t.cluster.CreateDatabase(ctx); err != nil {
			return err
		}
	}
	t.say("Making a demonstration on %s ...", t.command.Engine)
	server, err := startChild(ctx, t.template, t.where, "--demo")
	if err != nil {
		return err
	}
	return server.stop()
}

// copy gives a round a database and a folder of its own.
func (t *crashes) copy(ctx context.Context, n int) (folder, where string, err error) {
	folder = filepath.Join(t.folder, fmt.Sprintf("round-%d", n+1))
	if err := os.CopyFS(folder, os.DirFS(t.template)); err != nil {
		return "", "", err
	}
	for _, name := range []string{"vedette.db.lock", "vedette.db.range.jsonl", "serve.log"} {
		if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", "", err
		}
	}
	for _, name := range []string{"vedette.db.key", "vedette.db.demo.json"} { // CopyFS gives files the mode 0666
		if err := os.Chmod(filepath.Join(folder, name), 0o600); err != nil {
			return "", "", err
		}
	}
	if t.cluster != nil {
		where, err = t.cluster.CopyDatabase(ctx, t.where)
		return folder, where, err
	}
	return folder, filepath.Join(folder, "vedette.db"), nil
}

// discard throws a round's files away.
func (t *crashes) discard(ctx context.Context, folder, where string) error {
	if t.cluster != nil {
		if err := t.cluster.DropDatabase(ctx, where); err != nil {
			return err
		}
	}
	return os.RemoveAll(folder)
}

// say tells people how far it is.
func (t *crashes) say(format string, args ...any) {
	fmt.Fprintf(t.environment.err, format+"\n", args...)
}

func (t *crashes) print() error {
	slices.Sort(t.ready)
	r := &t.report
	if len(t.ready) > 0 {
		r.ReadyMedian, r.ReadyWorst = median(t.ready), t.ready[len(t.ready)-1].Seconds()
	}
	result := "every invariant held"
	if r.Violation != "" {
		result = r.Violation
	}
	late := ""
	if r.ReadyWorst > readyLimit.Seconds() {
		late = fmt.Sprintf("(over %v)", readyLimit)
	}
	return t.environment.print(r, [][]string{
		{"engine", r.Engine},
		{"rounds", fmt.Sprintf("%d, %d kills, first seed %d", r.Rounds, r.Kills, r.Seed)},
		{"writes", fmt.Sprintf("%d acknowledged, %d in doubt and sent again, %d refused", r.Acknowledged, r.InDoubt, r.Refused)},
		{"steps", fmt.Sprintf("%d reached the range, %d Confirmed", r.Dispatched, r.Confirmed)},
		{"ready again", fmt.Sprintf("%s median, %s worst", quantity(r.ReadyMedian, "s"), quantity(r.ReadyWorst, "s")), late},
		{"result", result},
	})
}

// violationError is a broken invariant.
type violationError struct{ text string }

func (v violationError) Error() string { return v.text }

func violated(format string, args ...any) error { return violationError{fmt.Sprintf(format, args...)} }
