package soc

import (
	"slices"
	"time"
)

// Alert is one detection as ingested, whichever family brought it. Its key is
// (Workspace, Source, ExternalID).
//
// An alert under an incident is escalated. What the ops family ingests is so
// from the start: its sources have decided, and a source without incidents of
// its own gets one for each alert. What the case family takes in stands in
// triage, seen by that family alone, until somebody escalates it; then its
// incident is the one row that every family shows.
type Alert struct {
	ID string // ALR-...
	// UID is the id of the case family, a UUIDv7 in lower case.
	UID        string
	Workspace  string
	Source     string
	ExternalID string
	// Format names what reads the payload: an ingest format, or FormatCase.
	Format string
	Status AlertStatus
	// Incident is the id of the incident it is under, empty unless escalated.
	Incident string
	// LinkedTo is the id of the incident it is context of, empty unless linked.
	LinkedTo string
	// DuplicateOf is the UID of the alert that absorbed it, empty unless
	// deduplicated.
	DuplicateOf string
	Title       string
	Description string
	// Severity decides and never falls while the alert changes; SentSeverity is
	// what the newest payload says.
	Severity     Severity
	SentSeverity Severity
	Product      string
	Vendor       string
	// Detector is the source's stable rule, signature or analytic id.
	Detector string
	// DetectorKey and TitleKey are the keys of verdict memory (T7).
	DetectorKey string
	TitleKey    string
	Category    string
	Tactics     []string
	Techniques  []string
	Flags       []Flag
	// VendorVerdict is the source's own verdict, as sent.
	VendorVerdict string
	// Asset is what the case family's sender says it is about.
	Asset       AlertAsset
	Suppression AlertSuppression
	Enrichment  AlertEnrichment
	// Dismissal is nil unless dismissed.
	Dismissal *Dismissal
	// RepeatCount is 1 and what the second layer of deduplication folded in.
	RepeatCount int
	// StartedAt is when it was detected, LastSeen when it was last received.
	StartedAt  time.Time
	EndedAt    time.Time
	CreatedAt  time.Time
	IngestedAt time.Time
	LastSeen   time.Time
	// PayloadHash is the SHA-256 of the canonical payload; Raw the payload
	// byte for byte, loaded only where asked for.
	PayloadHash string
	// ContentKey is what the second layer compares, empty where it does not.
	ContentKey string
	// Version grows by one with every change (ETag).
	Version int64
	Raw     []byte
}

// FormatCase is the format of alerts that came by the case family: the payload
// is the body of POST /alerts.
const FormatCase = "case"

// AlertStatus is where an alert stands (case-api.md section 4).
type AlertStatus string

// The states of an alert. An alert that is being taken in has none yet.
const (
	AlertTriage       AlertStatus = "triage"
	AlertDeduplicated AlertStatus = "deduplicated"
	AlertSuppressed   AlertStatus = "suppressed"
	AlertDismissed    AlertStatus = "dismissed"
	AlertLinked       AlertStatus = "linked"
	AlertEscalated    AlertStatus = "escalated"
)

// AllAlertStatuses lists the states.
var AllAlertStatuses = []AlertStatus{AlertTriage, AlertDeduplicated, AlertSuppressed, AlertDismissed, AlertLinked, AlertEscalated}

// DismissReason is why somebody put an alert aside.
type DismissReason string

// AllDismissReasons lists the reasons.
var AllDismissReasons = []DismissReason{"known-good", "false-positive", "duplicate", "test", "out-of-scope", "informational"}

// DismissKnownGood says that the alert shows something allowed.
const DismissKnownGood DismissReason = "known-good"

// Dismissal is who put an alert aside and why.
type Dismissal struct {
	Reason  DismissReason `json:"reason"`
	Comment string        `json:"comment"`
	By      string        `json:"by"`
	ByKind  PrincipalKind `json:"by_kind"`
	At      time.Time     `json:"at"`
}

// AlertAsset is the asset of an alert, as sent.
type AlertAsset struct {
	ID       string `json:"id,omitempty"`
	Hostname string `json:"hostname,omitempty"`
	Owner    string `json:"owner,omitempty"`
	IP       string `json:"ip,omitempty"`
	// Asserted is true where the key that sent it is tied to the source.
	Asserted bool `json:"asserted,omitempty"`
}

// AlertSuppression is what suppressions made of an alert when it was taken in.
type AlertSuppression struct {
	Applied bool `json:"applied"`
	// Matched are the ids of the suppressions that cover one of its observables.
	Matched []string `json:"matched,omitempty"`
	// Because is why some matched and none applied.
	Because SuppressionMiss `json:"because,omitempty"`
}

