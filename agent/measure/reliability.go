package measure

// Bin is one row of the reliability table: cases whose confidence lies in
// [From, To), how sure they were on average and how often they were right.
type Bin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	N          int     `json:"n"`
	Confidence float64 `json:"confidence"`
	Right      Share   `json:"right"`
}

// reliabilityBins is the number of bins of equal width; the calibration error
// of triage.md section 5.2 was measured with it.
const reliabilityBins = 10

// reliability returns the table and the expected calibration error: the mean
// distance of confidence and accuracy, weighted by the cases of a bin.
func reliability(cases []Case) (bins []Bin, calibrationError float64) {
	bins = make([]Bin, reliabilityBins)
	right := make([]int, reliabilityBins)
	for _, c := range cases {
		_, p := c.Forced()
		i := min(int(p*reliabilityBins), reliabilityBins-1)
		bins[i].N++
		bins[i].Confidence += p
		if c.right() {
			right[i]++
		}
	}
	for i := range bins {
		b := &bins[i]
		b.From, b.To = float64(i)/reliabilityBins, float64(i+1)/reliabilityBins
		b.Right = ShareOf(right[i], b.N)
		if b.N == 0 {
			continue
		}
		b.Confidence /= float64(b.N)
		distance := b.Confidence - b.Right.Value
		calibrationError += max(distance, -distance) * float64(b.N) / float64(len(cases))
	}
	return bins, calibrationError
}
