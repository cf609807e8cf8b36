package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vedette/agent/eval"
	"vedette/agent/measure"
	"vedette/backend/soc"
)

// evalCommand measures the triage against labelled sets.
type evalCommand struct {
	Run    evalRunCommand    `cmd:"" help:"Ask about every incident of a labelled set in the order of time, and measure the answers."`
	Replay evalReplayCommand `cmd:"" help:"Run a recorded investigation again against its stored answers, and tell what came out differently."`
}

// evalRunCommand is one evaluation. Sets are read from a folder; none is shipped.
type evalRunCommand struct {
	Set     string        `required:"" help:"Labelled set: ${sets}." placeholder:"SET"`
	Split   string        `default:"dev" enum:"dev,unseen" help:"dev or unseen."`
	Mode    string        `default:"history" enum:"history,floor" help:"history: counters of earlier verdicts alone; floor: the deterministic triage of a server."`
	Data    string        `required:"" help:"Folder that holds the set." placeholder:"FOLDER"`
	History string        `help:"Folder of the development files, whose verdicts come before an unseen split." placeholder:"FOLDER"`
	Delay   time.Duration `default:"24h" help:"From an incident to its verdict."`
	Pooling string        `default:"" enum:",on,off" help:"Whether verdicts of other workspaces count: on in mode history and off in mode floor unless said; floor has the rules of S46." placeholder:"on|off"`
	Direct  bool          `help:"Ask the desk itself instead of a server over HTTP: faster, the same answers."`
	Seed    uint64        `default:"1" help:"Of the bootstrap."`
	Out     string        `required:"" help:"Folder for results.json, report.md, report.html and cases.jsonl." placeholder:"FOLDER"`
}

// Run writes the report and prints its headline.
func (c *evalRunCommand) Run(ctx context.Context, e *environment) error {
	if slices.Contains(eval.QuestionSets(), c.Set) {
		return c.lookUp(ctx, e)
	}
	if slices.Contains(eval.InjectionSets(), c.Set) {
		return c.inject(ctx, e)
	}
	c.settlePooling()
	set, err := eval.Read(c.Set, eval.Options{Split: c.Split, Data: c.Data, History: c.History, Delay: c.Delay})
	if err != nil {
		return err
	}
	cases, err := eval.Run(ctx, set, c.start(ctx), evalProgress(e))
	if err != nil {
		return err
	}
	report, err := c.report(set).Assemble(cases)
	if err != nil {
		return err
	}
	if err := writeEvaluation(c.Out, report, cases); err != nil {
		return err
	}
	return printEvaluation(e, c.Out, report)
}

// settlePooling fills in what was left out: the product pools nothing unless
// its people ask for it.
func (c *evalRunCommand) settlePooling() {
	switch {
	case c.Pooling != "":
	case c.Mode == "floor":
		c.Pooling = "off"
	default:
		c.Pooling = "on"
	}
}

// start gives each round an empty memory.
func (c *evalRunCommand) start(ctx context.Context) eval.Start {
	return func(round eval.Round) (eval.Instance, func() error, error) {
		if c.Mode == "history" {
			return &eval.Counters{Pooling: c.Pooling == "on"}, func() error { return nil }, nil
		}
		l, err := newEvalLab(ctx, round, c.Pooling == "on")
		if err != nil {
			return nil, nil, err
		}
		if c.Direct {
			return deskInstance{l}, l.end, nil
		}
		h, err := newHTTPInstance(ctx, l)
		if err != nil {
			return nil, nil, errors.Join(err, l.end())
		}
		return h, h.end, nil
	}
}

// through says how the product was reached.
func (c *evalRunCommand) through() string {
	switch {
	case c.Direct:
		return "direct"
	case c.Mode == "history" && slices.Contains(eval.Sets(), c.Set):
		return "counters"
	default:
		return "http"
	}
}

// report is what every figure must name.
func (c *evalRunCommand) report(set eval.Set) measure.Report {
	return measure.Report{
		Set: set.Name, Split: set.Split, Tuned: set.Tuned, Mode: c.Mode, Through: c.through(), Delay: c.Delay.String(), Pooling: c.Pooling,
		Version: versionText(), Weights: soc.ShippedWeights().Version, Model: "none", Date: time.Now().UTC().Format(time.DateOnly), Seed: c.Seed,
		Command: c.command(), Read: set.Read, Skipped: set.Skipped, Notes: append([]string{}, set.Notes...),
	}
}

// command repeats the run; folders are the reader's own.
func (c *evalRunCommand) command() string {
	words := []string{"vedette eval run --set", c.Set, "--split", c.Split, "--data FOLDER"}
	if c.History != "" {
		words = append(words, "--history FOLDER")
	}
	if c.Direct {
		words = append(words, "--direct")
	}
	if !slices.Contains(eval.Sets(), c.Set) {
		return strings.Join(append(words, "--out FOLDER"), " ")
	}
	return strings.Join(append(words, "--mode", c.Mode, "--delay", c.Delay.String(), "--pooling", c.Pooling, "--seed", fmt.Sprint(c.Seed), "--out FOLDER"), " ")
}

// evalProgress tells of long work every few seconds.
func evalProgress(e *environment) eval.Progress {
	began, last := time.Now(), time.Now()
	return func(done, all int) {
		if now := time.Now(); now.Sub(last) > 5*time.Second {
			last = now
			left := time.Duration(float64(now.Sub(began)) / float64(done) * float64(all-done)).Round(time.Second)
			fmt.Fprintf(e.err, "%d of %d, about %v left\n", done, all, left)
		}
	}
}

// writeEvaluation writes the four files of an evaluation.
func writeEvaluation(folder string, report measure.Report, cases []measure.Case) error {
	results, err := report.JSON()
	if err != nil {
		return err
	}
	page, err := report.HTML()
	if err != nil {
		return err
	}
	lines, err := measure.Lines(cases)
	if err != nil {
		return err
	}
	return writeFolder(folder, map[string][]byte{"results.json": results, "report.md": report.Markdown(), "report.html": page, "cases.jsonl": lines})
}

// writeFolder writes files that only their owner may read.
func writeFolder(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(folder, name), body, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// printEvaluation prints the figures that are looked at first.
func printEvaluation(e *environment, folder string, report measure.Report) error {
	s := report.Summary
	value := map[string]any{
		"set": report.Set, "split": report.Split, "mode": report.Mode, "scored": report.Scored, "macro_f1": s.MacroF1, "accuracy": s.Accuracy,
		"coverage": s.Coverage, "closing": s.Closing, "cold_start": s.Cold, "hidden": s.Hidden, "calibration_error": s.CalibrationError, "out": folder,
	}
	rows := [][]string{{"MEASURE", "VALUE"}, {"scored", fmt.Sprint(report.Scored)}}
	rows = append(rows, report.Headline()...)
	return e.print(value, append(rows, []string{"report", filepath.Join(folder, "report.html")}))
}
