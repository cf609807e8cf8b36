package soc

import (
	"slices"
	"time"
)

// MemoryQuery asks what memory holds: of the alert types of an incident, or of
// one key.
type MemoryQuery struct {
	Incident string
	KeyKind  string // title or detector
	Key      string
	// AsOf shows only decisions made by then; zero shows all.
	AsOf time.Time
}

// MemoryKeyKinds are what a key may be.
var MemoryKeyKinds = []string{"title", "detector"}

// Check refuses a query that names nothing, or two things.
func (q MemoryQuery) Check() error {
	switch {
	case q.Incident != "" && (q.KeyKind != "" || q.Key != ""):
		return InvalidField("incidentId", "cannot be combined with keyKind and key")
	case q.Incident != "":
		return nil
	case q.Key == "":
		return InvalidField("incidentId", "required, or keyKind and key")
	case !slices.Contains(MemoryKeyKinds, q.KeyKind):
		return InvalidField("keyKind", "must be one of %v", MemoryKeyKinds)
	}
	return nil
}

// AlertKey is the key asked for.
func (q MemoryQuery) AlertKey() AlertKey {
	if q.KeyKind == "title" {
		return AlertKey{Title: q.Key}
	}
	return AlertKey{Detector: q.Key}
}

// MemoryOfType is what is remembered of one alert type.
type MemoryOfType struct {
	Key    AlertKey
	Levels []LevelCounts
	// WhyNot are the conditions of T16 on the history that it misses; empty
	// where the history alone would let a benign verdict close.
	WhyNot []HistoryGap
	// Events are the newest decisions, also those that count no more.
	Events []VerdictEvent
}

// HistoryGap is a condition of T16 that a history misses.
type HistoryGap string

// The gaps.
const (
	GapLevel        HistoryGap = "no_decision_on_this_alert_type"
	GapVerdicts     HistoryGap = "fewer_than_ten_decisions"
	GapTruePositive HistoryGap = "a_true_positive_among_them"
	GapDrift        HistoryGap = "the_last_five_contradict_the_majority"
	GapProbability  HistoryGap = "less_likely_than_0.93"
)

// HistoryGaps are the conditions of T16 that the history of one alert type
// misses, without any signal. What is pooled counts for nothing here (T10).
func HistoryGaps(levels []LevelCounts) []HistoryGap {
	return Estimate(ownLevels(levels)).gaps(shift{limit: 1})
}

// gaps: finest level, enough decisions, no TruePositive ever, no drift, and
// likely enough both with the warning lists and without them.
func (m Memory) gaps(s shift) (missing []HistoryGap) {
	for _, condition := range []struct {
		missed bool
		gap    HistoryGap
	}{
		{m.Level != LevelTitle, GapLevel}, {m.N < closeVerdicts, GapVerdicts}, {m.Counts.TruePositive > 0, GapTruePositive}, {m.Drifted(), GapDrift},
	} {
		if condition.missed {
			missing = append(missing, condition.gap)
		}
	}
	for _, where := range []position{combine(m, s), combine(m, s.withoutLists())} {
		if class, p := where.p.Best(); !class.Benign() || p < closeAt {
			return append(missing, GapProbability)
		}
	}
	return missing
}

// MemoryUndo asks to take one decision out of memory.
type MemoryUndo struct{ Event, Reason string }

// UndoNeedsTwo: without a TruePositive an alert type could become closable, so
// taking one away loosens; Suspicious counts as one.
func UndoNeedsTwo(v Verdict) bool {
	class, counted := MemoryVerdict(v)
	return counted && class == VerdictTruePositive
}

// memoryUndoWait is how long the first person's word waits for a second.
const memoryUndoWait = 24 * time.Hour

// MemoryUndoAsked is the first person's word.
type MemoryUndoAsked struct {
	Workspace, Event string
	By, Name, Reason string
	At               time.Time
}

// ExpiresAt is when it counts no more.
func (a MemoryUndoAsked) ExpiresAt() time.Time { return a.At.Add(memoryUndoWait) }

// MemoryUndone is what became of it: Asked is set while a second person has to
// agree.
type MemoryUndone struct {
	Event VerdictEvent
	Asked *MemoryUndoAsked
}
