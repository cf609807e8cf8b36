package store

import "vedette/backend/soc"

// setPooling keeps in step with a workspace's limits whether it takes part in
// pooled memory.
func (tx *Tx) setPooling(workspace string, pools bool) error {
	if !pools {
		return tx.insert(`DELETE FROM memory_pool WHERE workspace_id = $1`, workspace)
	}
	return tx.insert(`INSERT INTO memory_pool (workspace_id, organization_id) SELECT id, organization_id FROM workspace WHERE id = $1 ON CONFLICT (workspace_id) DO NOTHING`, workspace)
}

// poolMembers are the other workspaces that pool with one, which itself must.
const poolMembers = ` FROM memory_pool mine JOIN memory_pool m ON m.organization_id = mine.organization_id AND m.workspace_id <> mine.workspace_id`

// PooledHistory is what the other workspaces of the organization decided about
// an alert type, where this one and they both give and take (S46): at each
// level sums in buckets, and only of at least soc.PoolLeast of them. It looks
// up a few kept counts of every workspace that takes part.
func (r *Reader) PooledHistory(workspace string, key soc.AlertKey, category string) (levels []soc.LevelCounts, err error) {
	const kept = poolMembers + ` JOIN memory_tally t ON t.workspace_id = m.workspace_id AND t.level = $2 AND t.memory_key = $3 AND t.n > 0 WHERE mine.workspace_id = $1`
	for _, l := range []struct {
		level soc.MemoryLevel
		text  string
		args  []any
	}{
		{soc.LevelPooledTitle, kept, []any{workspace, string(soc.LevelTitle), key.Title}},
		{soc.LevelPooledDetector, kept, []any{workspace, string(soc.LevelDetector), key.Detector}},
		{soc.LevelPooledCategory, poolMembers + ` JOIN memory_category t ON t.workspace_id = m.workspace_id AND t.category = $2 AND t.n > 0 WHERE mine.workspace_id = $1`, []any{workspace, category}},
		{soc.LevelPooled, kept, []any{workspace, string(soc.LevelWorkspace), ""}},
	} {
		if l.level == soc.LevelPooledCategory && category == "" {
			continue
		}
		tallies, err := all(r, scanVerdictTally, `SELECT m.workspace_id, t.verdict, t.n`+l.text, l.args...)
		if err != nil {
			return nil, err
		}
		shares := make([]soc.PoolShare, len(tallies))
		for n, t := range tallies {
			shares[n].Workspace = t.key
			shares[n].Counts.Add(t.verdict, t.n)
		}
		if pooled, enough := soc.Pool(l.level, shares); enough {
			levels = append(levels, pooled)
		}
	}
	return levels, nil
}
