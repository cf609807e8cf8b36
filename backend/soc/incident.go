package soc

import "time"

// Incident is what a person or an agent works on.
type Incident struct {
	Seq       int64
	ID        string // UUIDv7, lower case
	ShortID   string // INC-...
	Workspace string
	Source    string
	// ExternalID is the source's own id; a Vedette-made incident uses ShortID.
	ExternalID string
	// Number runs per workspace from 1; SourceNumber is the product's own.
	Number       int64
	SourceNumber int64
	Type         string
	Title        string
	Description  string
	// Severity is the present one. IngestSeverity and HighestSeverity only
	// ever make gating stricter (S3).
	Severity        Severity
	IngestSeverity  Severity
	HighestSeverity Severity
	Status          Status

	// Verdict stands; VerdictBy says whose it is.
	Verdict         Verdict
	VerdictReason   string
	VerdictBy       PrincipalKind
	VerdictScore    *int
	Investigation   string
	Held            bool
	HoldReasons     []Code
	ProposedVerdict Verdict
	// Duplicate marks an Undetermined incident as a duplicate, of DuplicateOf (a
	// UUID) where that is known.
	Duplicate   bool
	DuplicateOf string
	// ClosingComment and RootCause are what it was closed with, ClosedBy the id
	// of who closed it or BySource. ClosedAt is kept by the store; all are empty
	// while it is open.
	ClosingComment string
	RootCause      string
	ClosedBy       string
	ClosedAt       time.Time
	TriagedAt      time.Time
	// LastTriage is the triage- id whose result is shown.
	LastTriage string

	AssigneeID    string
	AssigneeName  string
	AssigneeEmail string

	Tactics       []string
	Products      []string
	RuleIDs       []string
	Flags         []Flag
	AlertCount    int
	EntityCount   int
	EvidenceCount int
	// DanglingAlerts are alert ids the source named and never sent.
	DanglingAlerts []string

	// CreatedAt is the source's creation time where it gave one, else the
	// time of ingest; lists order by it.
	CreatedAt      time.Time
	UpdatedAt      time.Time
	FirstActivity  time.Time
	LastActivity   time.Time
	SourceModified time.Time
	IngestedAt     time.Time
	DeletedAt      time.Time
	// Version grows by one with every change of the row (ETag).
	Version int64
	// EvidenceVersion grows when alerts, entities or evidence change.
	EvidenceVersion int64
}

// BySource stands for the product an incident came from, as who closed it.
const BySource = "source"

// Open reports whether work on the incident is not closed.
func (i Incident) Open() bool { return i.Status != StatusClosed }

// GateSeverities are the severities whose strictest setting decides (S3).
func (i Incident) GateSeverities() []Severity {
	return []Severity{i.IngestSeverity, i.HighestSeverity, i.Severity}
}

// IncidentFilter selects incidents. Zero members do not filter.
type IncidentFilter struct {
	Workspace  string
	Statuses   []Status
	Severities []Severity
	Sources    []string
	Types      []string
	// Query is words of title, description, number, ids; literal.
	Query         string
	CreatedAfter  time.Time // exclusive
	CreatedBefore time.Time // exclusive
	// Verdicts are verdicts with their mark; Held, nil for either, tells those
	// that wait for a person.
	Verdicts []VerdictMark
	Held     *bool
	// AssigneeIDs, AssigneeEmails (in any case) and Unassigned are one filter:
	// what any of the three lets through.
	AssigneeIDs    []string
	AssigneeEmails []string
	Unassigned     bool
	// Sort is one of created_at, updated_at, severity, status,
	// incident_number; "-" in front for descending. Default -created_at.
	Sort string
	// After is the keyset position to continue from, nil for the first page.
	After *Keyset
	// Offset is for page numbers only (the triage family), at most 10,000.
	Offset int
	Limit  int
}

// ByAssignee reports whether the filter asks whose the incidents are.
func (f IncidentFilter) ByAssignee() bool {
	return f.Unassigned || len(f.AssigneeIDs) > 0 || len(f.AssigneeEmails) > 0
}

