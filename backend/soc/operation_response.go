package soc

import "time"

// This file holds what people's operations on gamebooks take and give.

// Decision is a person's approval or denial of a gamebook.
type Decision struct {
	Workspace string
	Gamebook  string
	Digest    string
	Comment   string // reason, for a denial
	View      string // hash of the card as viewed, if proven
	Approve   bool
	// IfMatch is the caller's condition on the card's revision; Revision that of
	// the card a view proves, 0 for none. ViewedFor is how long it was looked
	// at, and Opened which evidence (S64).
	IfMatch   IfMatch
	Revision  int64
	ViewedFor time.Duration
	Opened    []string
}

// DecisionReceipt is the answer to a decision.
type DecisionReceipt struct {
	GamebookID       string
	State            string // pending, approved, denied
	Given, Required  int
	Missing          []Role
	ExecutionExpires time.Time
}

// ApprovalFilter selects gamebooks for the approval queue. Zero members do not
// filter.
type ApprovalFilter struct {
	Workspace string
	State     string // pending, approved, executing, finished, denied, expired, cancelled
	Incident  string
	Severity  Severity
	Class     Class
	Reason    Code
	Playbook  string
	Agent     string
	Flagged   *bool
	// Mine keeps those the caller may decide now.
	Mine          bool
	ExpiresBefore time.Time
	// Sort is approvalExpiresAt (default), -risk or requestedAt.
	Sort  string
	After *Keyset
	Limit int
}

// ApprovalPage is one page of the approval queue. Total counts up to 10,000.
type ApprovalPage struct {
	Rows  []ApprovalRow
	Next  *Keyset
	Total int
}

// KillOrder engages or releases a kill switch. Over a door ID is empty for the
// global switch of the caller's organization, else the workspace or agent.
type KillOrder struct {
	Scope  string
	ID     string
	Reason string
	Via    string // api, cli, file, console
}

// GamebookOrder is what people tell a stored gamebook to do: cancel, resubmit,
// or roll back (all steps with an inverse, or those named by ACT- id).
type GamebookOrder struct {
	Gamebook string
	Reason   string
	Steps    []string
}

// BatchDecision decides several gamebooks with one confirmation (S21).
type BatchDecision struct {
	Approve bool
	Comment string // reason, for a denial
	Items   []Decision
}

// GamebookFilter selects gamebooks. Zero members do not filter.
type GamebookFilter struct {
	Workspace string
	Status    GamebookStatus
	Incident  string
	Playbook  string
	Entity    string
	Agent     string
	From, To  time.Time // of the request
	After     *Keyset
	Limit     int
}

// GamebookDetail is a gamebook with what people see of its execution.
type GamebookDetail struct {
	GamebookRecord
	Locks []TargetLock
	// AutoRevertAt is when a step is undone by itself, zero for never.
	AutoRevertAt time.Time
}

// GamebookSearch selects gamebooks of one or several workspaces for a history,
// newest request first. Query is words of gamebook id, title, incident title
// and number; all of them must be there. Offset is for page numbers only.
type GamebookSearch struct {
	Statuses []GamebookStatus
	Query    string
	After    *Keyset
	Offset   int
	Limit    int
}

// GamebookPage is one page of a history. Total counts up to 10,000.
type GamebookPage struct {
	Records     []GamebookRecord
	Next        *Keyset
	Total       int
	TotalCapped bool
}
