package tools

import "vedette/backend/soc"

// guide is which reasons go with which classification. It is drawn from the
// rule itself, so that it cannot promise what a submit would not keep.
type guide struct {
	Summary         string                `json:"summary"`
	Classifications []guideClassification `json:"classifications"`
}

type guideClassification struct {
	Word    string   `json:"classification"`
	Meaning string   `json:"meaning"`
	Reasons []string `json:"classification_reasons"`
	Sources string   `json:"sources"`
}

var verdictMeanings = map[soc.Verdict]string{
	soc.VerdictTruePositive:   "Something malicious or forbidden happened.",
	soc.VerdictBenignPositive: "It happened as detected and is expected or harmless.",
	soc.VerdictFalsePositive:  "The detection is wrong: it did not happen, or the logic or data is at fault.",
	soc.VerdictUndetermined:   "The evidence does not decide. The comment says what is missing.",
	soc.VerdictSuspicious:     "Suspicious and not decided.",
}

func verdictGuide() guide {
	out := guide{Summary: "Any other reason, or none, is recorded as Other. A score goes from 0 (benign) to 100 (malicious)."}
	for _, verdict := range soc.AllVerdicts {
		entry := guideClassification{Word: string(verdict), Meaning: verdictMeanings[verdict], Reasons: []string{}, Sources: "all"}
		source := ""
		if _, err := soc.NormaliseVerdict(entry.Word, "", ""); err != nil {
			source, entry.Sources = soc.SourceSentinelOne, soc.SourceSentinelOne
		}
		for _, reason := range soc.AllReasons() {
			if n, err := soc.NormaliseVerdict(entry.Word, reason, source); err == nil && n.Reason == reason {
				entry.Reasons = append(entry.Reasons, reason)
			}
		}
		out.Classifications = append(out.Classifications, entry)
	}
	return out
}
