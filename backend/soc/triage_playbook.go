package soc

import (
	"encoding/json"
	"slices"
	"time"
)

// TriagePlaybook is what the triage family calls a playbook: a named triage
// procedure, in the core one classification procedure and the actions it may
// recommend. Reading it does nothing.
type TriagePlaybook struct {
	TriageDraft
	Version int
	// BuiltIn came with the product.
	BuiltIn bool
	// Digest is the content hash of a playbook that the workspace made, empty
	// for a procedure, which has a hash of its own.
	Digest    string
	UpdatedAt time.Time
	// State is that of the version shown: in force unless another was asked for.
	State TriageVersionState
	// Pending is the version that waits for people, nil for none.
	Pending *TriageVersion
}

// Revision tells two readings of a playbook apart: by its newest version, and
// whether that one still waits.
func (p TriagePlaybook) Revision() int64 {
	if p.Pending != nil {
		return 2*int64(p.Pending.Version) + 1
	}
	return 2 * int64(p.Version)
}

// TriageDraft is what a triage playbook says.
type TriageDraft struct {
	// Name is its id on the wire (^[a-z][a-z0-9_]{0,63}$).
	Name        string `json:"name"`
	Description string `json:"description"`
	// Sources, Types and Severities are its trigger; an empty list does not narrow.
	Sources    []string   `json:"sources,omitempty"`
	Types      []string   `json:"incident_types,omitempty"`
	Severities []Severity `json:"severities,omitempty"`
	// SOP is the procedure it follows, empty for none.
	SOP string `json:"sop_id,omitempty"`
	// Steps are what it may recommend, in order.
	Steps   []TriageStep `json:"steps,omitempty"`
	Enabled bool         `json:"enabled"`
}

// TriageStep is one action that a triage playbook recommends where its condition
// holds. It runs nothing and lowers no approval.
type TriageStep struct {
	Action     string           `json:"action"`
	Parameters map[string]any   `json:"parameters,omitempty"`
	Condition  *TriageCondition `json:"condition,omitempty"`
}

// TriageVersionState is the state of one version of a triage playbook.
type TriageVersionState string

// The states of a version.
const (
	// TriagePending waits for two people, since it lets more happen (S60).
	TriagePending TriageVersionState = "pending"
	TriageInForce TriageVersionState = "in_force"
	// TriageReplaced was in force until another version came, or the playbook
	// was deleted.
	TriageReplaced TriageVersionState = "replaced"
	TriageRejected TriageVersionState = "rejected"
	// TriageSuperseded was overtaken by another change while it waited.
	TriageSuperseded TriageVersionState = "superseded"
	TriageExpired    TriageVersionState = "expired"
)

// AllTriageVersionStates lists the states of a version.
var AllTriageVersionStates = []TriageVersionState{
	TriagePending, TriageInForce, TriageReplaced, TriageRejected, TriageSuperseded, TriageExpired,
}

// TriageVersion is one version of a triage playbook of a workspace.
type TriageVersion struct {
	Workspace string
	Version   int
	State     TriageVersionState
	Draft     TriageDraft
	Digest    string
	AskedBy   string
	AskedKind PrincipalKind
	AskedAt   time.Time
	// ExpiresAt is when a pending version is void; zero where none is needed.
	ExpiresAt     time.Time
	DecidedAt     time.Time
	Confirmations []TriageConfirmation
}

// TriageConfirmation is one person's consent to a pending version.
type TriageConfirmation struct {
	Person string    `json:"person"`
	At     time.Time `json:"at"`
}

// TriageConfirmationsNeeded is how many people confirm a version that lets more
// happen: it was asked for with a key, which counts as nobody (ops-api.md
// section 4).
const TriageConfirmationsNeeded = 2

// TriageChangeLife is how long a pending version waits. It is never extended.
const TriageChangeLife = 24 * time.Hour

// NewTriageVersion is a version with its digest.
func NewTriageVersion(workspace string, version int, draft TriageDraft) (TriageVersion, error) {
	v := TriageVersion{Workspace: workspace, Version: version, Draft: draft}
	canonical, err := CanonicalRecord(map[string]any{"workspace": workspace, "version": version, "playbook": draft})
	if err != nil {
		return v, err
	}
	v.Digest = DigestOf("vedette-triage-playbook-v1", canonical)
	return v, nil
}

// SameTriageDraft reports whether two drafts say the same.
func SameTriageDraft(a, b TriageDraft) bool {
	left, errLeft := CanonicalRecord(a)
	right, errRight := CanonicalRecord(b)
	return errLeft == nil && errRight == nil && string(left) == string(right)
}

// LoosensTriage reports whether replacing one draft of a playbook by another
// lets more happen (S60): anything but switching it off, taking steps away,
// and making its trigger narrower. before is the zero draft for a new one. A
// playbook that is not enabled does nothing, so what it says is nobody's risk.
func LoosensTriage(before, after TriageDraft) bool {
	switch {
	case !after.Enabled:
		return false
	case !before.Enabled, before.Description != after.Description, before.SOP != after.SOP:
		return true
	}
	return !narrows(before.Sources, after.Sources) || !narrows(before.Types, after.Types) || !narrows(before.Severities, after.Severities) ||
		!fewerSteps(before.Steps, after.Steps)
}

// narrows reports whether a list of a trigger lets in no more than before.
func narrows[T comparable](before, after []T) bool {
	if len(before) == 0 {
		return true
	}
	return len(after) > 0 && !slices.ContainsFunc(after, func(x T) bool { return !slices.Contains(before, x) })
}

// fewerSteps reports whether every step of after stands in before, in its order.
func fewerSteps(before, after []TriageStep) bool {
	for _, step := range after {
		n := slices.IndexFunc(before, func(s TriageStep) bool { return sameStep(s, step) })
		if n < 0 {
			return false
		}
		before = before[n+1:]
	}
	return true
}

func sameStep(a, b TriageStep) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && string(left) == string(right)
}

// TriggersOn reports whether the playbook is for an incident.
func (d TriageDraft) TriggersOn(i Incident) bool {
	fits := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return d.Enabled && fits(d.Sources, i.Source) && fits(d.Types, i.Type) &&
		(len(d.Severities) == 0 || slices.Contains(d.Severities, i.HighestSeverity))
}

// TriageTriggerSeverities reads the family's words of a trigger: low is
// informational, too. An unknown word is kept, for the check to name.
func TriageTriggerSeverities(words []string) []Severity {
	var severities []Severity
	for _, word := range words {
		severity, known := TriageSeverity.Core(word)
		if !known {
			severity = Severity("?" + word)
		}
		severities = append(severities, severity)
		if severity == SeverityLow {
			severities = append(severities, SeverityInformational)
		}
	}
	return severities
}

// TriageTriggerWords is the inverse of TriageTriggerSeverities.
func TriageTriggerWords(severities []Severity) []string {
	words := []string{}
	for _, severity := range severities {
		if word := TriageSeverity.Word(severity); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}
