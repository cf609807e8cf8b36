package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"vedette/agent/eval"
	"vedette/agent/measure"
	"vedette/backend/soc"
)

// lookUp measures what the tools of the agent door return for a set of questions.
func (c *evalRunCommand) lookUp(ctx context.Context, e *environment) error {
	set, err := eval.ReadQuestions(eval.Options{Split: c.Split, Data: c.Data, History: c.History})
	if err != nil {
		return err
	}
	lookups, err := c.answer(ctx, set, evalProgress(e))
	if err != nil {
		return err
	}
	report := measure.LookupReport{
		Set: set.Name, Split: set.Split, Through: c.through(), Version: versionText(), Date: time.Now().UTC().Format(time.DateOnly), Command: c.command(),
		Read: set.Read, Skipped: set.Skipped, Calls: eval.LookupCalls, Tokens: eval.LookupTokens,
		Notes: []string{"Whether the answer stands in what the tools return: no model reads it. The planner's words were chosen on the development questions."},
	}.Assemble(lookups)
	if err := writeMeasured(c.Out, report); err != nil {
		return err
	}
	rows := append([][]string{{"MEASURE", "VALUE"}}, report.Headline()...)
	for _, why := range slices.Sorted(maps.Keys(report.Misses())) {
		rows = append(rows, []string{"missed: " + why, fmt.Sprint(report.Misses()[why])})
	}
	value := map[string]any{
		"set": report.Set, "split": report.Split, "questions": len(lookups), "answer_rate": report.Rate, "misses": report.Misses(), "out": c.Out,
	}
	return e.print(value, append(rows, []string{"report", filepath.Join(c.Out, "report.html")}))
}

// drawnReport is a report with its three forms.
type drawnReport interface {
	JSON() ([]byte, error)
	Markdown() []byte
	HTML() ([]byte, error)
}

func writeMeasured(folder string, report drawnReport) error {
	results, err := report.JSON()
	if err != nil {
		return err
	}
	page, err := report.HTML()
	if err != nil {
		return err
	}
	return writeFolder(folder, map[string][]byte{"results.json": results, "report.md": report.Markdown(), "report.html": page})
}

// answer ingests the incidents into an empty instance and asks.
func (c *evalRunCommand) answer(ctx context.Context, set eval.Questions, progress eval.Progress) (lookups []measure.Lookup, err error) {
	l, err := newEvalLab(ctx, eval.Round{Items: []eval.Item{{Workspace: set.Name}}}, false)
	if err != nil {
		return nil, err
	}
	end := l.end
	defer func() { err = errors.Join(err, end()) }()
	workspace := l.workspaces[set.Name]
	incidents, err := l.ingestQuestions(ctx, workspace, set)
	if err != nil {
		return nil, err
	}
	if c.Direct {
		door, err := newHandlers(l, workspace)
		if err != nil {
			return nil, err
		}
		return eval.Ask(ctx, set, incidents, door, progress)
	}
	key, err := l.agentKey(ctx, workspace)
	if err != nil {
		return nil, err
	}
	l.local.close()
	server, err := startChild(ctx, l.folder, l.where, "--rates", labRates)
	if err != nil {
		return nil, err
	}
	end = func() error { return errors.Join(server.stop(), l.end()) }
	return eval.Ask(ctx, set, incidents, mcpTools{newClient(server.base, key)}, progress)
}

// ingestQuestions stores the incidents, then their alerts, and returns the short
// id of each source number.
func (l *evalLab) ingestQuestions(ctx context.Context, workspace string, set eval.Questions) (map[string]string, error) {
	by := l.local.host
	by.Workspace = workspace
	incidents := map[string]string{}
	for n, items := range [][][]byte{set.Incidents, set.Alerts} {
		for from := 0; from < len(items); from += ingestBatch {
			batch := items[from:min(len(items), from+ingestBatch)]
			receipt, err := l.local.desk.Ingest(ctx, by, soc.IngestRequest{Format: "sentinel", Items: batch, Strict: true})
			if err != nil {
				return nil, err
			}
			for i, item := range receipt.Items {
				if n == 0 {
					incidents[set.Numbers[from+i]] = item.IncidentID
				}
			}
		}
	}
	return incidents, nil
}
