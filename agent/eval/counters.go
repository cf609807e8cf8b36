package eval

import (
	"context"

	"vedette/backend/soc"
)

// Counters is the mode history: T8 over plain counts, without signals. With
// pooling the counts of all workspaces are its coarse levels, without the rule
// of three workspaces, as section 5.2 of triage.md was measured.
type Counters struct {
	Pooling bool
	counts  map[counterKey]*soc.LevelCounts
}

type counterKey struct {
	level          soc.MemoryLevel
	workspace, key string
}

func (c *Counters) keys(item Item) []counterKey {
	keys := []counterKey{
		{soc.LevelTitle, item.Workspace, item.Keys.Title}, {soc.LevelDetector, item.Workspace, item.Keys.Detector}, {soc.LevelWorkspace, item.Workspace, ""},
	}
	if c.Pooling {
		keys = append(keys, counterKey{soc.LevelPooledTitle, "", item.Keys.Title}, counterKey{soc.LevelPooledDetector, "", item.Keys.Detector},
			counterKey{soc.LevelPooledCategory, "", item.Category}, counterKey{soc.LevelPooled, "", ""})
	}
	return keys
}

// Ingest has nothing to store.
func (c *Counters) Ingest(_ context.Context, item Item) (string, error) { return item.ID, nil }

// Decide counts a verdict at every level.
func (c *Counters) Decide(_ context.Context, item Item, _ string) error {
	if c.counts == nil {
		c.counts = map[counterKey]*soc.LevelCounts{}
	}
	for _, key := range c.keys(item) {
		level := c.counts[key]
		if level == nil {
			level = &soc.LevelCounts{Level: key.level}
			c.counts[key] = level
		}
		level.Counts.Add(item.Truth, 1)
		level.Last = item.Visible
		level.Newest = append([]soc.Verdict{item.Truth}, level.Newest[:min(len(level.Newest), soc.LastVerdicts-1)]...)
	}
	return nil
}

// Triage states what the counts say. Abstention and the closing rule are the
// floor's own, over the same counts and nothing else.
func (c *Counters) Triage(_ context.Context, item Item, _ string) (Position, error) {
	var levels []soc.LevelCounts
	for _, key := range c.keys(item) {
		if level := c.counts[key]; level != nil {
			levels = append(levels, *level)
		}
	}
	memory := soc.Estimate(levels)
	floor := soc.Floor(soc.FloorInput{
		GateSeverities: []soc.Severity{soc.SeverityMedium}, CloseSeverities: []soc.Severity{soc.SeverityMedium}, Evidence: []string{"E1"},
		Types: []soc.AlertType{{TitleKey: item.Keys.Title, DetectorKey: item.Keys.Detector, KeyVersion: soc.KeyVersion, Evidence: []string{"E1"}, Levels: levels}},
	}, soc.ShippedWeights())
	return Position{P: memory.P, Stated: floor.Classification, ColdStart: floor.ColdStart, Closable: floor.Closable, Level: memory.Level}, nil
}
