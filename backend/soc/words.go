package soc

import (
	"slices"
	"strings"
)

// Words spells a closed set the way one door family does: the core-word tables
// of the contracts, in both directions. It cannot be changed once made.
type Words[T ~string] struct {
	core  []T
	words []string
}

// spelling pairs a closed set with its words, in order.
func spelling[T ~string](core []T, words ...string) Words[T] {
	if len(core) != len(words) {
		panic("soc: a closed set has grown and its spelling has not")
	}
	return Words[T]{slices.Clone(core), words}
}

// Word spells a core word; "" for one that is not of the set.
func (w Words[T]) Word(core T) string {
	if i := slices.Index(w.core, core); i >= 0 {
		return w.words[i]
	}
	return ""
}

// Spell is Word for a list.
func (w Words[T]) Spell(core []T) []string {
	words := make([]string, len(core))
	for i, c := range core {
		words[i] = w.Word(c)
	}
	return words
}

// Core reads a word, exactly. Where one word stands for several core words the
// first is given: what a write means. Filters use Cores.
func (w Words[T]) Core(word string) (T, bool) {
	if i := slices.Index(w.words, word); i >= 0 && word != "" {
		return w.core[i], true
	}
	return "", false
}

// CoreFold is Core without regard to ASCII case, for the one enum the portal
// compares so (EntityKind).
func (w Words[T]) CoreFold(word string) (T, bool) {
	for i, known := range w.words {
		if len(known) == len(word) && strings.EqualFold(known, word) {
			return w.core[i], true
		}
	}
	return "", false
}

// Cores are all core words that a word stands for, none for an unknown one.
func (w Words[T]) Cores(word string) []T {
	var all []T
	for i, known := range w.words {
		if known == word && word != "" {
			all = append(all, w.core[i])
		}
	}
	return all
}

// All lists the words, each once, in the order of the set.
func (w Words[T]) All() []string {
	var all []string
	for _, word := range w.words {
		if !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}

// The portal's words (portal-api.md section 11), used by the ops API and the
// agent tools too. Verdicts, triggers, gamebook and step states are the core
// words themselves.
var (
	PortalSeverity   = spelling(AllSeverities, "Informational", "Low", "Medium", "High", "Critical")
	PortalStatus     = spelling(AllStatuses, "New", "Active", "Active", "Active", "Active", "Closed")
	PortalProvenance = spelling(AllProvenances, "SensorAsserted", "Parsed", "AgentAdded")
	PortalClass      = spelling(AllClasses, "ReadOnly", "Reversible", "ExternallyReversible", "Irreversible")
	PortalImpact     = spelling(AllImpacts, "Low", "High") // in settings; a card says low, high
	PortalRole       = spelling(AllRoles, "WorkspaceReader", "IncidentAnalyst", "IncidentResponder", "Owner", "Admin")
	PortalEntityKind = spelling(AllEntityKinds,
		"Account", "Host", "Ip", "Url", "Domain", "File", "FileHash", "Process", "Mailbox", "MailMessage",
		"RegistryKey", "RegistryValue", "AzureResource", "CloudApplication", "Other")
)

// The case family's words (case-api.md section 10). Severities and roles are
// the core words.
var (
	CaseStatus     = spelling(AllStatuses, "open", "investigating", "contained", "eradicated", "recovered", "resolved")
	CaseEntityKind = spelling(AllEntityKinds,
		"user", "hostname", "ip", "url", "domain", "filename", "hash", "process", "email", "message_id",
		"registry_key", "registry_value", "cloud_resource", "application", "other")
)

// The triage family's words (triage-api.md section 8). "low" written back
// means low: informational cannot be sent.
var (
	TriageSeverity = spelling([]Severity{SeverityLow, SeverityInformational, SeverityMedium, SeverityHigh, SeverityCritical},
		"low", "low", "medium", "high", "critical")
	TriageRunState = spelling(AllRunStates,
		"queued", "running", "running", "running", "completed", "completed", "failed", "cancelled", "completed")
)

// TriageStatus is the triage family's word of an incident: verdict tells
// whether it has one, standing or proposed.
func TriageStatus(s Status, verdict bool) string {
	switch {
	case s == StatusClosed:
		return "resolved"
	case verdict:
		return "triaged"
	}
	return "open"
}

// TriageStepStatus is the triage family's word of an action: of one step in
// its gamebook.
func TriageStepStatus(g GamebookStatus, needsApproval bool, s StepStatus) string {
	switch {
	case s == StepDispatched:
		return "executing"
	case s == StepConfirmed:
		return "completed"
	case s == StepUnconfirmed:
		return "unverified"
	case s == StepFailed:
		return "failed"
	case s == StepUnknown:
		return "unknown"
	case s == StepRolledBack:
		return "rolled_back"
	case g == GamebookRejected:
		return "rejected"
	case g == GamebookExpired:
		return "expired"
	case s == StepNotRun || g == GamebookCancelled || g == GamebookHalted:
		return "cancelled"
	case needsApproval:
		return "pending_approval"
	}
	return "pending"
}

// FamilySource is how the case and triage families write a source: the six
// known products in lower case, slugs as they are.
func FamilySource(source string) string {
	if slices.Contains(KnownSources, source) {
		return strings.ToLower(source)
	}
	return source
}

// FromFamilySource is the inverse of FamilySource.
func FromFamilySource(word string) string {
	for _, known := range KnownSources {
		if strings.ToLower(known) == word {
			return known
		}
	}
	return word
}
