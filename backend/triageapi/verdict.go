package triageapi

import (
	"math"

	"vedette/backend/soc"
)

// verdict is a judgement in the family's words, with the core's beside it.
type verdict struct {
	Classification     string   `json:"classification"`
	Confidence         float64  `json:"confidence"`
	Category           *string  `json:"category"`
	Reasoning          string   `json:"reasoning"`
	CoreClassification string   `json:"core_classification"`
	EvidenceIDs        []string `json:"evidence_ids"`
	Flags              []string `json:"flags"`
	TriageID           *string  `json:"triage_id"`
}

// shownVerdict is a person's verdict if one stands, else that of the
// investigation, held or not, unless a key has set another since, else what the
// source says; nil for none.
func shownVerdict(i soc.Incident, from soc.IncidentVerdict) *verdict {
	switch {
	case i.Verdict != "" && (i.VerdictBy == soc.PrincipalPerson || from.Investigation == nil || overruled(i, *from.Investigation)):
		return standingVerdict(i, i.Verdict)
	default:
		return proposedVerdict(i, from)
	}
}

// overruled: a key has set another verdict than the investigation's, which waits
// for nobody.
func overruled(i soc.Incident, from soc.Investigation) bool {
	return i.VerdictBy == soc.PrincipalService && i.ProposedVerdict == "" &&
		soc.TriageVerdict(i.Verdict, i.VerdictScore, i.Duplicate) != soc.TriageVerdict(from.Verdict, from.Score, from.Duplicate)
}

// proposedVerdict is that of the investigation; under a run token another
// incident shows the word alone.
func proposedVerdict(i soc.Incident, from soc.IncidentVerdict) *verdict {
	switch {
	case from.Triage != nil:
		return triageVerdict(*from.Triage)
	case from.Investigation != nil && from.Investigation.Verdict != "":
		return submittedVerdict(i, *from.Investigation)
	case i.ProposedVerdict != "":
		return standingVerdict(i, i.ProposedVerdict)
	}
	return nil
}

// standingVerdict is what the incident itself says.
func standingVerdict(i soc.Incident, core soc.Verdict) *verdict {
	word := soc.TriageVerdict(core, i.VerdictScore, i.Duplicate)
	return &verdict{
		Classification: word, Confidence: soc.TriageConfidence(word, i.VerdictScore), Category: category(word, i.Type),
		Reasoning: i.ClosingComment, CoreClassification: string(core), EvidenceIDs: []string{}, Flags: []string{},
	}
}

// submittedVerdict is what an agent or a key submitted.
func submittedVerdict(i soc.Incident, from soc.Investigation) *verdict {
	word := soc.TriageVerdict(from.Verdict, from.Score, from.Duplicate)
	return &verdict{
		Classification: word, Confidence: soc.TriageConfidence(word, from.Score), Category: category(word, i.Type), Reasoning: from.Comment,
		CoreClassification: string(from.Verdict), EvidenceIDs: list(from.Cited), Flags: []string{},
	}
}

// triageVerdict is the result of a triage; nil while there is none.
func triageVerdict(t soc.Triage) *verdict {
	if t.Verdict == "" {
		return nil
	}
	word := soc.TriageVerdict(t.Verdict, t.Score, false)
	return &verdict{
		Classification: word, Confidence: math.Round(t.Confidence*100) / 100, Category: category(word, t.Category), Reasoning: t.Reasoning,
		CoreClassification: string(t.Verdict), EvidenceIDs: list(t.EvidenceIDs), Flags: list(t.Flags), TriageID: textOrNull(t.ID),
	}
}

// category is null where nothing was concluded.
func category(word, text string) *string {
	if word == "inconclusive" {
		return nil
	}
	return textOrNull(text)
}
