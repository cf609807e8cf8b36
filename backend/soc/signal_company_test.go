package soc

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestT11CompanyOnlyRaises: whatever fired on the host before, the probability
// of a TruePositive never falls and nothing becomes closable by it.
func TestT11CompanyOnlyRaises(t *testing.T) {
	w := ShippedWeights()
	rapid.Check(t, func(t *rapid.T) {
		in := noisy()
		alone := Floor(in, w)
		for range rapid.IntRange(0, 6).Draw(t, "signatures") {
			n := func(name string) int { return rapid.IntRange(0, 40).Draw(t, name) }
			in.Company = append(in.Company, Company{Host: "h", Evidence: []string{"E2"}, Counts: VerdictCounts{n("tp"), n("bp"), n("fp")}})
		}
		with := Floor(in, w)
		if with.P.TruePositive < alone.P.TruePositive || with.Closable && !alone.Closable {
			t.Fatalf("%v became %v", alone.P, with.P)
		}
	})
	in := noisy()
	in.Company = []Company{{Host: "h", Evidence: []string{"E2"}, Counts: VerdictCounts{TruePositive: 9}}}
	if with := Floor(in, w); with.P.TruePositive <= Floor(noisy(), w).P.TruePositive {
		t.Error("a signature of attacks on the same host must raise the odds")
	}
}

// TestT8TypesCountOnce: a chronic rule with a thousand false alarms says about
// the next rule what any one rule says.
func TestT8TypesCountOnce(t *testing.T) {
	noise, attack := VerdictCounts{FalsePositive: 1000}, VerdictCounts{TruePositive: 1}
	sum := SharesOf(noise).Add(SharesOf(attack))
	levels := []LevelCounts{{Level: LevelWorkspace, Counts: VerdictCounts{TruePositive: 1, FalsePositive: 1000}, Types: sum}}
	m := Estimate(levels)
	if want := (1 + 2.0/3) / 4; math.Abs(m.P.TruePositive-want) > 1e-12 || m.N != 1001 {
		t.Errorf("%+v, want p(TP) %v beside all 1,001 decisions", m, want)
	}
	if back := sum.Less(SharesOf(attack)); back != SharesOf(noise) {
		t.Errorf("taken back: %+v", back)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int { return rapid.IntRange(0, 1000).Draw(t, name) }
		s := SharesOf(VerdictCounts{n("tp"), n("bp"), n("fp")})
		if total := s.TruePositive + s.BenignPositive + s.FalsePositive; total > typeUnit || total != 0 && total < typeUnit-3 {
			t.Fatalf("%+v", s)
		}
	})
}
