package soc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// LoopBudget bounds one investigation by a model (T21). Every member is hard.
type LoopBudget struct {
	ModelCalls int `json:"modelCalls"`
	ToolCalls  int `json:"toolCalls"`
	TokensIn   int `json:"tokensIn"`
	TokensOut  int `json:"tokensOut"`
	// CostMicros is money in millionths of a dollar; it binds where the model
	// has a price.
	CostMicros int64 `json:"costMicros"`
	// SoftSeconds is when the loop is told to finish, HardSeconds when it ends.
	SoftSeconds int `json:"softSeconds"`
	HardSeconds int `json:"hardSeconds"`
	// Identical is how often the same call may be made.
	Identical int `json:"identicalCalls"`
}

// ShippedLoopBudget is that of T21.
var ShippedLoopBudget = LoopBudget{
	ModelCalls: 12, ToolCalls: 30, TokensIn: 150_000, TokensOut: 12_000, CostMicros: 500_000, SoftSeconds: 300, HardSeconds: 1200, Identical: 2,
}

// LoopDay bounds what all investigations of a workspace use in a day (UTC).
type LoopDay struct {
	Tokens     int64
	CostMicros int64
}

// ShippedLoopDay is that of T21.
var ShippedLoopDay = LoopDay{Tokens: 5_000_000, CostMicros: 50_000_000}

// LoopUsage is what was used. Tokens are the endpoint's claim, or an estimate
// where it makes none.
type LoopUsage struct {
	ModelCalls int   `json:"modelCalls"`
	ToolCalls  int   `json:"toolCalls"`
	TokensIn   int   `json:"tokensIn"`
	TokensOut  int   `json:"tokensOut"`
	CostMicros int64 `json:"costMicros"`
	Estimated  bool  `json:"estimated"`
}

// Plus adds what was used.
func (u LoopUsage) Plus(more LoopUsage) LoopUsage {
	return LoopUsage{
		u.ModelCalls + more.ModelCalls, u.ToolCalls + more.ToolCalls, u.TokensIn + more.TokensIn, u.TokensOut + more.TokensOut,
		u.CostMicros + more.CostMicros, u.Estimated || more.Estimated,
	}
}

// Share is the largest used share of what asking a model takes; 1 or more is
// exhausted. Tool calls are apart: without any left there is still a verdict to
// give on what was read.
func (b LoopBudget) Share(u LoopUsage, running time.Duration) float64 {
	most := 0.0
	share := func(used, limit float64) {
		if limit > 0 {
			most = max(most, used/limit)
		}
	}
	share(float64(u.ModelCalls), float64(b.ModelCalls))
	share(float64(u.TokensIn), float64(b.TokensIn))
	share(float64(u.TokensOut), float64(b.TokensOut))
	share(float64(u.CostMicros), float64(b.CostMicros))
	share(running.Seconds(), float64(b.HardSeconds))
	return most
}

// Finishing reports whether the loop is to be told to come to an end.
func (b LoopBudget) Finishing(u LoopUsage, running time.Duration) bool {
	return b.Share(u, running) >= 0.8 || b.SoftSeconds > 0 && running.Seconds() >= float64(b.SoftSeconds)
}

// Exchange is one request and its answer, as the transcript keeps it: with
// secrets removed, before anything leaves.
type Exchange struct {
	Kind    string          `json:"kind"` // model, tool
	Request json.RawMessage `json:"request"`
	Answer  json.RawMessage `json:"answer,omitempty"`
	Fault   json.RawMessage `json:"fault,omitempty"`
	// Milliseconds it took.
	Milliseconds int64 `json:"ms"`
}

// RunStage is one stored stage of a run. Chain proves it and all before it.
type RunStage struct {
	Workspace string
	Run       string
	// Seq counts from 1 within the run.
	Seq       int
	Stage     Stage
	Fence     int64
	Model     string
	Result    []byte
	Exchanges []byte
	Usage     LoopUsage
	Error     Code
	// Report is the digest of what was handed in.
	Report string
	Chain  string
	At     time.Time
}

