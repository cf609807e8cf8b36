package main

import (
	"context"

	"vedette/agent"
	"vedette/backend/connector/egress"
)

// wireLoop lets this server investigate with a model of its own. The loop gets
// the tool table and the four moves of a run, and nothing else of the desk.
func (w *wiring) wireLoop(context.Context) error {
	door, err := w.agentDoor(nil)
	if err != nil {
		return err
	}
	table := door.Tools()
	if w.loop.Tools, err = toolsDigest(table); err != nil || !w.loop.Local || w.command.ReadOnly {
		return err
	}
	allowed, err := egress.NewPolicy(w.command.EgressAllow)
	if err != nil {
		return err
	}
	model, err := w.command.model(allowed)
	if err != nil {
		return err
	}
	runs := agent.NewInProcess(w.desk, table)
	worker := &agent.Worker{Runs: runs, Model: model, Tools: runs.Tools, Price: w.loop.Price, AtOnce: w.command.ModelAtOnce, Observe: w.watch.loop, Log: w.log}
	w.background = append(w.background, worker.Serve)
	return nil
}
