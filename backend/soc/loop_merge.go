package soc

import (
	"math"
	"slices"
	"strings"
)

// LoopConfidence is T25: computed, never claimed.
type LoopConfidence struct {
	// Coverage is the share of questions answered with a cited fact, Agreement
	// the share of voices that say the same class, Precision the share of
	// citations that hold.
	Coverage  float64 `json:"coverage"`
	Agreement float64 `json:"agreement"`
	Precision float64 `json:"precision"`
	// Value is their product; Word is what is shown until the model is
	// calibrated.
	Value float64 `json:"value"`
	Word  string  `json:"word"`
}

// ComputeConfidence computes T25 from the stages that are done and the floor's
// result. A cold floor has no voice.
func ComputeConfidence(d Investigated, floor FloorResult) LoopConfidence {
	var c LoopConfidence
	if d.Verdict == nil {
		c.Word = "low"
		return c
	}
	answered := map[string]bool{}
	for _, a := range d.Verdict.Answers {
		if len(a.Facts) > 0 && strings.TrimSpace(a.Answer) != "" {
			answered[a.Question] = true
		}
	}
	c.Coverage = float64(len(answered)) / float64(len(Questions))
	voices, agree := 1, 1
	voice := func(v Verdict) {
		voices++
		if v == d.Verdict.Classification {
			agree++
		}
	}
	if d.SelfCheck != nil {
		voice(d.SelfCheck.Classification)
	}
	if !floor.ColdStart {
		voice(floor.Classification)
	}
	c.Agreement = float64(agree) / float64(voices)
	if d.Extraction != nil {
		if all := len(d.Extraction.Facts) + d.Extraction.Dropped; all > 0 {
			c.Precision = float64(len(d.Extraction.Facts)) / float64(all)
		}
	}
	c.Value = math.Round(c.Coverage*c.Agreement*c.Precision*100) / 100
	switch {
	case c.Value >= 0.70:
		c.Word = "high"
	case c.Value >= 0.40:
		c.Word = "medium"
	default:
		c.Word = "low"
	}
	return c
}

// LoopOutcome is stage 7: the model's position merged with the floor's, with what
// is submitted in its name. The server makes it and nobody else.
type LoopOutcome struct {
	Classification Verdict `json:"classification"`
	Reason         string  `json:"reason"`
	Score          int     `json:"score"`
	Comment        string  `json:"comment"`
	// Floor, Model and Check are the three positions side by side.
	Floor Verdict `json:"floor"`
	Model Verdict `json:"model"`
	Check Verdict `json:"self_check"`
	// Dissent: the floor says otherwise and stands beside.
	Dissent  bool   `json:"dissent"`
	Raises   bool   `json:"raises"`
	Contrary string `json:"contrary,omitempty"`
	// Holds are the reasons why a person decides, whatever the settings.
	Holds      []Code         `json:"holds"`
	Confidence LoopConfidence `json:"confidence"`
}

// Merged is what T26 makes of three positions.
type Merged struct {
	Classification Verdict
	Holds          []Code
	// Dissent: the floor's class is not the outcome's. Raises: the outcome is more
	// alarming than the floor.
	Dissent, Raises bool
}

// Merge is the table of T26: a model can raise, never lower, what the floor
// allows. Suspicious counts with TruePositive.
func Merge(floor FloorResult, model, check Verdict) Merged {
	alarming := func(v Verdict) bool { return v == VerdictTruePositive || v == VerdictSuspicious }
	agree := model == check || alarming(model) && alarming(check)
	m := Merged{Classification: model, Dissent: floor.Classification != model}
	thin := floor.ColdStart || floor.Classification == VerdictUndetermined
	switch {
	case !agree:
		// Two readings of the same facts differ: nothing is known. An alarm of
		// either is not lost on the way, the floor's position holds the priority.
		m.Classification, m.Holds = VerdictUndetermined, []Code{CodeFloorDisagrees}
		m.Dissent = floor.Classification != VerdictUndetermined
	case alarming(model):
		m.Raises = !alarming(floor.Classification)
	case floor.Vetoed, alarming(floor.Classification):
		m.Holds = []Code{CodeFloorDisagrees}
	case model == VerdictUndetermined:
		// Nothing is proposed that could close.
	case thin:
		m.Holds = []Code{CodeHistoryThin}
	case model != floor.Classification:
		m.Holds = []Code{CodeFloorDisagrees}
	}
	return m
}

// Reconcile makes stage 7 of the stages before it. calibrated says that enough
// labelled outcomes exist for this model and these prompts; until then nothing
// closes on its word (T25).
func Reconcile(d Investigated, floor FloorResult, calibrated bool) LoopOutcome {
	out := LoopOutcome{Floor: floor.Classification, Holds: []Code{}, Confidence: ComputeConfidence(d, floor)}
	if d.Verdict == nil || d.SelfCheck == nil {
		out.Classification, out.Holds = VerdictUndetermined, []Code{CodeModelFailed}
		return out
	}
	m := Merge(floor, d.Verdict.Classification, d.SelfCheck.Classification)
	out.Classification, out.Model, out.Check = m.Classification, d.Verdict.Classification, d.SelfCheck.Classification
	out.Dissent, out.Raises = m.Dissent, m.Raises
	out.Holds = append(out.Holds, m.Holds...)
	out.Score, out.Contrary = d.Verdict.Score, d.SelfCheck.Contrary
	if out.Classification == d.Verdict.Classification {
		out.Reason = d.Verdict.Reason
	}
	if out.Classification.Benign() && !calibrated && !slices.Contains(out.Holds, CodeUncalibratedModel) {
		out.Holds = append(out.Holds, CodeUncalibratedModel)
	}
	out.Comment = investigationComment(d, out)
	return out
}

// investigationComment is the text that is submitted: the model's sentences,
// each with the evidence of its facts. A door escapes it when it is shown.
func investigationComment(d Investigated, out LoopOutcome) string {
	var b strings.Builder
	facts := Extraction{}
	if d.Extraction != nil {
		facts = *d.Extraction
	}
	line := func(text string, ids []string) {
		text = citationMark.ReplaceAllString(strings.ReplaceAll(strings.TrimSpace(text), "\n", " "), "")
		b.WriteString("- " + text)
		if cited := facts.EvidenceOf(ids); len(cited) > 0 {
			b.WriteString(" [" + strings.Join(cited, ", ") + "]")
		}
		b.WriteString("\n")
	}
	for _, s := range d.Verdict.Rationale {
		line(s.Sentence, s.Facts)
	}
	if out.Model != out.Check {
		b.WriteString("- The verdict (" + string(out.Model) + ") and the self-check (" + string(out.Check) + ") differ.\n")
	}
	if out.Contrary != "" && d.SelfCheck.Why != "" {
		line("Strongest contrary fact: "+d.SelfCheck.Why, []string{out.Contrary})
	}
	return strings.TrimRight(b.String(), "\n")
}
