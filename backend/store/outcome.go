package store

import (
	"strconv"
	"time"

	"vedette/backend/soc"
)

// outcomeEvents bounds how many decisions one reading looks at.
const outcomeEvents = 20_000

// FloorOutcomes pairs the newest decisions of people with what the
// deterministic triage had last said of the incident by then.
func (r *Reader) FloorOutcomes(workspace string, since, until time.Time) ([]soc.FloorOutcome, error) {
	return all(r, func(x row) (o soc.FloorOutcome, err error) {
		var confidence string
		if err = x.Scan(&o.Stated, &confidence, &o.Decided); err == nil {
			o.Confidence, err = strconv.ParseFloat(confidence, 64)
		}
		return o, err
	}, `SELECT t.verdict, t.confidence, e.verdict FROM (
  SELECT incident_id, verdict, MAX(decided_at) AS decided_at FROM (
    SELECT incident_id, verdict, decided_at FROM verdict_event
    WHERE workspace_id = $1 AND superseded_by = '' AND decided_by = 'person' AND decided_at >= $2 AND decided_at < $3 ORDER BY decided_at DESC LIMIT $4
  ) newest GROUP BY incident_id, verdict
) e JOIN triage t ON t.id = (
  SELECT id FROM triage WHERE incident_id = e.incident_id AND workspace_id = $1 AND engine = 'deterministic' AND finished_at > 0 AND finished_at <= e.decided_at AND result <> ''
  ORDER BY created_at DESC, id DESC LIMIT 1
) ORDER BY e.decided_at DESC, e.incident_id`, workspace, micros(since), micros(until), outcomeEvents)
}
