package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ResubmitGamebook asks again for what ended without running: a new gamebook
// made of the stored rows, with the caller as its requester, through the same
// gate. Whoever asked before cannot approve it either.
func (d *Desk) ResubmitGamebook(ctx context.Context, by soc.Actor, order soc.GamebookOrder) (soc.GamebookReceipt, error) {
	return d.again(ctx, by, "gamebook_resubmitted", order, func(tx *store.Tx, p *proposal) error {
		before, err := d.endedGamebook(tx, by, order.Gamebook)
		if err != nil {
			return err
		}
		ends := []soc.GamebookStatus{soc.GamebookExpired, soc.GamebookRejected, soc.GamebookCancelled, soc.GamebookHalted, soc.GamebookFailed}
		if !slices.Contains(ends, before.Status) {
			return stateConflict(before)
		}
		p.original = before.ID
		p.in.Incident = soc.IncidentRef{Workspace: by.Workspace, ID: before.Incident}
		for _, s := range before.Steps {
			sequence := s.Sequence
			p.in.Steps = append(p.in.Steps, soc.SubmitStep{Playbook: s.Playbook, Entity: s.Entity, Sequence: &sequence, Parameters: s.Parameters})
		}
		return nil
	})
}

// RollBackGamebook asks for what undoes an earlier gamebook: a new gamebook of
// the inverse playbooks through the same gate (S24). It is refused past the
// recovery window, twice, and for a step whose outcome nobody knows.
func (d *Desk) RollBackGamebook(ctx context.Context, by soc.Actor, order soc.GamebookOrder) (soc.GamebookReceipt, error) {
	return d.again(ctx, by, "gamebook_rollback_requested", order, func(tx *store.Tx, p *proposal) error {
		before, err := d.endedGamebook(tx, by, order.Gamebook)
		if err != nil {
			return err
		}
		p.original, p.recover = before.ID, true
		p.in.Incident = soc.IncidentRef{Workspace: by.Workspace, ID: before.Incident}
		p.in.Steps, err = d.inverses(before, order.Steps)
		return err
	})
}

func (d *Desk) endedGamebook(tx *store.Tx, by soc.Actor, id string) (soc.Gamebook, error) {
	if !soc.CheckID(soc.PrefixGamebook, id) {
		return soc.Gamebook{}, soc.NotFoundf("There is no such gamebook.")
	}
	g, found, err := tx.LockGamebook(by.Workspace, id)
	switch {
	case err != nil:
		return g, err
	case !found:
		return g, soc.NotFoundf("There is no such gamebook.")
	case !g.Status.Ended():
		return g, stateConflict(g)
	}
	return g, nil
}

func stateConflict(g soc.Gamebook) error {
	return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The gamebook is %s.", g.Status).WithFix("%s", soc.NextStep(soc.CodeInvalidState))
}

// inverses are the steps that undo a gamebook, last first.
func (d *Desk) inverses(g soc.Gamebook, chosen []string) ([]soc.SubmitStep, error) {
	var steps []soc.SubmitStep
	for i := len(g.Steps) - 1; i >= 0; i-- {
		s := g.Steps[i]
		named := slices.Contains(chosen, s.ID)
		if len(chosen) > 0 && !named {
			continue
		}
		p, _ := d.catalogue.Lookup(s.Playbook)
		inverse, has := d.catalogue.Inverse(s.Playbook)
		switch {
		case !has && named:
			return nil, soc.Errorf(soc.Invalid, soc.CodeRollbackNotSupported, "Nothing in the catalogue undoes this step.").WithFix("%s", soc.NextStep(soc.CodeRollbackNotSupported))
		case !has:
			continue
		case s.Status == soc.StepUnknown:
			return nil, soc.Errorf(soc.Conflict, soc.CodeOutcomeUnknown, "Nobody knows yet whether a step happened.").WithFix("Have it verified first.")
		case s.Status == soc.StepRolledBack || d.clock().After(s.FinishedAt.Add(p.RecoveryWindow)):
			return nil, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "A step is undone already, or the time to undo it is over.").WithFix("%s", soc.NextStep(soc.CodeInvalidState))
		case s.Status != soc.StepConfirmed && s.Status != soc.StepUnconfirmed:
			continue
		}
		sequence := len(g.Steps) - i
		steps = append(steps, soc.SubmitStep{Playbook: inverse.ID, Entity: s.Entity, Sequence: &sequence})
	}
	if len(steps) == 0 {
		return nil, soc.Errorf(soc.Invalid, soc.CodeRollbackNotSupported, "No step of this gamebook can be undone.").WithFix("%s", soc.NextStep(soc.CodeRollbackNotSupported))
	}
	return steps, nil
}