// RunWork is what a run of the loop is beside the run: its place in the queue,
// who holds it, how far it is and what it used.
type RunWork struct {
	Run             string
	Workspace       string
	Incident        string
	Agent           string
	Priority        int // 0 informational to 4 critical
	EvidenceVersion int64
	// Stage is the next one to be stored, Seq and Chain those of the last stored.
	Stage        Stage
	Seq          int
	Chain        string
	Fence        int64
	LeaseExpires time.Time
	// Bad counts results of the stage that did not pass.
	Bad int
	// Faults counts how often the run lost its endpoint.
	Faults     int
	Budget     LoopBudget
	Used       LoopUsage
	Model      string
	Prompts    string
	Error      Code
	QueuedAt   time.Time
	StartedAt  time.Time
	FinishedAt time.Time
}

// stageRecord is what the chain of a stage is over.
type stageRecord struct {
	Workspace string          `json:"workspace"`
	Run       string          `json:"run"`
	Seq       int             `json:"seq"`
	Stage     Stage           `json:"stage"`
	Fence     int64           `json:"fence"`
	Model     string          `json:"model"`
	Result    json.RawMessage `json:"result"`
	Exchanges string          `json:"exchanges"` // digest
	Usage     LoopUsage       `json:"usage"`
	Error     Code            `json:"error"`
	At        int64           `json:"at"`
}

// StageChain chains the stages of runs (ops-api.md section 8.2): an HMAC under a
// key that is not in the database, so that a row edited there no longer proves.
// The first key signs, all prove.
type StageChain struct{ keys []SecretKey }

// NewStageChain makes a chain of one key or more.
func NewStageChain(keys ...SecretKey) *StageChain { return &StageChain{keys} }

// Link is the chain value of a stage behind the one before it ("" for none).
func (c *StageChain) Link(before string, s RunStage) (string, error) {
	return c.link(c.keys[0], before, s)
}

func (c *StageChain) link(key SecretKey, before string, s RunStage) (string, error) {
	result := json.RawMessage(s.Result)
	if len(result) == 0 {
		result = json.RawMessage("null")
	}
	canonical, err := CanonicalRecord(stageRecord{
		s.Workspace, s.Run, s.Seq, s.Stage, s.Fence, s.Model, result, DigestOf("vedette-run-exchanges-v1", s.Exchanges), s.Usage, s.Error, s.At.UnixMicro(),
	})
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, key.Key[:])
	h.Write([]byte("vedette-run-stage-v1\n" + before + "\n"))
	h.Write(canonical)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Proves reports whether stages, in order, are as they were stored.
func (c *StageChain) Proves(stages []RunStage) bool {
	before := ""
	for n, s := range stages {
		if s.Seq != n+1 || !slices.ContainsFunc(c.keys, func(key SecretKey) bool {
			link, err := c.link(key, before, s)
			return err == nil && hmac.Equal([]byte(link), []byte(s.Chain))
		}) {
			return false
		}
		before = s.Chain
	}
	return true
}

// Loop is how the built-in investigation is set up in this server.
type Loop struct {
	// Prompts are the texts, by stage; Hash is over all of them.
	Prompts []LoopPrompt
	Hash    string
	// Tools is the digest of the tool definitions the loop is given.
	Tools  string
	Budget LoopBudget
	// Severities have a budget of their own where they are named.
	Severities map[Severity]LoopBudget
	Day        LoopDay
	Price      LoopPrice
	// Concurrent bounds the runs under way of a workspace.
	Concurrent int
	// Local: this server has a model of its own; else keys with runs:work take
	// the runs.
	Local bool
	// FloorMayCloseAlone lets the deterministic triager close before the model
	// has looked (T16).
	FloorMayCloseAlone bool
}

// BudgetFor is the budget of an investigation of an incident of a severity.
func (l *Loop) BudgetFor(severity Severity) LoopBudget {
	if own, ok := l.Severities[severity]; ok {
		return own
	}
	return l.Budget
}

// budgetMost bounds a member of a budget that an operator states.
const budgetMost = 1_000_000_000

