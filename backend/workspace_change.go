package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ChangeWorkspace locks or unlocks a workspace and sets or lifts its legal hold,
// with the authority of the host; each that differs is audited with the reason.
func (d *Desk) ChangeWorkspace(ctx context.Context, by soc.Actor, in soc.WorkspaceChange) (w soc.Workspace, err error) {
	if by.Kind != soc.PrincipalHost {
		e := soc.Errorf(soc.Denied, soc.CodeForbidden, "Workspaces are locked and held on the server's command line.")
		return w, d.refused(ctx, by, "workspace_changed", e, nil)
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		found := false
		if w, found, err = tx.Workspace(in.Workspace); err != nil || !found {
			if err == nil {
				err = soc.NotFoundf("There is no such workspace.")
			}
			return err
		}
		before := w
		if in.Locked != nil {
			w.Locked = *in.Locked
		}
		if in.LegalHold != nil {
			w.LegalHold = *in.LegalHold
		}
		if w == before {
			return nil
		}
		note := func(differs bool, event string) {
			if differs {
				e := d.entry(by, event)
				e.Workspace, e.Detail = w.ID, auditDetail("reason", in.Reason)
				tx.Audit(e)
			}
		}
		note(w.Locked && !before.Locked, "workspace_locked")
		note(!w.Locked && before.Locked, "workspace_unlocked")
		note(w.LegalHold && !before.LegalHold, "legal_hold_set")
		note(!w.LegalHold && before.LegalHold, "legal_hold_lifted")
		return tx.SetWorkspaceHolds(w.ID, w.Locked, w.LegalHold)
	})
	return w, err
}
