package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// countLimit is how far lists count; beyond it they say that there is more.
const countLimit = 10_000

// ListTriages lists the triages of an incident, newest first, also those that
// run, failed or were superseded.
func (d *Desk) ListTriages(ctx context.Context, by soc.Actor, ref soc.IncidentRef, after *soc.Keyset, offset, limit int) (page soc.TriagePage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	limit = min(max(limit, 1), listLimit)
	var i soc.Incident
	err = d.store.View(ctx, func(r *store.Reader) error {
		if i, err = d.incident(r, by, ref); err != nil {
			return err
		}
		if page.Triages, err = r.Triages(i.Workspace, i.ID, after, offset, limit+1); err != nil {
			return err
		}
		n, err := r.CountTriages(i.Workspace, i.ID, countLimit+1)
		page.Total, page.TotalCapped = min(n, countLimit), n > countLimit
		return err
	})
	if err != nil {
		return soc.TriagePage{}, err
	}
	if len(page.Triages) > limit {
		page.Triages = page.Triages[:limit]
		page.Next = store.TriagePosition(page.Triages[limit-1])
	}
	return page, serve(by, i, len(page.Triages), false, false)
}
