package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// RecordStep stores what became of a step that was sent. It is taken from
// whoever sent it, also after the lease or the gamebook ended: the truth about
// an effect has no deadline. A result of an earlier attempt counts no more.
func (d *Desk) RecordStep(ctx context.Context, result soc.StepResult) (s soc.Step, err error) {
	var after soc.Gamebook
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		g, found, err := tx.LockGamebook(result.Workspace, result.Gamebook)
		if err != nil || !found {
			return err
		}
		at := slices.IndexFunc(g.Steps, func(s soc.Step) bool { return s.ID == result.Step })
		if at < 0 {
			return nil
		}
		s = g.Steps[at]
		if s.Status != soc.StepDispatched || s.Attempts != result.Attempt {
			return nil
		}
		s, err = d.recordStep(tx, &g, at, result)
		after = g
		return err
	})
	if err == nil && after.ID != "" {
		d.wake(after)
	}
	return s, err
}

func (d *Desk) recordStep(tx *store.Tx, g *soc.Gamebook, at int, result soc.StepResult) (soc.Step, error) {
	s := g.Steps[at]
	s.Status, s.FinishedAt, s.ReadBack, s.Error = result.Status, d.clock(), result.ReadBack, stepError(result)
	if _, err := tx.UpdateStep(s, soc.StepDispatched); err != nil {
		return s, err
	}
	g.Steps[at] = s
	by := workerActor(g.Workspace)
	e := d.gamebookEntry(by, "step_finished", *g)
	e.Target, e.After, e.Code = s.ID, string(s.Status), result.Code
	if s.ReadBack != nil {
		e.Detail = auditDetail("seen", s.ReadBack.Seen)
	}
	tx.Audit(e)
	if s.Status.StopsGroup() && !g.Status.Ended() {
		if err := d.stopGroup(tx, g, at); err != nil {
			return s, err
		}
	}
	return s, d.freeStepTarget(tx, *g, s)
}

func stepError(result soc.StepResult) string {
	if result.Status == soc.StepConfirmed {
		return ""
	}
	if result.Message == "" {
		return string(result.Code)
	}
	return string(result.Code) + ": " + result.Message
}

// stopGroup leaves undone what would have followed a failed or unknown step on
// the same target; other groups go on (S28).
func (d *Desk) stopGroup(tx *store.Tx, g *soc.Gamebook, at int) error {
	for _, group := range soc.StepGroups(g.Steps) {
		place := slices.Index(group, at)
		if place < 0 {
			continue
		}
		for _, i := range group[place+1:] {
			s := g.Steps[i]
			if s.Status != soc.StepQueued {
				continue
			}
			s.Status, s.FinishedAt, s.Error = soc.StepNotRun, d.clock(), "An earlier step on this target did not succeed."
			if _, err := tx.UpdateStep(s, soc.StepQueued); err != nil {
				return err
			}
			g.Steps[i] = s
		}
	}
	return nil
}

// freeStepTarget gives a target up when no step of the gamebook needs it.
func (d *Desk) freeStepTarget(tx *store.Tx, g soc.Gamebook, done soc.Step) error {
	needed := slices.ContainsFunc(g.Steps, func(s soc.Step) bool {
		open := s.Status == soc.StepQueued || s.Status == soc.StepDispatched
		return open && s.Connector == done.Connector && s.NativeID == done.NativeID
	})
	if done.Connector == "" || needed {
		return nil
	}
	return tx.FreeTarget(g.Workspace, done.Connector, done.NativeID, g.ID)
}

// UnprovenSteps are the steps of an ended gamebook that a later read-back may
// still prove.
func (d *Desk) UnprovenSteps(ctx context.Context, job soc.VerifyJob) ([]soc.StepOrder, error) {
	g, found, err := d.store.Read(ctx).Gamebook(job.Workspace, job.Gamebook)
	if err != nil || !found || !g.Status.Ended() {
		return nil, err
	}
	var orders []soc.StepOrder
	for _, s := range g.Steps {
		p, known := d.catalogue.Lookup(s.Playbook)
		if known && (s.Status == soc.StepUnconfirmed || s.Status == soc.StepUnknown) {
			orders = append(orders, soc.StepOrder{Decision: soc.StepDone, Step: s, Playbook: p})
		}
	}
	return orders, nil
}

// ReviseSteps upgrades steps that a later read-back proved, once, and names
// the gamebook anew (S23); what is left unproven is looked at again.
func (d *Desk) ReviseSteps(ctx context.Context, job soc.VerifyJob, proven []soc.StepResult) error {
	var after soc.Gamebook
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		g, found, err := tx.LockGamebook(job.Workspace, job.Gamebook)
		if err != nil || !found || !g.Status.Ended() {
			return err
		}
		changed := false
		for _, result := range proven {
			revised, err := d.revise(tx, &g, result)
			if err != nil {
				return err
			}
			changed = changed || revised
		}
		renamed := []soc.GamebookStatus{soc.GamebookCompletedUnverified, soc.GamebookPartiallyCompleted}
		if changed && slices.Contains(renamed, g.Status) {
			g.Status = soc.FinalStatus(g.Steps)
			tx.Audit(d.gamebookEntry(workerActor(g.Workspace), "gamebook_revised", g))
			if g, err = tx.UpdateGamebook(g); err != nil {
				return err
			}
			if err := d.announceGamebook(tx, workerActor(g.Workspace), g); err != nil {
				return err
			}
			if err := d.markUndone(tx, g); err != nil {
				return err
			}
		}
		after = g
		return d.verifyLater(tx, g, job.Round+1)
	})
	if err == nil && after.ID != "" {
		d.wake(after)
	}
	return err
}

func (d *Desk) revise(tx *store.Tx, g *soc.Gamebook, result soc.StepResult) (bool, error) {
	at := slices.IndexFunc(g.Steps, func(s soc.Step) bool { return s.ID == result.Step })
	if at < 0 || result.Status != soc.StepConfirmed {
		return false, nil
	}
	s := g.Steps[at]
	before := s.Status
	if before != soc.StepUnconfirmed && before != soc.StepUnknown {
		return false, nil
	}
	s.Status, s.ReadBack, s.Error = soc.StepConfirmed, result.ReadBack, ""
	moved, err := tx.UpdateStep(s, before)
	if err != nil || !moved {
		return false, err
	}
	g.Steps[at] = s
	e := d.gamebookEntry(workerActor(g.Workspace), "step_confirmed_late", *g)
	e.Target, e.Before, e.After = s.ID, string(before), string(s.Status)
	tx.Audit(e)
	return true, nil
}

// PlaybookOf is the playbook of a stored step as the catalogue has it.
func (d *Desk) PlaybookOf(s soc.Step) (soc.Playbook, bool) { return d.catalogue.Lookup(s.Playbook) }

// Now is the desk's clock.
func (d *Desk) Now() time.Time { return d.clock() }
