package soc

// TypeShares is how the decisions of a workspace split when each alert type
// counts once, in millionths of a type, so that sums can be kept and taken
// back exactly.
//
// An alert type without decisions is expected to be like a type, not like an
// alert: one chronic rule with a thousand false alarms says nothing about the
// next rule. On the GUIDE development split, with a delay of 24 h and without
// pooling, this lifts macro-F1 from 0.794 to 0.798 (`vedette eval run --mode floor`).
type TypeShares struct{ TruePositive, BenignPositive, FalsePositive int64 }

// typeUnit is one alert type.
const typeUnit = 1_000_000

// SharesOf is what one alert type with these decisions adds.
func SharesOf(c VerdictCounts) TypeShares {
	n := int64(c.Total())
	if n == 0 {
		return TypeShares{}
	}
	return TypeShares{int64(c.TruePositive) * typeUnit / n, int64(c.BenignPositive) * typeUnit / n, int64(c.FalsePositive) * typeUnit / n}
}

// Add sums two.
func (s TypeShares) Add(o TypeShares) TypeShares {
	return TypeShares{s.TruePositive + o.TruePositive, s.BenignPositive + o.BenignPositive, s.FalsePositive + o.FalsePositive}
}

// Less is s without o.
func (s TypeShares) Less(o TypeShares) TypeShares {
	return TypeShares{s.TruePositive - o.TruePositive, s.BenignPositive - o.BenignPositive, s.FalsePositive - o.FalsePositive}
}

// smooth is T8 with types for verdicts; known is false without any type.
func (s TypeShares) smooth(coarser Probabilities) (p Probabilities, known bool) {
	n := float64(s.TruePositive+s.BenignPositive+s.FalsePositive) / typeUnit
	if n == 0 {
		return coarser, false
	}
	part := func(k int64, c float64) float64 { return (float64(k)/typeUnit + backOff*c) / (n + backOff) }
	return Probabilities{
		TruePositive:   part(s.TruePositive, coarser.TruePositive),
		BenignPositive: part(s.BenignPositive, coarser.BenignPositive),
		FalsePositive:  part(s.FalsePositive, coarser.FalsePositive),
	}, true
}
