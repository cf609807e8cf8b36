package measure

import "vedette/backend/soc"

// Confusion counts labels (rows) against forced answers (columns), both in the
// order of Classes.
type Confusion [3][3]int

// ClassScore is precision and recall of one class.
type ClassScore struct {
	Class     soc.Verdict `json:"class"`
	Labelled  int         `json:"labelled"`
	Precision Share       `json:"precision"`
	Recall    Share       `json:"recall"`
	F1        float64     `json:"f1"`
}

func confusionOf(cases []Case, times []int) (m Confusion) {
	for i, c := range cases {
		class, _ := c.Forced()
		m[classOf(c.Truth)][classOf(class)] += times[i]
	}
	return m
}

func (m Confusion) total() (n, right int) {
	for i, row := range m {
		right += row[i]
		for _, count := range row {
			n += count
		}
	}
	return n, right
}

// of returns what makes precision and recall of a class.
func (m Confusion) of(class int) (hit, said, labelled int) {
	for other := range Classes {
		said += m[other][class]
		labelled += m[class][other]
	}
	return m[class][class], said, labelled
}

func (m Confusion) f1(class int) float64 {
	hit, said, labelled := m.of(class)
	if said+labelled == 0 {
		return 0
	}
	return 2 * float64(hit) / float64(said+labelled)
}

// macroF1 is the mean over the classes that are labelled at all.
func (m Confusion) macroF1() float64 {
	sum, n := 0.0, 0
	for class := range Classes {
		if _, _, labelled := m.of(class); labelled > 0 {
			sum += m.f1(class)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func (m Confusion) scores() []ClassScore {
	var out []ClassScore
	for class, word := range Classes {
		hit, said, labelled := m.of(class)
		if labelled == 0 && said == 0 {
			continue
		}
		out = append(out, ClassScore{Class: word, Labelled: labelled, Precision: ShareOf(hit, said), Recall: ShareOf(hit, labelled), F1: m.f1(class)})
	}
	return out
}
