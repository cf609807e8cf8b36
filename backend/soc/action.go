package soc

import (
	"slices"
	"strings"
)

// Action is one step of a gamebook as the triage family sees it: a gamebook of
// one step is an action, a step of a longer one is told with its gamebook.
type Action struct {
	Gamebook Gamebook
	Step     Step
	// Playbook is the catalogue's present entry, the zero value where it has none
	// any more; Reversible tells that it holds an inverse.
	Playbook   Playbook
	Reversible bool
	// Deduplicated: the request found an unfinished one that is the same.
	Deduplicated bool
	// Original is the action that this one undoes, empty for none.
	Original string
}

// ID is the family's spelling of the step's id.
func (a Action) ID() string { return strings.ToLower(a.Step.ID) }

// Status is the family's word.
func (a Action) Status() string {
	return TriageStepStatus(a.Gamebook.Status, a.Gamebook.NeedsApproval, a.Step.Status)
}

// Waits reports whether the action can still change by the server's work alone.
func (a Action) Waits() bool {
	return slices.Contains([]string{"pending", "executing"}, a.Status())
}

// AllActionStatuses are the family's words for an action.
var AllActionStatuses = []string{
	"pending_approval", "pending", "executing", "completed", "unverified", "failed", "unknown", "rejected", "expired", "cancelled", "rolled_back",
}

// ActionRequest asks for one action on one entity of an incident. The target is
// the parameter that the playbook names, or Entity, or both where they agree.
type ActionRequest struct {
	Incident   IncidentRef
	Playbook   string
	Entity     string // ENT- id, empty where a parameter names it
	Parameters map[string]any
	// Reason is shown as the requester's word.
	Reason string
}

// ActionFilter selects actions; zero members do not filter.
type ActionFilter struct {
	Workspace string
	Incident  string // UUID
	Playbook  string
	Statuses  []string // of AllActionStatuses
	// Level is the approval level it needed: analyst, senior or manager.
	Level Role
	// Sort is requested_at or executed_at, "-" in front for descending; default
	// -requested_at.
	Sort   string
	After  *Keyset
	Offset int
	Limit  int
}

// ActionPage is one page of actions. Total counts up to 10,000.
type ActionPage struct {
	Actions     []Action
	Next        *Keyset
	Total       int
	TotalCapped bool
}

// TargetParameter is the parameter by which the triage family names the target
// of a playbook (triage-api.md section 6), empty where only an entity id can.
func TargetParameter(p Playbook) string {
	for _, pair := range []struct {
		kind EntityKind
		name string
	}{
		{KindMailMessage, "message_id"},
		{KindMailbox, "sender"},
		{KindHost, "hostname"},
		{KindAccount, "username"},
		{KindIP, "ip"},
		{KindDomain, "domain"},
		{KindURL, "url"},
		{KindFileHash, "file_hash"},
		{KindFile, "file_hash"},
	} {
		if slices.Contains(p.EntityKinds, pair.kind) {
			return pair.name
		}
	}
	return ""
}

// ResolveTarget finds the one entity among those of an incident that a value
// names in canonical form. None is ENTITY_NOT_IN_INCIDENT, several ask for the
// id: nothing is ever picked (S9).
func ResolveTarget(p Playbook, value string, entities []Entity) (string, error) {
	var found []string
	for _, e := range entities {
		if !slices.Contains(p.EntityKinds, e.Kind) {
			continue
		}
		canonical, ok := CanonicalValue(e.Kind, value)
		if !ok {
			continue
		}
		same := e.Value == canonical || slices.ContainsFunc(UniqueNames(e.Kind, e.Value, e.Properties), func(name string) bool { return name == canonical })
		for _, hash := range []string{PropertySHA256, PropertySHA1, PropertyMD5} {
			same = same || e.Kind == KindFile && value != "" && strings.EqualFold(e.Properties[hash], value)
		}
		if same {
			found = append(found, e.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", Errorf(Refused, CodeEntityNotInIncident, "No entity of the incident is this target.").WithFix("%s", NextStep(CodeEntityNotInIncident))
	case 1:
		return found[0], nil
	}
	e := InvalidField("entity_id", "is required: several entities of the incident are this target (%s)", strings.Join(found, ", "))
	e.Hints = found
	return "", e
}
