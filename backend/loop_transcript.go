package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// RunTranscript is everything that was said in a run of the loop, for people and
// the services they trust. Whole says whether the chain still proves it.
func (d *Desk) RunTranscript(ctx context.Context, by soc.Actor, id string) (t soc.RunTranscript, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleAnalyst); err != nil {
		return t, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		u, found, err := r.Run(by.Workspace, id)
		if err != nil || !found {
			return orNotFound(err, "There is no such run.")
		}
		w, worked, err := r.RunWork(u.Workspace, u.ID)
		if err != nil {
			return err
		}
		if t.Stages, err = r.RunStages(u.Workspace, u.ID); err != nil {
			return err
		}
		t.Whole = d.chain != nil && d.chain.Proves(t.Stages) && (!worked || w.Seq == len(t.Stages))
		t.Run, err = d.viewRun(r, u)
		return err
	})
	return t, err
}

// RunLedger is what the server itself recorded of a run: the calls it served, in
// order, at most as many as are compared with an agent's story.
func (d *Desk) RunLedger(ctx context.Context, by soc.Actor, id string) (rows []soc.LedgerEntry, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleAnalyst); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		u, found, err := r.Run(by.Workspace, id)
		if err != nil || !found {
			return orNotFound(err, "There is no such run.")
		}
		rows, err = r.Ledger(u.Workspace, u.ID, ledgerLimit)
		return err
	})
	return rows, err
}