// AlertEnrichment is what local data knew of the asset and the values of an
// alert when it was taken in.
type AlertEnrichment struct {
	// Tags, Owner and Criticality are those of the asset, as known here.
	Tags        []string `json:"tags,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	Criticality string   `json:"criticality,omitempty"`
	// Raised says that the severity was raised for it.
	Raised bool `json:"raised,omitempty"`
}

// AlertFilter selects alerts, newest received first. Zero members do not
// filter.
type AlertFilter struct {
	Workspace  string
	Statuses   []AlertStatus
	Severities []Severity
	Sources    []string
	ExternalID string
	// Query is words of title, description and external id.
	Query          string
	DetectedAfter  time.Time // exclusive
	DetectedBefore time.Time // exclusive
	After          *Keyset
	Limit          int
}

// AlertPage is one page of alerts.
type AlertPage struct {
	Alerts []Alert
	Next   *Keyset
}

// CaseOf is the id of the incident that the alert is under or linked to.
func (a Alert) CaseOf() string {
	if a.Incident != "" {
		return a.Incident
	}
	return a.LinkedTo
}

// mayEscalate are the states from which an alert can come under an incident.
var mayEscalate = []AlertStatus{AlertTriage, AlertDismissed, AlertSuppressed}

// MayEscalate reports whether somebody may put the alert under an incident.
func (a Alert) MayEscalate() bool { return slices.Contains(mayEscalate, a.Status) }

// DetectedAt is when the alert says that it was detected, else when it was made.
func (a Alert) DetectedAt() time.Time {
	if a.StartedAt.IsZero() {
		return a.CreatedAt
	}
	return a.StartedAt
}

// PostAlert is an alert of the case family on its way in.
type PostAlert struct {
	Alert CaseAlert
	// Update lets a newer payload of a known alert replace the old one.
	Update bool
	// DryRun answers what would happen and stores nothing.
	DryRun bool
}

// AlertReceipt is the answer to it.
type AlertReceipt struct {
	// Alert is the one that was taken in, or the one that absorbed it; its UID is
	// empty where a dry run would have made it.
	Alert   Alert
	Created bool
	// Dedup is the layer that recognised the alert, empty for a new one, and
	// Absorbed the UID under which the second layer stored it.
	Dedup    DedupRule
	Absorbed string
	// WindowHours is how far back the second layer looked, where it recognised it.
	WindowHours int
	Updated     bool
	// Suppression is what was decided now.
	Suppression AlertSuppression
	// Added counts the observables that the alert did not have before.
	Added int
}

// AlertConflict is the error of a known alert key with another payload.
type AlertConflict struct {
	Refusal *Error
	// Alert is the UID of the alert that has the key, Fields the members in which
	// the two differ.
	Alert  string
	Fields []string
}

// Error is the text of the refusal, which is safe to show.
func (c AlertConflict) Error() string { return c.Refusal.Error() }

// Unwrap gives the house's error to whoever asks for that.
func (c AlertConflict) Unwrap() error { return c.Refusal }

// AlertStateError is the error of a move that the alert's state does not allow.
type AlertStateError struct {
	Refusal *Error
	Alert   Alert
}

// Error is the text of the refusal, which is safe to show.
func (s AlertStateError) Error() string { return s.Refusal.Error() }

// Unwrap gives the house's error to whoever asks for that.
func (s AlertStateError) Unwrap() error { return s.Refusal }

// DismissAlert puts an alert aside.
type DismissAlert struct {
	Reason  DismissReason
	Comment string
	IfMatch IfMatch
}

// AlertDetail is an alert with its values.
type AlertDetail struct {
	Alert       Alert
	Observables []Observable
	// Raw is the payload of the sender, byte for byte, nil unless asked for.
	Raw []byte
}

// EscalatedAlert is an alert that came under an incident.
type EscalatedAlert struct {
	Alert    Alert
	Incident Incident
	// Created is true where the incident was made for it, Moved where it was not
	// under the incident before.
	Created bool
	Moved   bool
}

// BulkAlerts moves several alerts, each by itself.
type BulkAlerts struct {
	Operation string // dismiss, link or escalate
	Alerts    []string
	Dismiss   DismissAlert
	// Incident is the one to link to or to escalate to; empty makes one incident
	// for all that can be escalated.
	Incident string
}

// BulkResult is the fate of one of them.
type BulkResult struct {
	Alert   string
	Created bool
	Err     error
}
