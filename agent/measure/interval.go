package measure

import (
	"math"
	"math/rand/v2"
	"slices"
)

// z95 is the two-sided 95 % quantile of the normal distribution.
const z95 = 1.959963984540054

// Resamples is how often a bootstrap draws (T31).
const Resamples = 1000

// Share is a count out of a number with its Wilson 95 % interval [E. B. Wilson,
// JASA 22 (1927)], which is honest for small counts and for none.
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
	p, total := float64(n)/float64(of), float64(of)
	middle := p + z95*z95/(2*total)
	spread := z95 * math.Sqrt(p*(1-p)/total+z95*z95/(4*total*total))
	scale := 1 + z95*z95/total
	s := Share{N: n, Of: of, Value: p, Low: max(0, (middle-spread)/scale), High: min(1, (middle+spread)/scale)}
	// At the ends rounding must not cut the value itself off.
	s.Low, s.High = min(s.Low, p), max(s.High, p)
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
