package store

import (
	"time"

	"vedette/backend/soc"
)

const revertColumns = `SELECT step_id, workspace_id, gamebook_id, digest, due_at, state, release_id FROM revert`

func scanRevert(r row) (soc.Revert, error) {
	var v soc.Revert
	var due int64
	err := r.Scan(&v.Step, &v.Workspace, &v.Gamebook, &v.Digest, &due, &v.State, &v.Release)
	v.DueAt = fromMicros(due)
	return v, err
}

// Reverts lists the releases that the steps of a gamebook owe or owed, the
// next one first.
func (r *Reader) Reverts(workspace, gamebook string) ([]soc.Revert, error) {
	return all(r, scanRevert, revertColumns+` WHERE workspace_id = $1 AND gamebook_id = $2 ORDER BY due_at, step_id`, workspace, gamebook)
}

// RevertBy finds what a release's gamebook carries out.
func (r *Reader) RevertBy(workspace, release string) (soc.Revert, bool, error) {
	return one(r, scanRevert, revertColumns+` WHERE release_id = $2 AND release_id <> '' AND workspace_id = $1`, workspace, release)
}

// DueReverts lists the releases that are due and not over, oldest first.
func (r *Reader) DueReverts(now time.Time, limit int) ([]soc.Revert, error) {
	return all(r, scanRevert, revertColumns+` WHERE state IN ('waiting', 'asked') AND due_at <= $1 ORDER BY due_at, step_id LIMIT $2`, micros(now), limit)
}

// OverdueReverts counts the releases, at most limit, that a kill switch keeps
// from running although they are due.
func (r *Reader) OverdueReverts(k soc.KillSwitch, now time.Time, limit int) (int, error) {
	where, args := `$3 = '' OR v.workspace_id IN (SELECT id FROM workspace WHERE organization_id = $3)`, []any{micros(now), limit, k.ID}
	switch k.Scope {
	case soc.KillAgent:
		where = `v.gamebook_id IN (SELECT id FROM gamebook WHERE requested_by = $3)`
	case soc.KillWorkspace:
		where = `v.workspace_id = $3`
	}
	var n int
	err := r.q.queryRow(r.ctx, `SELECT count(*) FROM (SELECT 1 FROM revert v WHERE v.state = 'waiting' AND v.due_at <= $1 AND (`+where+`) LIMIT $2) AS overdue`, args...).Scan(&n)
	return n, failure(err)
}

// OweRevert writes down that a step must be undone. A step that is sent again
// owes one release, counted from the newer time.
func (tx *Tx) OweRevert(v soc.Revert) error {
	return tx.insert(`INSERT INTO revert (step_id, workspace_id, gamebook_id, digest, due_at, state, release_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (step_id) DO UPDATE SET due_at = excluded.due_at WHERE revert.workspace_id = excluded.workspace_id`,
		v.Step, v.Workspace, v.Gamebook, v.Digest, micros(v.DueAt), string(v.State), v.Release)
}

// MoveRevert stores the state of a release if nobody moved it since it was
// read; it reports whether it did.
func (tx *Tx) MoveRevert(v soc.Revert, before soc.RevertState) (bool, error) {
	n, err := tx.update(`UPDATE revert SET state = $3, release_id = $4 WHERE step_id = $2 AND workspace_id = $1 AND state = $5`,
		v.Workspace, v.Step, string(v.State), v.Release, string(before))
	return n == 1, err
}
