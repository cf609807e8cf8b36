package store

import (
	"time"

	"vedette/backend/soc"
)

// InsertAttended keeps what a decision says of attention.
func (tx *Tx) InsertAttended(a soc.Attended) error {
	return tx.insert(`INSERT INTO attention (id, workspace_id, person_id, person_name, gamebook_id, playbook_id, rules, approved, viewed, looked, opened, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		a.ID, a.Workspace, a.Person, a.Name, a.Gamebook, a.Playbook, list(a.Rules), a.Approved, a.Viewed, a.For.Microseconds(), a.Opened, micros(a.At))
}

// Attended lists the decisions of a time, newest first, of one person or (empty)
// of all.
func (r *Reader) Attended(workspace, person string, since, until time.Time, limit int) ([]soc.Attended, error) {
	q := &listQuery{}
	where := ` WHERE workspace_id = ` + q.arg(workspace)
	if person != "" {
		where += ` AND person_id = ` + q.arg(person)
	}
	where += ` AND at >= ` + q.arg(micros(since)) + ` AND at < ` + q.arg(micros(until))
	return all(r, func(x row) (soc.Attended, error) {
		var a soc.Attended
		var rules string
		var looked, at int64
		if err := x.Scan(&a.ID, &a.Workspace, &a.Person, &a.Name, &a.Gamebook, &a.Playbook, &rules, &a.Approved, &a.Viewed, &looked, &a.Opened, &at); err != nil {
			return a, err
		}
		a.For, a.At = time.Duration(looked)*time.Microsecond, fromMicros(at)
		return a, decode(rules, &a.Rules)
	}, `SELECT id, workspace_id, person_id, person_name, gamebook_id, playbook_id, rules, approved, viewed, looked, opened, at FROM attention`+
		where+` ORDER BY at DESC, id DESC LIMIT `+q.arg(limit), q.args...)
}
