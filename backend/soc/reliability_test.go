package soc

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestT14Reliability: by hand, and every answer lies in exactly one bin.
func TestT14Reliability(t *testing.T) {
	r := ReliabilityOf([]FloorOutcome{
		{VerdictFalsePositive, 0.95, VerdictFalsePositive},
		{VerdictFalsePositive, 0.97, VerdictTruePositive},
		{VerdictTruePositive, 0.72, VerdictSuspicious},
		{VerdictUndetermined, 0.6, VerdictFalsePositive},
		{VerdictFalsePositive, 0.9, VerdictUndetermined},
	})
	if r.Decided != 4 || r.Undetermined != 1 || r.Answered != 3 || r.Right != 2 || r.Bins[9].N != 2 || r.Bins[7].Right != 1 {
		t.Errorf("%+v", r)
	}
	if want := (2*(0.96-0.5) + (1 - 0.72)) / 3; math.Abs(r.CalibrationError-want) > 1e-12 {
		t.Errorf("calibration error %v, want %v", r.CalibrationError, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		var outcomes []FloorOutcome
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			outcomes = append(outcomes, FloorOutcome{rapid.SampledFrom(AllVerdicts).Draw(t, "stated"), rapid.Float64Range(0, 1).Draw(t, "p"), rapid.SampledFrom(AllVerdicts).Draw(t, "decided")})
		}
		r, n, right := ReliabilityOf(outcomes), 0, 0
		for _, b := range r.Bins {
			n, right = n+b.N, right+b.Right
		}
		if n != r.Answered || right != r.Right || r.Answered+r.Undetermined != r.Decided || r.CalibrationError < 0 || r.CalibrationError > 1 {
			t.Fatalf("%+v", r)
		}
	})
}
