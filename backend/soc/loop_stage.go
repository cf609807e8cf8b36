package soc

import "slices"

// Stage is one step of a model-driven investigation. The order is fixed and the
// server's (triage.md T18): a model fills stages, it chooses none.
type Stage string

// The stages in their order. Overview and reconcile take no model; submit only
// carries out what respond stored.
const (
	StageOverview   Stage = "overview"
	StageHypotheses Stage = "hypotheses"
	StageSelect     Stage = "select"
	StageExtract    Stage = "extract"
	StageVerdict    Stage = "verdict"
	StageSelfCheck  Stage = "self_check"
	StageReconcile  Stage = "reconcile"
	StageRespond    Stage = "respond"
	StageSubmit     Stage = "submit"
)

// AllStages is in the order of work.
var AllStages = []Stage{
	StageOverview, StageHypotheses, StageSelect, StageExtract, StageVerdict, StageSelfCheck, StageReconcile, StageRespond, StageSubmit,
}

// Drawn reports whether the server makes the stage's result itself.
func (s Stage) Drawn() bool { return s == StageOverview || s == StageReconcile }

// Next is the stage after s; false behind the last one.
func (s Stage) Next() (Stage, bool) {
	n := slices.Index(AllStages, s)
	if n < 0 || n+1 == len(AllStages) {
		return "", false
	}
	return AllStages[n+1], true
}

// Bounds of what stages may hold.
const (
	loopHypotheses = 3
	loopPages      = 4
	loopFacts      = 40
	loopSentences  = 20
	loopSteps      = 5
	loopText       = 2000
	loopQuote      = 600
	loopPageBytes  = 400 << 10
)

// Overview is the server's digest of an incident (stage 1). Names that an
// attacker may have chosen stand in Untrusted only, escaped.
type Overview struct {
	Incident      string          `json:"incident"`
	Source        string          `json:"source"`
	Type          string          `json:"type,omitempty"`
	Severity      Severity        `json:"severity"`
	Status        Status          `json:"status"`
	Alerts        int             `json:"alerts"`
	EvidenceRows  int             `json:"evidence_rows"`
	Entities      []OverviewCount `json:"entities"`
	EvidenceTypes []OverviewCount `json:"evidence_types"`
	Tactics       []string        `json:"tactics,omitempty"`
	// History is what this workspace decided before: counts and level. The
	// floor's own verdict is not told to the model.
	History OverviewHistory `json:"history"`
	// Gaps are what the server knows to be missing.
	Gaps []string `json:"gaps,omitempty"`
	// Flags are the rules of S40 that fired on the incident's text.
	Flags []string `json:"flags,omitempty"`
	// Look are the entities worth asking about first.
	Look      []OverviewEntity `json:"look"`
	Untrusted []UntrustedText  `json:"untrusted"`
}

// OverviewCount is a number of something.
type OverviewCount struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// OverviewHistory is the history line.
type OverviewHistory struct {
	Level          MemoryLevel `json:"level"`
	TruePositive   int         `json:"true_positive"`
	BenignPositive int         `json:"benign_positive"`
	FalsePositive  int         `json:"false_positive"`
}

// OverviewEntity names an entity by id and kind alone.
type OverviewEntity struct {
	ID   string     `json:"id"`
	Kind EntityKind `json:"kind"`
}

// UntrustedText is a value that somebody outside wrote.
type UntrustedText struct {
	Source string `json:"source"`
	Field  string `json:"field"`
	Value  string `json:"value"`
	Cut    bool   `json:"truncated,omitempty"`
}

// Hypothesis is one reading of the incident (stage 2).
type Hypothesis struct {
	ID        string   `json:"id"`
	Kind      string   `json:"kind"` // benign, malicious
	Claim     string   `json:"claim"`
	Supported []string `json:"supported_by"`
	Refuted   []string `json:"refuted_by"`
}

// Hypotheses is the result of stage 2.
type Hypotheses struct {
	Hypotheses []Hypothesis `json:"hypotheses"`
}

// Selection is the result of stage 3: what was looked up.
type Selection struct {
	Calls []SelectedCall `json:"calls"`
	Pages []ServedPage   `json:"pages"`
	// Notes are answers that are no evidence: history, procedures.
	Notes []SelectedNote `json:"notes"`
}

// SelectedCall is one tool call of the stage.
type SelectedCall struct {
	Tool      string `json:"tool"`
	Arguments string `json:"arguments"`
	IsError   bool   `json:"error,omitempty"`
	Bytes     int    `json:"bytes"`
}

// ServedPage is evidence rows as a tool served them, word for word.
type ServedPage struct {
	Evidence []string `json:"evidence"`
	Text     string   `json:"text"`
}

// SelectedNote is an answer of a tool that holds no evidence rows.
type SelectedNote struct {
	Tool string `json:"tool"`
	Text string `json:"text"`
}

// Fact is a claim with its proof (stage 4). The server gives the id.
type Fact struct {
	ID       string `json:"id"`
	Claim    string `json:"claim"`
	Evidence string `json:"evidence_id"`
	Quote    string `json:"quote"`
}

