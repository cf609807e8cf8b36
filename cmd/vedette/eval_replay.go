package main

import (
	"context"
	"fmt"

	"vedette/agent"
	"vedette/backend"
	"vedette/backend/soc"
	"vedette/prompts"
)

// evalReplayCommand runs the stages of a recorded run again against its stored
// answers (T24). It asks no model.
type evalReplayCommand struct {
	ID        string `arg:"" name:"run" help:"Run by id."`
	Workspace string `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
	// SecretKeyFile proves that the recording is as it was stored.
	SecretKeyFile string `help:"Keys of the server (default: <db>.key)." placeholder:"FILE"`
}

// Run prints what came out differently, and fails if anything did.
func (c *evalReplayCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "eval replay")
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.workspaceOrOnly(ctx, c.Workspace)
	if err != nil {
		return err
	}
	l.host.Workspace, l.host.Organization = w.ID, w.Organization
	rules, err := (&serveCommand{Listen: "127.0.0.1:0", SecretKeyFile: c.SecretKeyFile}).rules(database(e.program.DB))
	if err != nil {
		return err
	}
	ring, err := openKeyRing(ctx, l.store, rules.secretKeyFile, false)
	if err != nil {
		return err
	}
	keys, err := ring.secretKeys("stages of runs")
	if err != nil {
		return err
	}
	l.desk = backend.New(backend.Config{Store: l.store, Chain: soc.NewStageChain(keys...)})
	transcript, err := l.desk.RunTranscript(ctx, l.host, c.ID)
	if err != nil {
		return err
	}
	var texts []soc.LoopPrompt
	for _, p := range prompts.Stages() {
		texts = append(texts, soc.LoopPrompt{Name: p.Name, SHA256: p.SHA256, Text: p.System, Schema: p.Schema})
	}
	differences, err := agent.Replay(ctx, transcript, texts, soc.ShippedLoopBudget)
	if err != nil {
		return err
	}
	rows := [][]string{{"run", c.ID}, {"stages", fmt.Sprint(len(transcript.Stages))}, {"differences", fmt.Sprint(len(differences))}}
	var list []map[string]string
	for _, d := range differences {
		list = append(list, map[string]string{"stage": string(d.Stage), "recorded": d.Recorded, "replayed": d.Replayed})
		rows = append(rows, []string{string(d.Stage), "recorded " + soc.EscapeVisible(d.Recorded), "replayed " + soc.EscapeVisible(d.Replayed)})
	}
	value := map[string]any{"run": c.ID, "state": transcript.Run.State, "stages": len(transcript.Stages), "differences": append([]map[string]string{}, list...)}
	if err := e.print(value, rows); err != nil {
		return err
	}
	if len(differences) > 0 {
		return fmt.Errorf("%d stages came out differently", len(differences))
	}
	return nil
}
