package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// alertSources bounds how many sources one filter may name: each is up to
// thirty ranges of an index.
const alertSources = 10

// ListAlerts returns one page of the workspace's alerts, newest received
// first, whichever family brought them.
func (d *Desk) ListAlerts(ctx context.Context, by soc.Actor, f soc.AlertFilter) (page soc.AlertPage, err error) {
	if err := by.May(soc.ScopeAlertsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	if len(f.Sources) > alertSources {
		return page, soc.InvalidField("source", "may name at most %d sources", alertSources)
	}
	f.Workspace = by.Workspace
	f.Limit = min(max(f.Limit, 1), listLimit)
	err = d.store.View(ctx, func(r *store.Reader) error {
		page, err = r.ListAlerts(f)
		return err
	})
	if err != nil {
		return soc.AlertPage{}, err
	}
	for _, a := range page.Alerts {
		if err := serveAlert(by, a); err != nil {
			return soc.AlertPage{}, err
		}
	}
	return page, nil
}
