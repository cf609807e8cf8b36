package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// CancelRun ends a run at once: its token opens nothing any more, and what it
// asked for and has not begun needs an approval. A key that may tighten can.
func (d *Desk) CancelRun(ctx context.Context, by soc.Actor, id, reason string) (v soc.RunView, err error) {
	const event = "run_cancelled"
	if err = by.May(soc.ScopeOpsTighten, soc.RoleAnalyst); err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			u, found, err := tx.Run(by.Workspace, id)
			if err != nil || !found {
				return orNotFound(err, "There is no such run.")
			}
			ended, err := d.triageOf(&tx.Reader, &u)
			if err != nil {
				return err
			}
			if ended || !u.Live(d.clock()) {
				return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The run has ended.").WithFix("There is nothing left to cancel.")
			}
			if err := d.cancelRunTriage(tx, u); err != nil {
				return err
			}
			u.State, u.UpdatedAt = soc.RunCancelled, d.clock()
			if _, err := tx.SetRunState(u.Workspace, u.ID, u.State, u.UpdatedAt); err != nil {
				return err
			}
			if err := d.endWork(tx, u); err != nil {
				return err
			}
			e := d.entry(by, event)
			e.Incident, e.Run, e.Target, e.Detail = u.Incident, u.ID, u.Agent, auditDetail("reason", reason)
			tx.Audit(e)
			if v, err = d.viewRun(&tx.Reader, u); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, v)
		})
	}
	if err != nil {
		return soc.RunView{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = id })
	}
	return v, nil
}

// cancelRunTriage ends the triage that a run of the built-in triage is.
func (d *Desk) cancelRunTriage(tx *store.Tx, u soc.Run) error {
	if u.Triage == "" {
		return nil
	}
	t, found, err := tx.Triage(u.Workspace, u.Triage)
	if err != nil || !found || t.State.Ended() {
		return err
	}
	t.State, t.FinishedAt = soc.RunCancelled, d.clock()
	_, _, err = tx.UpdateTriage(t)
	return err
}
