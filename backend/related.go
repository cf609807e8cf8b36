package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// FindRelated tells where an entity was seen before in this workspace. Under a
// run token it gives capped id, title and verdict rows like to anybody (S8).
func (d *Desk) FindRelated(ctx context.Context, by soc.Actor, q soc.RelatedQuery) (page soc.RelatedPage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	return d.related(ctx, by, q)
}

func (d *Desk) related(ctx context.Context, by soc.Actor, q soc.RelatedQuery) (page soc.RelatedPage, err error) {
	q.Workspace = by.Workspace
	q.Limit = min(max(q.Limit, 1), 100)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if q.Entity != "" {
			e, found, err := r.EntityAnywhere(by.Workspace, q.Entity)
			if err != nil {
				return err
			}
			if !found || runScope(by, e.Incident) != nil {
				return soc.NotFoundf("There is no such entity.").WithFix("Get the incident with its entities and copy the id exactly, or give type and value.")
			}
			q.Kind, q.Value = e.Kind, e.Value
		} else if value, valid := soc.CanonicalValue(q.Kind, q.Value); valid {
			q.Value = value
		}
		page, err = r.Related(q)
		return err
	})
	if err != nil {
		return page, err
	}
	for n, i := range page.Rows {
		if err := serve(by, i, 1, true, len(i.Flags) > 0); err != nil {
			return soc.RelatedPage{}, err
		}
		page.Rows[n] = narrowed(by, i)
	}
	return page, nil
}
