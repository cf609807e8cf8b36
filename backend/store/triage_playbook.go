package store

import "vedette/backend/soc"

const triagePlaybookColumns = `SELECT workspace_id, version, state, draft, digest, asked_by, asked_kind, asked_at, expires_at, decided_at, confirmations FROM triage_playbook`

func scanTriagePlaybook(r row) (soc.TriageVersion, error) {
	var v soc.TriageVersion
	var draft, confirmations string
	var asked, expires, decided int64
	err := r.Scan(&v.Workspace, &v.Version, &v.State, &draft, &v.Digest, &v.AskedBy, &v.AskedKind, &asked, &expires, &decided, &confirmations)
	if err != nil {
		return v, err
	}
	v.AskedAt, v.ExpiresAt, v.DecidedAt = fromMicros(asked), fromMicros(expires), fromMicros(decided)
	return v, decodeAll(draft, &v.Draft, confirmations, &v.Confirmations)
}

// TriagePlaybooks lists the versions in force and those that wait, by name.
func (r *Reader) TriagePlaybooks(workspace string) ([]soc.TriageVersion, error) {
	return all(r, scanTriagePlaybook, triagePlaybookColumns+` WHERE workspace_id = $1 AND state IN ('in_force', 'pending') ORDER BY name, version`, workspace)
}

// TriagePlaybook finds one version of a playbook, whatever became of it.
func (r *Reader) TriagePlaybook(workspace, name string, version int) (soc.TriageVersion, bool, error) {
	return one(r, scanTriagePlaybook, triagePlaybookColumns+` WHERE workspace_id = $1 AND name = $2 AND version = $3`, workspace, name, version)
}

// LastTriagePlaybook is the newest version of a name, 0 where it was never used.
func (r *Reader) LastTriagePlaybook(workspace, name string) (int, error) {
	return r.count(`SELECT COALESCE(MAX(version), 0) FROM triage_playbook WHERE workspace_id = $1 AND name = $2`, workspace, name)
}

// InsertTriagePlaybook adds a version.
func (tx *Tx) InsertTriagePlaybook(v soc.TriageVersion) error {
	return tx.insert(`INSERT INTO triage_playbook (workspace_id, name, version, state, draft, digest, asked_by, asked_kind, asked_at, expires_at, decided_at, confirmations)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, v.Workspace, v.Draft.Name, v.Version, string(v.State), text(v.Draft), v.Digest, v.AskedBy, string(v.AskedKind),
		micros(v.AskedAt), micros(v.ExpiresAt), micros(v.DecidedAt), list(v.Confirmations))
}

// UpdateTriagePlaybook stores what became of a version; what it says stays.
func (tx *Tx) UpdateTriagePlaybook(v soc.TriageVersion) error {
	_, err := tx.update(`UPDATE triage_playbook SET state = $4, decided_at = $5, confirmations = $6 WHERE workspace_id = $1 AND name = $2 AND version = $3`,
		v.Workspace, v.Draft.Name, v.Version, string(v.State), micros(v.DecidedAt), list(v.Confirmations))
	return err
}
