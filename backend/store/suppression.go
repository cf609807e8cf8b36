package store

import (
	"time"

	"vedette/backend/soc"
)

const suppressionColumns = `SELECT id, workspace_id, kind, value, source, until, hits, reason, created_by, created_kind, created_at, ended_at, ended_by, notice_at FROM suppression`

func scanSuppression(r row) (soc.Suppression, error) {
	var s soc.Suppression
	var until, created, ended, notice int64
	err := r.Scan(&s.ID, &s.Workspace, &s.Kind, &s.Value, &s.Source, &until, &s.Hits, &s.Reason, &s.CreatedBy, &s.CreatedKind, &created, &ended, &s.EndedBy, &notice)
	s.Until, s.CreatedAt, s.EndedAt, s.NoticeAt = fromMicros(until), fromMicros(created), fromMicros(ended), fromMicros(notice)
	return s, err
}

// Suppression finds a suppression by id.
func (r *Reader) Suppression(workspace, id string) (soc.Suppression, bool, error) {
	return one(r, scanSuppression, suppressionColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// StandingSuppression finds the suppression of a value and scope that may be
// active; it may have ended by itself.
func (r *Reader) StandingSuppression(workspace string, kind soc.EntityKind, value, source string) (soc.Suppression, bool, error) {
	return one(r, scanSuppression, suppressionColumns+` WHERE workspace_id = $1 AND value_key = $2 AND source = $3 AND standing = TRUE`, workspace, valueKey(kind, value), source)
}

// SuppressionsOf lists the active suppressions of any of some values, whatever
// their scope.
func (r *Reader) SuppressionsOf(workspace string, values []soc.Observable, now time.Time) ([]soc.Suppression, error) {
	if len(values) == 0 {
		return nil, nil
	}
	keys := make([]string, len(values))
	for n, o := range values {
		keys[n] = valueKey(o.Kind, o.Value)
	}
	condition, array := r.among("value_key", "$3", keys)
	return all(r, scanSuppression, suppressionColumns+` WHERE workspace_id = $1 AND standing = TRUE AND until > $2 AND `+condition+` ORDER BY id`, workspace, micros(now), array)
}

// Suppressions lists suppressions newest first before an id (”: from the
// newest); active filters, nil for all.
func (r *Reader) Suppressions(workspace string, active *bool, now time.Time, after string, limit int) ([]soc.Suppression, error) {
	q := &listQuery{}
	where := ` WHERE workspace_id = ` + q.arg(workspace)
	if active != nil {
		state := `(standing = TRUE AND until > ` + q.arg(micros(now)) + `)`
		if !*active {
			state = `NOT ` + state
		}
		where += ` AND ` + state
	}
	if after != "" {
		where += ` AND id < ` + q.arg(after)
	}
	return allInOrder(r, scanSuppression, suppressionColumns+where+` ORDER BY id DESC LIMIT `+q.arg(limit), q.args...)
}

// InsertSuppression adds a suppression that stands. One of the same value and
// scope that has ended by itself stands no more.
func (tx *Tx) InsertSuppression(s soc.Suppression) error {
	key := valueKey(s.Kind, s.Value)
	err := tx.insert(`UPDATE suppression SET standing = FALSE WHERE workspace_id = $1 AND value_key = $2 AND source = $3 AND standing = TRUE AND until <= $4`, s.Workspace, key, s.Source, micros(s.CreatedAt))
	if err != nil {
		return err
	}
	return tx.insert(`INSERT INTO suppression (id, workspace_id, kind, value, value_key, source, until, standing, hits, reason, created_by, created_kind, created_at, ended_at, ended_by, notice_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, s.ID, s.Workspace, string(s.Kind), s.Value, key, s.Source, micros(s.Until),
		s.EndedAt.IsZero(), s.Hits, s.Reason, s.CreatedBy, string(s.CreatedKind), micros(s.CreatedAt), micros(s.EndedAt), s.EndedBy, micros(s.NoticeAt))
}

// UpdateSuppression stores a moved end, a new reason, a lifting or a notice.
func (tx *Tx) UpdateSuppression(s soc.Suppression) error {
	_, err := tx.update(`UPDATE suppression SET until = $3, reason = $4, standing = standing AND $5, ended_at = $6, ended_by = $7, notice_at = $8 WHERE id = $2 AND workspace_id = $1`,
		s.Workspace, s.ID, micros(s.Until), s.Reason, s.EndedAt.IsZero(), micros(s.EndedAt), s.EndedBy, micros(s.NoticeAt))
	return err
}

// CountSuppressed counts one more alert for each of some suppressions.
func (tx *Tx) CountSuppressed(workspace string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	condition, array := tx.among("id", "$2", ids)
	return tx.insert(`UPDATE suppression SET hits = hits + 1 WHERE workspace_id = $1 AND `+condition, workspace, array)
}

// EndingSuppressions lists suppressions of all workspaces that end before a
// moment and of which nobody was told, for the server's clock.
func (r *Reader) EndingSuppressions(now, until time.Time, limit int) ([]soc.Suppression, error) {
	return all(r, scanSuppression, suppressionColumns+` WHERE standing = TRUE AND notice_at = 0 AND until > $1 AND until <= $2 ORDER BY until, id LIMIT $3`, micros(now), micros(until), limit)
}
