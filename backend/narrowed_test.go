package backend_test

import (
	"slices"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// A run token shows of other incidents which they are, their title and their
// verdict, in every list; its own incident stays whole.
func TestS8RunSeesLittleOfOtherIncidents(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	by := o.agent("runner")
	own := o.openIncident()
	by.Run = &soc.Run{ID: "run", Workspace: o.home, Incident: own.ID, Agent: by.ID, Trigger: soc.TriggerOnQueue}
	by.Served = &soc.Served{}
	page, err := o.desk.ListIncidents(t.Context(), by, soc.IncidentFilter{Limit: 100})
	must(t, err)
	related, err := o.desk.IncidentsByEntity(t.Context(), by, soc.SourceSentinel, "", soc.RelatedQuery{Kind: soc.KindHost, Value: "vnevado-win11a", Limit: 50})
	must(t, err)
	if len(page.Incidents) < 2 || len(related.Rows) == 0 {
		t.Fatalf("%d and %d rows", len(page.Incidents), len(related.Rows))
	}
	for _, i := range append(page.Incidents, related.Rows...) {
		whole := i.Description != "" || len(i.Products) > 0 || i.AlertCount > 0 || len(related.Entities[i.ID]) > 0
		if whole != (i.ID == own.ID) || i.Title == "" || i.ShortID == "" {
			t.Errorf("%s (own %v): %+v", i.ShortID, i.ID == own.ID, i)
		}
	}
	verdicts, err := o.desk.IncidentVerdicts(t.Context(), by, page.Incidents)
	must(t, err)
	for id := range verdicts {
		if id != own.ID {
			t.Errorf("the reasoning of %s was read", id)
		}
	}
}

// Only what is unique in a workspace joins two mentions of an entity, however
// the items come, and a payload cannot write itself such a name.
func TestS10OnlyUniqueNamesJoinMentions(t *testing.T) {
	asserted := `{"external_id":"a","source":"odd","title":"x","severity":"low","entities":[{"kind":"host","value":"ws-1.corp.example","provenance":"sensor_asserted","properties":{"device_id":"dev-1"}}]}`
	forged := `{"external_id":"b","source":"odd","title":"x","severity":"low","entities":[{"kind":"host","value":"ws-1","names":["device:dev-1"]},{"kind":"host","value":"device:dev-1"}]}`
	again := `{"external_id":"c","source":"odd","title":"x","severity":"low","entities":[{"kind":"host","value":"other-name","provenance":"sensor_asserted","properties":{"device_id":"dev-1"}}]}`
	incident := `{"kind":"incident","external_id":"i","source":"odd","title":"x","severity":"low","alert_ids":["a","b","c"]}`
	var first string
	for _, requests := range [][]string{
		{incident, asserted, forged, again}, {incident + "\n" + asserted, forged + "\n" + again}, {incident + "\n" + asserted + "\n" + forged + "\n" + again},
	} {
		o := newOffice(t)
		key := o.ingestKey(o.home)
		for _, body := range requests {
			items, err := o.desk.SplitIngest("generic", []byte(body))
			must(t, err)
			_, err = o.desk.Ingest(t.Context(), key, soc.IngestRequest{Format: "generic", Items: items})
			must(t, err)
		}
		by := host()
		by.Workspace = o.home
		detail, err := o.desk.GetIncident(t.Context(), by, soc.IncidentRef{Source: "odd", ExternalID: "i"}, soc.IncidentParts{Entities: true})
		must(t, err)
		var got []string
		for _, e := range detail.Entities {
			got = append(got, e.Value+" "+string(e.Provenance)+" "+e.Properties[soc.PropertyDeviceID])
		}
		slices.Sort(got)
		if text := strings.Join(got, "\n"); first == "" {
			first = text
		} else if text != first {
			t.Errorf("cut into %d requests:\n%s\nbefore:\n%s", len(requests), text, first)
		}
	}
	if want := "device:dev-1 parsed \nws-1 parsed \nws-1.corp.example sensor_asserted dev-1"; first != want {
		t.Errorf("got\n%s\nwant\n%s", first, want)
	}
}
