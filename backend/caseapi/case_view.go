package caseapi

import (
	"vedette/backend/soc"
	"vedette/schemas"
)

// caseItem is a case in a list.
type caseItem struct {
	ID              string               `json:"id"`
	Number          string               `json:"number"`
	ShortID         string               `json:"short_id"`
	Title           string               `json:"title"`
	Description     string               `json:"description"`
	Status          string               `json:"status"`
	Severity        string               `json:"severity"`
	Verdict         *string              `json:"verdict"`
	Classification  *string              `json:"classification"`
	DuplicateOf     *string              `json:"duplicate_of"`
	Held            bool                 `json:"held"`
	ProposedVerdict *string              `json:"proposed_verdict"`
	Source          string               `json:"source"`
	Assignee        *string              `json:"assignee"`
	CreatedAt       schemas.SecondsTime  `json:"created_at"`
	UpdatedAt       schemas.SecondsTime  `json:"updated_at"`
	ResolvedAt      *schemas.SecondsTime `json:"resolved_at"`
	Version         int64                `json:"version"`
}

func drawCaseItem(i soc.Incident) caseItem {
	return caseItem{
		ID: soc.CaseID(soc.CasePrefixCase, i.ID), Number: soc.IncidentNumber(i), ShortID: i.ShortID, Title: i.Title, Description: i.Description,
		Status: soc.CaseStatus.Word(i.Status), Severity: string(i.Severity), Verdict: textOrNull(soc.CaseVerdict(i.Verdict, i.Duplicate)),
		Classification: textOrNull(string(i.Verdict)), DuplicateOf: idOrNull(soc.CasePrefixCase, i.DuplicateOf), Held: i.Held,
		ProposedVerdict: textOrNull(proposedWord(i)), Source: soc.FamilySource(i.Source), Assignee: idOrNull(soc.CasePrefixUser, i.AssigneeID),
		CreatedAt: schemas.SecondsTime(i.CreatedAt), UpdatedAt: schemas.SecondsTime(i.UpdatedAt), ResolvedAt: schemas.SecondsOrNull(i.ClosedAt), Version: i.Version,
	}
}

// proposedWord is the proposal in the family's words, or in the core's where the
// family has none.
func proposedWord(i soc.Incident) string {
	if word := soc.CaseVerdict(i.ProposedVerdict, false); word != "" {
		return word
	}
	return string(i.ProposedVerdict)
}

type caseAsset struct {
	Hostname *string `json:"hostname"`
	Owner    *string `json:"owner"`
	ID       *string `json:"id"`
	IP       *string `json:"ip"`
}

type caseAlert struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Relation string `json:"relation"`
}

type caseObservable struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Value      string `json:"value"`
	Valid      bool   `json:"valid"`
	Provenance string `json:"provenance"`
	Sightings  int    `json:"sightings"`
}

type caseEvidence struct {
	ID         string              `json:"id"`
	At         schemas.SecondsTime `json:"at"`
	Source     string              `json:"source"`
	Type       string              `json:"type"`
	Summary    string              `json:"summary"`
	Fields     map[string]string   `json:"fields"`
	Provenance string              `json:"provenance"`
	Flags      []string            `json:"flags"`
}

type caseTechnique struct {
	Technique string   `json:"technique"`
	Tactics   []string `json:"tactics"`
	From      string   `json:"from"`
}

type timelineEntry struct {
	ID   string              `json:"id"`
	At   schemas.SecondsTime `json:"at"`
	By   string              `json:"by"`
	Kind string              `json:"kind"`
	Data timelineData        `json:"data"`
}

// timelineData are ids and words of closed sets; an entry has those of its kind.
type timelineData struct {
	CommentID       string `json:"comment_id,omitempty"`
	AttachmentID    string `json:"attachment_id,omitempty"`
	Hash            string `json:"hash,omitempty"`
	Size            int64  `json:"size,omitempty"`
	GamebookID      string `json:"gamebook_id,omitempty"`
	Event           string `json:"event,omitempty"`
	Code            string `json:"code,omitempty"`
	Target          string `json:"target,omitempty"`
	InvestigationID string `json:"investigation_id,omitempty"`
	Verdict         string `json:"verdict,omitempty"`
	Classification  string `json:"classification,omitempty"`
	EarlierVerdict  string `json:"earlier_verdict,omitempty"`
	Decision        string `json:"decision,omitempty"`
	Status          *move  `json:"status,omitempty"`
	Severity        *move  `json:"severity,omitempty"`
}

// move is from one word to another.
type move struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func drawData(data map[string]any) timelineData {
	text := func(name string) string { word, _ := data[name].(string); return word }
	moved := func(name string) *move {
		if pair, ok := data[name].(map[string]string); ok {
			return &move{pair["from"], pair["to"]}
		}
		return nil
	}
	size, _ := data["size"].(int64)
	return timelineData{
		CommentID: text("comment_id"), AttachmentID: text("attachment_id"), Hash: text("hash"), Size: size, GamebookID: text("gamebook_id"),
		Event: text("event"), Code: text("code"), Target: text("target"), InvestigationID: text("investigation_id"), Verdict: text("verdict"),
		Classification: text("classification"), EarlierVerdict: text("earlier_verdict"), Decision: text("decision"), Status: moved("status"), Severity: moved("severity"),
	}
}

type caseAction struct {
	GamebookID string `json:"gamebook_id"`
	Status     string `json:"status"`
	Summary    string `json:"summary"`
}

type caseSLA struct {
	AcknowledgeDue *schemas.SecondsTime `json:"acknowledge_due"`
	TriageDue      *schemas.SecondsTime `json:"triage_due"`
	ResolveDue     *schemas.SecondsTime `json:"resolve_due"`
	Breached       []string             `json:"breached"`
}