// Set sets a member by its name in JSON; false where there is none of that name
// or the number is out of bounds. Zero does not bound.
func (b *LoopBudget) Set(member string, n int) bool {
	into := map[string]*int{
		"modelCalls": &b.ModelCalls, "toolCalls": &b.ToolCalls, "tokensIn": &b.TokensIn, "tokensOut": &b.TokensOut,
		"softSeconds": &b.SoftSeconds, "hardSeconds": &b.HardSeconds, "identicalCalls": &b.Identical,
	}[member]
	switch {
	case n < 0 || n > budgetMost:
		return false
	case member == "costMicros":
		b.CostMicros = int64(n)
	case into == nil:
		return false
	default:
		*into = n
	}
	return true
}

// CalibratedFrom is how many outcomes of a model with these prompts people must
// have decided before a benign verdict of it may close (T25).
const CalibratedFrom = 50

// LoopPrompt is one text said to a model.
type LoopPrompt struct {
	Name   string          `json:"name"`
	SHA256 string          `json:"sha256"`
	Text   string          `json:"text"`
	Schema json.RawMessage `json:"schema"`
}

// LoopPrice is what a model costs, in millionths of a dollar per million
// tokens; zero is not configured.
type LoopPrice struct{ In, Out int64 }

// Cost is what tokens cost.
func (p LoopPrice) Cost(in, out int) int64 {
	return (int64(in)*p.In + int64(out)*p.Out + 999_999) / 1_000_000
}

// RunLease is a run in the hands of a worker.
type RunLease struct {
	Workspace string
	Run       string
	// Token proves the run at every door; it is the worker's alone.
	Token    string
	Incident string // short id
	Fence    int64
	Expires  time.Time
	Stage    Stage
	Input    StageInput
	Chain    string
	Budget   LoopBudget
	Used     LoopUsage
	Prompts  []LoopPrompt
	// Completed are the stages that are stored, in order.
	Completed []RunStage
	// Error is the code of a stage that failed; the run is to be finished.
	Error Code
}

// StageReport is what a worker hands in of a stage.
type StageReport struct {
	Run       string
	Fence     int64
	Stage     Stage
	Chain     string
	Result    json.RawMessage
	Exchanges []Exchange
	Model     string
	Usage     LoopUsage
	Error     Code
}

// StageReceipt is the answer: what to do next.
type StageReceipt struct {
	Chain  string
	Stage  Stage
	Input  StageInput
	Finish bool
}

// RunPulse is the answer to a sign of life.
type RunPulse struct {
	Expires time.Time
	// Stop is empty, cancelled, kill_switch, budget or suspended.
	Stop string
}

// RunEnd is how a worker ends a run.
type RunEnd struct {
	Run   string
	Fence int64
	Chain string
	Error Code
}

// LoopErrors are the codes with which a stage may fail.
var LoopErrors = []Code{CodeModelFailed, CodeModelRefused, CodeModelUnavailable, CodeBudgetExhausted}

// RunTranscript is a run with everything that was said.
type RunTranscript struct {
	Run    RunView
	Stages []RunStage
	// Whole: the chain proves every row.
	Whole bool
}

// secretShapes are the forms of credentials: ours, and those of the providers
// and protocols that a model endpoint or a log line is likely to hold.
var secretShapes = []*regexp.Regexp{
	regexp.MustCompile(`\bvd[tr]_[A-Za-z0-9_-]{8,}`),
	regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{16,}`),
	regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/-]{16,}=*`),
	regexp.MustCompile(`(?i)\b(api-key|x-api-key|authorization)\s*:\s*[^\s"\\]{8,}`),
	regexp.MustCompile(`\bwhsec_[A-Za-z0-9+/=]{16,}`),
}

// removedSecret stands where a credential was. None of the shapes matches it.
const removedSecret = "[secret removed]"

// RemoveSecrets takes credentials out of text that goes to a model or into a
// transcript (S54): known ones by value and others by shape. Doing it twice
// changes nothing.
func RemoveSecrets(text string, known ...string) string {
	for _, secret := range known {
		if len(secret) >= 8 {
			text = strings.ReplaceAll(text, secret, removedSecret)
		}
	}
	for _, shape := range secretShapes {
		text = shape.ReplaceAllString(text, removedSecret)
	}
	return text
}
