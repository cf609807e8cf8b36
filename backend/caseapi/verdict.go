package caseapi

import "vedette/backend/soc"

// caseVerdict is the family's word of the verdict that stands, nil for none
// (case-api.md section 10).
func caseVerdict(i soc.Incident) *string {
	word := ""
	switch {
	case i.Duplicate:
		word = "duplicate"
	case i.Verdict == soc.VerdictTruePositive:
		word = "true_positive"
	case i.Verdict == soc.VerdictFalsePositive:
		word = "false_positive"
	case i.Verdict == soc.VerdictBenignPositive:
		word = "benign"
	}
	return textOrNull(word)
}
