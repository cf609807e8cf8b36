package store

import (
	"vedette/backend/soc"
)

const verificationColumns = `SELECT id, workspace_id, by_kind, by_id, by_name, state, next, checkpoint, found, created_at, finished_at FROM audit_verification`

func scanVerification(r row) (soc.VerificationTask, error) {
	var v soc.VerificationTask
	var checkpoint, found string
	var created, finished int64
	if err := r.Scan(&v.ID, &v.Workspace, &v.ByKind, &v.By, &v.ByName, &v.State, &v.Next, &checkpoint, &found, &created, &finished); err != nil {
		return v, err
	}
	v.CreatedAt, v.FinishedAt = fromMicros(created), fromMicros(finished)
	return v, decodeAll(checkpoint, &v.Checkpoint, found, &v.Found)
}

// InsertVerification adds a walk over the record; a second running one of a
// workspace is a duplicate.
func (tx *Tx) InsertVerification(v soc.VerificationTask) error {
	return tx.insert(`INSERT INTO audit_verification (id, workspace_id, by_kind, by_id, by_name, state, next, checkpoint, found, created_at, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		v.ID, v.Workspace, string(v.ByKind), v.By, v.ByName, string(v.State), v.Next, text(v.Checkpoint), text(v.Found), micros(v.CreatedAt), micros(v.FinishedAt))
}

// Verification finds a walk by id.
func (r *Reader) Verification(workspace, id string) (soc.VerificationTask, bool, error) {
	return one(r, scanVerification, verificationColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// RunningVerification finds the walk of a workspace that has not ended.
func (r *Reader) RunningVerification(workspace string) (soc.VerificationTask, bool, error) {
	return one(r, scanVerification, verificationColumns+` WHERE workspace_id = $1 AND state = 'running'`, workspace)
}

// UpdateVerification stores how far a running walk is, or its end.
func (tx *Tx) UpdateVerification(v soc.VerificationTask) (found bool, err error) {
	n, err := tx.update(`UPDATE audit_verification SET state = $3, next = $4, found = $5, finished_at = $6 WHERE id = $2 AND workspace_id = $1 AND state = 'running'`,
		v.Workspace, v.ID, string(v.State), v.Next, text(v.Found), micros(v.FinishedAt))
	return n == 1, err
}

const backupColumns = `SELECT id, organization_id, by_kind, by_id, by_name, label, state, made, problem, created_at, finished_at FROM backup`

func scanBackup(r row) (soc.BackupTask, error) {
	var b soc.BackupTask
	var made string
	var created, finished int64
	if err := r.Scan(&b.ID, &b.Organization, &b.ByKind, &b.By, &b.ByName, &b.Label, &b.State, &made, &b.Problem, &created, &finished); err != nil {
		return b, err
	}
	b.CreatedAt, b.FinishedAt = fromMicros(created), fromMicros(finished)
	return b, decode(made, &b.Made)
}

// InsertBackup adds a copy that is to be made.
func (tx *Tx) InsertBackup(b soc.BackupTask) error {
	return tx.insert(`INSERT INTO backup (id, organization_id, by_kind, by_id, by_name, label, state, made, problem, created_at, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		b.ID, b.Organization, string(b.ByKind), b.By, b.ByName, b.Label, string(b.State), text(b.Made), b.Problem, micros(b.CreatedAt), micros(b.FinishedAt))
}

// Backup finds a copy by id; an empty organization is the worker's, who knows
// the id only.
func (r *Reader) Backup(organization, id string) (soc.BackupTask, bool, error) {
	return one(r, scanBackup, backupColumns+` WHERE id = $2 AND ($1 = '' OR organization_id = $1)`, organization, id)
}

// RunningBackup finds the copy that is being made, of whatever organization.
func (r *Reader) RunningBackup() (soc.BackupTask, bool, error) {
	return one(r, scanBackup, backupColumns+` WHERE state = 'running'`)
}

// Backups lists copies, newest first, before a keyset of time and id.
func (r *Reader) Backups(organization string, before int64, id string, limit int) ([]soc.BackupTask, error) {
	if before <= 0 {
		before = 1<<62 - 1
	}
	return all(r, scanBackup, backupColumns+` WHERE organization_id = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`, organization, before, id, limit)
}

// FinishBackup says how a copy ended; found is false where it had.
func (tx *Tx) FinishBackup(b soc.BackupTask) (found bool, err error) {
	n, err := tx.update(`UPDATE backup SET state = $3, made = $4, problem = $5, finished_at = $6 WHERE id = $2 AND organization_id = $1 AND state = 'running'`,
		b.Organization, b.ID, string(b.State), text(b.Made), b.Problem, micros(b.FinishedAt))
	return n == 1, err
}
