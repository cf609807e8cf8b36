package store

import (
	"time"

	"vedette/backend/soc"
)

// RecordedGamebooks are the gamebooks that were asked for from one time to
// another, newest first, with the facts they were decided on.
func (r *Reader) RecordedGamebooks(workspace string, since, until time.Time, limit int) ([]soc.RecordedGamebook, error) {
	return all(r, func(x row) (soc.RecordedGamebook, error) {
		var g soc.RecordedGamebook
		var at int64
		err := x.Scan(&g.ID, &g.Incident, &at, &g.Facts)
		g.RequestedAt = fromMicros(at)
		return g, err
	}, `SELECT id, incident_id, requested_at, facts FROM gamebook WHERE workspace_id = $1 AND requested_at >= $2 AND requested_at < $3
ORDER BY requested_at DESC, id DESC LIMIT $4`, workspace, micros(since), micros(until), limit)
}
