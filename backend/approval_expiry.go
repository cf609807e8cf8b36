package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// noticePercents are the shares of the approval clock after which people are
// told again (S15).
var noticePercents = []int{50, 80}

// sweepPage bounds how many open gamebooks one sweep looks at.
const sweepPage = 1000

// ExpireGamebooks ends what nobody decided in time and what was not begun
// within its window, and notes at 50 and 80 % of a clock that it runs. Each
// gamebook has a transaction of its own. The worker asks every few seconds.
func (d *Desk) ExpireGamebooks(ctx context.Context) error {
	open, err := d.store.Read(ctx).OpenWork(sweepPage)
	if err != nil {
		return err
	}
	for _, g := range open {
		if !d.clockDue(g) {
			continue
		}
		if err := d.expire(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// clockDue reports whether a clock of the gamebook has something to say.
func (d *Desk) clockDue(g soc.Gamebook) bool {
	if g.NeedsApproval {
		return !d.clock().Before(g.ApprovalExpiresAt) || d.notice(g) > g.NoticesSent
	}
	return g.Status == soc.GamebookQueued && !d.insideWindow(g)
}

// notice is the highest share of the approval clock that has gone by.
func (d *Desk) notice(g soc.Gamebook) int {
	whole, gone := g.ApprovalExpiresAt.Sub(g.RequestedAt), d.clock().Sub(g.RequestedAt)
	passed := 0
	for _, percent := range noticePercents {
		if gone >= whole*time.Duration(percent)/100 {
			passed = percent
		}
	}
	return passed
}

// insideWindow reports whether an approved gamebook may begin or go on. A
// window that opens in the future belongs to a clock that was put back: it is
// closed too, since nobody can tell how long it has been open (S15).
func (d *Desk) insideWindow(g soc.Gamebook) bool {
	now := d.clock()
	return !now.Before(g.ApprovedAt.Add(-clockTolerance)) && now.Before(g.ExecutionExpires)
}

// mayStillDecide reports whether the approval clock runs. A request from the
// future is one that a clock put back made unmeasurable.
func (d *Desk) mayStillDecide(g soc.Gamebook) bool {
	now := d.clock()
	return !now.Before(g.RequestedAt.Add(-clockTolerance)) && now.Before(g.ApprovalExpiresAt)
}

// clockTolerance is how far the clocks of two replicas may differ.
const clockTolerance = 5 * time.Second

func (d *Desk) expire(ctx context.Context, g soc.Gamebook) error {
	var after soc.Gamebook
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		g, found, err := tx.LockGamebook(g.Workspace, g.ID)
		if err != nil || !found || g.Status.Ended() || !d.clockDue(g) {
			return err
		}
		by := soc.Actor{Kind: soc.PrincipalSystem, ID: "clock", Workspace: g.Workspace, Call: soc.Call{Door: "worker"}}
		switch {
		case !g.NeedsApproval:
			d.noteClockJump(tx, by, g)
			after, err = d.end(tx, by, g, soc.GamebookExpired, soc.CodeExecutionWindowExpired)
		case !d.clock().Before(g.ApprovalExpiresAt):
			after, err = d.end(tx, by, g, soc.GamebookExpired, soc.CodeApprovalExpired)
		default:
			g.NoticesSent = d.notice(g)
			tx.Audit(d.gamebookEntry(by, "approval_reminded", g))
			if after, err = tx.UpdateGamebook(g); err == nil {
				err = d.announceGamebook(tx, by, after)
			}
		}
		return err
	})
	if err == nil && after.ID != "" {
		d.wake(after)
	}
	return err
}

// noteClockJump records that a gamebook's window lies in the future.
func (d *Desk) noteClockJump(tx *store.Tx, by soc.Actor, g soc.Gamebook) {
	if d.clock().Before(g.ApprovedAt.Add(-clockTolerance)) {
		tx.Audit(d.gamebookEntry(by, "clock_jump", g))
	}
}

// RecordClockJump notes that the wall clock moved by other than the time that
// went by. Windows opened before a step back are closed by insideWindow.
func (d *Desk) RecordClockJump(ctx context.Context, jump time.Duration) error {
	by := soc.Actor{Kind: soc.PrincipalSystem, ID: "clock", Call: soc.Call{Door: "worker"}}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, "clock_jump")
		e.Detail = auditDetail("jump", jump.String())
		tx.Audit(e)
		return nil
	})
}
