package soc

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Report is what a case was closed with, in the case family's words. Its JSON
// is the source of the other forms: the same rows give the same bytes, and no
// model has a hand in it.
type Report struct {
	Form        string             `json:"form"`
	Version     int                `json:"version"`
	Case        ReportCase         `json:"case"`
	Outcome     ReportOutcome      `json:"outcome"`
	Timeline    []ReportEvent      `json:"timeline"`
	Observables []ReportObservable `json:"observables"`
	Attack      []ReportTechnique  `json:"attack"`
	Evidence    []ReportEvidence   `json:"evidence"`
	Actions     []ReportAction     `json:"actions"`
	Attachments []ReportFile       `json:"attachments"`
	Comments    int                `json:"comments"`
	// Omitted counts what did not fit.
	Omitted map[string]int `json:"omitted"`
	Audit   ReportAudit    `json:"audit"`
}

// ReportForm names the members of Report; it changes with them.
const ReportForm = "vedette-case-report-1"

// ReportCase is the head of a report. The seconds count from when the case came
// in; null is never.
type ReportCase struct {
	ID                 string `json:"id"`
	Number             string `json:"number"`
	ShortID            string `json:"short_id"`
	Title              string `json:"title"`
	Severity           string `json:"severity"`
	Source             string `json:"source"`
	CreatedAt          string `json:"created_at"`
	ResolvedAt         string `json:"resolved_at"`
	AcknowledgeSeconds *int64 `json:"acknowledge_seconds"`
	TriageSeconds      *int64 `json:"triage_seconds"`
	ResolveSeconds     *int64 `json:"resolve_seconds"`
	// Breached are the targets that were missed.
	Breached []string `json:"breached"`
	Flags    int      `json:"flags"`
}

// ReportOutcome is what was decided and why.
type ReportOutcome struct {
	Verdict        *string `json:"verdict"`
	Classification string  `json:"classification"`
	Reason         string  `json:"reason"`
	DuplicateOf    *string `json:"duplicate_of"`
	RootCause      string  `json:"root_cause"`
	Narrative      string  `json:"narrative"`
	ResolvedBy     string  `json:"resolved_by"`
}

// ReportEvent is one line of the timeline, oldest first.
type ReportEvent struct {
	At     string         `json:"at"`
	By     string         `json:"by"`
	ByKind string         `json:"by_kind"`
	Kind   string         `json:"kind"`
	Data   map[string]any `json:"data"`
}

// ReportObservable is a typed value of the case.
type ReportObservable struct {
	Type       string `json:"type"`
	Value      string `json:"value"`
	Provenance string `json:"provenance"`
	Sightings  int    `json:"sightings"`
	FirstSeen  string `json:"first_seen"`
	LastSeen   string `json:"last_seen"`
}

// ReportTechnique is an ATT&CK technique that an alert of the case names.
type ReportTechnique struct {
	Technique string   `json:"technique"`
	Tactics   []string `json:"tactics"`
}

// ReportEvidence is a row of proof that somebody cited.
type ReportEvidence struct {
	ID         string `json:"id"`
	At         string `json:"at"`
	Source     string `json:"source"`
	Type       string `json:"type"`
	Summary    string `json:"summary"`
	Provenance string `json:"provenance"`
	Flagged    bool   `json:"flagged"`
}

// ReportAction is a gamebook with who decided it and what came of it.
type ReportAction struct {
	GamebookID  string           `json:"gamebook_id"`
	Status      string           `json:"status"`
	Class       string           `json:"class"`
	Impact      string           `json:"impact"`
	RequestedBy string           `json:"requested_by"`
	RequestedAt string           `json:"requested_at"`
	Undoes      string           `json:"undoes"`
	Steps       []ReportStep     `json:"steps"`
	Decisions   []ReportDecision `json:"decisions"`
}

// ReportStep is a step with what a read-back saw.
type ReportStep struct {
	ID       string `json:"id"`
	Playbook string `json:"playbook"`
	Target   string `json:"target"`
	Status   string `json:"status"`
	Expected string `json:"expected"`
	Seen     string `json:"seen"`
}

// ReportDecision is one person's on a gamebook.
type ReportDecision struct {
	By       string `json:"by"`
	Role     string `json:"role"`
	Approved bool   `json:"approved"`
	Comment  string `json:"comment"`
	Digest   string `json:"digest"`
	At       string `json:"at"`
}

