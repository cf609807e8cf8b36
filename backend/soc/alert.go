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
var mayEscalate = []AlertStatus{AlertTriage, AlertDismissed, AlertSuppressed, AlertLinked}

// MayEscalate reports whether somebody may put the alert under an incident.
func (a Alert) MayEscalate() bool { return slices.Contains(mayEscalate, a.Status) }

// DetectedAt is when the alert says that it was detected, else when it was made.
func (a Alert) DetectedAt() time.Time {
	if a.StartedAt.IsZero() {
		return a.CreatedAt
	}
	return a.StartedAt
}
