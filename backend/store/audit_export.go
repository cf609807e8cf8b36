package store

import (
	"time"

	"vedette/backend/soc"
)

const exportColumns = `SELECT id, workspace_id, by_kind, by_id, by_name, format, filter, state, row_count, bytes, sha256, content_id, problem, created_at, finished_at, expires_at FROM audit_export`

func scanExport(r row) (soc.AuditExport, error) {
	var e soc.AuditExport
	var filter string
	var created, finished, expires int64
	err := r.Scan(&e.ID, &e.Workspace, &e.ByKind, &e.By, &e.ByName, &e.Format, &filter, &e.State, &e.Rows, &e.Bytes, &e.SHA256, &e.Content, &e.Problem,
		&created, &finished, &expires)
	if err != nil {
		return e, err
	}
	e.CreatedAt, e.FinishedAt, e.ExpiresAt = fromMicros(created), fromMicros(finished), fromMicros(expires)
	return e, decode(filter, &e.Filter)
}

// InsertAuditExport adds an export.
func (tx *Tx) InsertAuditExport(e soc.AuditExport) error {
	return tx.insert(`INSERT INTO audit_export (id, workspace_id, by_kind, by_id, by_name, format, filter, state, row_count, bytes, sha256, content_id, problem, created_at, finished_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		e.ID, e.Workspace, string(e.ByKind), e.By, e.ByName, string(e.Format), text(e.Filter), string(e.State), e.Rows, e.Bytes, e.SHA256, e.Content, e.Problem,
		micros(e.CreatedAt), micros(e.FinishedAt), micros(e.ExpiresAt))
}

// AuditExport finds an export by id.
func (r *Reader) AuditExport(workspace, id string) (soc.AuditExport, bool, error) {
	return one(r, scanExport, exportColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// KeptAuditExports counts a workspace's exports whose bytes are kept or being
// written, up to limit.
func (r *Reader) KeptAuditExports(workspace string, limit int) (int, error) {
	return r.count(`SELECT COUNT(*) FROM (SELECT 1 FROM audit_export WHERE workspace_id = $1 AND state IN ('running','done') LIMIT $2) kept`, workspace, limit)
}

// FinishAuditExport says how an export ended; found is false where it had.
func (tx *Tx) FinishAuditExport(e soc.AuditExport) (found bool, err error) {
	n, err := tx.update(`UPDATE audit_export SET state = $3, row_count = $4, bytes = $5, sha256 = $6, content_id = $7, problem = $8, finished_at = $9, expires_at = $10
WHERE id = $2 AND workspace_id = $1 AND state = 'running'`,
		e.Workspace, e.ID, string(e.State), e.Rows, e.Bytes, e.SHA256, e.Content, e.Problem, micros(e.FinishedAt), micros(e.ExpiresAt))
	return n == 1, err
}

// DueAuditExports lists exports of all workspaces whose bytes are to go.
func (r *Reader) DueAuditExports(now time.Time, limit int) ([]soc.AuditExport, error) {
	return all(r, scanExport, exportColumns+` WHERE state = 'done' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2`, micros(now), limit)
}

// ExpireAuditExport ends an export, so that its bytes may go.
func (tx *Tx) ExpireAuditExport(workspace, id string) error {
	_, err := tx.update(`UPDATE audit_export SET state = 'expired' WHERE id = $2 AND workspace_id = $1 AND state = 'done'`, workspace, id)
	return err
}
