package measure

import (
	"math/rand/v2"
	"slices"

	"vedette/backend/soc"
)

// Resamples is how often a bootstrap draws (T31).
const Resamples = 1000

// Share is a count out of a number with its Wilson 95 % interval.
type Share struct {
	N     int     `json:"n"`
	Of    int     `json:"of"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ShareOf makes a Share. Of nothing, the value is 0 and the interval everything.
func ShareOf(n, of int) Share {
	if of <= 0 {
		return Share{High: 1}
	}
	s := Share{N: n, Of: of, Value: float64(n) / float64(of)}
	s.Low, s.High = soc.Wilson(n, of)
	return s
}

// Estimate is a figure with its bootstrap 95 % interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// bootstrap draws cases with replacement and takes the 2.5th and 97.5th
// percentile of the figure. A figure is a function of how often each case was
// drawn, so that a sorted order is made once and not for every draw.
func bootstrap(n int, seed uint64, figure func(times []int) float64) Estimate {
	times := make([]int, n)
	for i := range times {
		times[i] = 1
	}
	e := Estimate{Value: figure(times)}
	e.Low, e.High = e.Value, e.Value
	if n == 0 {
		return e
	}
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	drawn := make([]float64, Resamples)
	for i := range drawn {
		clear(times)
		for range n {
			times[random.IntN(n)]++
		}
		drawn[i] = figure(times)
	}
	slices.Sort(drawn)
	e.Low, e.High = drawn[Resamples*25/1000], drawn[Resamples*975/1000-1]
	return e
}
