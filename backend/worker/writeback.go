package worker

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// Bounds of telling a product how its incident was closed.
const (
	// writeBackAttempts is how often it is tried: the job library's pauses, the
	// fourth power of the attempt in seconds, make that about eleven hours.
	writeBackAttempts = 12
	// writeBackTimeout bounds one attempt, which is several calls.
	writeBackTimeout = time.Minute
	// writeBackPause is how long it waits while a kill switch stands.
	writeBackPause = time.Minute
)

// workWriteBack tells a product how its incident was closed here.
func (w *Worker) workWriteBack(ctx context.Context, job *river.Job[soc.WriteBackJob]) error {
	again, err := w.WriteBack(ctx, job.Args, job.Attempt >= writeBackAttempts)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

// WriteBack makes one attempt. A writer reads before it writes, so an attempt
// whose end nobody saw is simply made again (S26). last says that none follows.
func (w *Worker) WriteBack(ctx context.Context, job soc.WriteBackJob, last bool) (again time.Duration, err error) {
	what, next, err := w.config.Desk.WriteBackOf(ctx, job)
	switch {
	case err != nil || next == soc.WriteBackDrop:
		return 0, err
	case next == soc.WriteBackWait:
		return writeBackPause, nil
	}
	if w.config.Writer == nil {
		return 0, nil
	}
	writer, id, found := w.config.Writer(what.Workspace, what.Source)
	if !found {
		return 0, nil // taken out of force since
	}
	call, cancel := context.WithTimeout(ctx, writeBackTimeout)
	defer cancel()
	err = writer.WriteVerdict(call, connector.Verdict{
		Key: what.Decision, ExternalID: what.ExternalID, Verdict: what.Verdict, Reason: what.Reason, Comment: what.Comment,
	})
	if err == nil {
		return 0, w.config.Desk.RecordWriteBack(context.WithoutCancel(ctx), what, id, "")
	}
	w.config.Log.WarnContext(ctx, "a verdict could not be written back", "incident", what.Incident, "connector", id, "error", err, "cause", errors.Unwrap(err), "last", last)
	if !last {
		return 0, err
	}
	problem := "The product's answer could not be judged."
	var failure *connector.Failure
	if errors.As(err, &failure) {
		problem = failure.Message
	}
	return 0, w.config.Desk.RecordWriteBack(context.WithoutCancel(ctx), what, id, problem)
}
