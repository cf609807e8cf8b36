package soc

import "slices"

// LoopPosition is the whole position of an investigation by a model, as people
// see it (triage.md T33): what it says, what that rests on, what speaks against
// it, what would change it, and what it cost. The words of the model are escaped;
// the counts, the confidence and the three voices are the server's.
type LoopPosition struct {
	Run            string         `json:"runId"`
	Classification Verdict        `json:"classification"`
	Reason         string         `json:"reason"`
	Confidence     LoopConfidence `json:"confidence"`
	// Calibrated: the number may be shown; until then the word is (T25).
	Calibrated bool `json:"calibrated"`
	// Floor, Model and SelfCheck are the three voices side by side.
	Floor      Verdict              `json:"floor"`
	Model      Verdict              `json:"model"`
	SelfCheck  Verdict              `json:"selfCheck"`
	Dissent    bool                 `json:"dissent"`
	Hypotheses []PositionHypothesis `json:"hypotheses"`
	Rationale  []PositionSentence   `json:"rationale"`
	// Contrary is the strongest fact against it, found without the rationale.
	Contrary    *PositionFact `json:"contrary"`
	ContraryWhy string        `json:"contraryWhy"`
	// WouldChange is what was said to be telling before anything was looked up and
	// was not found, or not looked for.
	WouldChange []string `json:"wouldChange"`
	// Unanswered are the questions that no cited fact answers.
	Unanswered []string `json:"unanswered"`
	// DroppedQuotes counts claims whose quote is not in the evidence they name.
	DroppedQuotes int       `json:"droppedQuotes"`
	Holds         []Code    `json:"holds"`
	ModelName     string    `json:"modelName"`
	Used          LoopUsage `json:"used"`
	Seconds       int64     `json:"seconds"`
	Investigation string    `json:"investigationId"`
	Gamebook      string    `json:"gamebookId"`
}

// PositionHypothesis is a reading of the incident and what became of it.
type PositionHypothesis struct {
	ID    string         `json:"id"`
	Kind  string         `json:"kind"`
	Claim string         `json:"claim"`
	State string         `json:"state"`
	Facts []PositionFact `json:"facts"`
}

// PositionSentence is a sentence beside the facts it rests on.
type PositionSentence struct {
	Text  string         `json:"text"`
	Facts []PositionFact `json:"facts"`
}

// PositionFact is a proven quote of a row of evidence.
type PositionFact struct {
	ID       string `json:"id"`
	Evidence string `json:"evidenceId"`
	Claim    string `json:"claim"`
	Quote    string `json:"quote"`
}

// positionChanges bounds what would change a verdict.
const positionChanges = 10

// PositionOf is the position of a run by its stages; nil where none was
// reconciled.
func PositionOf(d Investigated, w RunWork) *LoopPosition {
	if d.Outcome == nil {
		return nil
	}
	o := d.Outcome
	p := &LoopPosition{
		Run: w.Run, Classification: o.Classification, Reason: o.Reason, Confidence: o.Confidence, Floor: o.Floor, Model: o.Model, SelfCheck: o.Check, Dissent: o.Dissent,
		Calibrated: !slices.Contains(o.Holds, CodeUncalibratedModel) && o.Classification.Benign(), Hypotheses: []PositionHypothesis{}, Rationale: []PositionSentence{}, WouldChange: []string{}, Unanswered: []string{},
		Holds: append([]Code{}, o.Holds...), ModelName: EscapeVisible(w.Model), Used: w.Used,
	}
	if !w.StartedAt.IsZero() && !w.FinishedAt.IsZero() {
		p.Seconds = max(0, int64(w.FinishedAt.Sub(w.StartedAt).Seconds()))
	}
	facts := map[string]PositionFact{}
	if d.Extraction != nil {
		p.DroppedQuotes = d.Extraction.Dropped
		for _, f := range d.Extraction.Facts {
			facts[f.ID] = PositionFact{f.ID, f.Evidence, EscapeVisible(f.Claim), EscapeVisible(f.Quote)}
		}
	}
	of := func(ids []string) []PositionFact {
		out := []PositionFact{}
		for _, id := range ids {
			if f, known := facts[id]; known {
				out = append(out, f)
			}
		}
		return out
	}
	if d.Submission != nil {
		p.Investigation, p.Gamebook = d.Submission.Investigation, d.Submission.Gamebook
	}
	if d.SelfCheck != nil {
		if f, known := facts[d.SelfCheck.Contrary]; known {
			p.Contrary, p.ContraryWhy = &f, EscapeVisible(d.SelfCheck.Why)
		}
	}
	if d.Verdict == nil {
		return p
	}
	for _, s := range d.Verdict.Rationale {
		p.Rationale = append(p.Rationale, PositionSentence{EscapeVisible(s.Sentence), of(s.Facts)})
	}
	p.Unanswered = unansweredBy(d.Verdict.Answers)
	if d.Hypotheses != nil {
		p.weigh(d.Hypotheses.Hypotheses, d.Verdict.Hypotheses, of)
	}
	return p
}

// weigh puts each hypothesis beside what became of it, and says what would change
// the verdict: what would refute the reading it rests on, and what would support
// one that speaks against it.
func (p *LoopPosition) weigh(hypotheses []Hypothesis, states []HypothesisState, of func([]string) []PositionFact) {
	for _, h := range hypotheses {
		one := PositionHypothesis{ID: h.ID, Kind: h.Kind, Claim: EscapeVisible(h.Claim), State: "open", Facts: []PositionFact{}}
		for _, s := range states {
			if s.ID == h.ID {
				one.State, one.Facts = s.State, of(s.Facts)
			}
		}
		p.Hypotheses = append(p.Hypotheses, one)
		telling := h.Supported
		if (h.Kind == "benign") == p.Classification.Benign() {
			telling = h.Refuted
		}
		for _, text := range telling {
			if shown := EscapeVisible(text); len(p.WouldChange) < positionChanges && !slices.Contains(p.WouldChange, shown) {
				p.WouldChange = append(p.WouldChange, shown)
			}
		}
	}
}

// unansweredBy are the questions without an answer that a fact is cited for.
func unansweredBy(answers []CitedAnswer) []string {
	open := []string{}
	for _, q := range Questions {
		if !slices.ContainsFunc(answers, func(a CitedAnswer) bool { return a.Question == q && a.Answer != "" && len(a.Facts) > 0 }) {
			open = append(open, q)
		}
	}
	return open
}
