package soc

import "time"

// Run is one agent session on one incident, minted by the server.
type Run struct {
	ID        string
	Workspace string
	Incident  string
	Agent     string // agent identity; "floor" for the deterministic triager
	Trigger   Trigger
	Implicit  bool
	StartedBy string
	State     RunState
	Taint     Taint
	// Envelope bounds a respond run.
	EnvelopeClass    Class
	EnvelopeImpact   Impact
	EnvelopeEntities int
	Nonce            string
	// Triage is the triage- handle where the run is a triage, else empty.
	Triage string
	// Hashes are of what the run works with, as it was started (S43).
	Hashes    RunHashes
	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time
}

// RunHashes name the configuration that a run began with.
type RunHashes struct {
	Catalogue string `json:"catalogue"`
	SOPs      string `json:"sops"`
	Policy    int64  `json:"policy_version"`
	// Prompts and Tools are what the built-in loop is told and given; empty for
	// any other run.
	Prompts string `json:"prompts,omitempty"`
	Tools   string `json:"tools,omitempty"`
}

// Served is what one call handed out, for ledger, taint and audit. A door
// makes one per call of an agent; the desk's reads fill it.
type Served struct {
	// Incidents touched, by UUID; Evidence is "E12" ids per incident.
	Incidents []string
	// Alerts are the UIDs of served alerts that no incident has.
	Alerts   []string
	Evidence map[string][]string
	Rows     int
	// Taint per incident or such alert: tainted when any attacker-writable value of it was in
	// the answer, flagged when a detector hit was among them.
	Taint map[string]Taint
	// Claims are what the caller says the call is about, by parameter; they go
	// to the audit entry and decide nothing.
	Claims map[string]string
	// Contained is set when the operation has counted its own refusal towards
	// the agent's containment (S63), so that the door's record does not again.
	Contained bool
}

// Mark raises the taint that the answer carries for an incident.
func (s *Served) Mark(incident string, tainted, flagged bool) {
	t := TaintClean
	if tainted {
		t = TaintTainted
	}
	if flagged {
		t = TaintFlagged
	}
	if s.Taint == nil {
		s.Taint = map[string]Taint{}
	}
	if have, ok := s.Taint[incident]; ok {
		t = MaxTaint(have, t)
	}
	s.Taint[incident] = t
}

// LedgerEntry is one served tool call of a run.
type LedgerEntry struct {
	Workspace      string
	Run            string
	Incident       string
	Tool           string
	ArgumentDigest string
	Rows           int
	Evidence       []string
	Flagged        bool
	Duration       time.Duration
	At             time.Time
}

// Triage is one run of the triager, with its result.
type Triage struct {
	ID        string // triage-...
	Workspace string
	Incident  string
	State     RunState
	Playbook  string
	// PlaybookVersion is the one it was asked with.
	PlaybookVersion int
	Engine          string // deterministic, model
	Force           bool
	Requester       string
	// EvidenceVersion and Severity it looked at, to tell a cached result.
	EvidenceVersion int64
	Severity        Severity
	Verdict         Verdict
	Reason          string
	// Score is the malicious score of its investigation, read only.
	Score         *int
	Confidence    float64
	Category      string
	Reasoning     string
	EvidenceIDs   []string
	Flags         []string
	Actions       []string
	Held          bool
	HoldReasons   []Code
	Result        []byte // the T17 rationale as JSON
	ErrorCode     Code
	ErrorMessage  string
	Investigation string
	Cached        bool
	CreatedAt     time.Time
	StartedAt     time.Time
	FinishedAt    time.Time
	Fence         int64
	LeaseExpires  time.Time
}

// Investigation is a submitted verdict.
type Investigation struct {
	ID              string
	Workspace       string
	Incident        string
	Run             string
	By              string
	ByKind          PrincipalKind
	ByName          string
	Engine          string // agent, deterministic, model, person
	Requested       string // classification as sent
	RequestedReason string
	Verdict         Verdict
	Reason          string
	ReasonComment   string
	Normalised      bool
	Score           *int
	Comment         string
	Cited           []string
	Held            bool
	HoldReasons     []Code
	State           string // recorded, held, accepted, rejected, superseded
	Previous        Status
	New             Status
	// Closes: what is proposed is to close, whatever the verdict; RootCause and the
	// duplicate mark go with that.
	Closes      bool
	RootCause   string
	Duplicate   bool
	DuplicateOf string
	Timeline    Timeline
	Citations   Citations
	ToolCalls   []byte // as claimed, JSON
	Gamebooks   []string
	SOPs        []string
	At          time.Time
}

// Timeline compares claimed tool calls with the ledger (S36).
type Timeline struct {
	Matched  int `json:"matched"`
	Missing  int `json:"missing"`
	Invented int `json:"invented"`
}

// Citations counts cited evidence ids.
type Citations struct {
	OK      int `json:"ok"`
	Unread  int `json:"unread"`
	Unknown int `json:"unknown"`
}

// VerdictEvent is one remembered decision (T6).
type VerdictEvent struct {
	ID           string
	Workspace    string
	Incident     string
	DetectorKey  string
	TitleKey     string
	Category     string
	KeyVersion   int
	Verdict      Verdict
	By           string // person, source
	DecidedAt    time.Time
	RecordedAt   time.Time
	SupersededBy string
}

// SOP is a standard operating procedure, Markdown text in versions.
type SOP struct {
	ID        string
	Workspace string
	Name      string
	Kind      string // classification, response
	Version   int
	Hash      string
	Text      string
	// Sources, Severities, IncidentTypes and Tactics say which incidents it is
	// for (MatchSOPs); an empty list does not narrow.
	Sources       []string
	Severities    []Severity
	IncidentTypes []string
	Tactics       []string
	// Playbooks are the catalogue ids its text speaks of.
	Playbooks []string
	// Priority orders matches, highest first.
	Priority int
	// Enabled is false for one that is kept and no longer followed.
	Enabled bool
	// Size is the length of the text in bytes; a list leaves Text empty.
	Size int
	// By made the version, for Reason.
	ByKind     PrincipalKind
	By, ByName string
	Reason     string
	CreatedAt  time.Time
}

// CallRecord is one request at the agent door, for the record (M34), the run's
// ledger (T5) and taint (S38). It holds digests, never argument text.
type CallRecord struct {
	Wire   string // modern, legacy, stdio, rest
	Method string
	Tool   string
	// Phase is empty for a read; a write is recorded as requested before and
	// as completed after.
	Phase          string
	ArgumentDigest string
	ResultDigest   string
	// Code of the answer, empty for a plain success.
	Code     Code
	IsError  bool
	Duration time.Duration
	Served   *Served
}
