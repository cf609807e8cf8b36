package store

import "time"

// figureLimit bounds what a figure counts: a scrape costs the same however far
// the work has fallen behind, and "over ten thousand" is all that matters then.
const figureLimit = 10_000

// JobCount is how many jobs of a kind are in a state.
type JobCount struct {
	Kind, State string
	Jobs        int64
}

// OpenJobs counts the jobs that have not ended, by kind and state, at most
// 10,000 of them.
func (r *Reader) OpenJobs() ([]JobCount, error) {
	return all(r, func(x row) (c JobCount, err error) { return c, x.Scan(&c.Kind, &c.State, &c.Jobs) },
		`SELECT kind, state, COUNT(*) FROM (SELECT kind, CAST(state AS TEXT) AS state FROM river_job
WHERE state IN ('available', 'running', 'retryable', 'scheduled') LIMIT $1) AS open GROUP BY kind, state ORDER BY kind, state`, figureLimit)
}

// PendingDeliveries counts the deliveries that wait for an attempt, at most
// 10,000.
func (r *Reader) PendingDeliveries() (n int64, err error) {
	n, _, err = one(r, scanCount, `SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE status = 'Pending' AND is_test = FALSE LIMIT $1) AS waiting`, figureLimit)
	return n, err
}

// LiveSessions counts the sessions that have not ended, at most 10,000.
func (r *Reader) LiveSessions(now time.Time) (n int64, err error) {
	n, _, err = one(r, scanCount, `SELECT COUNT(*) FROM (SELECT 1 FROM session WHERE expires_at > $1 LIMIT $2) AS live`, micros(now), figureLimit)
	return n, err
}

func scanCount(x row) (n int64, err error) { return n, x.Scan(&n) }
