package soc

import "time"

// Inbound is one item of an ingest request after a mapper has read it: an
// alert, an incident, or both. Mapping is pure; nothing here is stored yet.
type Inbound struct {
	Alert    *InboundAlert
	Incident *InboundIncident
	// Warnings are stable words such as "dangling_alert_reference:ID",
	// "unknown_severity" or "missing_title".
	Warnings []string
}

// InboundAlert is one alert as a mapper reads it. The alert key is
// (workspace, Source, ExternalID).
type InboundAlert struct {
	Source      string
	ExternalID  string
	Title       string
	Description string
	Severity    Severity
	Product     string
	Vendor      string
	// Detector is the source's stable rule id, verbatim; empty if it has none.
	Detector   string
	Category   string
	Type       string // incident type word for the triage family
	Tactics    []string
	Techniques []string
	StartedAt  time.Time
	EndedAt    time.Time
	CreatedAt  time.Time
	// Verdict is the source's own verdict on the alert, if any.
	VendorVerdict string
	Entities      []InboundEntity
	Evidence      []InboundEvidence
	// Raw is the item byte for byte.
	Raw []byte
}

// InboundEntity is a typed value found in a payload. Ref is unique within its
// alert, so that evidence can point to it.
type InboundEntity struct {
	Ref        string
	Kind       EntityKind
	Value      string // canonical
	Display    string
	Names      []string
	Properties map[string]string
	Provenance Provenance
	// Field is the payload path the value came from.
	Field string
	// VendorVerdict is malicious, suspicious, clean or empty; Remediated says
	// that the product already acted.
	VendorVerdict string
	Remediated    bool
}

// InboundEvidence is one row of proof made from a payload.
type InboundEvidence struct {
	Type       string // alert, process, file, network, logon, mail, dns, http, registry, property ...
	At         time.Time
	Text       string
	Fields     []Field
	Refs       []string // entity refs
	Provenance Provenance
}

// InboundIncident is an incident row of a source that has incidents of its
// own. Rows with one key are versions; the later ModifiedAt wins.
type InboundIncident struct {
	Source         string
	ExternalID     string
	Number         int64
	Title          string
	Description    string
	Severity       Severity
	Status         Status
	Classification string // the source's words, as sent
	Reason         string
	Comment        string
	OwnerName      string
	OwnerEmail     string
	AlertIDs       []string // external ids, in the source's order
	Tactics        []string
	Techniques     []string
	Products       []string
	RuleIDs        []string
	CreatedAt      time.Time
	ModifiedAt     time.Time
	ClosedAt       time.Time
	FirstActivity  time.Time
	LastActivity   time.Time
	Raw            []byte
}
