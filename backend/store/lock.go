package store

import (
	"time"

	"vedette/backend/soc"
)

// TakeTarget locks a resolved target for a gamebook (S28). It returns the
// gamebook that holds it: the asked one, or another that still acts. A lock
// left by a gamebook that has ended, with nothing under way, is taken over.
func (tx *Tx) TakeTarget(workspace, connector, nativeID, gamebook string, at time.Time) (holder string, err error) {
	_, err = tx.update(`DELETE FROM target_lock WHERE workspace_id = $1 AND connector_id = $2 AND native_id = $3 AND gamebook_id IN
(SELECT g.id FROM gamebook g WHERE g.id = target_lock.gamebook_id AND g.status NOT IN ('Queued', 'Running')
AND NOT EXISTS (SELECT 1 FROM step s WHERE s.gamebook_id = g.id AND s.status = 'Dispatched'))`, workspace, connector, nativeID)
	if err != nil {
		return "", err
	}
	_, err = tx.update(`INSERT INTO target_lock (workspace_id, connector_id, native_id, gamebook_id, taken_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		workspace, connector, nativeID, gamebook, micros(at))
	if err != nil {
		return "", err
	}
	holder, _, err = one(&tx.Reader, scanString, `SELECT gamebook_id FROM target_lock WHERE workspace_id = $1 AND connector_id = $2 AND native_id = $3`, workspace, connector, nativeID)
	return holder, err
}

// FreeTarget gives up one lock of a gamebook.
func (tx *Tx) FreeTarget(workspace, connector, nativeID, gamebook string) error {
	_, err := tx.update(`DELETE FROM target_lock WHERE workspace_id = $1 AND connector_id = $2 AND native_id = $3 AND gamebook_id = $4`, workspace, connector, nativeID, gamebook)
	return err
}

// FreeTargets gives up every lock of a gamebook.
func (tx *Tx) FreeTargets(workspace, gamebook string) error {
	_, err := tx.update(`DELETE FROM target_lock WHERE workspace_id = $1 AND gamebook_id = $2`, workspace, gamebook)
	return err
}

// Locks lists the targets a gamebook holds.
func (r *Reader) Locks(workspace, gamebook string) ([]soc.TargetLock, error) {
	return all(r, func(x row) (soc.TargetLock, error) {
		var l soc.TargetLock
		var at int64
		err := x.Scan(&l.Connector, &l.NativeID, &at)
		l.At = fromMicros(at)
		return l, err
	}, `SELECT connector_id, native_id, taken_at FROM target_lock WHERE workspace_id = $1 AND gamebook_id = $2 ORDER BY connector_id, native_id`, workspace, gamebook)
}
