package measure

import (
	"fmt"
	"maps"
	"slices"

	"vedette/backend/soc"
)

// Summary holds the figures of T28 over one group of cases.
type Summary struct {
	N        int      `json:"n"`
	Accuracy Share    `json:"accuracy"`
	MacroF1  Estimate `json:"macro_f1"`
	// Confusion has labels as rows and forced answers as columns.
	Confusion        Confusion    `json:"confusion"`
	Classes          []ClassScore `json:"classes"`
	Coverage         []Coverage   `json:"coverage"`
	Curve            []CurvePoint `json:"curve,omitempty"`
	Reliability      []Bin        `json:"reliability"`
	CalibrationError float64      `json:"calibration_error"`
	Answered         Answered     `json:"answered"`
	Closing          Closing      `json:"closing"`
	Cold             Cold         `json:"cold_start"`
	Hidden           []Hidden     `json:"hidden,omitempty"`
	Rates            []ClassRates `json:"rates"`
}

// Answered is what was said with abstention (T15).
type Answered struct {
	Share     Share `json:"share"`
	Right     Share `json:"right"` // of those answered
	TPsBenign int   `json:"true_positives_called_benign"`
}

// Closing is what the closing rule (T16) would close.
type Closing struct {
	Closed   Share `json:"closed"`                // of all cases
	WrongTPs Share `json:"true_positives"`        // of those closed
	LostTPs  Share `json:"of_all_true_positives"` // of all TruePositives
}

// Cold is the slice without workspace history at decision time.
type Cold struct {
	N        int   `json:"n"`
	Right    Share `json:"right"`
	Marked   Share `json:"marked"`
	Answered Share `json:"answered"`
	Closed   int   `json:"closed"`
}

// ClassRates say, per label, how often a person is needed.
type ClassRates struct {
	Class        soc.Verdict `json:"class"`
	Held         Share       `json:"held"`
	Escalated    Share       `json:"escalated"` // said TruePositive or Suspicious
	Undetermined Share       `json:"undetermined"`
}

// The accuracies and recalls that are reported.
var (
	accuracies = []float64{0.975, 0.99}
	recalls    = []float64{0.90, 0.95, 0.99}
)

// Summarize computes every figure. A label that is no class is an error: such
// a case is left out by whoever reads the set, and says so.
func Summarize(cases []Case, seed uint64) (Summary, error) {
	for _, c := range cases {
		if classOf(c.Truth) < 0 {
			return Summary{}, fmt.Errorf("case %s: the label %q is not one of %v", c.ID, c.Truth, Classes)
		}
	}
	sorted := byConfidence(cases)
	s := Summary{N: len(cases), Confusion: confusionOf(sorted, once(len(sorted)))}
	n, right := s.Confusion.total()
	s.Accuracy = ShareOf(right, n)
	s.MacroF1 = bootstrap(len(sorted), seed, func(times []int) float64 { return confusionOf(sorted, times).macroF1() })
	s.Classes = s.Confusion.scores()
	for _, accuracy := range accuracies {
		s.Coverage = append(s.Coverage, coverageAt(sorted, accuracy, seed))
	}
	s.Curve = curve(sorted)
	s.Reliability, s.CalibrationError = reliability(cases)
	s.Answered, s.Closing, s.Cold = answeredOf(cases), closingOf(cases), coldOf(cases)
	for _, recall := range recalls {
		if h, ok := hiddenAt(cases, recall); ok {
			s.Hidden = append(s.Hidden, h)
		}
	}
	s.Rates = ratesOf(cases)
	return s, nil
}

func count(cases []Case, which func(Case) bool) (n int) {
	for _, c := range cases {
		if which(c) {
			n++
		}
	}
	return n
}

func isTP(c Case) bool { return c.Truth == soc.VerdictTruePositive }

func answeredOf(cases []Case) Answered {
	said := func(c Case) bool { return classOf(c.Stated) >= 0 }
	n := count(cases, said)
	return Answered{
		Share: ShareOf(n, len(cases)), Right: ShareOf(count(cases, func(c Case) bool { return c.Stated == c.Truth }), n),
		TPsBenign: count(cases, func(c Case) bool { return isTP(c) && c.Stated.Benign() }),
	}
}

func closingOf(cases []Case) Closing {
	closed := count(cases, func(c Case) bool { return c.Closable })
	wrong := count(cases, func(c Case) bool { return c.Closable && isTP(c) })
	return Closing{ShareOf(closed, len(cases)), ShareOf(wrong, closed), ShareOf(wrong, count(cases, isTP))}
}

func coldOf(cases []Case) Cold {
	unknown := slices.DeleteFunc(slices.Clone(cases), func(c Case) bool { return !c.Unknown })
	n := len(unknown)
	return Cold{
		N: n, Right: ShareOf(count(unknown, Case.right), n), Marked: ShareOf(count(unknown, func(c Case) bool { return c.ColdStart }), n),
		Answered: ShareOf(count(unknown, func(c Case) bool { return classOf(c.Stated) >= 0 }), n),
		Closed:   count(unknown, func(c Case) bool { return c.Closable }),
	}
}

func ratesOf(cases []Case) []ClassRates {
	var out []ClassRates
	for _, class := range Classes {
		labelled := slices.DeleteFunc(slices.Clone(cases), func(c Case) bool { return c.Truth != class })
		n := len(labelled)
		if n == 0 {
			continue
		}
		share := func(which func(Case) bool) Share { return ShareOf(count(labelled, which), n) }
		out = append(out, ClassRates{
			Class: class, Held: share(func(c Case) bool { return c.Held }),
			Escalated:    share(func(c Case) bool { return c.Stated == soc.VerdictTruePositive || c.Stated == soc.VerdictSuspicious }),
			Undetermined: share(func(c Case) bool { return c.Stated == soc.VerdictUndetermined }),
		})
	}
	return out
}

// Slice is the figures of one group of cases.
type Slice struct {
	By      string  `json:"by"`
	Value   string  `json:"value"`
	Summary Summary `json:"summary"`
}

// Slices groups the cases by each of their slice names.
func Slices(cases []Case, seed uint64) ([]Slice, error) {
	groups := map[string]map[string][]Case{}
	for _, c := range cases {
		for by, value := range c.Slices {
			if groups[by] == nil {
				groups[by] = map[string][]Case{}
			}
			groups[by][value] = append(groups[by][value], c)
		}
	}
	var out []Slice
	for _, by := range slices.Sorted(maps.Keys(groups)) {
		for _, value := range slices.Sorted(maps.Keys(groups[by])) {
			s, err := Summarize(groups[by][value], seed)
			if err != nil {
				return nil, err
			}
			s.Curve, s.Reliability = nil, nil
			out = append(out, Slice{by, value, s})
		}
	}
	return out, nil
}
