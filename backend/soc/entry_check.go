package soc

import (
	"slices"
	"strings"
)

// EntryFacts are one submitted entry beside what exact look-ups found for it.
type EntryFacts struct {
	// As submitted.
	PlaybookID, EntityID, AffectedEntity string
	// Playbook is the catalogue's record of PlaybookID, nil if there is none;
	// Enabled says whether the workspace switched it on.
	Playbook *Playbook
	Enabled  bool
	// Entity is the entity of this incident with EntityID, nil if there is
	// none; MissingProperty is what playbook.MissingProperty names of it.
	Entity          *Entity
	MissingProperty string
	// Carried is set when a connected product can carry the step out.
	Carried bool
	// Hints are ids of this incident that may have been meant.
	Hints []string
}

// EntryReport is the outcome of the entry checks, for g3.
type EntryReport struct {
	// Incident is INCIDENT_MISMATCH, or empty.
	Incident Code
	// Failures has one row per failing entry, in the order submitted.
	Failures []StepFailure
}

// OK reports whether every check passed.
func (r EntryReport) OK() bool { return r.Incident == "" && len(r.Failures) == 0 }

// CheckEntries runs the entry checks of safety.md section 3, in their order,
// on each entry: the first that fails names it. stated is the incident number
// of the request, 0 when not stated. Ids are compared byte for byte and
// nothing is repaired (S9); one bad entry refuses the whole gamebook.
func CheckEntries(stated int64, incident Incident, entries []EntryFacts) EntryReport {
	var report EntryReport
	if stated != 0 && stated != incident.Number {
		report.Incident = CodeIncidentMismatch
	}
	type target struct{ playbook, entity string }
	seen := make(map[target]bool, len(entries))
	for i, e := range entries {
		place := target{e.PlaybookID, e.EntityID}
		if code, message := e.check(incident.ID, seen[place]); code != "" {
			report.Failures = append(report.Failures, StepFailure{Index: i, Code: code, Message: message, Hints: e.Hints})
		}
		seen[place] = true
	}
	return report
}

func (e EntryFacts) check(incident string, repeated bool) (Code, string) {
	switch {
	case e.Playbook == nil || e.PlaybookID == "" || e.Playbook.ID != e.PlaybookID:
		return CodeUnknownPlaybook, "playbook_id is not an id of the catalogue."
	case !e.Enabled:
		return CodePlaybookDisabled, "The playbook is switched off in this workspace."
	case e.EntityID == "":
		return CodeEntityIDMissing, "entity_id is missing."
	case e.Entity == nil || e.Entity.ID != e.EntityID || e.Entity.Incident != incident:
		return CodeEntityNotInIncident, "entity_id is not an entity of this incident."
	case e.Entity.Provenance == ProvenanceAgentAdded:
		return CodeEntityAgentAdded, "An entity that an agent added is never a target."
	case e.AffectedEntity != "" && !e.Entity.Knows(e.AffectedEntity):
		return CodeEntityNameMismatch, "affected_entity is not a name of this entity."
	case !slices.Contains(e.Playbook.EntityKinds, e.Entity.Kind):
		return CodeEntityKindMismatch, "The playbook acts on " + kinds(e.Playbook.EntityKinds) + ", the entity is of kind " + string(e.Entity.Kind) + "."
	case e.MissingProperty != "":
		return CodeEntityPropertyMissing, "The entity lacks the property " + strings.ReplaceAll(e.MissingProperty, "|", " or ") + "."
	case repeated:
		return CodeDuplicateStep, "The same playbook stands on the same entity twice."
	case !e.Carried:
		return CodeUpstreamError, "No connected product can carry out this step."
	}
	return "", ""
}

func kinds(list []EntityKind) string {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}
