package worker

import (
	"context"
	"time"
)

// How often the clocks are looked at.
const (
	everySecond  = time.Second
	everyExpiry  = 5 * time.Second
	everyMinute  = time.Minute
	jumpNoticed  = 5 * time.Second
	longLogBytes = 256 << 20
)

// watch does what is due until ctx ends. What fails is logged and tried again
// at the next turn: none of it may stop the others.
func (w *Worker) watch(ctx context.Context) {
	due := append([]Task{
		{"kill file", everySecond, w.config.Desk.WatchKillFile},
		{"clock", everySecond, w.clockWatch()},
		{"expiries", everyExpiry, w.config.Desk.ExpireGamebooks},
		{"releases", everySecond, w.config.Desk.ReleaseSteps},
		{"resume", everyExpiry, w.config.Desk.ResumeWork},
		{"checkpoint", everyMinute, w.checkpoint},
		{"targets of cases", everyExpiry, w.config.Desk.WatchSLA},
		{"webhooks", everySecond, w.webhooks.look},
		{"old deliveries", everyExpiry, w.config.Desk.SweepDeliveries},
		{"keys nobody collected", everyMinute, w.config.Desk.RevokeUncollected},
		{"exports that expire", everyMinute, w.config.Desk.SweepAuditExports},
		{"files nobody has", everyMinute, w.config.Desk.SweepContent},
	}, w.config.Tasks...)
	last := make([]time.Time, len(due))
	tick := time.NewTicker(everySecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for i, d := range due {
				if now.Sub(last[i]) < d.Every-everySecond/2 {
					continue
				}
				last[i] = now
				if err := d.Do(ctx); err != nil && ctx.Err() == nil {
					w.config.Log.ErrorContext(ctx, "periodic work failed", "work", d.Name, "error", err)
				}
			}
		}
	}
}

// clockWatch compares the wall clock with the time that went by, and records
// where they part (S15).
func (w *Worker) clockWatch() func(context.Context) error {
	var last time.Time
	return func(ctx context.Context) error {
		now := time.Now()
		defer func() { last = now }()
		if last.IsZero() {
			return nil
		}
		elapsed := now.Sub(last)                 // by the monotonic clock
		moved := now.Round(0).Sub(last.Round(0)) // by the wall clock
		if jump := moved - elapsed; jump.Abs() > jumpNoticed {
			w.config.Log.WarnContext(ctx, "the wall clock jumped", "by", jump)
			return w.config.Desk.RecordClockJump(ctx, jump)
		}
		return nil
	}
}

func (w *Worker) checkpoint(ctx context.Context) error {
	if w.config.Checkpoint == nil {
		return nil
	}
	size, err := w.config.Checkpoint(ctx)
	if size > longLogBytes {
		w.config.Log.WarnContext(ctx, "the database's log is long; a reader may be holding it", "bytes", size)
	}
	return err
}
