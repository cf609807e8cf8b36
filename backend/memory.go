package backend

import (
	"context"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Who decided, as memory counts it (T6). Agents and the built-in triage are
// not among them: a memory that learnt from itself would confirm itself (S37).
const (
	decidedByPerson = "person"
	decidedBySource = "source"
)

// remember credits a decision on an incident to every distinct key of its
// alerts, once; an earlier decision on the incident is superseded.
func (d *Desk) remember(tx *store.Tx, i soc.Incident, verdict soc.Verdict, decidedBy string, decidedAt time.Time) error {
	now := d.clock()
	if decidedAt.IsZero() || decidedAt.After(now) {
		decidedAt = now
	}
	alerts, err := tx.IncidentAlerts(i.Workspace, i.ID, nil, floorAlerts)
	if err != nil {
		return err
	}
	earlier, err := tx.IncidentVerdictEvents(i.Workspace, i.ID)
	if err != nil {
		return err
	}
	known := map[soc.AlertKey]soc.VerdictEvent{}
	for _, e := range earlier {
		known[soc.AlertKey{Title: e.TitleKey, Detector: e.DetectorKey}] = e
	}
	categories := map[soc.AlertKey]string{}
	for _, a := range alerts {
		categories[soc.AlertKey{Title: a.TitleKey, Detector: a.DetectorKey}] = a.Category
	}
	for _, key := range soc.DistinctAlertKeys(alerts) {
		before, had := known[key]
		if had && before.Verdict == verdict && before.By == decidedBy {
			continue
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		if had {
			if err := tx.SupersedeVerdictEvent(before, id.String()); err != nil {
				return err
			}
		}
		err = tx.InsertVerdictEvent(soc.VerdictEvent{
			ID: id.String(), Workspace: i.Workspace, Incident: i.ID, DetectorKey: key.Detector, TitleKey: key.Title, Category: categories[key],
			KeyVersion: soc.KeyVersion, Verdict: verdict, By: decidedBy, DecidedAt: decidedAt, RecordedAt: now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forget supersedes what was remembered of an incident whose closure the
// source took back.
func (d *Desk) forget(tx *store.Tx, i soc.Incident) error {
	events, err := tx.IncidentVerdictEvents(i.Workspace, i.ID)
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.By != decidedBySource {
			continue
		}
		if err := tx.SupersedeVerdictEvent(e, "reopened"); err != nil {
			return err
		}
	}
	return nil
}

// HistoryAsOf reads what the workspace decided about an alert type. A time
// shows only decisions made by then (T9); the zero time reads the kept counts.
func (d *Desk) HistoryAsOf(ctx context.Context, workspace string, key soc.AlertKey, asOf time.Time) ([]soc.LevelCounts, error) {
	return d.store.Read(ctx).History(workspace, key, asOf)
}
