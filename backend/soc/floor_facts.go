package soc

import (
	"cmp"
	"slices"
	"strconv"
)

// FloorRows are the rows from which the floor's facts are made. All belong to
// one incident.
type FloorRows struct {
	Incident Incident
	Alerts   []Alert
	Entities []Entity
	Evidence []Evidence
	// History holds the levels of each key of DistinctAlertKeys as of the moment of
	// triage. The workspace level is the same for all.
	History map[AlertKey][]LevelCounts
	// Prior, Critical and Protected are by entity id; missing = none.
	Prior     map[string]PriorSightings
	Critical  map[string]bool
	Protected map[string]bool
	// Suppression and KnownGood are those of FloorInput.
	Suppression string
	KnownGood   bool
	// Activity is per host and detector; its evidence is filled in here.
	Activity []Activity
	// Company is per host and detector; its evidence is filled in here too.
	Company         []Company
	CloseSeverities []Severity
	// Playbooks are the catalogue ids enabled in the workspace.
	Playbooks []string
}

// FloorReference looks facts up in the shipped reference data. The functions
// are pure.
type FloorReference struct {
	// Lists returns the warning lists a value is on, in a fixed order.
	Lists func(kind EntityKind, value string) []ListMatch
	// Technique resolves an ATT&CK technique id, present or revoked.
	Technique func(id string) (Technique, bool)
	// Tactic resolves an ATT&CK tactic id (TA0006) to its name.
	Tactic func(id string) (string, bool)
}

// factEvidence bounds the evidence ids kept per alert and per entity.
const factEvidence = 5

// DistinctAlertKeys are the distinct memory keys of alerts, sorted: what to ask the
// history for.
func DistinctAlertKeys(alerts []Alert) []AlertKey {
	keys := make([]AlertKey, len(alerts))
	for i, alert := range alerts {
		keys[i] = AlertKey{Title: alert.TitleKey, Detector: alert.DetectorKey}
	}
	slices.SortFunc(keys, func(a, b AlertKey) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Detector, b.Detector))
	})
	return slices.Compact(keys)
}

// GatherFacts reduces rows to typed facts. No title, description, display name
// or evidence text survives it; entity values are only looked up. Entities
// that an agent added are left out.
func GatherFacts(rows FloorRows, ref FloorReference) FloorInput {
	byAlert, byEntity := evidenceIndex(rows.Evidence)
	in := FloorInput{
		IncidentType:    rows.Incident.Type,
		IngestSeverity:  rows.Incident.IngestSeverity,
		GateSeverities:  rows.Incident.GateSeverities(),
		CloseSeverities: rows.CloseSeverities,
		Playbooks:       rows.Playbooks,
		Suppression:     rows.Suppression,
		KnownGood:       rows.KnownGood,
	}
	for _, row := range rows.Evidence[:min(len(rows.Evidence), factEvidence)] {
		in.Evidence = append(in.Evidence, evidenceID(row))
	}
	in.Types = gatherTypes(rows, byAlert)
	for _, alert := range rows.Alerts {
		in.Alerts = append(in.Alerts, gatherAlert(alert, byAlert[alert.ID], ref))
	}
	for _, entity := range rows.Entities {
		if entity.Provenance == ProvenanceAgentAdded {
			continue
		}
		in.Entities = append(in.Entities, EntityFact{
			Kind: entity.Kind, Provenance: entity.Provenance, Evidence: byEntity[entity.ID],
			VendorVerdict: entity.VendorVerdict, Remediated: entity.Remediated,
			Lists: ref.Lists(entity.Kind, entity.Value), Prior: rows.Prior[entity.ID],
			Critical: rows.Critical[entity.ID], Protected: rows.Protected[entity.ID],
		})
	}
	in.Activity = slices.Clone(rows.Activity)
	for i := range in.Activity {
		if len(in.Activity[i].Evidence) == 0 {
			in.Activity[i].Evidence = byEntity[in.Activity[i].Host]
		}
	}
	in.Company = slices.Clone(rows.Company)
	for i := range in.Company {
		if len(in.Company[i].Evidence) == 0 {
			in.Company[i].Evidence = byEntity[in.Company[i].Host]
		}
	}
	in.Flags, in.FlaggedEvidence = gatherFlags(rows)
	return in
}

func evidenceID(row Evidence) string { return "E" + strconv.Itoa(row.Number) }

// evidenceIndex gives each alert and entity its first rows; the row that
// states the alert itself comes before others of the alert.
func evidenceIndex(evidence []Evidence) (byAlert, byEntity map[string][]string) {
	byAlert, byEntity = map[string][]string{}, map[string][]string{}
	add := func(index map[string][]string, key, id string) {
		if key != "" && len(index[key]) < factEvidence {
			index[key] = append(index[key], id)
		}
	}
	for _, row := range evidence {
		if row.Type == "alert" {
			add(byAlert, row.Alert, evidenceID(row))
		}
	}
	for _, row := range evidence {
		if row.Type != "alert" {
			add(byAlert, row.Alert, evidenceID(row))
		}
		for _, entity := range row.Entities {
			add(byEntity, entity, evidenceID(row))
		}
	}
	return byAlert, byEntity
}

func gatherTypes(rows FloorRows, byAlert map[string][]string) []AlertType {
	evidence := map[AlertKey][]string{}
	for _, alert := range rows.Alerts {
		key := AlertKey{alert.TitleKey, alert.DetectorKey}
		evidence[key] = append(evidence[key], byAlert[alert.ID][:min(1, len(byAlert[alert.ID]))]...)
	}
	var types []AlertType
	for _, key := range DistinctAlertKeys(rows.Alerts) {
		types = append(types, AlertType{
			TitleKey: key.Title, DetectorKey: key.Detector, KeyVersion: KeyVersion,
			Evidence: evidenceUnion(evidenceCited, evidence[key]), Levels: rows.History[key],
		})
	}
	return types
}

func gatherAlert(alert Alert, evidence []string, ref FloorReference) AlertFact {
	// What the vendor said, and not what it was raised to here.
	fact := AlertFact{Severity: cmp.Or(alert.SentSeverity, alert.Severity), Evidence: evidence}
	for _, word := range alert.Tactics {
		tactic, known := NormalTactic(word)
		if !known {
			tactic, known = ref.Tactic(word)
		}
		if known && !slices.Contains(fact.Tactics, tactic) {
			fact.Tactics = append(fact.Tactics, tactic)
		}
	}
	for _, id := range alert.Techniques {
		if technique, known := ref.Technique(id); known && len(technique.Tactics) > 0 {
			fact.Techniques = append(fact.Techniques, technique)
		}
	}
	return fact
}

// gatherFlags collects the S40 hits of the incident and all its parts.
func gatherFlags(rows FloorRows) (rules, evidence []string) {
	add := func(flags []Flag) {
		for _, flag := range flags {
			rules = append(rules, flag.Rule)
		}
	}
	add(rows.Incident.Flags)
	for _, alert := range rows.Alerts {
		add(alert.Flags)
	}
	for _, entity := range rows.Entities {
		add(entity.Flags)
	}
	for _, row := range rows.Evidence {
		add(row.Flags)
		if len(row.Flags) > 0 {
			evidence = append(evidence, evidenceID(row))
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules), evidence
}
