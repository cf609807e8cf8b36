package soc_test

import (
	"testing"

	"vedette/backend/soc"
)

func goodEntry() soc.EntryFacts {
	return soc.EntryFacts{
		PlaybookID: "isolate_host", EntityID: "ENT-1", AffectedEntity: "ws-042",
		Playbook: &soc.Playbook{ID: "isolate_host", EntityKinds: []soc.EntityKind{soc.KindHost}}, Enabled: true,
		Entity: &soc.Entity{
			ID: "ENT-1", Incident: "i", Kind: soc.KindHost, Value: "ws-042.corp.local", Display: "WS-042",
			Names: []string{"café-pc"}, Provenance: soc.ProvenanceSensorAsserted,
		},
		Carried: true,
	}
}

// entryFaults is in the order of safety.md section 3.
var entryFaults = []struct {
	code   soc.Code
	change func(*soc.EntryFacts)
}{
	{soc.CodeUnknownPlaybook, func(e *soc.EntryFacts) { e.Playbook = nil }},
	{soc.CodePlaybookDisabled, func(e *soc.EntryFacts) { e.Enabled = false }},
	{soc.CodeEntityIDMissing, func(e *soc.EntryFacts) { e.EntityID = "" }},
	{soc.CodeEntityNotInIncident, func(e *soc.EntryFacts) { e.Entity.Incident = "another" }},
	{soc.CodeEntityAgentAdded, func(e *soc.EntryFacts) { e.Entity.Provenance = soc.ProvenanceAgentAdded }},
	{soc.CodeEntityNameMismatch, func(e *soc.EntryFacts) { e.AffectedEntity = "test-vm-01" }},
	{soc.CodeEntityKindMismatch, func(e *soc.EntryFacts) { e.Entity.Kind = soc.KindIP }},
	{soc.CodeEntityPropertyMissing, func(e *soc.EntryFacts) { e.MissingProperty = "device_id|host_name" }},
	{soc.CodeUpstreamError, func(e *soc.EntryFacts) { e.Carried = false }},
}

func TestS9EntryChecksInOrder(t *testing.T) {
	incident := soc.Incident{ID: "i", Number: 42}
	if report := soc.CheckEntries(42, incident, []soc.EntryFacts{goodEntry()}); !report.OK() {
		t.Fatalf("%+v", report)
	}
	for i, fault := range entryFaults {
		entry := goodEntry()
		for _, later := range entryFaults[i:] {
			later.change(&entry)
		}
		other := goodEntry()
		other.EntityID, other.Entity.ID = "ENT-2", "ENT-2"
		report := soc.CheckEntries(0, incident, []soc.EntryFacts{other, entry})
		if len(report.Failures) != 1 || report.Failures[0].Index != 1 || report.Failures[0].Code != fault.code || report.Failures[0].Message == "" {
			t.Errorf("want %s: %+v", fault.code, report)
		}
	}
	if report := soc.CheckEntries(41, incident, []soc.EntryFacts{goodEntry()}); report.Incident != soc.CodeIncidentMismatch || report.OK() {
		t.Errorf("%+v", report)
	}
	report := soc.CheckEntries(0, incident, []soc.EntryFacts{goodEntry(), goodEntry()})
	if len(report.Failures) != 1 || report.Failures[0].Code != soc.CodeDuplicateStep || report.Failures[0].Index != 1 {
		t.Errorf("%+v", report)
	}
}

// TestS9NothingIsRepaired: a look-up that was too kind does not pass.
func TestS9NothingIsRepaired(t *testing.T) {
	for _, id := range []string{"ENT-1 ", "ent-1", "ENT-", "*", "../ENT-1", "WS-042"} {
		entry := goodEntry()
		entry.EntityID = id
		if report := soc.CheckEntries(0, soc.Incident{ID: "i"}, []soc.EntryFacts{entry}); report.OK() {
			t.Errorf("%q passes", id)
		}
	}
	entry := goodEntry()
	entry.PlaybookID = "ISOLATE_HOST"
	if soc.CheckEntries(0, soc.Incident{ID: "i"}, []soc.EntryFacts{entry}).OK() {
		t.Error("a playbook id in capitals passes")
	}
}

func TestS11AffectedEntityMustNameIt(t *testing.T) {
	for name, knows := range map[string]bool{
		"": true, "WS-042": true, "ws-042": true, "WS-042.CORP.LOCAL": true, "café-pc": true, "CAFÉ-PC": true,
		"cafe\u0301-pc": true, "cafe-pc": false, "ws-04": false, "ws-0422": false, " ws-042": false, "ws-042\u200b": false, "wѕ-042": false,
	} {
		entry := goodEntry()
		entry.AffectedEntity = name
		if report := soc.CheckEntries(0, soc.Incident{ID: "i"}, []soc.EntryFacts{entry}); report.OK() != knows {
			t.Errorf("%q: %+v", name, report)
		}
	}
}
