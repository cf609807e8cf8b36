package soc

import "time"

// EventType is a kind of happening that webhooks are told of. The words are
// stored and sent, and never change their meaning.
type EventType string

// The portal family's events (portal-api.md section 9).
const (
	EventIncidentCreated        EventType = "incident.created.v1"
	EventIncidentStatusChanged  EventType = "incident.status.changed.v1"
	EventIncidentVerdictHeld    EventType = "incident.verdict.held.v1"
	EventApprovalRequested      EventType = "gamebook.approval.requested.v1"
	EventGamebookFinished       EventType = "gamebook.finished.v1"
	EventInvestigationCompleted EventType = "agent.investigation.completed.v1"
)

// The case family's events (case-api.md section 8).
const (
	EventCaseCreated       EventType = "case.created"
	EventCaseTransitioned  EventType = "case.transitioned"
	EventCaseResolved      EventType = "case.resolved"
	EventCaseReopened      EventType = "case.reopened"
	EventCaseVerdictHeld   EventType = "case.verdict_held"
	EventCaseSLABreached   EventType = "case.sla_breached"
	EventCaseActionPending EventType = "case.action_pending"
	// EventCaseMentioned tells that a comment names people; nobody is told of a
	// name that only stands in its text.
	EventCaseMentioned EventType = "case.mentioned"
)

// PortalEventTypes and CaseEventTypes are the events of the two body formats.
var (
	PortalEventTypes = []EventType{
		EventIncidentCreated, EventIncidentStatusChanged, EventIncidentVerdictHeld, EventApprovalRequested,
		EventGamebookFinished, EventInvestigationCompleted,
	}
	CaseEventTypes = []EventType{
		EventCaseCreated, EventCaseTransitioned, EventCaseResolved, EventCaseReopened, EventCaseVerdictHeld,
		EventCaseSLABreached, EventCaseActionPending, EventCaseMentioned,
	}
)

// AllEventTypes lists every event.
var AllEventTypes = append(append([]EventType{}, PortalEventTypes...), CaseEventTypes...)

// Event is something that happened in a workspace, as webhooks are told. It is
// written to the outbox in the transaction in which it happened.
type Event struct {
	// ID is a UUIDv5 of Workspace, Type and Occasion: the same happening has
	// the same id however often it is told.
	ID            string
	Type          EventType
	Organization  string
	Workspace     string
	WorkspaceName string
	// Occasion tells this happening from all others of its type in its
	// workspace; it is part of the id and not stored.
	Occasion string
	// Webhook is the one webhook that is told; empty tells all subscribers.
	Webhook    string
	Facts      EventFacts
	OccurredAt time.Time
	CreatedAt  time.Time
}

// EventFacts is what a body may say: ids, the server's words, and names from
// the incident. Comments, evidence and what an agent wrote are never in it
// (S42). It is a stored record: members are added and never change meaning.
type EventFacts struct {
	Incident EventIncident `json:"incident"`
	// ByKind and By are who caused it.
	ByKind PrincipalKind `json:"by_kind,omitempty"`
	By     string        `json:"by,omitempty"`
	// Previous and Status are the core words before and after a move.
	Previous  Status  `json:"previous,omitempty"`
	Status    Status  `json:"status,omitempty"`
	Verdict   Verdict `json:"verdict,omitempty"`
	Reason    string  `json:"reason,omitempty"`
	Duplicate bool    `json:"duplicate,omitempty"`
	Score     *int    `json:"score,omitempty"`
	// Proposed is a verdict that waits for a person.
	Proposed    Verdict `json:"proposed,omitempty"`
	Held        bool    `json:"held,omitempty"`
	HoldReasons []Code  `json:"hold_reasons,omitempty"`
	// Investigation is the record behind a verdict, Gamebooks what it names.
	Investigation     string         `json:"investigation,omitempty"`
	Gamebooks         []string       `json:"gamebooks,omitempty"`
	Gamebook          string         `json:"gamebook,omitempty"`
	GamebookStatus    GamebookStatus `json:"gamebook_status,omitempty"`
	Digest            string         `json:"digest,omitempty"`
	QueueReasons      []Code         `json:"queue_reasons,omitempty"`
	ApprovalExpiresAt time.Time      `json:"approval_expires_at,omitzero"`
	Alerts            []EventAlert   `json:"alerts,omitempty"`
	Entities          []EventEntity  `json:"entities,omitempty"`
	// Alert, Report and Target belong to events of the case family: the first
	// alert of a case, the report of a resolve, the SLA target missed.
	Alert  string `json:"alert,omitempty"`
	Report string `json:"report,omitempty"`
	Target string `json:"target,omitempty"`
	// Comment is the id of a comment that names people, Mentions who they are.
	Comment  string   `json:"comment,omitempty"`
	Mentions []string `json:"mentions,omitempty"`
}

// EventIncident is what an event says of its incident.
type EventIncident struct {
	ID             string    `json:"id"`
	ShortID        string    `json:"short_id"`
	Source         string    `json:"source"`
	ExternalID     string    `json:"external_id"`
	Number         int64     `json:"number"`
	Title          string    `json:"title"`
	Description    string    `json:"description,omitempty"`
	Severity       Severity  `json:"severity"`
	Owner          string    `json:"owner,omitempty"`
	Products       []string  `json:"products,omitempty"`
	CreatedAt      time.Time `json:"created_at"`
	LastActivityAt time.Time `json:"last_activity_at,omitzero"`
}

// EventAlert is one alert of a new incident.
type EventAlert struct {
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	Product  string   `json:"product,omitempty"`
	Vendor   string   `json:"vendor,omitempty"`
}

// EventEntity is one entity of a new incident.
type EventEntity struct {
	Kind EntityKind `json:"kind"`
	Name string     `json:"name"`
}

// Limits of what is kept for a body; a body itself is under EventBodyLimit.
const (
	eventAlerts      = 20
	eventEntities    = 50
	eventTitle       = 512
	eventDescription = 4096
	eventName        = 256
)

// EventBodyLimit bounds a body in bytes (Standard Webhooks recommends 20 kB).
const EventBodyLimit = 20_000

// NewEvent begins an event about an incident.
func NewEvent(kind EventType, i Incident, occasion string) Event {
	return Event{Type: kind, Workspace: i.Workspace, Occasion: occasion, Facts: EventFacts{Incident: EventIncident{
		ID: i.ID, ShortID: i.ShortID, Source: i.Source, ExternalID: i.ExternalID, Number: i.Number, Title: cut(i.Title, eventTitle),
		Severity: i.Severity, CreatedAt: i.CreatedAt, LastActivityAt: i.LastActivity,
	}}}
}

// WithContents adds what only the event of a new incident tells.
func (e Event) WithContents(i Incident, alerts []Alert, entities []Entity) Event {
	e.Facts.Incident.Description = cut(i.Description, eventDescription)
	e.Facts.Incident.Owner = cut(firstOf(i.AssigneeName, i.AssigneeEmail), eventName)
	for _, product := range i.Products[:min(len(i.Products), eventAlerts)] {
		e.Facts.Incident.Products = append(e.Facts.Incident.Products, cut(product, eventName))
	}
	for _, a := range alerts[:min(len(alerts), eventAlerts)] {
		e.Facts.Alerts = append(e.Facts.Alerts, EventAlert{cut(a.Title, eventTitle), a.Severity, cut(a.Product, eventName), cut(a.Vendor, eventName)})
	}
	for _, entity := range entities[:min(len(entities), eventEntities)] {
		e.Facts.Entities = append(e.Facts.Entities, EventEntity{entity.Kind, cut(entity.Display, eventName)})
	}
	return e
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
