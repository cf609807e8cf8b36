package measure

import (
	"cmp"
	"slices"

	"vedette/backend/soc"
)

// Hidden is what a cut by p(TP) would hide: the cut lies where the recall of
// TruePositives is reached, and ties with the cut stay visible.
type Hidden struct {
	Recall    float64  `json:"recall"`
	Threshold float64  `json:"threshold"`
	Share     Share    `json:"hidden"` // of the cases that are no TruePositive
	LostTP    int      `json:"lost_true_positives"`
	Phases    []string `json:"phases_without_survivor,omitempty"`
}

// hiddenAt ranks by p(TP), cuts where the recall is reached and counts.
func hiddenAt(cases []Case, recall float64) (h Hidden, ok bool) {
	var scores []float64
	for _, c := range cases {
		if c.Truth == soc.VerdictTruePositive {
			scores = append(scores, c.P.TruePositive)
		}
	}
	if len(scores) == 0 || len(scores) == len(cases) {
		return h, false
	}
	slices.SortFunc(scores, func(a, b float64) int { return cmp.Compare(b, a) })
	keep := 1
	for float64(keep) < recall*float64(len(scores)) {
		keep++
	}
	h = Hidden{Recall: recall, Threshold: scores[keep-1]}
	below, negatives := 0, 0
	survivors := map[string]bool{}
	for _, c := range cases {
		shown := c.P.TruePositive >= h.Threshold
		switch {
		case c.Truth != soc.VerdictTruePositive:
			negatives++
			if !shown {
				below++
			}
			continue
		case !shown:
			h.LostTP++
		}
		for _, phase := range c.Phases {
			survivors[phase] = survivors[phase] || shown
		}
	}
	h.Share = ShareOf(below, negatives)
	for phase, survives := range survivors {
		if !survives {
			h.Phases = append(h.Phases, phase)
		}
	}
	slices.Sort(h.Phases)
	return h, true
}
