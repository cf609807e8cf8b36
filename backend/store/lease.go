package store

import (
	"time"

	"vedette/backend/soc"
)

// RenewLease makes a worker's hold on a gamebook last until a time. It reports
// false when the worker holds it no more. It raises no fence: nothing that
// anybody decides by has changed.
func (tx *Tx) RenewLease(workspace, gamebook, lease string, until time.Time) (bool, error) {
	n, err := tx.update(`UPDATE gamebook SET lease_expires_at = $4 WHERE id = $2 AND workspace_id = $1 AND lease = $3 AND $3 <> ''`, workspace, gamebook, lease, micros(until))
	return n == 1, err
}

// FreeLease ends a hold; nobody looks for the gamebook before a time.
func (tx *Tx) FreeLease(workspace, gamebook, lease string, until time.Time) error {
	_, err := tx.update(`UPDATE gamebook SET lease = '', lease_expires_at = $4 WHERE id = $2 AND workspace_id = $1 AND lease = $3`, workspace, gamebook, lease, micros(until))
	return err
}

// ForgetLeases ends every hold.
func (tx *Tx) ForgetLeases() error {
	_, err := tx.update(`UPDATE gamebook SET lease = '', lease_expires_at = 0 WHERE lease <> ''`)
	return err
}

// StalledWork lists gamebooks that should be under way and show no sign of
// life since a time: released ones that wait for a worker, running ones, and
// ended ones with a step whose outcome nobody recorded.
func (r *Reader) StalledWork(before time.Time, limit int) ([]soc.GamebookJob, error) {
	return all(r, func(x row) (soc.GamebookJob, error) {
		var j soc.GamebookJob
		err := x.Scan(&j.Workspace, &j.Gamebook)
		return j, err
	}, `SELECT workspace_id, id FROM gamebook WHERE status IN ('Queued', 'Running') AND needs_approval = FALSE AND approved_at < $1 AND lease_expires_at < $1
UNION SELECT g.workspace_id, g.id FROM step s JOIN gamebook g ON g.id = s.gamebook_id WHERE s.status = 'Dispatched' AND g.finished_at > 0 AND g.lease_expires_at < $1
LIMIT $2`, micros(before), limit)
}
