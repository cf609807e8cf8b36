package measure

import (
	"cmp"
	"slices"
)

// Coverage is the largest share of cases, taken by falling confidence, whose
// accuracy is at least Accuracy; Threshold is the confidence of the last.
type Coverage struct {
	Accuracy  float64  `json:"accuracy"`
	Covered   Estimate `json:"covered"`
	Threshold *float64 `json:"threshold"` // null where nothing is covered
}

// CurvePoint is one point of accuracy against coverage.
type CurvePoint struct {
	Coverage   float64 `json:"coverage"`
	Accuracy   float64 `json:"accuracy"`
	Confidence float64 `json:"confidence"`
}

// byConfidence sorts cases by falling confidence of the forced answer.
func byConfidence(cases []Case) []Case {
	sorted := slices.Clone(cases)
	slices.SortStableFunc(sorted, func(a, b Case) int {
		_, p := a.Forced()
		_, q := b.Forced()
		return cmp.Compare(q, p)
	})
	return sorted
}

// walk calls visit at the end of every run of equal confidence, since a
// threshold takes all of a run or none of it.
func walk(sorted []Case, times []int, visit func(taken, right int, confidence float64)) {
	taken, right := 0, 0
	for i, c := range sorted {
		taken += times[i]
		if c.right() {
			right += times[i]
		}
		_, p := c.Forced()
		if i+1 < len(sorted) {
			if _, next := sorted[i+1].Forced(); next == p {
				continue
			}
		}
		visit(taken, right, p)
	}
}

func coverageAt(sorted []Case, accuracy float64, seed uint64) Coverage {
	out := Coverage{Accuracy: accuracy}
	covered := func(times []int) float64 {
		best := 0
		walk(sorted, times, func(taken, right int, _ float64) {
			if taken > 0 && float64(right) >= accuracy*float64(taken) {
				best = taken
			}
		})
		return float64(best) / float64(max(len(sorted), 1))
	}
	out.Covered = bootstrap(len(sorted), seed, covered)
	walk(sorted, once(len(sorted)), func(taken, right int, p float64) {
		if float64(right) >= accuracy*float64(taken) {
			out.Threshold = &p
		}
	})
	return out
}

func once(n int) []int {
	times := make([]int, n)
	for i := range times {
		times[i] = 1
	}
	return times
}

// curvePoints bounds the points of a drawn curve.
const curvePoints = 200

func curve(sorted []Case) []CurvePoint {
	var all []CurvePoint
	walk(sorted, once(len(sorted)), func(taken, right int, p float64) {
		all = append(all, CurvePoint{float64(taken) / float64(len(sorted)), float64(right) / float64(taken), p})
	})
	if len(all) <= curvePoints {
		return all
	}
	thin := make([]CurvePoint, 0, curvePoints)
	for i := range curvePoints {
		thin = append(thin, all[i*(len(all)-1)/(curvePoints-1)])
	}
	return thin
}
