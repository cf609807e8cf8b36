package soc

import (
	"math"
	"math/rand"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// counts is shorthand for a level of a table: TP, BP, FP.
func counts(level MemoryLevel, tp, bp, fp int) LevelCounts {
	return LevelCounts{Level: level, Counts: VerdictCounts{tp, bp, fp}}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// The expected fractions were worked out by hand from
// p_l(c) = (n_l(c) + 2 p_{l+1}(c)) / (n_l + 2).
func TestT8EstimateByHand(t *testing.T) {
	tests := []struct {
		name   string
		levels []LevelCounts
		want   Probabilities
		level  MemoryLevel
		n      int
		cold   bool
	}{
		{"nothing decided is uniform", nil, Probabilities{1. / 3, 1. / 3, 1. / 3}, LevelNone, 0, true},
		{
			"one workspace decision",
			[]LevelCounts{counts(LevelWorkspace, 1, 0, 0)},
			Probabilities{5. / 9, 2. / 9, 2. / 9},
			LevelWorkspace, 1, false,
		},
		{
			"three levels",
			[]LevelCounts{counts(LevelTitle, 0, 0, 2), counts(LevelDetector, 0, 1, 2), counts(LevelWorkspace, 1, 1, 2)},
			// workspace (5/18, 5/18, 8/18); detector (1/9, 14/45, 26/45);
			// title (2*1/9)/4, (2*14/45)/4, (2+2*26/45)/4.
			Probabilities{1. / 18, 7. / 45, 71. / 90},
			LevelTitle, 2, false,
		},
		{
			"a missing middle level passes the coarser on",
			[]LevelCounts{counts(LevelTitle, 0, 0, 2), counts(LevelWorkspace, 1, 1, 2)},
			Probabilities{5. / 36, 5. / 36, 13. / 18},
			LevelTitle, 2, false,
		},
		{
			"pooled start is (N_c+1)/(N+3)",
			[]LevelCounts{counts(LevelPooled, 1, 4, 2)},
			Probabilities{.2, .5, .3},
			LevelPooled, 7, true,
		},
		{
			"pooled levels under a workspace level",
			[]LevelCounts{counts(LevelWorkspace, 0, 0, 2), counts(LevelPooledCategory, 2, 0, 0), counts(LevelPooled, 1, 4, 2)},
			// category (.6, .25, .15); workspace (.3, .125, .575).
			Probabilities{.3, .125, .575},
			LevelWorkspace, 2, false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Estimate(test.levels)
			if !near(got.P.TruePositive, test.want.TruePositive) || !near(got.P.BenignPositive, test.want.BenignPositive) ||
				!near(got.P.FalsePositive, test.want.FalsePositive) {
				t.Errorf("probabilities %+v, want %+v", got.P, test.want)
			}
			if got.Level != test.level || got.N != test.n || got.ColdStart != test.cold {
				t.Errorf("level %s n %d cold %v, want %s %d %v", got.Level, got.N, got.ColdStart, test.level, test.n, test.cold)
			}
			slices.Reverse(test.levels)
			if again := Estimate(test.levels); again.P != got.P {
				t.Errorf("order of the levels changes %+v to %+v", got.P, again.P)
			}
		})
	}
}

// levelSet draws nested counts: a finer level never has more than a coarser.
func levelSet(t *rapid.T, pooled bool) []LevelCounts {
	draw := func(label string, limit int) int { return rapid.IntRange(0, limit).Draw(t, label) }
	title := VerdictCounts{draw("title tp", 20), draw("title bp", 20), draw("title fp", 60)}
	more := func(c VerdictCounts, label string) VerdictCounts {
		return VerdictCounts{
			c.TruePositive + draw(label+" tp", 9), c.BenignPositive + draw(label+" bp", 9), c.FalsePositive + draw(label+" fp", 9),
		}
	}
	detector := more(title, "detector")
	workspace := more(detector, "workspace")
	levels := []LevelCounts{
		{Level: LevelTitle, Counts: title},
		{Level: LevelDetector, Counts: detector},
		{Level: LevelWorkspace, Counts: workspace},
	}
	if !pooled {
		return levels
	}
	return append(levels,
		LevelCounts{Level: LevelPooledTitle, Counts: more(title, "pooled title")},
		LevelCounts{Level: LevelPooledDetector, Counts: more(detector, "pooled detector")},
		LevelCounts{Level: LevelPooled, Counts: more(workspace, "pooled")},
	)
}

func TestT8TruePositiveNeverLowersItsKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := levelSet(t, rapid.Bool().Draw(t, "pooled"))
		before := Estimate(levels)
		after := make([]LevelCounts, len(levels))
		for i, level := range levels {
			level.Counts.Add(VerdictTruePositive, 1)
			after[i] = level
		}
		if got := Estimate(after); got.P.TruePositive < before.P.TruePositive-1e-12 {
			t.Fatalf("p(TP) fell from %v to %v", before.P.TruePositive, got.P.TruePositive)
		}
	})
}

func TestT8IsADistribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Estimate(levelSet(t, rapid.Bool().Draw(t, "pooled"))).P
		if sum := p.TruePositive + p.BenignPositive + p.FalsePositive; !near(sum, 1) {
			t.Fatalf("sums to %v", sum)
		}
		if min(p.TruePositive, p.BenignPositive, p.FalsePositive) <= 0 {
			t.Fatalf("a class is impossible: %+v", p)
		}
	})
}

func TestT10ColdStartIsNoWorkspaceHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := levelSet(t, true)
		own := 0
		for _, level := range levels {
			if !level.Level.Pooled() {
				own += level.Counts.Total()
			}
		}
		if m := Estimate(levels); m.ColdStart != (own == 0) {
			t.Fatalf("cold start %v with %d own decisions", m.ColdStart, own)
		}
	})
}

func TestT6WhatMemoryCounts(t *testing.T) {
	var c VerdictCounts
	for _, v := range AllVerdicts {
		c.Add(v, 1)
	}
	if want := (VerdictCounts{TruePositive: 2, BenignPositive: 1, FalsePositive: 1}); c != want {
		t.Errorf("counted %+v, want %+v (Suspicious as TruePositive, Undetermined not)", c, want)
	}
}

func TestT15DriftGuard(t *testing.T) {
	const tp, fp, bp = VerdictTruePositive, VerdictFalsePositive, VerdictBenignPositive
	tests := []struct {
		name   string
		counts VerdictCounts
		newest []Verdict
		want   bool
	}{
		{"steady", VerdictCounts{0, 1, 30}, []Verdict{fp, fp, fp, bp, fp}, false},
		{"two of five differ", VerdictCounts{2, 0, 30}, []Verdict{tp, tp, fp, fp, fp}, false},
		{"three of five differ", VerdictCounts{3, 0, 30}, []Verdict{tp, tp, tp, fp, fp}, true},
		{"differ in two ways", VerdictCounts{2, 1, 30}, []Verdict{tp, bp, tp, fp, fp}, true},
		{"too few to say", VerdictCounts{4, 0, 5}, []Verdict{tp, tp, tp, tp}, false},
		{"no majority", VerdictCounts{5, 0, 5}, []Verdict{tp, tp, tp, tp, tp}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := (Memory{Counts: test.counts, Newest: test.newest}).Drifted(); got != test.want {
				t.Errorf("drifted %v, want %v", got, test.want)
			}
		})
	}
}

// event is one decision of an authored history.
type event struct {
	title, detector string
	verdict         Verdict
	at              time.Time
}

// asOf counts the events of one key that were decided by then, as the store's
// query does.
func asOf(history []event, title, detector string, then time.Time) []LevelCounts {
	levels := []LevelCounts{{Level: LevelTitle}, {Level: LevelDetector}, {Level: LevelWorkspace}}
	for _, e := range history {
		if e.at.After(then) {
			continue
		}
		levels[2].Counts.Add(e.verdict, 1)
		if e.detector == detector {
			levels[1].Counts.Add(e.verdict, 1)
		}
		if e.title == title {
			levels[0].Counts.Add(e.verdict, 1)
		}
	}
	return levels
}

// authoredHistory has three alert types whose truth is known: noise is always
// FalsePositive, admin BenignPositive, attack TruePositive.
func authoredHistory(n int) []event {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	kinds := []event{
		{"noise", "rule-1", VerdictFalsePositive, start},
		{"admin", "rule-2", VerdictBenignPositive, start},
		{"attack", "rule-3", VerdictTruePositive, start},
	}
	history := make([]event, n)
	for i := range history {
		history[i] = kinds[i%len(kinds)]
		history[i].at = start.Add(time.Duration(i) * time.Hour)
	}
	return history
}

// accuracy predicts each event from those decided before it.
func accuracy(history []event) float64 {
	right := 0
	for _, e := range history {
		m := Estimate(asOf(history, e.title, e.detector, e.at.Add(-time.Nanosecond)))
		if class, _ := m.P.Best(); class == e.verdict {
			right++
		}
	}
	return float64(right) / float64(len(history))
}

func TestT29AuthoredHistoryHasKnownAnswers(t *testing.T) {
	history := authoredHistory(90)
	// The first of each kind cannot be known; every later one is.
	if got, want := accuracy(history), 87.0/90; !near(got, want) {
		t.Errorf("accuracy %v, want %v", got, want)
	}
	noise := Estimate(asOf(history, "noise", "rule-1", history[89].at))
	if noise.Level != LevelTitle || noise.Counts != (VerdictCounts{0, 0, 30}) {
		t.Errorf("noise: %+v", noise)
	}
	// workspace 1/3 each; detector (2/3)/32 = 1/48; title (2/48)/32 = 1/768.
	if !near(noise.P.TruePositive, 1.0/768) {
		t.Errorf("p(TP) of noise %v, want 1/768", noise.P.TruePositive)
	}
}

func TestT29ShuffledLabelsFallToChance(t *testing.T) {
	history := authoredHistory(900)
	random := rand.New(rand.NewSource(7)) //nolint:gosec // a fixed shuffle
	random.Shuffle(len(history), func(i, j int) {
		history[i].verdict, history[j].verdict = history[j].verdict, history[i].verdict
	})
	if got := accuracy(history); math.Abs(got-1.0/3) > 0.05 {
		t.Errorf("accuracy %v on shuffled labels, want about 1/3", got)
	}
}

func TestT9FutureVerdictChangesNothing(t *testing.T) {
	history := authoredHistory(60)
	then := history[30].at
	before := Estimate(asOf(history, "noise", "rule-1", then))
	planted := append(slices.Clone(history), event{"noise", "rule-1", VerdictTruePositive, then.Add(time.Nanosecond)})
	if after := Estimate(asOf(planted, "noise", "rule-1", then)); after.P != before.P {
		t.Errorf("a verdict decided later changed %+v to %+v", before.P, after.P)
	}
}