// again submits what an earlier gamebook names.
func (d *Desk) again(ctx context.Context, by soc.Actor, event string, order soc.GamebookOrder, fill func(*store.Tx, *proposal) error) (receipt soc.GamebookReceipt, err error) {
	if err = d.mayAsk(by); err == nil {
		err = checkReason(order.Reason)
	}
	marker := d.killFileStands()
	var stored soc.Gamebook
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			p := proposal{desk: d, tx: tx, by: by, event: event, in: soc.SubmitGamebook{Rationale: order.Reason}}
			if err := fill(tx, &p); err != nil {
				return err
			}
			receipt, err = p.submit(marker)
			stored = p.stored
			return err
		})
	}
	if err != nil {
		return soc.GamebookReceipt{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Gamebook = order.Gamebook })
	}
	if stored.ID != "" {
		d.wake(stored)
	}
	return receipt, nil
}

// mayAsk is the right to submit.
func (d *Desk) mayAsk(by soc.Actor) error {
	if err := by.May("", soc.RoleAnalyst); err != nil {
		return err
	}
	if !by.Has(soc.ScopeGamebooksSubmit) {
		if err := by.MayScope(soc.ScopeAgentToolsExecute); err != nil {
			return err
		}
	}
	return d.mayWrite()
}

func checkReason(reason string) error {
	if reason == "" || len(reason) > maxComment {
		return soc.InvalidField("reason", "must be 1 to %d bytes", maxComment)
	}
	return nil
}

// CancelGamebook takes a gamebook back: one that has not begun is Cancelled,
// one that has is Halted before its next step. It only ever tightens.
func (d *Desk) CancelGamebook(ctx context.Context, by soc.Actor, order soc.GamebookOrder) (g soc.Gamebook, err error) {
	if by.Session {
		err = by.May("", soc.RoleAnalyst)
	} else {
		err = by.May(soc.ScopeOpsTighten, soc.RoleAnalyst)
	}
	if err == nil {
		err = checkReason(order.Reason)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			g, err = d.cancel(tx, by, order)
			return err
		})
	}
	if err != nil {
		return soc.Gamebook{}, d.refused(ctx, by, "gamebook_cancelled", err, func(e *soc.AuditEntry) { e.Gamebook = order.Gamebook })
	}
	d.wake(g)
	return g, nil
}

func (d *Desk) cancel(tx *store.Tx, by soc.Actor, order soc.GamebookOrder) (soc.Gamebook, error) {
	g, found, err := tx.LockGamebook(by.Workspace, order.Gamebook)
	switch {
	case err != nil:
		return g, err
	case !found:
		return g, soc.NotFoundf("There is no such gamebook.")
	case g.Status.Ended():
		return g, stateConflict(g)
	}
	status := soc.GamebookCancelled
	if g.Status == soc.GamebookRunning {
		status = soc.GamebookHalted
	}
	g.DenyReason = order.Reason
	if g, err = d.end(tx, by, g, status, soc.CodeHalted); err != nil {
		return g, err
	}
	return g, d.settleIdempotency(tx, by, g)
}
