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
	err := tx.insert(`INSERT INTO data_source (workspace_id, source, format, first_at, last_at, received, rejected) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (workspace_id, source) DO UPDATE SET format = excluded.format, last_at = CASE WHEN excluded.last_at > data_source.last_at THEN excluded.last_at ELSE data_source.last_at END,
received = data_source.received + excluded.received, rejected = data_source.rejected + excluded.rejected`,
		workspace, source, format, micros(at), last, received, rejected)
	if err != nil {
		return err
	}
	return tx.insert(`INSERT INTO source_hour (workspace_id, source, hour, received, rejected) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, source, hour) DO UPDATE SET received = source_hour.received + excluded.received, rejected = source_hour.rejected + excluded.rejected`,
		workspace, source, micros(at.Truncate(time.Hour)), received, rejected)
}

const dataSourceColumns = `SELECT workspace_id, source, format, first_at, last_at, display_name, dedup_hours, silent_minutes, received, rejected, version FROM data_source`

func scanDataSource(x row) (s soc.DataSource, err error) {
	var first, last int64
	err = x.Scan(&s.Workspace, &s.Source, &s.Format, &first, &last, &s.DisplayName, &s.DedupHours, &s.SilentMinutes, &s.Received, &s.Rejected, &s.Version)
	s.FirstAt, s.LastAt = fromMicros(first), fromMicros(last)
	return s, err
}

// DataSources lists the sources that ever sent something, by name.
func (r *Reader) DataSources(workspace string) ([]soc.DataSource, error) {
	return all(r, scanDataSource, dataSourceColumns+` WHERE workspace_id = $1 ORDER BY source`, workspace)
}

// DataSourcesAfter lists those whose name comes after one, by name.
func (r *Reader) DataSourcesAfter(workspace, after string, limit int) ([]soc.DataSource, error) {
	return all(r, scanDataSource, dataSourceColumns+` WHERE workspace_id = $1 AND source > $2 ORDER BY source LIMIT $3`, workspace, after, limit)
}

// DataSource finds one source of a workspace.
func (r *Reader) DataSource(workspace, source string) (soc.DataSource, bool, error) {
	return one(r, scanDataSource, dataSourceColumns+` WHERE workspace_id = $1 AND source = $2`, workspace, source)
}

// SetSource stores what people set about a source.
func (tx *Tx) SetSource(workspace, source string, in soc.SourceSettings) error {
	return tx.insert(`UPDATE data_source SET display_name = $3, dedup_hours = $4, silent_minutes = $5, version = version + 1 WHERE workspace_id = $1 AND source = $2`,
		workspace, source, in.DisplayName, in.DedupHours, in.SilentMinutes)
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
