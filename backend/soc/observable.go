package soc

import (
	"crypto/sha256"
	"time"
)

// Observable is a value that an alert carries: declared by its sender, or found
// in its raw payload. The same value is one observable wherever it is seen in a
// workspace; under an incident it is an entity.
type Observable struct {
	Workspace string
	// Alert is the ALR- id of the alert, AlertUID its id in the case family.
	Alert    string
	AlertUID string
	// Number is its place in the alert, from 1.
	Number int
	Kind   EntityKind
	// Value is canonical where Valid, else as sent.
	Value string
	Valid bool
	// Declared is true where the sender named it as an observable or asset:
	// only those are suppressed or protect from it.
	Declared   bool
	Provenance Provenance
	// Field is the path in the payload, Sent the text there.
	Field  string
	Sent   string
	SeenAt time.Time
	// Known are the warning lists that the value is on, filled where shown.
	Known []string
}

// ID is the id of the observable. It is made of what it names, a UUID of version
// 8 (RFC 9562, section 5.8), so that it is the same in every alert and incident
// of the workspace without a row of its own.
func (o Observable) ID() string { return ObservableID(o.Workspace, o.Kind, o.Value) }

// ObservableID is the id of a value of a kind in a workspace.
func ObservableID(workspace string, kind EntityKind, value string) string {
	sum := sha256.Sum256([]byte("observable\x00" + workspace + "\x00" + string(kind) + "\x00" + value))
	var bits [16]byte
	copy(bits[:], sum[:])
	bits[6], bits[8] = bits[6]&0x0f|0x80, bits[8]&0x3f|0x80
	return formatUUID(bits)
}

// ObservableSighting is where an observable was seen among alerts.
type ObservableSighting struct {
	// Alerts counts them, up to 10,000.
	Alerts    int
	FirstSeen time.Time
	LastSeen  time.Time
}

// ObservableQuery asks where a value was seen.
type ObservableQuery struct {
	Kind  EntityKind
	Value string
	// After continues a page.
	After *ObservablePosition
	Limit int
}

// ObservablePosition is a place in both lists of a search; "" is the beginning.
type ObservablePosition struct {
	Alerts string `json:"a"`
	Cases  string `json:"c"`
}

// ObservablePage is where a value was seen: alerts and incidents, newest first
// and paged together.
type ObservablePage struct {
	// Observable is nil where the value was never seen.
	Observable *SeenObservable
	Alerts     []Alert
	Incidents  []Incident
	// AlertTotal and IncidentTotal are capped at 10,000.
	AlertTotal    int
	IncidentTotal int
	Next          *ObservablePosition
}

// SeenObservable is a value with what this workspace knows of it.
type SeenObservable struct {
	ID        string
	Kind      EntityKind
	Value     string
	FirstSeen time.Time
	LastSeen  time.Time
	Sightings int
	// Suppressed are the active suppressions of the value.
	Suppressed []Suppression
	// AlsoSeenAs are other kinds that hold the same text.
	AlsoSeenAs []EntityKind
}