// ReportFile is a file of the case.
type ReportFile struct {
	ID       string `json:"id"`
	Filename string `json:"filename"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
}

// ReportAudit is the part of the record that the report tells of. Hash is that
// of entry To in the chain: it vouches for every entry up to there.
type ReportAudit struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Hash string `json:"hash"`
}

// ReportInput is what a report is made of.
type ReportInput struct {
	Case    CaseDetail
	Version int
	// Cited are the rows of evidence that somebody cited.
	Cited []Evidence
	// Ending is the resolve itself, which is not in the record yet.
	Ending             *TimelineEntry
	AuditFrom, AuditTo int64
	AuditHash          string
}

// MakeReport is pure: the same rows make the same report.
func MakeReport(in ReportInput) Report {
	c := in.Case
	return Report{
		Form: ReportForm, Version: in.Version, Case: reportCase(c), Outcome: reportOutcome(c.Incident),
		Timeline: reportTimeline(c.Timeline, in.Ending), Observables: reportObservables(c), Attack: reportAttack(c.Techniques),
		Evidence: reportEvidence(in.Cited), Actions: reportActions(c.Gamebooks), Attachments: reportFiles(c.Attachments), Comments: len(c.Comments),
		Omitted: map[string]int{
			"timeline": max(0, c.Entries-len(c.Timeline)), "observables": max(0, c.Incident.EntityCount-len(c.Entities)), "evidence": max(0, c.Incident.EvidenceCount-len(in.Cited)),
		},
		Audit: ReportAudit{in.AuditFrom, in.AuditTo, in.AuditHash},
	}
}

func reportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func reportPrincipal(id string) string {
	if user := CaseID(CasePrefixUser, id); user != "" {
		return user
	}
	return "system"
}

func reportCase(c CaseDetail) ReportCase {
	i := c.Incident
	after := func(target SLATarget) *int64 {
		met := c.Clock.Met(i, target)
		if met.IsZero() {
			return nil
		}
		seconds := int64(max(0, met.Sub(i.Begins())) / time.Second)
		return &seconds
	}
	out := ReportCase{
		ID: CaseID(CasePrefixCase, i.ID), Number: IncidentNumber(i), ShortID: i.ShortID, Title: i.Title, Severity: string(i.Severity), Source: FamilySource(i.Source),
		CreatedAt: reportTime(i.CreatedAt), ResolvedAt: reportTime(i.ClosedAt), AcknowledgeSeconds: after(SLAAcknowledge), TriageSeconds: after(SLATriage),
		ResolveSeconds: after(SLAResolve), Breached: []string{}, Flags: len(i.Flags),
	}
	for _, target := range AllSLATargets {
		if c.Clock.Missed(target) {
			out.Breached = append(out.Breached, string(target))
		}
	}
	return out
}

func reportOutcome(i Incident) ReportOutcome {
	out := ReportOutcome{Classification: string(i.Verdict), Reason: i.VerdictReason, RootCause: i.RootCause, Narrative: i.ClosingComment, ResolvedBy: reportPrincipal(i.ClosedBy)}
	if word := CaseVerdict(i.Verdict, i.Duplicate); word != "" {
		out.Verdict = &word
	}
	if of := CaseID(CasePrefixCase, i.DuplicateOf); of != "" {
		out.DuplicateOf = &of
	}
	return out
}

func reportTimeline(newest []TimelineEntry, ending *TimelineEntry) []ReportEvent {
	entries := slices.Clone(newest)
	slices.Reverse(entries)
	if ending != nil {
		entries = append(entries, *ending)
	}
	out := make([]ReportEvent, len(entries))
	for n, e := range entries {
		out[n] = ReportEvent{At: reportTime(e.At), By: reportPrincipal(e.By), ByKind: string(e.ByKind), Kind: string(e.Kind), Data: e.Data}
	}
	return out
}

func reportObservables(c CaseDetail) []ReportObservable {
	out := make([]ReportObservable, len(c.Entities))
	for n, e := range c.Entities {
		out[n] = ReportObservable{
			Type: CaseEntityKind.Word(e.Kind), Value: e.Value, Provenance: string(e.Provenance), Sightings: c.Sightings[e.ID], FirstSeen: reportTime(e.FirstSeen), LastSeen: reportTime(e.LastSeen),
		}
	}
	return out
}

func reportAttack(techniques []CaseTechnique) []ReportTechnique {
	out := make([]ReportTechnique, len(techniques))
	for n, t := range techniques {
		out[n] = ReportTechnique{Technique: t.ID, Tactics: append([]string{}, t.Tactics...)}
	}
	return out
}

func reportEvidence(rows []Evidence) []ReportEvidence {
	out := make([]ReportEvidence, len(rows))
	for n, e := range rows {
		out[n] = ReportEvidence{
			ID: EvidenceID(e.Number), At: reportTime(e.At), Source: FamilySource(e.Source), Type: e.Type, Summary: e.Text, Provenance: string(e.Provenance), Flagged: len(e.Flags) > 0,
		}
	}
	return out
}

func reportActions(newest []Gamebook) []ReportAction {
	out := make([]ReportAction, 0, len(newest))
	for _, g := range slices.Backward(newest) {
		a := ReportAction{
			GamebookID: g.ID, Status: string(g.Status), Class: string(g.Class), Impact: string(g.Impact), RequestedBy: reportPrincipal(g.RequestedBy),
			RequestedAt: reportTime(g.RequestedAt), Steps: []ReportStep{}, Decisions: []ReportDecision{},
		}
		if g.Recover {
			a.Undoes = g.OriginalGamebook
		}
		for _, s := range g.Steps {
			step := ReportStep{ID: s.ID, Playbook: s.Playbook, Target: s.EntityName, Status: string(s.Status)}
			if s.ReadBack != nil {
				step.Expected, step.Seen = s.ReadBack.Expected, s.ReadBack.Seen
			}
			a.Steps = append(a.Steps, step)
		}
		for _, p := range g.Approvals {
			a.Decisions = append(a.Decisions, ReportDecision{By: reportPrincipal(p.Person), Role: string(p.Role), Approved: p.Approved, Comment: p.Comment, Digest: p.Digest, At: reportTime(p.At)})
		}
		out = append(out, a)
	}
	return out
}

func reportFiles(files []Attachment) []ReportFile {
	out := make([]ReportFile, len(files))
	for n, f := range files {
		out[n] = ReportFile{ID: CaseID(CasePrefixAttachment, f.ID), Filename: f.Name, Size: f.Size, SHA256: f.SHA256}
	}
	return out
}

// EvidenceNumbers are the numbers of evidence ids, each once, in order, at most
// limit.
func EvidenceNumbers(ids []string, limit int) []int {
	var numbers []int
	for _, id := range ids {
		if n, ok := ParseEvidenceID(id); ok && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers[:min(len(numbers), limit)]
}

// HexSHA256 is the SHA-256 of bytes in lower-case hex.
func HexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
