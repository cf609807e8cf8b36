package soc

import "time"

// LoopWorker is what the server knows of whoever works on the runs of an agent's
// identity: its own process or `vedette agent`.
type LoopWorker struct {
	// AskedAt is when it last asked for a run, to LoopWorkerNoted.
	AskedAt time.Time
	Models  []string
	// FailedAt is when a run last lost its endpoint; zero since one answered.
	FailedAt time.Time
	// Failures since then, one after the other.
	Failures int
}

const (
	// LoopWorkerNoted is how precisely AskedAt is kept: a worker asks twice a
	// second, and the record need not be written as often.
	LoopWorkerNoted = 30 * time.Second
	// loopWorkerGone is when a worker that asked for nothing counts as gone.
	loopWorkerGone = 2 * time.Minute
	// Pauses of an endpoint that does not answer.
	loopPauseLeast = 30 * time.Second
	loopPauseMost  = 10 * time.Minute
)

// Present reports whether it asked for work of late.
func (w LoopWorker) Present(now time.Time) bool {
	return !w.AskedAt.IsZero() && now.Sub(w.AskedAt) < loopWorkerGone
}

// Failing reports whether its endpoint did not answer when it was last asked.
// Runs wait then, and one of them at a time tries it again.
func (w LoopWorker) Failing() bool { return !w.FailedAt.IsZero() }

// RetryAt is when a run may try the endpoint again: half a minute after the
// first failure, later after each more, at most ten minutes.
func (w LoopWorker) RetryAt() time.Time {
	pause := loopPauseLeast << min(max(w.Failures-1, 0), 5)
	return w.FailedAt.Add(min(pause, loopPauseMost))
}

// Failed notes that a run lost its endpoint.
func (w LoopWorker) Failed(now time.Time) LoopWorker {
	w.FailedAt, w.Failures = now, w.Failures+1
	return w
}

// Answered notes that the endpoint answered.
func (w LoopWorker) Answered() LoopWorker {
	w.FailedAt, w.Failures = time.Time{}, 0
	return w
}