type caseTruncated struct {
	Timeline    int `json:"timeline"`
	Evidence    int `json:"evidence"`
	Observables int `json:"observables"`
}

// caseDetail is one case, whole up to its bounds.
type caseDetail struct {
	caseItem
	Asset       caseAsset        `json:"asset"`
	Alerts      []caseAlert      `json:"alerts"`
	Observables []caseObservable `json:"observables"`
	Evidence    []caseEvidence   `json:"evidence"`
	Attack      []caseTechnique  `json:"attack"`
	Timeline    []timelineEntry  `json:"timeline"`
	Comments    []comment        `json:"comments"`
	Attachments []attachment     `json:"attachments"`
	Actions     []caseAction     `json:"actions"`
	SLA         caseSLA          `json:"sla"`
	Report      *caseReport      `json:"report"`
	Truncated   caseTruncated    `json:"truncated"`
}

func drawCase(c soc.CaseDetail) caseDetail {
	i := c.Incident
	out := caseDetail{
		caseItem: drawCaseItem(i), Asset: assetOf(c.Entities), Alerts: []caseAlert{}, Observables: []caseObservable{}, Evidence: []caseEvidence{},
		Attack: []caseTechnique{}, Timeline: drawTimeline(c.Timeline), Comments: []comment{}, Attachments: []attachment{}, Actions: []caseAction{},
		SLA: drawSLA(c), Truncated: caseTruncated{
			Timeline: max(0, c.Entries-len(c.Timeline)), Evidence: max(0, i.EvidenceCount-len(c.Evidence)), Observables: max(0, i.EntityCount-len(c.Entities)),
		},
	}
	for _, a := range c.Alerts {
		out.Alerts = append(out.Alerts, caseAlert{soc.CaseID(soc.CasePrefixAlert, a.UID), a.Title, string(a.Severity), string(a.Status)})
	}
	for _, e := range c.Entities {
		out.Observables = append(out.Observables, caseObservable{
			ID: soc.CaseID(soc.CasePrefixObservable, soc.ObservableID(e.Workspace, e.Kind, e.Value)), Type: soc.CaseEntityKind.Word(e.Kind), Value: e.Value,
			Valid: e.Properties["valid"] != "false", Provenance: string(e.Provenance), Sightings: c.Sightings[e.ID],
		})
	}
	for _, e := range c.Evidence {
		out.Evidence = append(out.Evidence, drawEvidence(e))
	}
	for _, t := range c.Techniques {
		out.Attack = append(out.Attack, caseTechnique{t.ID, append([]string{}, t.Tactics...), soc.CaseID(soc.CasePrefixAlert, t.Alert.UID)})
	}
	for _, note := range c.Comments {
		out.Comments = append(out.Comments, drawComment(note))
	}
	for _, a := range c.Attachments {
		out.Attachments = append(out.Attachments, drawAttachment(a))
	}
	for _, g := range c.Gamebooks {
		summary := ""
		if len(g.Steps) > 0 {
			summary = g.Steps[0].Playbook
		}
		out.Actions = append(out.Actions, caseAction{g.ID, string(g.Status), summary})
	}
	if c.Report != nil {
		out.Report = drawReport(*c.Report)
	}
	return out
}

func drawEvidence(e soc.Evidence) caseEvidence {
	row := caseEvidence{
		ID: soc.EvidenceID(e.Number), At: schemas.SecondsTime(e.At), Source: soc.FamilySource(e.Source), Type: e.Type, Summary: e.Text,
		Fields: map[string]string{}, Provenance: string(e.Provenance), Flags: []string{},
	}
	for _, f := range e.Fields {
		row.Fields[f.Name] = f.Value
	}
	for _, f := range e.Flags {
		row.Flags = append(row.Flags, f.Rule)
	}
	return row
}

// assetOf is the host that the case is about: one that an inventory vouches for,
// else the first.
func assetOf(entities []soc.Entity) caseAsset {
	var host, address *soc.Entity
	for n, e := range entities {
		if e.Kind == soc.KindHost && (host == nil || host.Provenance != soc.ProvenanceSensorAsserted && e.Provenance == soc.ProvenanceSensorAsserted) {
			host = &entities[n]
		}
		if e.Kind == soc.KindIP && address == nil && e.Provenance == soc.ProvenanceSensorAsserted {
			address = &entities[n]
		}
	}
	var out caseAsset
	if host != nil {
		out = caseAsset{Hostname: textOrNull(host.Display), Owner: textOrNull(host.Properties[soc.PropertyOwner]), ID: textOrNull(host.Properties[soc.PropertyDeviceID])}
	}
	if address != nil {
		out.IP = textOrNull(address.Value)
	}
	return out
}

func drawTimeline(entries []soc.TimelineEntry) []timelineEntry {
	out := make([]timelineEntry, len(entries))
	for n, e := range entries {
		out[n] = timelineEntry{soc.CaseID(soc.CasePrefixEvent, e.ID), schemas.SecondsTime(e.At), principal(e.By), string(e.Kind), drawData(e.Data)}
	}
	return out
}

func drawSLA(c soc.CaseDetail) caseSLA {
	due := func(target soc.SLATarget) *schemas.SecondsTime {
		return schemas.SecondsOrNull(c.SLA.Due(c.Incident, target))
	}
	out := caseSLA{AcknowledgeDue: due(soc.SLAAcknowledge), TriageDue: due(soc.SLATriage), ResolveDue: due(soc.SLAResolve), Breached: []string{}}
	for _, target := range soc.AllSLATargets {
		if c.Clock.Missed(target) {
			out.Breached = append(out.Breached, string(target))
		}
	}
	return out
}
