package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vedette/backend/store/bare"
	"vedette/backend/store/pgcluster"
)

// benchCommand measures the product beside the raw engine doing the same work
// in the same run. Nothing of it touches the database of --db.
type benchCommand struct {
	Engine   string        `enum:"sqlite,postgres,both" default:"both" help:"sqlite, postgres (a throw-away server is started) or both."`
	Sizes    []int         `default:"10000,100000,1000000" help:"Numbers of incidents to read among, rising." placeholder:"N"`
	Duration time.Duration `default:"10s" help:"How long each load lasts."`
	Clients  int           `default:"32" help:"Concurrent clients of the ingest load."`
	Only     []string      `help:"Measure only these sections: ${sections}." placeholder:"SECTION"`
	Keep     string        `help:"Keep the filled SQLite databases in this folder and use them again." placeholder:"FOLDER"`
	Lenient  bool          `help:"Do not fail when a target is missed."`
	Out      string        `help:"Also write the report as JSON to this file." placeholder:"FILE"`
}

// benchSection is one part of the benchmark.
type benchSection struct {
	name string
	// once marks what does not depend on the engine.
	once bool
	run  func(*bench, context.Context) error
}

// benchSections in the order in which they run.
var benchSections = []benchSection{
	{"gate", true, (*bench).measureGate},
	{"binary", true, (*bench).measureBinary},
	{"ingest", false, (*bench).measureIngest},
	{"alerts", false, (*bench).measureAlerts},
	{"get", false, (*bench).measureGet},
	{"list", false, (*bench).measureList},
	{"search", false, (*bench).measureSearch},
	{"evidence", false, (*bench).measureEvidence},
	{"kql", false, (*bench).measureKQL},
	{"families", false, (*bench).measureFamilies},
	{"start", false, (*bench).measureStart},
	{"memory", false, (*bench).measureMemory},
	{"tool", false, (*bench).measureTool},
	{"respond", false, (*bench).measureRespond},
	{"webhook", false, (*bench).measureWebhook},
	{"console", false, (*bench).measureConsole},
}

// sectionNames are what --only takes.
func sectionNames() string {
	names := make([]string, len(benchSections))
	for i, s := range benchSections {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}

// bench is one run of the benchmark on one engine.
type bench struct {
	command     *benchCommand
	environment *environment
	report      *benchReport
	engine      string
	folder      string             // for what is thrown away
	cluster     *pgcluster.Cluster // nil on SQLite
	databases   map[int]*seeded
}

// Run measures and fails when a target is missed.
func (c *benchCommand) Run(ctx context.Context, e *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Keep != "" {
		keep, err := filepath.Abs(c.Keep) // servers are started in folders of their own
		if err != nil {
			return err
		}
		if c.Keep = keep; os.MkdirAll(keep, 0o755) != nil {
			return fmt.Errorf("--keep: the folder %s cannot be made", keep)
		}
	}
	report := newBenchReport(c.Sizes, c.Duration)
	engines := []string{c.Engine}
	if c.Engine == "both" {
		engines = []string{"sqlite", "postgres"}
	}
	for n, engine := range engines {
		if err := c.measure(ctx, e, report, engine, n == 0); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
	}
	if c.Out != "" {
		if err := writeReport(c.Out, report); err != nil {
			return err
		}
	}
	if err := e.print(report, report.rows()); err != nil {
		return err
	}
	if !report.Passed && !c.Lenient {
		return errors.New("a target was missed")
	}
	return nil
}

func (c *benchCommand) check() error {
	if len(c.Sizes) == 0 || slices.Min(c.Sizes) < 100 || !slices.IsSorted(c.Sizes) {
		return errors.New("--sizes must be rising numbers of at least 100")
	}
	for _, name := range c.Only {
		if !slices.ContainsFunc(benchSections, func(s benchSection) bool { return s.name == name }) {
			return fmt.Errorf("--only: %q is no section; the sections are %s", name, sectionNames())
		}
	}
	return nil
}

func writeReport(path string, report *benchReport) error {
	body, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(body, '\n'), 0o644)
}

// measure runs the sections on one engine.
func (c *benchCommand) measure(ctx context.Context, e *environment, report *benchReport, engine string, first bool) (err error) {
	b := &bench{command: c, environment: e, report: report, engine: engine, databases: map[int]*seeded{}}
	if b.folder, err = os.MkdirTemp("", "vedette-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if engine == "postgres" {
		if b.cluster, err = pgcluster.Start(ctx, pgcluster.Options{Durable: true}); err != nil {
			return err
		}
	}
	for _, section := range benchSections {
		if (section.once && !first) || (len(c.Only) > 0 && !slices.Contains(c.Only, section.name)) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		b.say("%s: %s", engine, section.name)
		if err := section.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", section.name, err)
		}
	}
	return nil
}

func (b *bench) close() error {
	var failures []error
	for _, d := range b.databases {
		failures = append(failures, d.store.Close())
	}
	if b.cluster != nil {
		failures = append(failures, b.cluster.Stop())
	}
	return errors.Join(append(failures, os.RemoveAll(b.folder))...)
}

// database is the filled database of a size, made at its first use.
func (b *bench) database(ctx context.Context, size int) (*seeded, error) {
	if d := b.databases[size]; d != nil {
		return d, nil
	}
	d, err := b.seed(ctx, size)
	if err == nil {
		b.databases[size] = d
	}
	return d, err
}

// settle lets the engine do what it does some time after so many writes.
func (d *seeded) settle(ctx context.Context) error {
	raw, err := bare.Open(ctx, d.where)
	if err != nil {
		return err
	}
	return errors.Join(raw.Settle(ctx), raw.Close())
}

// add reports figures of this engine.
func (b *bench) add(section string, figures ...figure) {
	for _, f := range figures {
		f.Engine, f.Section = b.engine, section
		b.report.add(f)
		b.say("  %s", strings.TrimSpace(strings.Join((&benchReport{Figures: []figure{f}}).rows()[1][1:], "  ")))
	}
}

// say tells people how far it is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.environment.err, format+"\n", args...)
}

// progress tells how far a long piece of work is, every two seconds.
func (b *bench) progress(format string, args ...any) func(done, of int) {
	began := time.Now()
	last := began
	return func(done, of int) {
		if now := time.Now(); now.Sub(last) > 2*time.Second {
			last = now
			b.say("  %s: %d of %d, %.0f a second", fmt.Sprintf(format, args...), done, of, float64(done)/now.Sub(began).Seconds())
		}
	}
}
