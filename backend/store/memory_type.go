package store

import (
	"time"

	"vedette/backend/soc"
)

// creditType carries out a change of one alert type's decisions and keeps the
// sums over types in step. The row of the workspace is locked first: two
// decisions on one type at once would else both read the counts before.
func (tx *Tx) creditType(workspace, title string, change func() error) error {
	if err := tx.insert(`INSERT INTO memory_type (workspace_id, true_positive, benign_positive, false_positive) VALUES ($1, 0, 0, 0)
ON CONFLICT (workspace_id) DO UPDATE SET true_positive = memory_type.true_positive`, workspace); err != nil {
		return err
	}
	before, err := tx.keptCounts(workspace, soc.LevelTitle, title)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := tx.keptCounts(workspace, soc.LevelTitle, title)
	if err != nil {
		return err
	}
	d := soc.SharesOf(after).Less(soc.SharesOf(before))
	_, err = tx.update(`UPDATE memory_type SET true_positive = true_positive + $2, benign_positive = benign_positive + $3, false_positive = false_positive + $4
WHERE workspace_id = $1`, workspace, d.TruePositive, d.BenignPositive, d.FalsePositive)
	return err
}

type verdictTally struct {
	key     string
	verdict soc.Verdict
	n       int
}

func scanVerdictTally(x row) (t verdictTally, err error) {
	return t, x.Scan(&t.key, &t.verdict, &t.n)
}

// keptCounts are the kept counts of one key.
func (r *Reader) keptCounts(workspace string, level soc.MemoryLevel, key string) (counts soc.VerdictCounts, err error) {
	tallies, err := all(r, scanVerdictTally, `SELECT memory_key, verdict, n FROM memory_tally WHERE workspace_id = $1 AND level = $2 AND memory_key = $3 AND n > 0`, workspace, string(level), key)
	for _, t := range tallies {
		counts.Add(t.verdict, t.n)
	}
	return counts, err
}

// DetectorCounts are the decisions on a detector in a workspace.
func (r *Reader) DetectorCounts(workspace, detector string) (soc.VerdictCounts, error) {
	return r.keptCounts(workspace, soc.LevelDetector, detector)
}

// typeShares reads the kept sums, or with a time counts the decisions by then.
func (r *Reader) typeShares(workspace string, asOf time.Time) (sum soc.TypeShares, err error) {
	if asOf.IsZero() {
		sum, _, err = one(r, func(x row) (s soc.TypeShares, err error) {
			return s, x.Scan(&s.TruePositive, &s.BenignPositive, &s.FalsePositive)
		}, `SELECT true_positive, benign_positive, false_positive FROM memory_type WHERE workspace_id = $1`, workspace)
		return sum, err
	}
	tallies, err := all(r, scanVerdictTally, `SELECT title_key, verdict, COUNT(*) FROM verdict_event WHERE workspace_id = $1 AND superseded_by = '' AND decided_at <= $2
GROUP BY title_key, verdict`, workspace, micros(asOf))
	types := map[string]soc.VerdictCounts{}
	for _, t := range tallies {
		counts := types[t.key]
		counts.Add(t.verdict, t.n)
		types[t.key] = counts
	}
	for _, counts := range types {
		sum = sum.Add(soc.SharesOf(counts))
	}
	return sum, err
}
