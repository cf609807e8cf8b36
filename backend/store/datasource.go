package store

import (
	"time"

	"vedette/backend/soc"
)

// CountSource adds what a source sent to its hour, and notes the source.
func (tx *Tx) CountSource(workspace, source, format string, received, rejected int, at time.Time) error {
	last := micros(at)
	if received == 0 {
		last = 0
	}
	err := tx.insert(`INSERT INTO data_source (workspace_id, source, format, first_at, last_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, source) DO UPDATE SET format = excluded.format, last_at = CASE WHEN excluded.last_at > data_source.last_at THEN excluded.last_at ELSE data_source.last_at END`,
		workspace, source, format, micros(at), last)
	if err != nil {
		return err
	}
	return tx.insert(`INSERT INTO source_hour (workspace_id, source, hour, received, rejected) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, source, hour) DO UPDATE SET received = source_hour.received + excluded.received, rejected = source_hour.rejected + excluded.rejected`,
		workspace, source, micros(at.Truncate(time.Hour)), received, rejected)
}

// DataSources lists the sources that ever sent something, by name.
func (r *Reader) DataSources(workspace string) ([]soc.DataSource, error) {
	return all(r, func(x row) (soc.DataSource, error) {
		var s soc.DataSource
		var first, last int64
		err := x.Scan(&s.Workspace, &s.Source, &s.Format, &first, &last)
		s.FirstAt, s.LastAt = fromMicros(first), fromMicros(last)
		return s, err
	}, `SELECT workspace_id, source, format, first_at, last_at FROM data_source WHERE workspace_id = $1 ORDER BY source`, workspace)
}

// SourceHours lists what a source sent since one moment and before another,
// oldest hour first.
func (r *Reader) SourceHours(workspace, source string, since, until time.Time) ([]soc.SourceHour, error) {
	return all(r, func(x row) (soc.SourceHour, error) {
		var h soc.SourceHour
		var hour int64
		err := x.Scan(&hour, &h.Received, &h.Rejected)
		h.Hour = fromMicros(hour)
		return h, err
	}, `SELECT hour, received, rejected FROM source_hour WHERE workspace_id = $1 AND source = $2 AND hour >= $3 AND hour < $4 ORDER BY hour`,
		workspace, source, micros(since), micros(until))
}
