package main

import (
	"context"
	"time"

	"vedette/backend/connector"
	"vedette/backend/worker"
)

// wireWorker makes what time does: gamebook runs, triage, clocks. It starts
// beside the listener and ends after it.
func (w *wiring) wireWorker(context.Context) error {
	products := make(map[string]connector.Connector, len(w.products))
	for _, product := range w.products {
		products[product.ID()] = product
	}
	work, err := worker.New(worker.Config{
		Desk: w.desk, Connectors: products, Configured: w.fleet.find, Writer: w.fleet.writer, Triage: w.desk.RunTriage, Floor: w.desk.RunFloor, Send: w.sender.Send, Log: w.log, Observe: w.watch.job,
		Client:     func(queues *worker.Queues) (worker.Client, error) { return w.store.JobClient(queues) },
		Checkpoint: w.store.Checkpoint, Sole: w.store.Engine() == "sqlite", // a second server on the file is refused
		Tasks: []worker.Task{{Name: "wake triages", Every: 5 * time.Second, Do: func(ctx context.Context) error {
			_, err := w.desk.WakeTriages(ctx)
			return err
		}}, {Name: "end overdue runs", Every: 30 * time.Second, Do: func(ctx context.Context) error {
			_, err := w.desk.EndOverdueRuns(ctx)
			return err
		}}, {Name: "sign of life", Every: time.Second, Do: func(context.Context) error {
			w.health.Worked()
			return nil
		}}},
	})
	if err != nil {
		return err
	}
	w.draining = append(w.draining, work.Drain)
	w.background = append(w.background, func(ctx context.Context) error {
		if err := work.Start(ctx); err != nil {
			return err
		}
		<-ctx.Done()
		return work.Stop(context.WithoutCancel(ctx))
	})
	return nil
}
