package worker

import (
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"vedette/backend/soc"
)

// renewEvery is how often a worker renews its hold on a gamebook.
const renewEvery = 5 * time.Second

// workGamebook carries a gamebook as far as it goes now.
func (w *Worker) workGamebook(ctx context.Context, job *river.Job[soc.GamebookJob]) error {
	again, err := w.RunGamebook(ctx, job.Args)
	if err != nil {
		return err
	}
	if again > 0 {
		return river.JobSnooze(again)
	}
	return nil
}

// RunGamebook claims a gamebook and carries out its steps: groups of one
// target side by side, the steps of a group in order (S28). again is when to
// look once more, 0 when there is nothing left to do.
func (w *Worker) RunGamebook(ctx context.Context, job soc.GamebookJob) (again time.Duration, err error) {
	claim, err := w.config.Desk.ClaimGamebook(ctx, job)
	switch {
	case err != nil:
		return 0, err
	case claim.Outcome == soc.ClaimWait:
		return max(claim.RetryAfter, time.Second), nil
	case claim.Outcome == soc.ClaimDone:
		return 0, nil
	}
	held, release := w.hold(ctx, claim)
	unfinished := w.runGroups(held, claim)
	release()
	if unfinished {
		return 2 * time.Second, w.config.Desk.ReleaseClaim(context.WithoutCancel(ctx), claim)
	}
	g, err := w.config.Desk.FinishGamebook(context.WithoutCancel(ctx), claim)
	if err != nil {
		return 0, err
	}
	if g.Status == soc.GamebookCompletedUnverified {
		w.config.Log.WarnContext(ctx, "an effect could not be read back", "gamebook", g.ID)
	}
	return 0, w.config.Desk.ReleaseClaim(context.WithoutCancel(ctx), claim)
}

// hold keeps the lease alive until release; the context ends when it is lost.
func (w *Worker) hold(ctx context.Context, claim soc.GamebookClaim) (held context.Context, release func()) {
	held, lost := context.WithTimeout(ctx, runBudget)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(renewEvery)
		defer tick.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-tick.C:
				if kept, err := w.config.Desk.RenewClaim(held, claim); err == nil && !kept {
					lost()
					return
				}
			}
		}
	})
	return held, func() { lost(); renewing.Wait() }
}

// runGroups carries out the groups; it reports whether something is left for
// another run.
func (w *Worker) runGroups(ctx context.Context, claim soc.GamebookClaim) (unfinished bool) {
	places := make(chan struct{}, parallelGroups)
	var mu sync.Mutex
	var groups sync.WaitGroup
	for _, group := range soc.StepGroups(claim.Gamebook.Steps) {
		groups.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if !w.runGroup(ctx, claim, group) {
				mu.Lock()
				unfinished = true
				mu.Unlock()
			}
		})
	}
	groups.Wait()
	return unfinished
}

// runGroup carries out the steps on one target, in order. It reports whether
// the group is over.
func (w *Worker) runGroup(ctx context.Context, claim soc.GamebookClaim, group []int) (over bool) {
	for _, i := range group {
		status, err := w.runStep(ctx, claim, claim.Gamebook.Steps[i])
		switch {
		case err != nil:
			if !w.stopping(ctx) {
				w.config.Log.ErrorContext(ctx, "a step could not be carried on", "gamebook", claim.Gamebook.ID, "error", err)
			}
			return false
		case status == "":
			return false
		case status.StopsGroup():
			return true
		}
	}
	return true
}

// runStep brings one step to its end. An empty status means that it is not
// over: it waits for its target, or this worker stops.
func (w *Worker) runStep(ctx context.Context, claim soc.GamebookClaim, s soc.Step) (soc.StepStatus, error) {
	if s.Status != soc.StepQueued && s.Status != soc.StepDispatched {
		return s.Status, nil
	}
	if w.stopping(ctx) {
		return "", nil
	}
	if s.Status == soc.StepDispatched {
		// Sent by a worker that is gone: nobody knows. Look before anything
		// else (S26).
		return w.settle(ctx, claim, s, sent{})
	}
	return w.begin(ctx, claim, s.ID, false)
}

// begin puts the intent on record and sends the step.
func (w *Worker) begin(ctx context.Context, claim soc.GamebookClaim, step string, again bool) (soc.StepStatus, error) {
	order, err := w.config.Desk.BeginStep(ctx, claim, step, again)
	if err != nil {
		return "", err
	}
	switch order.Decision {
	case soc.StepCarry:
		return w.settle(ctx, claim, order.Step, w.carry(ctx, order))
	case soc.StepDone:
		return order.Step.Status, nil
	case soc.StepStop:
		return soc.StepNotRun, nil
	}
	return "", nil
}
