package store

import (
	"time"

	"vedette/backend/soc"
)

// sampleLimit bounds the durations that a spread is measured from; it is made
// of the newest of them.
const sampleLimit = 1000

// FigureLimit is the most that any count of an overview says.
const FigureLimit = figureLimit

// severityCount is how many wait of a severity, the first since oldest.
type severityCount struct {
	severity soc.Severity
	n        int
	oldest   int64
}

// HeldCounts counts the verdicts that wait for a person by severity, at most
// 10,000, and finds the one that waits longest.
func (r *Reader) HeldCounts(workspace string) (counts map[soc.Severity]int, waiting soc.Waiting, err error) {
	found, err := all(r, func(x row) (c severityCount, err error) { return c, x.Scan(&c.severity, &c.n, &c.oldest) },
		`SELECT severity, COUNT(*), MIN(updated_at) FROM (SELECT severity, updated_at FROM incident WHERE workspace_id = $1 AND held = TRUE AND deleted_at = 0
ORDER BY created_at, id LIMIT $2) AS waiting GROUP BY severity`, workspace, figureLimit)
	counts = map[soc.Severity]int{}
	var oldest int64
	for _, c := range found {
		counts[c.severity] = c.n
		waiting.N += c.n
		if oldest == 0 || c.oldest < oldest {
			oldest = c.oldest
		}
	}
	waiting.Oldest = fromMicros(oldest)
	return counts, waiting, err
}

// OldestNew is the creation of the oldest incident of each severity that is
// still new, whether or not triage has proposed a verdict on it.
func (r *Reader) OldestNew(workspace string) (map[soc.Severity]time.Time, error) {
	oldest := map[soc.Severity]time.Time{}
	for _, severity := range soc.AllSeverities {
		for phase := range 3 { // each is a range of its own on the index
			at, found, err := one(r, scanCount, `SELECT created_at FROM incident WHERE workspace_id = $1 AND phase = $3 AND status = 'new' AND severity_rank = $2 AND deleted_at = 0
ORDER BY created_at, id LIMIT 1`, workspace, severity.Rank(), phase)
			if err != nil {
				return nil, err
			}
			if known := oldest[severity]; found && (known.IsZero() || fromMicros(at).Before(known)) {
				oldest[severity] = fromMicros(at)
			}
		}
	}
	return oldest, nil
}

// ApprovalsWaiting counts the gamebooks that wait for people, at most 10,000,
// and tells since when the first does and when the first runs out.
func (r *Reader) ApprovalsWaiting(workspace string) (waiting soc.Waiting, expiry time.Time, err error) {
	var oldest, first int64
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*), COALESCE(MIN(requested_at), 0), COALESCE(MIN(approval_expires_at), 0) FROM (
SELECT requested_at, approval_expires_at FROM gamebook WHERE workspace_id = $1 AND `+approvalStates["pending"]+` ORDER BY approval_expires_at, id LIMIT $2) AS waiting`,
		workspace, figureLimit).Scan(&waiting.N, &oldest, &first)
	waiting.Oldest = fromMicros(oldest)
	return waiting, fromMicros(first), failure(err)
}

// TriagesOpen counts the triages that have not ended, at most 10,000, and tells
// since when the first was asked for.
func (r *Reader) TriagesOpen(workspace string) (waiting soc.Waiting, err error) {
	var oldest int64
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*), COALESCE(MIN(created_at), 0) FROM (
SELECT created_at FROM triage WHERE workspace_id = $1 AND finished_at = 0 ORDER BY created_at LIMIT $2) AS waiting`,
		workspace, figureLimit).Scan(&waiting.N, &oldest)
	waiting.Oldest = fromMicros(oldest)
	return waiting, failure(err)
}

// ProposedVerdicts counts what was proposed since a moment by others than
// people, the newest 10,000.
func (r *Reader) ProposedVerdicts(workspace string, since time.Time) ([]soc.ProposedCount, error) {
	return all(r, func(x row) (c soc.ProposedCount, err error) { return c, x.Scan(&c.By, &c.Verdict, &c.State, &c.N) },
		`SELECT by_kind, verdict, state, COUNT(*) FROM (SELECT by_kind, verdict, state FROM investigation WHERE workspace_id = $1 AND at >= $2
ORDER BY at DESC LIMIT $3) AS proposed WHERE by_kind <> 'person' GROUP BY by_kind, verdict, state ORDER BY by_kind, verdict, state`,
		workspace, micros(since), figureLimit)
}

// severityTime is a duration of one incident, in microseconds.
type severityTime struct {
	severity soc.Severity
	took     int64
}

func (r *Reader) durations(text string, args ...any) (map[soc.Severity][]time.Duration, error) {
	found, err := all(r, func(x row) (t severityTime, err error) { return t, x.Scan(&t.severity, &t.took) }, text, args...)
	times := map[soc.Severity][]time.Duration{}
	for _, t := range found {
		times[t.severity] = append(times[t.severity], time.Duration(t.took)*time.Microsecond)
	}
	return times, err
}

// TriageTimes is how long incidents that were judged since a moment had waited
// for it since they came in: of those among the thousand that changed last.
func (r *Reader) TriageTimes(workspace string, since time.Time) (map[soc.Severity][]time.Duration, error) {
	return r.durations(`SELECT i.severity, c.triaged_at - i.begins FROM (
SELECT id, severity, CASE WHEN ingested_at > created_at THEN ingested_at ELSE created_at END AS begins FROM incident
WHERE workspace_id = $1 AND deleted_at = 0 AND updated_at >= $2 ORDER BY updated_at DESC, id DESC LIMIT $3) AS i
JOIN incident_clock c ON c.incident_id = i.id WHERE c.workspace_id = $1 AND c.triaged_at >= $2 AND c.triaged_at > i.begins`, workspace, micros(since), sampleLimit)
}

// ContainTimes is how long it took from an incident's coming in to the end of
// its first response that was read back: of the newest thousand responses since
// a moment. What only reads contains nothing.
func (r *Reader) ContainTimes(workspace string, since time.Time) (map[soc.Severity][]time.Duration, error) {
	return r.durations(`SELECT i.severity, MIN(g.finished_at) - MIN(CASE WHEN i.ingested_at > i.created_at THEN i.ingested_at ELSE i.created_at END) FROM (
SELECT incident_id, finished_at FROM gamebook WHERE workspace_id = $1 AND status = 'Completed' AND requested_at >= $2 AND class <> 'read_only'
ORDER BY requested_at DESC, id DESC LIMIT $3) AS g
CROSS JOIN incident i WHERE i.id = g.incident_id AND i.workspace_id = $1 AND i.deleted_at = 0 GROUP BY i.id, i.severity`, workspace, micros(since), sampleLimit)
}

// Received sums up by the hour what sources sent since a moment, oldest first;
// hours without anything are left out.
func (r *Reader) Received(workspace string, since time.Time) ([]soc.ReceivedCount, error) {
	return all(r, func(x row) (c soc.ReceivedCount, err error) {
		var hour int64
		err = x.Scan(&hour, &c.Received, &c.Rejected)
		c.At = fromMicros(hour)
		return c, err
	}, `SELECT h.hour, CAST(SUM(h.received) AS BIGINT), CAST(SUM(h.rejected) AS BIGINT) FROM data_source s
JOIN source_hour h ON h.workspace_id = s.workspace_id AND h.source = s.source AND h.hour >= $2
WHERE s.workspace_id = $1 GROUP BY h.hour ORDER BY h.hour`, workspace, micros(since))
}
