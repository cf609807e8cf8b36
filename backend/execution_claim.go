package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Leases of gamebooks. A worker renews its lease several times within it; one
// that lost it may record what its last call did and begin nothing more.
const (
	leaseLife = 30 * time.Second
	// lookAgain is when a gamebook that waits for a target is tried again.
	lookAgain = 2 * time.Second
)

func workerActor(workspace string) soc.Actor {
	return soc.Actor{Kind: soc.PrincipalSystem, ID: "worker", Workspace: workspace, Call: soc.Call{Door: "worker"}}
}

// ClaimGamebook takes a gamebook for one worker (S26): one that may begin, one
// whose worker is gone, or one that ended with a step under way, whose outcome
// somebody has to find out. Two workers never hold one.
func (d *Desk) ClaimGamebook(ctx context.Context, job soc.GamebookJob) (claim soc.GamebookClaim, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		claim = soc.GamebookClaim{Outcome: soc.ClaimDone}
		g, found, err := tx.LockGamebook(job.Workspace, job.Gamebook)
		if err != nil || !found {
			return err
		}
		claim, err = d.claim(tx, g)
		return err
	})
	if err == nil && claim.Gamebook.ID != "" {
		d.wake(claim.Gamebook)
	}
	return claim, err
}

func (d *Desk) claim(tx *store.Tx, g soc.Gamebook) (soc.GamebookClaim, error) {
	now := d.clock()
	underWay := slices.ContainsFunc(g.Steps, func(s soc.Step) bool { return s.Status == soc.StepDispatched })
	if g.Status.Ended() && !underWay || g.NeedsApproval {
		return soc.GamebookClaim{Outcome: soc.ClaimDone}, nil
	}
	if g.Lease != "" && now.Before(g.LeaseExpires) {
		return soc.GamebookClaim{Outcome: soc.ClaimWait, RetryAfter: g.LeaseExpires.Sub(now)}, nil
	}
	if g.Status == soc.GamebookQueued && !d.insideWindow(g) {
		by := workerActor(g.Workspace)
		d.noteClockJump(tx, by, g)
		g, err := d.end(tx, by, g, soc.GamebookExpired, soc.CodeExecutionWindowExpired)
		return soc.GamebookClaim{Outcome: soc.ClaimDone, Gamebook: g}, err
	}
	lease, err := d.nonce()
	if err != nil {
		return soc.GamebookClaim{}, err
	}
	g.Lease, g.LeaseExpires = lease, now.Add(leaseLife)
	g, err = tx.UpdateGamebook(g)
	return soc.GamebookClaim{Outcome: soc.ClaimTaken, Gamebook: g, Lease: lease}, err
}

// RenewClaim makes a lease last longer. It reports false when it was lost.
func (d *Desk) RenewClaim(ctx context.Context, claim soc.GamebookClaim) (held bool, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		held, err = tx.RenewLease(claim.Gamebook.Workspace, claim.Gamebook.ID, claim.Lease, d.clock().Add(leaseLife))
		return err
	})
	return held, err
}

// ReleaseClaim gives a gamebook back that is not finished.
func (d *Desk) ReleaseClaim(ctx context.Context, claim soc.GamebookClaim) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		return tx.FreeLease(claim.Gamebook.Workspace, claim.Gamebook.ID, claim.Lease, d.clock().Add(lookAgain))
	})
}

// ForgetLeases ends every lease. It is for a server that has the database for
// itself and has just started: whoever held one is dead.
func (d *Desk) ForgetLeases(ctx context.Context) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return tx.ForgetLeases() })
}

// overdue is how long after its last sign of life a gamebook is looked for.
const overdue = 15 * time.Second

// ResumeWork enqueues gamebooks that should be under way and are not: their
// job was lost with the process that had it. A job too many does no harm.
func (d *Desk) ResumeWork(ctx context.Context) error {
	before := d.clock().Add(-overdue)
	found, err := d.store.Read(ctx).StalledWork(before, sweepPage)
	if err != nil || len(found) == 0 {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		for _, job := range found {
			if err := tx.Enqueue(job, d.clock()); err != nil {
				return err
			}
			// The next look is a while away, so that jobs do not pile up.
			if err := tx.FreeLease(job.Workspace, job.Gamebook, "", d.clock().Add(overdue)); err != nil {
				return err
			}
		}
		return nil
	})
}

