package soc

import "math"

// z95 is the two-sided 95 % quantile of the normal distribution.
const z95 = 1.959963984540054

// Wilson is the 95 % interval of a share of n out of of [E. B. Wilson, JASA 22
// (1927)]: honest for small counts and for none. Of nothing it is 0 to 1.
func Wilson(n, of int) (low, high float64) {
	if of <= 0 {
		return 0, 1
	}
	p, total := float64(n)/float64(of), float64(of)
	middle := p + z95*z95/(2*total)
	spread := z95 * math.Sqrt(p*(1-p)/total+z95*z95/(4*total*total))
	scale := 1 + z95*z95/total
	// At the ends rounding must not cut the value itself off.
	return min(max(0, (middle-spread)/scale), p), max(min(1, (middle+spread)/scale), p)
}
