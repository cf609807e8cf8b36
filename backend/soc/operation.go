package soc

import "time"

// This file holds what the operations of the desk take and give where it is
// more than one noun. Doors translate their wire types to these.

// IncidentRef names an incident: by short id or UUID (ID), or by source and
// the source's own id (Source, ExternalID).
type IncidentRef struct {
	Workspace  string
	ID         string
	Source     string
	ExternalID string
}

// IncidentPage is one page of incidents.
type IncidentPage struct {
	Incidents []Incident
	Next      *Keyset
	// Total counts the matches up to 10,000; TotalCapped says there are more.
	// It is -1 where no total was asked for.
	Total       int
	TotalCapped bool
}

// IncidentDetail is an incident with what hangs on it, each list bounded
// (200) with the full count beside it.
type IncidentDetail struct {
	Incident  Incident
	Entities  []Entity
	Alerts    []Alert
	Evidence  []Evidence
	Comments  []Comment
	Gamebooks []Gamebook
	// EvidenceTypes counts evidence rows per type.
	EvidenceTypes map[string]int
	Investigation *Investigation
	Triage        *Triage
}

// IncidentParts says which lists GetIncident shall load, and how many of each.
type IncidentParts struct {
	Alerts, Entities, Evidence, Comments, Gamebooks, Verdict bool
	// Limit per list, default 200. EntitiesAfter and AlertsAfter continue.
	Limit int
	After *Keyset
}

// EvidencePage is one page of evidence rows, oldest first.
type EvidencePage struct {
	Incident Incident
	Rows     []Evidence
	Next     *Keyset
	Total    int
}

// RelatedQuery asks where an entity was seen.
type RelatedQuery struct {
	Workspace string
	// Entity is an ENT- id; else Kind and Value name it.
	Entity          string
	Kind            EntityKind
	Value           string
	Since, Until    time.Time
	ExcludeIncident string
	// Source limits the answer to incidents of one source.
	Source string
	// RowsOnly leaves out times and counts.
	RowsOnly bool
	After    *Keyset
	Limit    int
}

// RelatedPage is where an entity was seen, newest incident first.
type RelatedPage struct {
	Kind       EntityKind
	Value      string
	FirstSeen  time.Time
	LastSeen   time.Time
	Sightings  int
	Incidents  int
	Rows       []Incident
	Next       *Keyset
	Suppressed bool
	// Entities are the first entities of each row by incident id, where they
	// were asked for (IncidentsByEntity).
	Entities map[string][]Entity
}

// GamebookRecord is a gamebook with what its readers need to understand it.
type GamebookRecord struct {
	Incident  Incident
	Gamebook  Gamebook
	Workspace Workspace
	// Original is what this gamebook repeats or undoes, nil for neither.
	Original *Gamebook
	// Playbooks are the catalogue's present entries of the steps, by id.
	Playbooks map[string]Playbook
}

// IncidentVerdict is where the verdict that stands or waits on an incident came
// from: the investigation, and the triage that made it, nil where it was
// submitted.
type IncidentVerdict struct {
	Investigation *Investigation
	Triage        *Triage
}

// PlaybookQuery selects catalogue entries an agent may use.
type PlaybookQuery struct {
	Workspace string
	Kind      EntityKind
	Incident  string // short id; adds targets and gates
	Playbook  string
}

// PlaybookOffer is a catalogue entry with what it could act on.
type PlaybookOffer struct {
	Playbook Playbook
	Enabled  bool
	// Connectors that can carry it out in this workspace.
	Connectors []string
	Need       Need
	// Targets are entity ids of the incident the playbook can act on; Gate
	// says per target what submission would give.
	Targets []PlaybookTarget
}

// PlaybookTarget is one possible target and the gate's answer for it.
type PlaybookTarget struct {
	Entity  string
	Name    string
	Outcome string // run, queue, deny
	Reasons []Code
}

// SubmitStep is one entry of a submitted gamebook.
type SubmitStep struct {
	Playbook       string
	Entity         string
	AffectedEntity string
	// Sequence is nil when absent.
	Sequence   *int
	Parameters map[string]any
}

// SubmitGamebook is a proposed response.
type SubmitGamebook struct {
	Incident       IncidentRef
	IncidentNumber int64 // 0 = not stated
	Trigger        Trigger
	Steps          []SubmitStep
	Rationale      string
	DryRun         bool
}