// VerdictMark is a verdict and whether the incident is marked as a duplicate.
type VerdictMark struct {
	Verdict   Verdict
	Duplicate bool
}

// Keyset is a position in an ordered list: the sort value and the tie-breaker.
type Keyset struct {
	Value string `json:"v"`
	ID    string `json:"i"`
}

// Flag is what a deterministic detector found in hostile text (S40).
type Flag struct {
	Rule   string `json:"rule"`
	Field  string `json:"field"`
	Offset int    `json:"offset"`
}

// Entity is a typed value within an incident.
type Entity struct {
	ID        string // ENT-...
	Workspace string
	Incident  string
	Kind      EntityKind
	// Value is the canonical identity within its kind; Display what a person
	// calls it. Both may be attacker-written when Provenance is parsed.
	Value      string
	Display    string
	Properties map[string]string
	// Names are all names the entity is known by.
	Names      []string
	Provenance Provenance
	Flags      []Flag
	// VendorVerdict is the worst word a product said about the entity:
	// malicious, suspicious, clean or empty. Remediated says that the product
	// already acted on it.
	VendorVerdict string
	Remediated    bool
	FirstSeen     time.Time
	LastSeen      time.Time
}

// Sighting is one place an entity was seen, with its own provenance (S10).
type Sighting struct {
	Workspace  string
	Entity     string
	Incident   string
	Alert      string
	Evidence   string
	Source     string
	Field      string
	Provenance Provenance
	SeenAt     time.Time
}

// Evidence is one row of proof.
type Evidence struct {
	Workspace string
	Incident  string
	// Number n is shown as En; it counts per incident.
	Number   int
	Alert    string
	Source   string
	Type     string
	Entities []string // ENT- ids
	// Text is one line made of the row's main fields, attacker-writable.
	Text       string
	Fields     []Field
	Provenance Provenance
	Flags      []Flag
	At         time.Time
}

// Field is one named value of an evidence row.
type Field struct {
	Name       string     `json:"name"`
	Value      string     `json:"value"`
	Provenance Provenance `json:"provenance"`
}

// EvidenceFilter selects evidence rows of one incident.
type EvidenceFilter struct {
	Workspace string
	Incident  string
	Query     string
	Type      string
	Entity    string
	From, To  time.Time
	// Any asks for the rows that hold any of the words, best first and each
	// thing once (EvidenceRank), instead of all rows with all words by time.
	Any   bool
	After *Keyset
	Limit int
}

// Comment is a note on an incident, stored byte for byte.
type Comment struct {
	ID         string
	Workspace  string
	Incident   string
	Body       string
	AuthorKind PrincipalKind
	AuthorID   string
	AuthorName string
	AuthorMail string
	Closing    bool
	Activity   bool
	// Mentions are ids of the people the comment names, in the order given.
	Mentions []string
	// Extension is the id of the connector the comment came through, and Ticket
	// that of the ticket it is about; empty for none.
	Extension string
	Ticket    string
	// Gamebook is the gamebook that it is about, and Kind what it is on its
	// approval card; both are empty for any other comment.
	Gamebook  string
	Kind      CommentKind
	CreatedAt time.Time
}

// CommentKind is what a comment on an approval card is.
type CommentKind string

// The kinds of comments on a card.
const (
	CommentNote     CommentKind = "note"
	CommentQuestion CommentKind = "question"
)

// ApprovalComment is a comment that somebody puts on an approval card: 1 to
// 4,000 characters. To is a person of the workspace who is told of it, by id,
// and ToEmail the same by address; both may be empty.
type ApprovalComment struct {
	Body    string
	Kind    CommentKind
	To      string
	ToEmail string
}

// NewComment is a comment somebody posts. Mentions are ids of people with
// access to the workspace, at most 50; Extension the id of a connector that
// serves it, empty for none.
type NewComment struct {
	Body      string
	Mentions  []string
	Extension string
	// IfMatch is the caller's condition on the incident's revision.
	IfMatch IfMatch
}

// ApprovalConversation is a page of what was said on a card. People are those
// it names who may still look in, by id.
type ApprovalConversation struct {
	Comments []Comment
	People   map[string]Person
	Next     *Keyset
}
