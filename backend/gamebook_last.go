package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// LastGamebook returns the gamebook of an incident that started last. Queued,
// rejected and expired ones do not count; NotFound where none has started.
func (d *Desk) LastGamebook(ctx context.Context, by soc.Actor, ref soc.IncidentRef) (record soc.GamebookRecord, err error) {
	if err := by.May(soc.ScopeGamebooksRead, soc.RoleViewer); err != nil {
		return record, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if record.Incident, err = d.incident(r, by, ref); err != nil {
			return err
		}
		var found bool
		if record.Gamebook, found, err = r.LastStartedGamebook(by.Workspace, record.Incident.ID); err != nil {
			return err
		}
		if !found {
			return soc.NotFoundf("No gamebook of this incident has started.").WithFix("Submit one, or wait until one that is queued starts.")
		}
		record, err = d.gamebookRecord(r, record.Incident, record.Gamebook)
		return err
	})
	if err != nil {
		return soc.GamebookRecord{}, err
	}
	return record, serve(by, record.Incident, 1+len(record.Gamebook.Steps), true, len(record.Gamebook.Flags) > 0)
}

// gamebookRecord puts beside a gamebook what is told with it.
func (d *Desk) gamebookRecord(r *store.Reader, i soc.Incident, g soc.Gamebook) (soc.GamebookRecord, error) {
	record := soc.GamebookRecord{Incident: i, Gamebook: g, Playbooks: d.playbooksOf(g)}
	var err error
	if record.Workspace, _, err = r.Workspace(g.Workspace); err != nil || g.OriginalGamebook == "" {
		return record, err
	}
	original, found, err := r.Gamebook(g.Workspace, g.OriginalGamebook)
	if found {
		record.Original = &original
	}
	return record, err
}
