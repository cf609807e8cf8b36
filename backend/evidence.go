package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// SearchEvidence finds rows of one incident, oldest first. Query words must
// all occur in a row, however long its fields are (S41); with Any one is enough,
// and the best rows come first.
func (d *Desk) SearchEvidence(ctx context.Context, by soc.Actor, ref soc.IncidentRef, f soc.EvidenceFilter) (page soc.EvidencePage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return page, err
	}
	f.Limit = min(max(f.Limit, 1), listLimit)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if page.Incident, err = d.incident(r, by, ref); err != nil {
			return err
		}
		f.Workspace, f.Incident = by.Workspace, page.Incident.ID
		if f.Entity != "" {
			if err := knownEntity(r, page.Incident, f.Entity); err != nil {
				return err
			}
		}
		if f.Any {
			page.Rows, page.Next, page.Total, err = r.RankEvidence(f)
			return err
		}
		if page.Rows, page.Next, err = r.SearchEvidence(f); err != nil {
			return err
		}
		if f.After == nil && page.Next == nil {
			page.Total = len(page.Rows) // all there is; counting would read it again
			return nil
		}
		page.Total, err = r.CountEvidence(f)
		return err
	})
	if err != nil {
		return soc.EvidencePage{}, err
	}
	if err := serve(by, page.Incident, len(page.Rows), false, false); err != nil {
		return soc.EvidencePage{}, err
	}
	return page, serveEvidence(by, page.Incident, page.Rows)
}

// knownEntity refuses an entity id that is not of this incident.
func knownEntity(r *store.Reader, i soc.Incident, id string) error {
	_, found, err := r.Entity(i.Workspace, i.ID, id)
	if err != nil || found {
		return err
	}
	e := soc.Errorf(soc.NotFound, soc.CodeEntityNotInIncident, "%s is not an entity of %s.", soc.DisplayName(id), i.ShortID).
		WithFix("Get the incident with its entities and copy the id exactly.")
	e.Hints, err = entityHints(r, i, id)
	return firstError(err, e)
}

// entityHints are the nearest entity ids of the same incident.
func entityHints(r *store.Reader, i soc.Incident, id string) ([]string, error) {
	entities, err := r.IncidentEntities(i.Workspace, i.ID, "", 200)
	if err != nil {
		return nil, err
	}
	visible := make([]string, 0, len(entities))
	for _, e := range entities {
		visible = append(visible, e.ID)
	}
	return soc.NearestIDs(id, visible, 3), nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// GetEvidence returns rows of one incident by number. One unknown number
// refuses the whole request; the numbers that exist are hinted.
func (d *Desk) GetEvidence(ctx context.Context, by soc.Actor, ref soc.IncidentRef, numbers []int) (i soc.Incident, rows []soc.Evidence, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return i, nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if i, err = d.incident(r, by, ref); err != nil {
			return err
		}
		rows, err = r.EvidenceByNumber(by.Workspace, i.ID, numbers)
		return err
	})
	if err != nil {
		return i, nil, err
	}
	for _, n := range numbers {
		if !slices.ContainsFunc(rows, func(e soc.Evidence) bool { return e.Number == n }) {
			e := soc.NotFoundf("%s is not an evidence row of %s, which has E1 to E%d.", soc.EvidenceID(n), i.ShortID, i.EvidenceCount)
			return i, nil, e.WithFix("Search the evidence of the incident and copy the ids exactly.")
		}
	}
	slices.SortFunc(rows, func(a, b soc.Evidence) int { return slices.Index(numbers, a.Number) - slices.Index(numbers, b.Number) })
	if err := serve(by, i, len(rows), false, false); err != nil {
		return i, nil, err
	}
	return i, rows, serveEvidence(by, i, rows)
}

// EvidenceColumns lists the field names of all rows of an incident, sorted,
// for tables that need the same columns on every page.
func (d *Desk) EvidenceColumns(ctx context.Context, by soc.Actor, i soc.Incident) (names []string, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	if err := runScope(by, i.ID); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	err = d.store.View(ctx, func(r *store.Reader) error {
		f := soc.EvidenceFilter{Workspace: by.Workspace, Incident: i.ID, Limit: listLimit}
		for {
			rows, next, err := r.SearchEvidence(f)
			if err != nil {
				return err
			}
			for _, row := range rows {
				for _, field := range row.Fields {
					seen[field.Name] = true
				}
			}
			if next == nil {
				return nil
			}
			f.After = next
		}
	})
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, err
}
