package soc

import (
	"slices"
	"time"
)

// Verdict memory (triage.md section 2.1): what this workspace decided before
// about the same kind of alert. This file holds the mathematics only; which
// decisions are visible at an as-of time is a condition of the query that
// fills LevelCounts (T9).

// MemoryLevel is one level of the back-off of T8.
type MemoryLevel string

// The levels, finest first. The pooled ones hold other workspaces' bucketed
// counts and exist only where the operator enabled them (S46).
const (
	LevelTitle          MemoryLevel = "workspace+title"
	LevelDetector       MemoryLevel = "workspace+detector"
	LevelWorkspace      MemoryLevel = "workspace"
	LevelPooledTitle    MemoryLevel = "pooled+title"
	LevelPooledDetector MemoryLevel = "pooled+detector"
	LevelPooledCategory MemoryLevel = "pooled+category"
	// LevelPooled is every pooled decision: the start of the smoothing.
	LevelPooled MemoryLevel = "pooled"
	// LevelNone says that no level has a decision.
	LevelNone MemoryLevel = "none"
)

// AllMemoryLevels is finest first.
var AllMemoryLevels = []MemoryLevel{
	LevelTitle, LevelDetector, LevelWorkspace,
	LevelPooledTitle, LevelPooledDetector, LevelPooledCategory, LevelPooled, LevelNone,
}

// Pooled reports whether the level's counts come from other workspaces; such
// a level never closes anything (T10).
func (l MemoryLevel) Pooled() bool {
	return l == LevelPooledTitle || l == LevelPooledDetector || l == LevelPooledCategory || l == LevelPooled
}

// backOff is the strength of the coarser level in T8, in verdicts.
const backOff = 2

// LastVerdicts is how many of the newest decisions of a level are kept.
const LastVerdicts = 5

// MemoryVerdict is the class under which memory counts a decision: the three
// settled words are themselves, Suspicious counts as TruePositive (the side on
// which an error is cheap), Undetermined decides nothing and is not counted.
func MemoryVerdict(v Verdict) (Verdict, bool) {
	switch v {
	case VerdictTruePositive, VerdictSuspicious:
		return VerdictTruePositive, true
	case VerdictBenignPositive, VerdictFalsePositive:
		return v, true
	default:
		return "", false
	}
}

// VerdictCounts is how often each class was decided.
type VerdictCounts struct {
	TruePositive   int `json:"TruePositive"`
	BenignPositive int `json:"BenignPositive"`
	FalsePositive  int `json:"FalsePositive"`
}

// Add counts n decisions v as MemoryVerdict says.
func (c *VerdictCounts) Add(v Verdict, n int) {
	class, counted := MemoryVerdict(v)
	if !counted {
		return
	}
	switch class {
	case VerdictTruePositive:
		c.TruePositive += n
	case VerdictBenignPositive:
		c.BenignPositive += n
	case VerdictFalsePositive:
		c.FalsePositive += n
	}
}

// Total is the number of counted decisions.
func (c VerdictCounts) Total() int { return c.TruePositive + c.BenignPositive + c.FalsePositive }

// Majority is the class with the most decisions; ok is false on a tie for the
// first place or without any.
func (c VerdictCounts) Majority() (class Verdict, ok bool) {
	most := max(c.TruePositive, c.BenignPositive, c.FalsePositive)
	winners := 0
	for _, candidate := range []struct {
		class Verdict
		n     int
	}{
		{VerdictTruePositive, c.TruePositive},
		{VerdictBenignPositive, c.BenignPositive},
		{VerdictFalsePositive, c.FalsePositive},
	} {
		if candidate.n == most {
			winners++
			class = candidate.class
		}
	}
	if most == 0 || winners != 1 {
		return "", false
	}
	return class, true
}

// LevelCounts is what the store counted at one level: human decisions and
// imported source closures that were decided at or before the as-of time and
// are not superseded (T6, T9). Agent and automatic verdicts are never in it
// (S37).
type LevelCounts struct {
	Level  MemoryLevel
	Counts VerdictCounts
	// First and Last are when the oldest and the newest were decided.
	First, Last time.Time
	// Newest are at most LastVerdicts decisions, newest first.
	Newest []Verdict
	// Deciders counts the decisions by who decided: person, source.
	Deciders map[string]int
	// Types stand for Counts in the estimate, at the workspace level; without
	// any the counts do.
	Types TypeShares
}

