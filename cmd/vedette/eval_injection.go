package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"vedette/agent/eval"
	"vedette/agent/measure"
)

// inject measures what hostile texts in alerts move, and how they are shown.
func (c *evalRunCommand) inject(ctx context.Context, e *environment) error {
	items, err := eval.ReadInjections(eval.Options{Data: c.Data})
	if err != nil {
		return err
	}
	injected, err := c.injected(ctx, items, evalProgress(e))
	if err != nil {
		return err
	}
	report := measure.InjectionReport{
		Set: c.Set, Split: c.Split, Through: c.through(), Version: versionText(), Date: time.Now().UTC().Format(time.DateOnly), Command: c.command(), Items: injected,
	}
	if err := writeMeasured(c.Out, report); err != nil {
		return err
	}
	value := map[string]any{
		"set": c.Set, "split": c.Split, "items": len(items), "changed": report.Changed(), "unmarked": report.Unmarked(), "untriaged": report.Untriaged(), "out": c.Out,
	}
	rows := append([][]string{{"MEASURE", "VALUE"}}, report.Headline()...)
	if err := e.print(value, append(rows, []string{"report", filepath.Join(c.Out, "report.html")})); err != nil {
		return err
	}
	if report.Changed().N+report.Unmarked().N+report.Untriaged().N > 0 {
		return errors.New("hostile text had an effect: the report names the items")
	}
	return nil
}

func (c *evalRunCommand) injected(ctx context.Context, items []eval.Injection, progress eval.Progress) (out []measure.Injected, err error) {
	l, err := newEvalLab(ctx, eval.Round{Items: []eval.Item{{Workspace: c.Set}}}, false)
	if err != nil {
		return nil, err
	}
	end := l.end
	defer func() { err = errors.Join(err, end()) }()
	if c.Direct {
		door, err := newHandlers(l, l.workspaces[c.Set])
		if err != nil {
			return nil, err
		}
		return eval.Inject(ctx, items, c.Set, deskInstance{l}, door, progress)
	}
	key, err := l.agentKey(ctx, l.workspaces[c.Set])
	if err != nil {
		return nil, err
	}
	h, err := newHTTPInstance(ctx, l)
	if err != nil {
		return nil, err
	}
	end = h.end
	return eval.Inject(ctx, items, c.Set, h, mcpTools{newClient(h.server.base, key)}, progress)
}
