package store

import (
	"time"

	"vedette/backend/soc"
)

// VerdictEvents lists the newest decisions on an alert type by its finest
// known key, also those that count no more; with a time only those made by
// then.
func (r *Reader) VerdictEvents(workspace string, key soc.AlertKey, asOf time.Time, limit int) ([]soc.VerdictEvent, error) {
	until := int64(1) << 62
	if !asOf.IsZero() {
		until = micros(asOf)
	}
	where, value := ` WHERE workspace_id = $1 AND title_key = $2`, key.Title
	if key.Title == "" {
		where, value = ` WHERE workspace_id = $1 AND detector_key = $2`, key.Detector
	}
	return all(r, scanVerdictEvent, verdictEventColumns+where+` AND decided_at <= $3 ORDER BY decided_at DESC, id DESC LIMIT $4`, workspace, value, until, limit)
}

// VerdictEvent returns one decision.
func (r *Reader) VerdictEvent(workspace, id string) (soc.VerdictEvent, bool, error) {
	return one(r, scanVerdictEvent, verdictEventColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// MemoryUndo returns the first person's word on undoing a decision.
func (r *Reader) MemoryUndo(workspace, event string) (soc.MemoryUndoAsked, bool, error) {
	return one(r, func(x row) (a soc.MemoryUndoAsked, err error) {
		var at int64
		err = x.Scan(&a.Workspace, &a.Event, &a.By, &a.Name, &a.Reason, &at)
		a.At = fromMicros(at)
		return a, err
	}, `SELECT workspace_id, event_id, asked_by, asked_name, reason, asked_at FROM memory_undo WHERE event_id = $2 AND workspace_id = $1`, workspace, event)
}

// SaveMemoryUndo stores the first person's word, in place of one that expired.
func (tx *Tx) SaveMemoryUndo(a soc.MemoryUndoAsked) error {
	return tx.insert(`INSERT INTO memory_undo (event_id, workspace_id, asked_by, asked_name, reason, asked_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (event_id) DO UPDATE SET asked_by = excluded.asked_by, asked_name = excluded.asked_name, reason = excluded.reason, asked_at = excluded.asked_at
WHERE memory_undo.workspace_id = excluded.workspace_id`, a.Event, a.Workspace, a.By, a.Name, a.Reason, micros(a.At))
}
