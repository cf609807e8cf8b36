package backend

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// historyPage bounds one page of a gamebook history.
const historyPage = 200

// historyWords is what a history finds a gamebook by, as it was when submitted.
func (d *Desk) historyWords(i soc.Incident, g soc.Gamebook) string {
	return strings.Join([]string{g.ID, soc.GamebookTitle(g, d.playbooksOf(g)), i.Title, strconv.FormatInt(i.Number, 10)}, " ")
}

// playbooksOf are the catalogue's entries of a gamebook's steps, by id.
func (d *Desk) playbooksOf(g soc.Gamebook) map[string]soc.Playbook {
	found := map[string]soc.Playbook{}
	for _, step := range g.Steps {
		if p, known := d.catalogue.Lookup(step.Playbook); known {
			found[p.ID] = p
		}
	}
	return found
}

// GamebookHistory lists the gamebooks of the workspace, newest request first,
// with their count. A run has no business in the history of other incidents
// (S8).
func (d *Desk) GamebookHistory(ctx context.Context, by soc.Actor, f soc.GamebookSearch) (soc.GamebookPage, error) {
	if err := by.May(soc.ScopeGamebooksRead, soc.RoleViewer); err != nil {
		return soc.GamebookPage{}, err
	}
	return d.history(ctx, by, []string{by.Workspace}, f)
}

// GamebookHistoryAcross is GamebookHistory over the named workspaces, or all
// that the caller may look into.
func (d *Desk) GamebookHistoryAcross(ctx context.Context, by soc.Actor, workspaces []string, f soc.GamebookSearch) (soc.GamebookPage, error) {
	if err := by.May(soc.ScopeGamebooksRead, soc.RoleNone); err != nil {
		return soc.GamebookPage{}, err
	}
	chosen, err := d.chosen(ctx, by, "workspaces", workspaces)
	if err != nil {
		return soc.GamebookPage{}, err
	}
	ids := make([]string, len(chosen))
	for n, w := range chosen {
		ids[n] = w.ID
	}
	return d.history(ctx, by, ids, f)
}

// chosen are the visible workspaces of the given ids, all of them for none.
// What is not visible is named, whether it exists or not (S44).
func (d *Desk) chosen(ctx context.Context, by soc.Actor, field string, ids []string) ([]soc.Workspace, error) {
	visible, err := d.visible(ctx, by)
	if err != nil || len(ids) == 0 {
		return visible, err
	}
	var found []soc.Workspace
	unseen := soc.Errorf(soc.Denied, soc.CodeInsufficientWorkspaceRole, "This needs a role in every workspace that is named.").
		WithFix("Leave out the workspaces named in errors, or ask an administrator for a role there.")
	for _, id := range ids {
		parsed, err := uuid.Parse(id)
		if err != nil || len(id) != 36 {
			return nil, soc.InvalidField(field, "must hold GUIDs")
		}
		id = parsed.String()
		at := slices.IndexFunc(visible, func(w soc.Workspace) bool { return w.ID == id })
		switch {
		case at < 0:
			unseen = unseen.WithField(field, "%s", id)
		case !slices.ContainsFunc(found, func(w soc.Workspace) bool { return w.ID == id }):
			found = append(found, visible[at])
		}
	}
	if len(unseen.Fields) > 0 {
		return nil, unseen
	}
	return found, nil
}

func (d *Desk) history(ctx context.Context, by soc.Actor, workspaces []string, f soc.GamebookSearch) (page soc.GamebookPage, err error) {
	if by.Run != nil {
		return page, runScope(by, "")
	}
	f.Limit = min(max(f.Limit, 1), historyPage)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if page.Total, page.TotalCapped, err = r.CountGamebookHistory(workspaces, f); err != nil {
			return err
		}
		var found []soc.Gamebook
		if found, page.Next, err = r.GamebookHistory(workspaces, f); err != nil {
			return err
		}
		page.Records, err = d.recordsOf(r, found)
		return err
	})
	if err != nil {
		return soc.GamebookPage{}, err
	}
	return page, serveGamebooks(by, page.Records)
}

func (d *Desk) recordsOf(r *store.Reader, found []soc.Gamebook) (records []soc.GamebookRecord, err error) {
	for _, g := range found {
		record, err := d.recordOf(r, g)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

func serveGamebooks(by soc.Actor, records []soc.GamebookRecord) error {
	for _, record := range records {
		if err := serve(by, record.Incident, 1+len(record.Gamebook.Steps), true, len(record.Gamebook.Flags) > 0); err != nil {
			return err
		}
	}
	return nil
}

// GamebookSteps returns a gamebook that was submitted in a year (UTC); one of
// another year is not found.
func (d *Desk) GamebookSteps(ctx context.Context, by soc.Actor, id string, year int) (record soc.GamebookRecord, err error) {
	if err := by.May(soc.ScopeGamebooksRead, soc.RoleViewer); err != nil {
		return record, err
	}
	if year == 0 {
		year = d.clock().Year()
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		g, found, err := r.Gamebook(by.Workspace, id)
		if err != nil {
			return err
		}
		if !found || g.RequestedAt.In(time.UTC).Year() != year {
			return soc.NotFoundf("There is no such gamebook in that year.").WithFix("List the history and copy the id; year is that of its creationDate in UTC.")
		}
		if err := runScope(by, g.Incident); err != nil {
			return err
		}
		record, err = d.recordOf(r, g)
		return err
	})
	if err != nil {
		return soc.GamebookRecord{}, err
	}
	return record, serveGamebooks(by, []soc.GamebookRecord{record})
}

// IncidentGamebooks lists the gamebooks of an incident, newest request first.
// Without a source, an id that several sources use is a Conflict naming them.
func (d *Desk) IncidentGamebooks(ctx context.Context, by soc.Actor, source, externalID string, after *soc.Keyset, limit int) (records []soc.GamebookRecord, next *soc.Keyset, err error) {
	if err := by.May(soc.ScopeGamebooksRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		i, err := d.incidentOfAnySource(r, by, source, externalID)
		if err != nil {
			return err
		}
		found, more, err := r.ListGamebooks(soc.GamebookFilter{Workspace: by.Workspace, Incident: i.ID, After: after, Limit: min(max(limit, 1), historyPage)})
		if err != nil {
			return err
		}
		next = more
		records, err = d.recordsOf(r, found)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return records, next, serveGamebooks(by, records)
}

// incidentOfAnySource finds an incident by its source's id alone.
func (d *Desk) incidentOfAnySource(r *store.Reader, by soc.Actor, source, externalID string) (soc.Incident, error) {
	if source != "" {
		return d.incident(r, by, soc.IncidentRef{Workspace: by.Workspace, Source: source, ExternalID: externalID})
	}
	used, err := r.SourcesInUse(by.Workspace)
	if err != nil {
		return soc.Incident{}, err
	}
	var holders []string
	var only soc.Incident
	for _, source := range used {
		i, found, err := r.IncidentBySource(by.Workspace, source, externalID)
		if err != nil {
			return soc.Incident{}, err
		}
		if found {
			holders, only = append(holders, source), i
		}
	}
	switch len(holders) {
	case 0:
		return only, soc.NotFoundf("There is no such incident.").WithFix("List the incidents and copy the id exactly.")
	case 1:
		return only, runScope(by, only.ID)
	}
	return only, soc.Errorf(soc.Conflict, soc.CodeConflict, "Several sources have an incident with this id: %s.", strings.Join(holders, ", ")).
		WithFix("Say which with the parameter source.").WithField("source", "must be one of %s", strings.Join(holders, ", "))
}
