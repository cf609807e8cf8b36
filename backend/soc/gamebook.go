package soc

import "time"

// Gamebook is an ordered set of playbook steps on entities of one incident:
// the unit of approval and of execution.
type Gamebook struct {
	ID        string // GB-...
	Workspace string
	Incident  string
	Version   int
	Status    GamebookStatus
	// NeedsApproval is true while people must decide (isQueued on the wire).
	NeedsApproval bool
	AutoRun       bool
	QueueReasons  []Code
	Class         Class
	Impact        Impact
	Need          Need
	PolicyVersion int64
	Nonce         string
	// Digest is sha256:... over Canonical (safety.md section 1.2).
	Digest    string
	Canonical []byte
	// PlanHash identifies the same step set on the same incident (S27).
	PlanHash string

	RequestedBy      string // principal id
	RequestedKind    PrincipalKind
	RequestedName    string
	RequestedOwner   string // the person behind the key, if any
	Run              string
	StartedBy        string // person who started the run
	ClaimedTrigger   Trigger
	EffectiveTrigger Trigger
	Taint            Taint
	Rationale        string
	Flags            []Flag
	Rules            []RuleHit
	// World is what the approver saw of the target, canonical JSON (S18); Facts
	// are the gate's inputs as decided, for explain.
	World string
	Facts string

	RequestedAt       time.Time
	ApprovalExpiresAt time.Time
	ExecutionWindow   time.Duration
	ExecutionExpires  time.Time
	ApprovedAt        time.Time
	StartedAt         time.Time
	FinishedAt        time.Time
	NoticesSent       int // highest percentage of the approval clock noticed: 0, 50, 80
	DenyReason        string
	OriginalGamebook  string
	Recover           bool // undoes another gamebook
	Fence             int64
	// Lease names the worker that carries it out; LeaseExpires is until when
	// nobody else may. Empty while nobody does.
	Lease        string
	LeaseExpires time.Time

	Steps     []Step
	Approvals []Approval
}

// Need is how many people of which roles must approve.
type Need struct {
	Count int    `json:"count"`
	Roles []Role `json:"roles"`
}

// RuleHit is one gate rule that contributed.
type RuleHit struct {
	ID      string `json:"id"`
	Code    Code   `json:"code,omitempty"`
	Outcome string `json:"outcome"`
	// Policy is the workspace's own rule behind g6 or g18, if it was one.
	Policy string `json:"policy,omitempty"`
}

// Step is one playbook on one entity.
type Step struct {
	ID              string // ACT-...
	Workspace       string
	Gamebook        string
	Ordinal         int // within its entity, from 1
	Sequence        int // as submitted
	Playbook        string
	PlaybookVersion int
	PlaybookHash    string
	Entity          string
	EntityKind      EntityKind
	// EntityName is the name as shown when submitted, from the store.
	EntityName string
	Provenance Provenance
	Connector  string
	NativeID   string
	Parameters map[string]any
	Status     StepStatus
	// IdempotencyKey goes to the connector with the dispatch.
	IdempotencyKey string
	DispatchedAt   time.Time
	FinishedAt     time.Time
	Error          string
	ReadBack       *ReadBack
	Attempts       int
}

// ReadBack is what the probe saw.
type ReadBack struct {
	Probe    string    `json:"probe"`
	Expected string    `json:"expected"`
	Seen     string    `json:"seen"`
	At       time.Time `json:"at"`
}

// Approval is one person's decision on one digest.
type Approval struct {
	ID       string
	Gamebook string
	Person   string
	Name     string
	Role     Role
	Digest   string
	Approved bool
	Comment  string
	ViewHash string
	At       time.Time
	Void     bool
	Consumed bool
}

// TargetLock is a resolved target that a gamebook holds while it acts (S28).
type TargetLock struct {
	Connector, NativeID string
	At                  time.Time
}

// The scopes of a kill switch.
const (
	KillGlobal    = "global"
	KillWorkspace = "workspace"
	KillAgent     = "agent"
)

// AllKillScopes lists the scopes.
var AllKillScopes = []string{KillGlobal, KillWorkspace, KillAgent}

// KillSwitch is one switch (S33). The global switch of an organization has the
// organization as ID and stops all its workspaces; the whole server's has no
// ID and no Organization.
type KillSwitch struct {
	Scope        string // of AllKillScopes
	ID           string
	Organization string
	Engaged      bool
	Via          string // api, cli, file, console
	ByKind       PrincipalKind
	By           string
	Reason       string
	At           time.Time
	// ReleaseBy is the first of the two people who release it.
	ReleaseBy   string
	ReleaseRole Role
	ReleaseAt   time.Time
	// Halted are the gamebooks it stopped, at most 200; filled by the list.
	Halted []string
	// OverdueReverts are the releases that are due and that it keeps waiting
	// (S25), at most 200; filled by the list.
	OverdueReverts int
}
