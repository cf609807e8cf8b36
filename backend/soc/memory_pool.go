package soc

import "slices"

// PoolLeast is how many workspaces beside the one that asks must stand behind a
// pooled count (S46, T8).
const PoolLeast = 3

// poolBuckets are the counts that a pooled level shows: the largest that is not
// more than the sum. Between them a single decision of somebody else cannot be
// seen, and one or two cannot at all.
var poolBuckets = []int{0, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000}

// PoolBucket is what a pooled count shows of n decisions.
func PoolBucket(n int) int {
	at, exact := slices.BinarySearch(poolBuckets, n)
	if exact {
		return n
	}
	return poolBuckets[max(at-1, 0)]
}

// PoolShare is what one workspace decided at a level.
type PoolShare struct {
	Workspace string
	Counts    VerdictCounts
}

// Pool makes a pooled level of the shares of other workspaces; false where fewer
// than PoolLeast of them decided anything, or nothing is left of their counts.
// It has no times, no last verdicts and no deciders: they would tell of one.
func Pool(level MemoryLevel, shares []PoolShare) (LevelCounts, bool) {
	var behind []string
	var sum VerdictCounts
	for _, share := range shares {
		if share.Counts.Total() == 0 {
			continue
		}
		if !slices.Contains(behind, share.Workspace) {
			behind = append(behind, share.Workspace)
		}
		sum.TruePositive += share.Counts.TruePositive
		sum.BenignPositive += share.Counts.BenignPositive
		sum.FalsePositive += share.Counts.FalsePositive
	}
	if len(behind) < PoolLeast {
		return LevelCounts{}, false
	}
	out := LevelCounts{Level: level, Deciders: map[string]int{}, Counts: VerdictCounts{
		TruePositive: PoolBucket(sum.TruePositive), BenignPositive: PoolBucket(sum.BenignPositive), FalsePositive: PoolBucket(sum.FalsePositive),
	}}
	return out, out.Counts.Total() > 0
}

// ownLevels are the levels that hold what the workspace itself decided.
func ownLevels(levels []LevelCounts) []LevelCounts {
	return slices.DeleteFunc(slices.Clone(levels), func(l LevelCounts) bool { return l.Level.Pooled() })
}
