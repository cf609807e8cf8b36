package soc

import "slices"

// Promotion is a person's word that a target is what a sensor would say it is
// (S10): within one incident, on the strength of 1 to 20 rows of its evidence.
type Promotion struct {
	Incident, Entity string
	Reason           string   // 1 to 1,000 characters
	Evidence         []string // E1 ...
}

// promotionEvidence is the most rows that a promotion names.
const promotionEvidence = 20

// Check is the rule that needs no row. numbers are those of the rows, each once.
func (p Promotion) Check() (numbers []int, err error) {
	if n := len(p.Evidence); n == 0 || n > promotionEvidence {
		return nil, InvalidField("evidenceIds", "must name 1 to %d rows of evidence", promotionEvidence)
	}
	for _, id := range p.Evidence {
		n, ok := ParseEvidenceID(id)
		if !ok {
			return nil, InvalidField("evidenceIds", "must hold ids such as E12")
		}
		if !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}