// Extraction is the result of stage 4. Dropped counts the facts whose quote is
// not literally in the evidence they name.
type Extraction struct {
	Facts   []Fact `json:"facts"`
	Dropped int    `json:"dropped"`
}

// HypothesisState is what became of a hypothesis (stage 5).
type HypothesisState struct {
	ID    string   `json:"id"`
	State string   `json:"state"` // supported, refuted, open
	Facts []string `json:"facts"`
}

// CitedSentence is a sentence with the facts it rests on.
type CitedSentence struct {
	Sentence string   `json:"sentence"`
	Facts    []string `json:"facts"`
}

// CitedAnswer is an answer to one of the questions.
type CitedAnswer struct {
	Question string   `json:"question"`
	Answer   string   `json:"answer"`
	Facts    []string `json:"facts"`
}

// LoopVerdict is the result of stage 5.
type LoopVerdict struct {
	Hypotheses     []HypothesisState `json:"hypotheses"`
	Classification Verdict           `json:"classification"`
	Reason         string            `json:"reason"`
	Score          int               `json:"score"`
	Rationale      []CitedSentence   `json:"rationale"`
	Answers        []CitedAnswer     `json:"answers"`
}

// SelfCheck is the result of stage 6, made from the facts alone.
type SelfCheck struct {
	Classification Verdict `json:"classification"`
	Contrary       string  `json:"contrary"` // fact id, "" for none
	Why            string  `json:"why"`
}

// Response is the result of stage 8: what the model picks, which decides nothing.
type Response struct {
	Steps []ResponseStep `json:"steps"`
	// SOP is the procedure followed, "" for none.
	SOP string `json:"sop"`
}

// ResponseStep is one action on one entity.
type ResponseStep struct {
	Playbook string `json:"playbook_id"`
	Entity   string `json:"entity_id"`
}

// Submission is the result of the last stage: what the doors answered.
type Submission struct {
	Gamebook      string `json:"gamebook"`
	Investigation string `json:"investigation"`
	Code          Code   `json:"code"`
}

// Questions are the question list of every alert family (T25).
var Questions = []string{"who", "what", "where", "when", "seen_before", "benign_explanation", "effect"}

// StageInput is what a stage may see, and nothing else: the self-check gets
// facts alone, so that it cannot repeat the verdict.
type StageInput struct {
	Stage      Stage          `json:"stage"`
	Incident   string         `json:"incident"`
	Overview   *Overview      `json:"overview,omitempty"`
	Hypotheses []Hypothesis   `json:"hypotheses,omitempty"`
	Pages      []ServedPage   `json:"pages,omitempty"`
	Notes      []SelectedNote `json:"notes,omitempty"`
	Facts      []Fact         `json:"facts,omitempty"`
	Questions  []string       `json:"questions,omitempty"`
	Outcome    *LoopOutcome   `json:"outcome,omitempty"`
	Response   *Response      `json:"response,omitempty"`
	// Finish tells the stage that four fifths of the budget are used (T21).
	Finish bool `json:"finish,omitempty"`
}

// Investigated holds the results of the stages that are done.
type Investigated struct {
	Overview   *Overview
	Hypotheses *Hypotheses
	Selection  *Selection
	Extraction *Extraction
	Verdict    *LoopVerdict
	SelfCheck  *SelfCheck
	Outcome    *LoopOutcome
	Response   *Response
	Submission *Submission
}

// Input is what the stage is given of what is done.
func (d Investigated) Input(stage Stage, incident string) StageInput {
	in := StageInput{Stage: stage, Incident: incident}
	if stage != StageSelfCheck {
		in.Overview = d.Overview
	}
	if d.Hypotheses != nil && (stage == StageSelect || stage == StageExtract || stage == StageVerdict) {
		in.Hypotheses = d.Hypotheses.Hypotheses
	}
	if d.Selection != nil {
		switch stage {
		case StageExtract:
			in.Pages = d.Selection.Pages
		case StageVerdict, StageRespond:
			in.Notes = d.Selection.Notes
		}
	}
	if d.Extraction != nil && (stage == StageVerdict || stage == StageSelfCheck || stage == StageRespond) {
		in.Facts = d.Extraction.Facts
	}
	if stage == StageVerdict {
		in.Questions = Questions
	}
	if stage == StageRespond || stage == StageSubmit {
		in.Outcome = d.Outcome
	}
	if stage == StageSubmit {
		in.Overview, in.Response = nil, d.Response
	}
	return in
}

// Say adds a name that somebody outside gave, escaped and bounded, each once.
func (o *Overview) Say(source, value string, names, width int) {
	shown := EscapeVisible(value)
	u := UntrustedText{Source: source, Field: "title", Value: shown}
	if runes := []rune(shown); len(runes) > width {
		u.Value, u.Cut = string(runes[:width]), true
	}
	if value != "" && len(o.Untrusted) < names && !slices.Contains(o.Untrusted, u) {
		o.Untrusted = append(o.Untrusted, u)
	}
}