// FinishGamebook names the end of a gamebook whose steps are all over, and has
// what is unproven read back again later.
func (d *Desk) FinishGamebook(ctx context.Context, claim soc.GamebookClaim) (g soc.Gamebook, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		var found bool
		g, found, err = tx.LockGamebook(claim.Gamebook.Workspace, claim.Gamebook.ID)
		if err != nil || !found {
			return err
		}
		open := slices.ContainsFunc(g.Steps, func(s soc.Step) bool { return s.Status == soc.StepQueued || s.Status == soc.StepDispatched })
		if g.Status == soc.GamebookRunning && !open && g.Lease == claim.Lease {
			if g, err = d.end(tx, workerActor(g.Workspace), g, soc.FinalStatus(g.Steps), ""); err != nil {
				return err
			}
			if err := d.markUndone(tx, g); err != nil {
				return err
			}
		}
		if g.Status.Ended() {
			if err := d.freeNaturalKey(tx, g); err != nil {
				return err
			}
			return d.verifyLater(tx, g, 1)
		}
		return nil
	})
	if err == nil {
		d.wake(g)
	}
	return g, err
}

// verifyRounds are the waits before unproven steps are read back again.
var verifyRounds = []time.Duration{time.Minute, 10 * time.Minute, time.Hour}

func (d *Desk) verifyLater(tx *store.Tx, g soc.Gamebook, round int) error {
	unproven := slices.ContainsFunc(g.Steps, func(s soc.Step) bool {
		return s.Status == soc.StepUnconfirmed || s.Status == soc.StepUnknown
	})
	if !unproven || round > len(verifyRounds) {
		return nil
	}
	return tx.Enqueue(soc.VerifyJob{Workspace: g.Workspace, Gamebook: g.ID, Round: round}, d.clock().Add(verifyRounds[round-1]))
}

// markUndone gives the steps that a finished rollback undid their last state.
func (d *Desk) markUndone(tx *store.Tx, g soc.Gamebook) error {
	if !g.Recover || g.OriginalGamebook == "" {
		return nil
	}
	original, found, err := tx.LockGamebook(g.Workspace, g.OriginalGamebook)
	if err != nil || !found {
		return err
	}
	for i, s := range original.Steps {
		inverse, has := d.catalogue.Inverse(s.Playbook)
		undone := has && slices.ContainsFunc(g.Steps, func(o soc.Step) bool {
			return o.Status == soc.StepConfirmed && o.Playbook == inverse.ID && o.Entity == s.Entity
		})
		// People undo no Unknown step (S24); a release (S25) settles one.
		if !undone || s.Status != soc.StepConfirmed && s.Status != soc.StepUnconfirmed && s.Status != soc.StepUnknown {
			continue
		}
		before := s.Status
		s.Status = soc.StepRolledBack
		if _, err := tx.UpdateStep(s, before); err != nil {
			return err
		}
		original.Steps[i] = s
	}
	left := func(s soc.Step) bool {
		return s.Status == soc.StepConfirmed || s.Status == soc.StepUnconfirmed || s.Status == soc.StepUnknown
	}
	if !original.Status.Ended() || slices.ContainsFunc(original.Steps, left) {
		return nil
	}
	original.Status = soc.GamebookRolledBack
	tx.Audit(d.gamebookEntry(workerActor(g.Workspace), "gamebook_rolled_back", original))
	if err := d.freeNaturalKey(tx, original); err != nil {
		return err
	}
	if original, err = tx.UpdateGamebook(original); err != nil {
		return err
	}
	return d.announceGamebook(tx, workerActor(g.Workspace), original)
}

// freeNaturalKey lets an agent ask again, in the same words, for what ended
// without effect (mcp.md M28). A key that a caller chose stays theirs.
func (d *Desk) freeNaturalKey(tx *store.Tx, g soc.Gamebook) error {
	without := []soc.GamebookStatus{soc.GamebookFailed, soc.GamebookExpired, soc.GamebookRolledBack}
	if !slices.Contains(without, g.Status) {
		return nil
	}
	record, err := soc.ParseGateRecord(g.Facts)
	if err != nil || record.NaturalKey == nil {
		return nil // nothing to free; facts that do not read hold nothing up here
	}
	return tx.FreeIdempotency(*record.NaturalKey)
}
