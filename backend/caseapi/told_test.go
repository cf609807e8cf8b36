package caseapi_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/portalapi"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

// TestWhatComesOfAnAlertIsToldAndCounted: an alert posted here counts for its
// source like one that is ingested; the case of it tells which alert it is of;
// and who is mentioned is told of the comment, in ids alone.
func TestWhatComesOfAnAlertIsToldAndCounted(t *testing.T) {
	h := webtest.Open(t, mappers)
	portalapi.Register(h.Registry, web.Portal(webtest.PublicURL), portalapi.Config{Desk: h.Desk, Seal: h.Seal, Now: h.Now})
	d := serve(h)
	w, found, err := d.Store.Read(t.Context()).Workspace(d.First)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	hook := soc.Webhook{
		ID: "0197aaaa-0000-7000-8000-00000000000a", Organization: w.Organization, Name: "listener", URL: "https://hooks.example.com/", Status: soc.WebhookActive,
		EventTypes: soc.CaseEventTypes, Authentication: soc.AuthenticationNone, SignatureFormat: soc.SignatureBase64ISO, PayloadFormat: soc.PayloadCase,
		CreatedAt: d.Now(), UpdatedAt: d.Now(), Version: 1,
	}
	if err := d.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertWebhook(hook) }); err != nil {
		t.Fatal(err)
	}
	a := d.post(t, alertText("x-1", ""))
	d.post(t, alertText("x-1", "")) // known already, and it came all the same
	reader := d.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeDatasourcesRead}})
	if sources := d.Ask("GET", "/api/v2/workspaces/"+d.First+"/datasources", "", reader).Body.String(); !strings.Contains(sources, `"dataConnectorId":"CrowdStrike"`) || !strings.Contains(sources, `"connected":true`) {
		t.Errorf("data sources: %s", sources)
	}
	hours, err := d.Store.Read(t.Context()).SourceHours(d.First, soc.SourceCrowdStrike, webtest.Epoch.Truncate(time.Hour), webtest.Epoch.Add(time.Hour))
	if err != nil || len(hours) != 1 || hours[0].Received != 2 {
		t.Errorf("counted %+v (%v)", hours, err)
	}
	id := d.escalate(t, a.ID, "")
	d.Cookie(d.First, soc.RoleAnalyst)
	people, err := d.Store.Read(t.Context()).RolesIn(d.First)
	if err != nil || len(people) != 1 {
		t.Fatal(people, err)
	}
	var person string
	for p := range people {
		person = p
	}
	comment := func(body string) {
		t.Helper()
		if w := d.Ask("POST", "/api/v1/cases/"+id+"/comments", body, d.key); w.Code != 201 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	comment(`{"body":"Nobody is told of @this."}`)
	comment(`{"body":"Look at the *secret* of this.","mentions":["` + soc.CaseID(soc.CasePrefixUser, person) + `"]}`)
	told, _, err := d.Store.Read(t.Context()).Deliveries(soc.DeliveryFilter{Webhook: hook.ID, Limit: 10})
	if err != nil || len(told) != 2 {
		t.Fatalf("%d deliveries (%v)", len(told), err)
	}
	slices.Reverse(told)
	uid, _ := soc.UUIDOfCaseID(soc.CasePrefixAlert, a.ID)
	if e := told[0].Event; e.Type != soc.EventCaseCreated || e.Facts.Alert != uid {
		t.Errorf("%s of alert %q, want %q", e.Type, e.Facts.Alert, uid)
	}
	if e := told[1].Event; e.Type != soc.EventCaseMentioned || !slices.Equal(e.Facts.Mentions, []string{person}) || e.Facts.Comment == "" {
		t.Errorf("%+v", e)
	}
}
