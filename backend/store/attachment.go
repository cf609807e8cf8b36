package store

import (
	"time"

	"vedette/backend/soc"
)

const attachmentColumns = `SELECT id, workspace_id, incident_id, content_id, name, size, sha256, content_type, description, added_by, added_kind, added_name, added_at, removed_at, removed_by FROM attachment`

func scanAttachment(r row) (soc.Attachment, error) {
	var a soc.Attachment
	var added, removed int64
	err := r.Scan(&a.ID, &a.Workspace, &a.Incident, &a.Content, &a.Name, &a.Size, &a.SHA256, &a.ContentType, &a.Description, &a.AddedBy, &a.AddedKind, &a.AddedName, &added, &removed, &a.RemovedBy)
	a.AddedAt, a.RemovedAt = fromMicros(added), fromMicros(removed)
	return a, err
}

// InsertAttachment adds a file to an incident.
func (tx *Tx) InsertAttachment(a soc.Attachment) error {
	return tx.insert(`INSERT INTO attachment (id, workspace_id, incident_id, content_id, name, size, sha256, content_type, description, added_by, added_kind, added_name, added_at, removed_at, removed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, a.ID, a.Workspace, a.Incident, a.Content, a.Name, a.Size, a.SHA256, a.ContentType, a.Description,
		a.AddedBy, string(a.AddedKind), a.AddedName, micros(a.AddedAt), micros(a.RemovedAt), a.RemovedBy)
}

// Attachment finds a file of an incident that was not removed.
func (r *Reader) Attachment(workspace, incident, id string) (soc.Attachment, bool, error) {
	return one(r, scanAttachment, attachmentColumns+` WHERE id = $3 AND incident_id = $2 AND workspace_id = $1 AND removed_at = 0`, workspace, incident, id)
}

// AttachmentByHash finds a file of an incident by its bytes.
func (r *Reader) AttachmentByHash(workspace, incident, hash string) (soc.Attachment, bool, error) {
	return one(r, scanAttachment, attachmentColumns+` WHERE incident_id = $2 AND sha256 = $3 AND removed_at = 0 AND workspace_id = $1`, workspace, incident, hash)
}

// Attachments lists the files of an incident, oldest first.
func (r *Reader) Attachments(workspace, incident string, limit int) ([]soc.Attachment, error) {
	return all(r, scanAttachment, attachmentColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND removed_at = 0 ORDER BY added_at, id LIMIT $3`, workspace, incident, limit)
}

// AttachmentTotals counts an incident's files and their bytes. Both are bounded
// by soc.AttachmentLimits.
func (r *Reader) AttachmentTotals(workspace, incident string) (files int, bytes int64, err error) {
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS `+r.pick("INTEGER", "BIGINT")+`) FROM attachment WHERE incident_id = $2 AND workspace_id = $1 AND removed_at = 0`,
		workspace, incident).Scan(&files, &bytes)
	return files, bytes, failure(err)
}

// RemoveAttachment takes a file off its incident; the row stays.
func (tx *Tx) RemoveAttachment(a soc.Attachment, at time.Time, by string) error {
	n, err := tx.update(`UPDATE attachment SET removed_at = $4, removed_by = $5 WHERE id = $3 AND incident_id = $2 AND workspace_id = $1 AND removed_at = 0`,
		a.Workspace, a.Incident, a.ID, micros(at), by)
	if err == nil && n != 1 {
		return unavailableError(errStaleRow)
	}
	return err
}
