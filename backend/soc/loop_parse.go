package soc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// loopJSON bounds an answer of a model and what a loop reports of a stage.
var loopJSON = JSONLimits{StringBytes: loopPageBytes}

// ParseStage reads the result of a stage as the server will keep it, strictly:
// an unknown member, a duplicate key or a word outside its set is an error whose
// text tells a model what to write instead. It is the one parser: of what a
// model answers, of what a loop reports and of what is stored.
func (d *Investigated) ParseStage(stage Stage, raw []byte) error {
	switch stage {
	case StageOverview:
		return parseInto(raw, &d.Overview, nil)
	case StageHypotheses:
		return parseInto(raw, &d.Hypotheses, checkHypotheses)
	case StageSelect:
		return parseInto(raw, &d.Selection, checkSelection)
	case StageExtract:
		return parseInto(raw, &d.Extraction, checkExtraction)
	case StageVerdict:
		return parseInto(raw, &d.Verdict, d.checkVerdict)
	case StageSelfCheck:
		return parseInto(raw, &d.SelfCheck, d.checkSelfCheck)
	case StageReconcile:
		return parseInto(raw, &d.Outcome, nil)
	case StageRespond:
		return parseInto(raw, &d.Response, checkResponse)
	case StageSubmit:
		return parseInto(raw, &d.Submission, nil)
	}
	return InvalidField("stage", "must be one of the stages of a run")
}

// Result is the stored form of a stage that is done; nil if it is not.
func (d Investigated) Result(stage Stage) any {
	switch stage {
	case StageOverview:
		return d.Overview
	case StageHypotheses:
		return d.Hypotheses
	case StageSelect:
		return d.Selection
	case StageExtract:
		return d.Extraction
	case StageVerdict:
		return d.Verdict
	case StageSelfCheck:
		return d.SelfCheck
	case StageReconcile:
		return d.Outcome
	case StageRespond:
		return d.Response
	case StageSubmit:
		return d.Submission
	}
	return nil
}

func parseInto[T any](raw []byte, into **T, check func(*T) error) error {
	if err := CheckJSON(raw, loopJSON); err != nil {
		return err
	}
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || trimmed[0] != '{' {
		return InvalidField("result", "must be one JSON object")
	}
	var value T
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		// The text of encoding/json names members and kinds of JSON values; what it
		// quotes of the input is a member's name.
		return InvalidField("result", "does not have the shape of the schema: %s", EscapeVisible(strings.TrimPrefix(err.Error(), "json: ")))
	}
	if check != nil {
		if err := check(&value); err != nil {
			return err
		}
	}
	*into = &value
	return nil
}

func checkHypotheses(h *Hypotheses) error {
	if len(h.Hypotheses) < 2 || len(h.Hypotheses) > loopHypotheses {
		return InvalidField("hypotheses", "must hold two or three")
	}
	kinds := map[string]bool{}
	for n, one := range h.Hypotheses {
		path := fmt.Sprintf("hypotheses[%d]", n)
		switch {
		case one.ID != fmt.Sprintf("H%d", n+1):
			return InvalidField(path+".id", "must be H%d", n+1)
		case one.Kind != "benign" && one.Kind != "malicious":
			return InvalidField(path+".kind", "must be benign or malicious")
		case one.Claim == "" || len(one.Claim) > loopText:
			return InvalidField(path+".claim", "must have from 1 to %d characters", loopText)
		case len(one.Supported) == 0 || len(one.Supported) > 5 || tooLong(one.Supported):
			return InvalidField(path+".supported_by", "must name from one to five observations")
		case len(one.Refuted) == 0 || len(one.Refuted) > 5 || tooLong(one.Refuted):
			return InvalidField(path+".refuted_by", "must name from one to five observations")
		}
		kinds[one.Kind] = true
	}
	if !kinds["benign"] || !kinds["malicious"] {
		return InvalidField("hypotheses", "must hold at least one benign and one malicious")
	}
	return nil
}

func tooLong(texts []string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return s == "" || len(s) > loopText })
}

func checkSelection(s *Selection) error {
	if len(s.Pages) > loopPages {
		return InvalidField("pages", "must be at most %d", loopPages)
	}
	for n, page := range s.Pages {
		if len(page.Text) > loopPageBytes {
			return InvalidField(fmt.Sprintf("pages[%d].text", n), "must not be longer than %d bytes", loopPageBytes)
		}
		for _, id := range page.Evidence {
			if _, ok := ParseEvidenceID(id); !ok {
				return InvalidField(fmt.Sprintf("pages[%d].evidence", n), "must hold evidence ids such as E12")
			}
		}
	}
	return nil
}

// ParseFacts reads what a model extracted from one page: facts without ids.
func ParseFacts(raw []byte) ([]Fact, error) {
	var e *Extraction
	if err := parseInto(raw, &e, checkExtraction); err != nil {
		return nil, err
	}
	return e.Facts, nil
}

