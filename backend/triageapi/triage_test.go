package triageapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

func (d *desk) triage(i soc.Incident, body string, headers ...string) *httptest.ResponseRecorder {
	return d.Ask("POST", path(i, "/triage"), body, append(headers, d.key)...)
}

func TestAnswersOfTriage(t *testing.T) {
	d := open(t)
	scan, closed := d.byID(t, "authored-2"), d.first(t, false)
	golden := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		t.Run(name, func(t *testing.T) { webtest.Golden(t, *update, "triage/"+name+".golden", w) })
	}
	golden("unknown-playbook", d.triage(scan, `{"playbook":"custom_phishing"}`))
	first := d.triage(scan, "")
	golden("completed", first)
	golden("cached", d.triage(scan, "{}"))
	golden("incident", d.Ask("GET", path(scan, ""), "", d.key))
	golden("list", d.Ask("GET", "/api/incidents?status=triaged", "", d.key))
	golden("resolved", d.triage(closed, ""))
	golden("forced", d.triage(closed, `{"force":true}`))
	golden("forced-incident", d.Ask("GET", path(closed, ""), "", d.key))
	if _, err := d.Desk.EngageKillSwitch(t.Context(), d.by(d.First), soc.KillOrder{Scope: "global", Reason: "drill"}); err != nil {
		t.Fatal(err)
	}
	golden("kill-switch", d.triage(scan, `{"force":true}`))
}

func TestTriageGoesOnWithoutItsCaller(t *testing.T) {
	d := open(t)
	i := d.first(t, true)
	w := d.triage(i, "", "Prefer: respond-async")
	if w.Code != 202 || w.Header().Get("Retry-After") != "2" || !strings.HasPrefix(w.Header().Get("Location"), path(i, "/triage/triage-")) {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	place := w.Header().Get("Location")
	webtest.Golden(t, *update, "triage/queued.golden", w)
	// Another call joins it; one with another playbook does not.
	if again := d.triage(i, `{"force":true}`, "Prefer: wait=0"); again.Code != 202 || again.Header().Get("Location") != place {
		t.Errorf("%d %v", again.Code, again.Header())
	}
	other := d.triage(i, `{"playbook":"built_in"}`, "Prefer: wait=0")
	if other.Code == 409 && !strings.Contains(other.Body.String(), `"triage_id":"`+place[strings.LastIndex(place, "/")+1:]) {
		t.Errorf("%s", other.Body)
	}
	if w := d.Ask("GET", place, "", d.key); w.Code != 200 || !strings.Contains(w.Body.String(), `"status":"queued"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// The worker does it.
	id := place[strings.LastIndex(place, "/")+1:]
	if err := d.Desk.RunTriage(t.Context(), soc.TriageJob{Workspace: d.First, Triage: id}); err != nil {
		t.Fatal(err)
	}
	webtest.Golden(t, *update, "triage/polled.golden", d.Ask("GET", place, "", d.key, "Prefer: wait=5"))
	if w := d.Ask("GET", path(d.first(t, false), "/triage/"+id), "", d.key); w.Code != 404 {
		t.Errorf("under another incident: %d", w.Code)
	}
}

func TestS27TriageWithOneKeyIsOneAnswer(t *testing.T) {
	d := open(t)
	i := d.first(t, true)
	first := d.triage(i, "{}", "Idempotency-Key: one")
	again := d.triage(i, "", "Idempotency-Key: one")
	if first.Code != 200 || again.Code != 200 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d %s\n%d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if w := d.triage(i, `{"force":true}`, "Idempotency-Key: one"); w.Code != 422 || webtest.CodeOf(t, w) != "idempotency_key_reused" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestVerdictsOfOthersAreShownInTheFamilysWords(t *testing.T) {
	d := open(t)
	i := d.first(t, true)
	score := 80
	agent := soc.Actor{Kind: soc.PrincipalService, ID: "key", Name: "key", Workspace: d.First, Role: soc.RoleSenior, Scopes: soc.AllScopes}
	submit := func(classification string) {
		t.Helper()
		_, err := d.Desk.SubmitInvestigation(t.Context(), agent, soc.SubmitInvestigation{
			Incident: soc.IncidentRef{ID: i.ID}, Classification: classification, Score: &score, Comment: "Seen in [E1] and [E2]. " + classification,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	submit("Undetermined")
	webtest.Golden(t, *update, "verdict/submitted.golden", verdictOf(t, d, i))
	submit("FalsePositive")
	webtest.Golden(t, *update, "verdict/held.golden", verdictOf(t, d, i))
}

// verdictOf is the answer without the payload.
func verdictOf(t *testing.T, d *desk, i soc.Incident) *httptest.ResponseRecorder {
	t.Helper()
	w := d.Ask("GET", path(i, ""), "", d.key)
	var body map[string]map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	delete(body["data"], "raw_data")
	w.Body.Reset()
	if err := json.NewEncoder(w.Body).Encode(body); err != nil {
		t.Fatal(err)
	}
	return w
}
