package store

import (
	"time"

	"vedette/backend/soc"
)

// AlertsWithContent lists the alerts that say the same, newest received first,
// received since a moment: those that may absorb another.
func (r *Reader) AlertsWithContent(workspace, key string, since time.Time, limit int) ([]soc.Alert, error) {
	return allInOrder(r, scanAlert, alertRows+` WHERE workspace_id = $1 AND content_key = $2 AND content_key <> '' AND status IN ('triage', 'linked', 'escalated') AND ingested_at >= $3
ORDER BY position DESC LIMIT $4`, workspace, key, micros(since), limit)
}

// TouchAlert notes that an alert was received again.
func (tx *Tx) TouchAlert(workspace, id string, at time.Time) error {
	return tx.insert(`UPDATE alert SET last_seen = $3 WHERE id = $2 AND workspace_id = $1`, workspace, id, micros(at))
}

// RepeatAlert counts one more alert that it absorbed.
func (tx *Tx) RepeatAlert(workspace, id string, at time.Time) error {
	return tx.insert(`UPDATE alert SET last_seen = $3, repeat_count = repeat_count + 1, version = version + 1 WHERE id = $2 AND workspace_id = $1`, workspace, id, micros(at))
}

// MoveAlert stores the state of an alert and what belongs to it.
func (tx *Tx) MoveAlert(a soc.Alert) error {
	_, err := tx.update(`UPDATE alert SET status = $3, incident_id = $4, linked_to = $5, duplicate_of = $6, dismissal = $7, suppression = $8, version = version + 1 WHERE id = $2 AND workspace_id = $1`,
		a.Workspace, a.ID, string(a.Status), nullable(a.Incident), nullable(a.LinkedTo), a.DuplicateOf, dismissal(a), text(a.Suppression))
	return err
}

// keepRevision keeps what an alert said before it was replaced.
func (tx *Tx) keepRevision(a soc.Alert, replaced time.Time) error {
	return tx.insert(`INSERT INTO alert_revision (alert_id, version, workspace_id, payload_hash, sent_severity, raw, replaced_at)
SELECT p.alert_id, $3, $1, $4, $5, p.raw, $6 FROM alert_payload p JOIN alert a ON a.id = p.alert_id WHERE p.alert_id = $2 AND a.workspace_id = $1`,
		a.Workspace, a.ID, a.Version, a.PayloadHash, string(a.SentSeverity), micros(replaced))
}

// AlertRevision is what an alert said until it was replaced.
func (r *Reader) AlertRevision(workspace, alert string, version int64) ([]byte, bool, error) {
	return one(r, scanBytes, `SELECT raw FROM alert_revision WHERE alert_id = $2 AND version = $3 AND workspace_id = $1`, workspace, alert, version)
}

// SourceSeen reports whether any alert of a source was received.
func (r *Reader) SourceSeen(workspace, source string) (bool, error) {
	_, found, err := one(r, func(x row) (n int, err error) { return n, x.Scan(&n) }, `SELECT 1 FROM alert WHERE workspace_id = $1 AND source = $2 LIMIT 1`, workspace, source)
	return found, err
}

// MoveTaint gives to an incident the taint that agents have of an alert that
// came under it: what they read of the one they know of the other (S38).
func (tx *Tx) MoveTaint(workspace, alert, incident string, at time.Time) error {
	return tx.insert(`INSERT INTO taint (agent_id, incident_id, taint, at) SELECT t.agent_id, $3, t.taint, $4 FROM taint t
WHERE t.incident_id = $2 AND EXISTS (SELECT 1 FROM alert a WHERE a.workspace_id = $1 AND a.position = $5 AND a.uid = $2)
ON CONFLICT (agent_id, incident_id) DO UPDATE SET taint = excluded.taint, at = excluded.at
WHERE taint.taint = 'clean' AND excluded.taint <> 'clean' OR taint.taint = 'tainted' AND excluded.taint = 'flagged'`, workspace, alert, incident, micros(at), soc.ArrivalPosition(alert))
}

// DismissedAlerts lists dismissed alerts of a detector, newest first, made since
// a moment.
func (r *Reader) DismissedAlerts(workspace, detector string, since time.Time, limit int) ([]soc.Alert, error) {
	return all(r, scanAlert, alertRows+` WHERE workspace_id = $1 AND detector_key = $2 AND status = 'dismissed' AND created_at >= $3 ORDER BY created_at DESC, id DESC LIMIT $4`,
		workspace, detector, micros(since), limit)
}
