package soc

import "time"

// TriagePlaybook is what the triage family calls a playbook: a named triage
// procedure, in the core one classification procedure and the actions it may
// recommend. Reading it does nothing.
type TriagePlaybook struct {
	// Name is its id on the wire (^[a-z][a-z0-9_]{0,63}$).
	Name        string
	Description string
	Version     int
	// BuiltIn came with the product.
	BuiltIn bool
	// SOP is the procedure's id, empty for the one that fits what no other does.
	SOP string
	// Sources, Types and Severities are its trigger; an empty list does not narrow.
	Sources    []string
	Types      []string
	Severities []Severity
	// Actions are catalogue ids it may recommend.
	Actions   []string
	UpdatedAt time.Time
}
