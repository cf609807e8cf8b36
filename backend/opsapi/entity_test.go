package opsapi_test

import (
	"net/http"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

// TestS10OnlyPeoplePromote: a senior in person makes what was read from text a
// target, in one incident and on named evidence; nobody who started a run on
// it does, nobody below, no admin by that alone, and never for what an agent
// added.
func TestS10OnlyPeoplePromote(t *testing.T) {
	o := openOffice(t)
	o.Ingest(o.First, "generic", []byte(`[{"external_id":"a-2","source":"odd","title":"Odd name","severity":"high","entities":[{"kind":"host","value":"ws-077.corp.local"}]},
{"external_id":"a-3","source":"odd","title":"Another","severity":"high","entities":[{"kind":"host","value":"ws-077.corp.local"}]}]`))
	by := o.Host
	by.Workspace = o.First
	page, err := o.Desk.ListIncidents(t.Context(), by, soc.IncidentFilter{Limit: 3})
	if err != nil || len(page.Incidents) != 3 {
		t.Fatal(page, err)
	}
	provenance := func(incident string, value string) (id string, p soc.Provenance) {
		t.Helper()
		detail, err := o.Desk.GetIncident(t.Context(), by, soc.IncidentRef{ID: incident}, soc.IncidentParts{Entities: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range detail.Entities {
			if e.Kind == soc.KindHost && e.Value == value {
				id, p = e.ID, e.Provenance
			}
		}
		return id, p
	}
	var of []soc.Incident
	for _, i := range page.Incidents {
		if i.ShortID != o.incident {
			of = append(of, i)
		}
	}
	const value = "ws-077.corp.local"
	entity, was := provenance(of[0].ShortID, value)
	if was != soc.ProvenanceParsed {
		t.Fatalf("the fixture is %s", was)
	}
	added := soc.Entity{
		ID: "ENT-00000002", Workspace: o.First, Incident: of[0].ID, Kind: soc.KindIP, Value: "203.0.113.9", Display: "203.0.113.9", Provenance: soc.ProvenanceAgentAdded,
		FirstSeen: o.Now(), LastSeen: o.Now(),
	}
	if err := o.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertEntity(added, 1) }); err != nil {
		t.Fatal(err)
	}
	senior, starter := o.Cookie(o.First, soc.RoleSenior), o.Cookie(o.First, soc.RoleSenior)
	if w := o.Ask(http.MethodPost, "/api/ops/v1/runs", `{"incidentId":"`+of[0].ShortID+`","trigger":"ManualInvestigateOnly"}`, starter, jsonBody); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	good := `{"to":"SensorAsserted","reason":"the inventory has it","evidenceIds":["E1"]}`
	for _, c := range []struct {
		name, who, incident, entity, body string
		status                            int
	}{
		{"an analyst", o.Cookie(o.First, soc.RoleAnalyst), of[0].ShortID, entity, good, 403},
		{"an admin alone", o.AdminCookie(o.First), of[0].ShortID, entity, good, 403},
		{"who started a run", starter, of[0].ShortID, entity, good, 403},
		{"of another incident", senior, of[1].ShortID, entity, good, 404},
		{"what an agent added", senior, of[0].ShortID, added.ID, good, 403},
		{"evidence that is not there", senior, of[0].ShortID, entity, `{"to":"SensorAsserted","reason":"r","evidenceIds":["E999"]}`, 400},
		{"no evidence", senior, of[0].ShortID, entity, `{"to":"SensorAsserted","reason":"r","evidenceIds":[]}`, 400},
		{"to anything else", senior, of[0].ShortID, entity, `{"to":"Parsed","reason":"r","evidenceIds":["E1"]}`, 400},
	} {
		before := o.Count().Audit
		w := o.Ask(http.MethodPost, "/api/ops/v1/incidents/"+c.incident+"/entities/"+c.entity+"/promote", c.body, c.who, jsonBody, "Vedette-Workspace: "+o.First)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if w.Code == 403 && o.Count().Audit != before+1 {
			t.Errorf("%s: the refusal is not on record", c.name)
		}
	}
	if _, now := provenance(of[0].ShortID, value); now != soc.ProvenanceParsed {
		t.Fatal("a refused promotion took effect")
	}
	path := "/api/ops/v1/incidents/" + of[0].ShortID + "/entities/" + entity + "/promote"
	got := webtest.Decode[struct {
		Data struct{ EntityID, Provenance string }
	}](t, o.Ask(http.MethodPost, path, good, senior, jsonBody), http.StatusOK).Data
	if got.EntityID != entity || got.Provenance != "SensorAsserted" {
		t.Errorf("%+v", got)
	}
	if _, now := provenance(of[0].ShortID, value); now != soc.ProvenanceSensorAsserted {
		t.Errorf("afterwards it is %s", now)
	}
	if w := o.Ask(http.MethodPost, path, good, senior, jsonBody); w.Code != http.StatusConflict {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	if _, elsewhere := provenance(of[1].ShortID, value); elsewhere != soc.ProvenanceParsed {
		t.Errorf("in another incident it is %s", elsewhere)
	}
	found, err := o.Desk.FindAudit(t.Context(), by, soc.AuditFilter{Event: "entity_promoted", Limit: 5})
	if err != nil || len(found.Entries) != 1 || found.Entries[0].Target != entity || found.Entries[0].Detail != `{"evidence":"E1","reason":"the inventory has it"}` {
		t.Errorf("%+v %v", found, err)
	}
}
