package worker

import (
	"context"

	"github.com/riverqueue/river"

	"vedette/backend/soc"
)

// workVerify reads back once more what a gamebook left unproven. It dispatches
// nothing.
func (w *Worker) workVerify(ctx context.Context, job *river.Job[soc.VerifyJob]) error {
	return w.VerifyGamebook(ctx, job.Args)
}

// VerifyGamebook upgrades steps whose effect shows by now (S23).
func (w *Worker) VerifyGamebook(ctx context.Context, job soc.VerifyJob) error {
	orders, err := w.config.Desk.UnprovenSteps(ctx, job)
	if err != nil || len(orders) == 0 {
		return err
	}
	var proven []soc.StepResult
	for _, order := range orders {
		product, known := w.product(order.Step.Connector)
		if !known || order.Playbook.Probe == nil {
			continue
		}
		word, err := w.probe(ctx, product, order.Step, order.Playbook)
		if err != nil || word != order.Playbook.Probe.Expect {
			continue
		}
		proven = append(proven, soc.StepResult{
			Workspace: job.Workspace, Gamebook: job.Gamebook, Step: order.Step.ID, Attempt: order.Step.Attempts, Status: soc.StepConfirmed,
			ReadBack: &soc.ReadBack{Probe: order.Playbook.Probe.Operation, Expected: word, Seen: word, At: w.config.Desk.Now()},
		})
	}
	return w.config.Desk.ReviseSteps(ctx, job, proven)
}
