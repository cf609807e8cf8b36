package store

import (
	"encoding/json"

	"vedette/backend/soc"
)

// InsertIngestUpload notes a stream that begins.
func (tx *Tx) InsertIngestUpload(u soc.IngestUpload) error {
	return tx.insert(`INSERT INTO ingest_upload (id, workspace_id, format, by_id, state, problem, bytes, received, created, updated, duplicate, conflict, rejected, started_at, moved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, u.ID, u.Workspace, u.Format, u.By, string(u.State), u.Problem, u.Bytes,
		u.Received, u.Created, u.Updated, u.Duplicate, u.Conflict, u.Rejected, micros(u.StartedAt), micros(u.MovedAt))
}

// MoveIngestUpload stores how far a stream came, false where it has ended.
func (tx *Tx) MoveIngestUpload(u soc.IngestUpload) (bool, error) {
	n, err := tx.update(`UPDATE ingest_upload SET state = $3, problem = $4, bytes = $5, received = $6, created = $7, updated = $8, duplicate = $9, conflict = $10, rejected = $11, moved_at = $12
WHERE workspace_id = $1 AND id = $2 AND state = 'receiving'`, u.Workspace, u.ID, string(u.State), u.Problem, u.Bytes,
		u.Received, u.Created, u.Updated, u.Duplicate, u.Conflict, u.Rejected, micros(u.MovedAt))
	return n > 0, err
}

// IngestUpload finds a stream of a workspace.
func (r *Reader) IngestUpload(workspace, id string) (soc.IngestUpload, bool, error) {
	return one(r, func(x row) (u soc.IngestUpload, err error) {
		var started, moved int64
		err = x.Scan(&u.ID, &u.Workspace, &u.Format, &u.By, &u.State, &u.Problem, &u.Bytes, &u.Received, &u.Created, &u.Updated, &u.Duplicate, &u.Conflict, &u.Rejected, &started, &moved)
		u.StartedAt, u.MovedAt = fromMicros(started), fromMicros(moved)
		return u, err
	}, `SELECT id, workspace_id, format, by_id, state, problem, bytes, received, created, updated, duplicate, conflict, rejected, started_at, moved_at
FROM ingest_upload WHERE workspace_id = $1 AND id = $2`, workspace, id)
}

// InsertIngestFailure notes an item of a stream that was not stored.
func (tx *Tx) InsertIngestFailure(workspace, upload string, f soc.IngestFailure) error {
	return tx.insert(`INSERT INTO ingest_failure (workspace_id, upload_id, item, status, external_id, errors) VALUES ($1, $2, $3, $4, $5, $6)`,
		workspace, upload, f.Item, f.Status, f.ExternalID, text(f.Errors))
}

// IngestFailures lists the items of a stream that were not stored, after one
// (-1 for all), in the order of the stream.
func (r *Reader) IngestFailures(workspace, upload string, after int64, limit int) ([]soc.IngestFailure, error) {
	return all(r, func(x row) (f soc.IngestFailure, err error) {
		var errors string
		if err = x.Scan(&f.Item, &f.Status, &f.ExternalID, &errors); err == nil {
			err = json.Unmarshal([]byte(errors), &f.Errors)
		}
		return f, err
	}, `SELECT item, status, external_id, errors FROM ingest_failure WHERE workspace_id = $1 AND upload_id = $2 AND item > $3 ORDER BY item LIMIT $4`,
		workspace, upload, after, limit)
}