// GamebookReceipt is the answer to a submit, at every door.
type GamebookReceipt struct {
	Success           bool
	Summary           string
	GamebookID        string
	Status            GamebookStatus
	QueuedForApproval bool
	Code              Code
	EffectiveTrigger  Trigger
	QueueReasons      []Code
	Need              Need
	Digest            string
	ApprovalExpiresAt time.Time
	Failures          []StepFailure
	Rule              string
	Fix               string
	// DryRun answers carry the resolved targets and blast radius.
	Targets []PlaybookTarget
	Class   Class
	Impact  Impact
	// Replayed is true when the same submit was answered before.
	Replayed bool
	// Actions are the ids of the steps, in the order given.
	Actions []string
}

// StepFailure is why one entry was refused.
type StepFailure struct {
	Index   int
	Code    Code
	Message string
	// Hints are valid ids of this incident.
	Hints []string
}

// SubmitInvestigation is a proposed verdict.
type SubmitInvestigation struct {
	Incident       IncidentRef
	Classification string // as sent; empty = none
	Reason         string
	ReasonComment  string
	Score          *int
	Comment        string
	ClassSOP       *SOPRef
	ResponseSOPs   []SOPRef
	Gamebooks      []string
	ToolCalls      []ToolCall
}

// SOPRef names an SOP; an empty ID is a label only.
type SOPRef struct{ ID, Name string }

// ToolCall is a tool call an agent claims to have made.
type ToolCall struct {
	Name         string    `json:"name"`
	Time         time.Time `json:"time"`
	DurationMS   int       `json:"duration_ms"`
	TargetEntity string    `json:"target_entity,omitempty"`
	Query        string    `json:"query,omitempty"`
	RowCount     int       `json:"row_count,omitempty"`
}

// InvestigationReceipt is the answer to a submitted investigation.
type InvestigationReceipt struct {
	Success         bool
	Summary         string
	Previous        Status
	New             Status
	Verdict         Verdict
	Reason          string
	CommentPosted   bool
	StatusUpdated   bool
	Code            Code
	Held            bool
	HoldReasons     []Code
	Normalised      bool
	InvestigationID string
	Timeline        Timeline
	Citations       Citations
	Fix             string
	Replayed        bool
}

// StatusQuery polls handles.
type StatusQuery struct {
	Workspace string
	IDs       []string
	Wait      time.Duration
}

// HandleStatus is the state of one GB-, ACT- or triage- handle.
type HandleStatus struct {
	ID       string
	Found    bool
	Gamebook *Gamebook
	Step     *Step
	Triage   *Triage
}

// TriageRequest asks for a triage of one incident.
type TriageRequest struct {
	Incident IncidentRef
	Playbook string
	Force    bool
	// Wait is how long the call may block, at most 25 s.
	Wait time.Duration
}

// IngestItem is the fate of one item of an ingest request.
type IngestItem struct {
	Index      int
	Status     string // created, updated, duplicate, conflict, rejected
	ExternalID string
	AlertID    string
	IncidentID string // short id
	Warnings   []string
	Errors     map[string][]string
}

// IngestReceipt is the answer to an ingest request.
type IngestReceipt struct {
	Received, Created, Updated, Duplicate, Conflict, Rejected int
	Items                                                     []IngestItem
}

// IdempotencyClaim is an Idempotency-Key as presented (or, on MCP, the natural
// key of a write). The operation that has the effect stores its answer under
// it in the same transaction (S27).
type IdempotencyClaim struct {
	Principal   string
	Route       string
	Key         string
	Fingerprint string
	// Sealed says that Encode returns a body the door has sealed, since the
	// answer holds a secret.
	Sealed bool
	// Encode draws the answer as the door would send it. Status 0 means that
	// it cannot: the write must fail with Internal and store nothing.
	Encode func(result any) (status int, body []byte) `json:"-"`
}

// IngestRequest is a batch of payloads of one format.
type IngestRequest struct {
	Format string
	Items  [][]byte
	// Update lets a newer payload of a known alert replace the old one.
	Update bool
	// Strict stores all items or none.
	Strict bool
}

// TriagePage is one page of an incident's triages, newest first.
type TriagePage struct {
	Triages []Triage
	Next    *Keyset
	// Total counts up to 10,000; TotalCapped says there are more.
	Total       int
	TotalCapped bool
}
