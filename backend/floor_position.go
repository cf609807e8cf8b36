package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// FloorPosition is the deterministic triager's newest position on an incident
// with its whole rationale (T17, T33): what it would do, why, and what would
// change it.
func (d *Desk) FloorPosition(ctx context.Context, by soc.Actor, ref soc.IncidentRef) (t soc.Triage, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return t, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		i, err := d.incident(r, by, ref)
		if err != nil {
			return err
		}
		last, err := r.LastFloor(i.Workspace, i.ID)
		if err != nil {
			return err
		}
		if last == nil {
			return soc.NotFoundf("This incident has no finished triage.").WithFix("Ask for one: POST /api/incidents/{incident}/triage.")
		}
		t = *last
		return nil
	})
	return t, err
}