// Probabilities is a distribution over the three classes.
type Probabilities struct {
	TruePositive   float64 `json:"TruePositive"`
	BenignPositive float64 `json:"BenignPositive"`
	FalsePositive  float64 `json:"FalsePositive"`
}

// uniform is what memory says when nobody ever decided anything.
var uniform = Probabilities{1.0 / 3, 1.0 / 3, 1.0 / 3}

// Memory is what the history of one alert type says.
type Memory struct {
	// Level is the finest one with a decision; the members below are its.
	Level       MemoryLevel
	N           int
	Counts      VerdictCounts
	First, Last time.Time
	Newest      []Verdict
	Deciders    map[string]int
	// P is the smoothed distribution over all levels.
	P Probabilities
	// ColdStart: this workspace never decided anything (T10).
	ColdStart bool
}

// Estimate applies T8 to the levels of one alert type, in any order; a level
// that is absent counts as empty, and of two with one name the later stands.
//
// Coarse to fine: p_l(c) = (n_l(c) + 2 p_{l+1}(c)) / (n_l + 2), starting at
// (N_c + 1) / (N + 3) over all pooled decisions, which is uniform while
// pooling is off.
func Estimate(levels []LevelCounts) Memory {
	byLevel := make(map[MemoryLevel]LevelCounts, len(levels))
	for _, level := range levels {
		byLevel[level.Level] = level
	}
	m := Memory{Level: LevelNone, P: startOf(byLevel[LevelPooled].Counts), ColdStart: true}
	for _, name := range slices.Backward(AllMemoryLevels) {
		level, known := byLevel[name]
		n := level.Counts.Total()
		if !known || n == 0 || name == LevelNone {
			continue
		}
		if p, types := level.Types.smooth(m.P); types && name == LevelWorkspace {
			m.P = p
		} else if name != LevelPooled {
			m.P = Probabilities{
				TruePositive:   smooth(level.Counts.TruePositive, n, m.P.TruePositive),
				BenignPositive: smooth(level.Counts.BenignPositive, n, m.P.BenignPositive),
				FalsePositive:  smooth(level.Counts.FalsePositive, n, m.P.FalsePositive),
			}
		}
		m.Level, m.N, m.Counts = name, n, level.Counts
		m.First, m.Last = level.First, level.Last
		m.Newest, m.Deciders = level.Newest, level.Deciders
		if !name.Pooled() {
			m.ColdStart = false
		}
	}
	return m
}

// startOf is (N_c + 1) / (N + 3); without decisions the uniform distribution.
func startOf(c VerdictCounts) Probabilities {
	n := c.Total()
	if n == 0 {
		return uniform
	}
	share := func(k int) float64 { return float64(k+1) / float64(n+3) }
	return Probabilities{share(c.TruePositive), share(c.BenignPositive), share(c.FalsePositive)}
}

func smooth(k, n int, coarser float64) float64 {
	return (float64(k) + backOff*coarser) / (float64(n) + backOff)
}

// Best is the most likely class and its probability. On equal probabilities
// TruePositive is stated before BenignPositive before FalsePositive.
func (p Probabilities) Best() (Verdict, float64) {
	class, best := VerdictTruePositive, p.TruePositive
	if p.BenignPositive > best {
		class, best = VerdictBenignPositive, p.BenignPositive
	}
	if p.FalsePositive > best {
		class, best = VerdictFalsePositive, p.FalsePositive
	}
	return class, best
}

// Drifted reports the drift guard of T15: five decisions are known, and at
// least three of the newest five are not the majority of the level. With five
// or fewer decisions in all the two cannot differ.
func (m Memory) Drifted() bool {
	majority, ok := m.Counts.Majority()
	if !ok || len(m.Newest) < LastVerdicts {
		return false
	}
	other := 0
	for _, v := range m.Newest[:LastVerdicts] {
		if class, counted := MemoryVerdict(v); counted && class != majority {
			other++
		}
	}
	return other*2 > LastVerdicts
}