func checkExtraction(e *Extraction) error {
	if len(e.Facts) > loopPages*loopFacts {
		return InvalidField("facts", "must be at most %d of a page", loopFacts)
	}
	for n, f := range e.Facts {
		path := fmt.Sprintf("facts[%d]", n)
		switch _, ok := ParseEvidenceID(f.Evidence); {
		case !ok:
			return InvalidField(path+".evidence_id", "must be an evidence id such as E12")
		case f.Claim == "" || len(f.Claim) > loopText:
			return InvalidField(path+".claim", "must have from 1 to %d characters", loopText)
		case f.Quote == "" || len(f.Quote) > loopQuote:
			return InvalidField(path+".quote", "must have from 1 to %d characters, copied from the evidence", loopQuote)
		}
	}
	return nil
}

func (d *Investigated) knownFacts() map[string]bool {
	known := map[string]bool{}
	if d.Extraction != nil {
		for _, f := range d.Extraction.Facts {
			known[f.ID] = true
		}
	}
	return known
}

func (d *Investigated) checkVerdict(v *LoopVerdict) error {
	known := d.knownFacts()
	if err := checkClass("classification", v.Classification); err != nil {
		return err
	}
	if v.Score < 0 || v.Score > 100 {
		return InvalidField("score", "must be from 0 to 100")
	}
	if v.Reason != "" && !slices.Contains(AllReasons(), v.Reason) {
		return InvalidField("reason", "must be empty or one of %s", strings.Join(AllReasons(), ", "))
	}
	if len(v.Rationale) == 0 || len(v.Rationale) > loopSentences {
		return InvalidField("rationale", "must have from 1 to %d sentences", loopSentences)
	}
	for n, s := range v.Rationale {
		path := fmt.Sprintf("rationale[%d]", n)
		if s.Sentence == "" || len(s.Sentence) > loopText {
			return InvalidField(path+".sentence", "must have from 1 to %d characters", loopText)
		}
		// Where nothing could be extracted, nothing can be cited.
		if len(s.Facts) == 0 && len(known) > 0 {
			return InvalidField(path+".facts", "must name the facts that the sentence rests on, such as F1")
		}
		if err := factsKnown(path, s.Facts, known); err != nil {
			return err
		}
	}
	for n, a := range v.Answers {
		path := fmt.Sprintf("answers[%d]", n)
		if !slices.Contains(Questions, a.Question) {
			return InvalidField(path+".question", "must be one of %s", strings.Join(Questions, ", "))
		}
		if len(a.Answer) > loopText {
			return InvalidField(path+".answer", "must not be longer than %d characters", loopText)
		}
		if err := factsKnown(path, a.Facts, known); err != nil {
			return err
		}
	}
	return d.checkStates(v, known)
}

func (d *Investigated) checkStates(v *LoopVerdict, known map[string]bool) error {
	for n, h := range v.Hypotheses {
		path := fmt.Sprintf("hypotheses[%d]", n)
		if h.State != "supported" && h.State != "refuted" && h.State != "open" {
			return InvalidField(path+".state", "must be supported, refuted or open")
		}
		if d.Hypotheses != nil && !slices.ContainsFunc(d.Hypotheses.Hypotheses, func(one Hypothesis) bool { return one.ID == h.ID }) {
			return InvalidField(path+".id", "must be one of the hypotheses")
		}
		if err := factsKnown(path, h.Facts, known); err != nil {
			return err
		}
	}
	return nil
}

func factsKnown(path string, facts []string, known map[string]bool) error {
	for _, id := range facts {
		if !known[id] {
			return InvalidField(path+".facts", "must hold ids of the facts given, such as F1")
		}
	}
	return nil
}

func (d *Investigated) checkSelfCheck(c *SelfCheck) error {
	if err := checkClass("classification", c.Classification); err != nil {
		return err
	}
	if c.Contrary != "" && !d.knownFacts()[c.Contrary] {
		return InvalidField("contrary", "must be empty or the id of a fact given, such as F1")
	}
	if len(c.Why) > loopText {
		return InvalidField("why", "must not be longer than %d characters", loopText)
	}
	return nil
}

func checkClass(path string, v Verdict) error {
	if !slices.Contains(AllVerdicts, v) {
		words := make([]string, len(AllVerdicts))
		for n, one := range AllVerdicts {
			words[n] = string(one)
		}
		return InvalidField(path, "must be one of %s", strings.Join(words, ", "))
	}
	return nil
}

func checkResponse(r *Response) error {
	if len(r.Steps) > loopSteps {
		return InvalidField("steps", "must be at most %d", loopSteps)
	}
	for n, s := range r.Steps {
		if s.Playbook == "" || len(s.Playbook) > 64 || s.Entity == "" || len(s.Entity) > 64 {
			return InvalidField(fmt.Sprintf("steps[%d]", n), "must name playbook_id and entity_id as list_playbooks gives them")
		}
	}
	if len(r.SOP) > 64 {
		return InvalidField("sop", "must be the id of a procedure, or empty")
	}
	return nil
}
