package soc

// FloorOutcome is what the deterministic triage last said of an incident
// before a person decided it, and what the person decided.
type FloorOutcome struct {
	Stated     Verdict
	Confidence float64
	Decided    Verdict
}

// ReliabilityBin is one row of a reliability table: answers whose confidence
// lies in [From, To), how sure they were on average, how often they were right.
type ReliabilityBin struct {
	From, To   float64
	N, Right   int
	Confidence float64
}

// Reliability is how often the triage and the people agreed (T14).
type Reliability struct {
	// Decided counts the incidents, Undetermined those on which the triage gave
	// no answer; the bins hold the others.
	Decided, Undetermined int
	Answered, Right       int
	// CalibrationError is the mean distance of confidence and share of right
	// answers, weighted by the answers of a bin.
	CalibrationError float64
	Bins             []ReliabilityBin
}

// reliabilityBins is the number of bins of equal width.
const reliabilityBins = 10

// ReliabilityOf makes the table. Decisions that memory does not count say
// nothing about an answer and are left out.
func ReliabilityOf(outcomes []FloorOutcome) Reliability {
	r := Reliability{Bins: make([]ReliabilityBin, reliabilityBins)}
	for i := range r.Bins {
		r.Bins[i].From, r.Bins[i].To = float64(i)/reliabilityBins, float64(i+1)/reliabilityBins
	}
	for _, o := range outcomes {
		truth, counted := MemoryVerdict(o.Decided)
		if !counted {
			continue
		}
		r.Decided++
		stated, answered := MemoryVerdict(o.Stated)
		if !answered {
			r.Undetermined++
			continue
		}
		b := &r.Bins[min(max(int(o.Confidence*reliabilityBins), 0), reliabilityBins-1)]
		b.N++
		b.Confidence += o.Confidence
		r.Answered++
		if stated == truth {
			b.Right++
			r.Right++
		}
	}
	for i := range r.Bins {
		b := &r.Bins[i]
		if b.N == 0 {
			continue
		}
		b.Confidence /= float64(b.N)
		distance := b.Confidence - float64(b.Right)/float64(b.N)
		r.CalibrationError += max(distance, -distance) * float64(b.N) / float64(r.Answered)
	}
	return r
}
