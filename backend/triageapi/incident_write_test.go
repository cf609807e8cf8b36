package triageapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const phish = `{"incident_type":"phishing","source":"email_gateway","severity":"high","external_id":"m1","raw_data":{ "message_id":"<1@example.com>", "sender":"a@example.com","note":"\u0000" }}`

var writing = []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeIncidentsWrite, soc.ScopeIncidentsDelete, soc.ScopeTriageRun, soc.ScopeGamebooksSubmit}

// made is the id of a created incident.
func made(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	return webtest.Decode[struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}](t, w, 201).Data.ID
}

// TestAnswersOfTheWrites pins one success and each error of POST, PUT and
// DELETE /api/incidents.
func TestAnswersOfTheWrites(t *testing.T) {
	d := open(t)
	key := d.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: writing})
	agent := d.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: writing})
	golden := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		t.Run(name, func(t *testing.T) { webtest.Golden(t, *update, "write/"+name+".golden", w) })
	}
	post := func(body string, headers ...string) *httptest.ResponseRecorder {
		return d.Ask("POST", "/api/incidents", body, append(headers, key)...)
	}
	first := post(phish)
	golden("created", first)
	id := made(t, first)
	if place := first.Header().Get("Location"); place != "/api/incidents/"+id {
		t.Errorf("Location %s", place)
	}
	golden("created-again", post(phish))
	golden("created-other", post(strings.Replace(phish, "high", "low", 1)))
	golden("created-empty", post(`{}`))
	golden("created-wrong", post(`{"incident_type":"Phishing","source":"Email Gateway","severity":"informational","raw_data":[],"x":1}`))
	golden("created-agent", d.Ask("POST", "/api/incidents", phish, agent))
	if w := d.Ask("GET", "/api/incidents/"+id, "", key); !strings.Contains(w.Body.String(), `"raw_data":{ "message_id":"<1@example.com>", "sender":"a@example.com","note":"\u0000" },`) {
		t.Errorf("raw_data is not byte for byte: %s", w.Body)
	}
	once := "Idempotency-Key: once"
	if a, b := made(t, post(strings.Replace(phish, `"external_id":"m1",`, "", 1), once)), post(strings.Replace(phish, `"external_id":"m1",`, "", 1), once); made(t, b) != a || b.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d %s", b.Code, b.Body)
	}
	put := func(body string, headers ...string) *httptest.ResponseRecorder {
		return d.Ask("PUT", "/api/incidents/"+id, body, headers...)
	}
	golden("changed-empty", put(`{}`, key))
	golden("changed-verdict-alone", put(`{"verdict":"benign"}`, key))
	golden("changed-triaged", put(`{"status":"triaged"}`, key))
	golden("changed-resolution-open", put(`{"resolution":"done"}`, key))
	golden("changed-no-resolution", put(`{"status":"resolved"}`, key))
	golden("changed-stale", put(`{"severity":"critical"}`, key, `If-Match: "99"`))
	golden("changed-agent-lowers", put(`{"severity":"low"}`, agent))
	golden("changed-severity", put(`{"severity":"critical"}`, key, `If-Match: *`))
	golden("changed-agent-held", put(`{"status":"resolved","resolution":"A drill, see [E1].","verdict":"benign"}`, agent))
	golden("changed-during-hold", put(`{"status":"resolved","resolution":"done"}`, key))
	golden("deleted-during-hold", d.Ask("DELETE", "/api/incidents/"+id, "", key))
	id = made(t, post(strings.Replace(phish, "m1", "m2", 1)))
	golden("resolved", put(`{"status":"resolved","resolution":"False positive - a drill","verdict":"suspicious"}`, key))
	before := d.Count()
	if w := put(`{"status":"resolved","verdict":"suspicious"}`, key); w.Code != 200 || d.Count() != before {
		t.Errorf("the same again: %d, rows %+v", w.Code, d.Count())
	}
	golden("resolved-other", put(`{"status":"resolved","verdict":"benign"}`, key))
	golden("resolved-text", put(`{"resolution":"A drill"}`, key))
	golden("reopened-triaged", put(`{"status":"triaged"}`, key))
	golden("reopened", put(`{"status":"open"}`, key))
	golden("deleted-agent", d.Ask("DELETE", "/api/incidents/"+id, "", agent))
	golden("deleted-body", d.Ask("DELETE", "/api/incidents/"+id, `{"x":1}`, key))
	golden("deleted-stale", d.Ask("DELETE", "/api/incidents/"+id, "", key, `If-Match: "1"`))
	if w := d.Ask("DELETE", "/api/incidents/"+id, "", key); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	golden("deleted-again", d.Ask("DELETE", "/api/incidents/"+id, "", key))
	golden("deleted-key", post(strings.Replace(phish, "m1", "m2", 1)))
	hold := true
	if _, err := d.Desk.ChangeWorkspace(t.Context(), d.Host, soc.WorkspaceChange{Workspace: d.First, LegalHold: &hold}); err != nil {
		t.Fatal(err)
	}
	third := made(t, post(strings.Replace(phish, "m1", "m3", 1)))
	golden("deleted-hold", d.Ask("DELETE", "/api/incidents/"+third, "", key))
	if _, err := d.Desk.ChangeWorkspace(t.Context(), d.Host, soc.WorkspaceChange{Workspace: d.First, Locked: &hold}); err != nil {
		t.Fatal(err)
	}
	golden("locked", put(`{"status":"resolved","resolution":"done"}`, key))
	golden("created-locked", post(strings.Replace(phish, "m1", "m4", 1)))
}

func TestHistoryOfTriagesIsWhole(t *testing.T) {
	d := open(t)
	i := d.byID(t, "authored-2")
	for range 3 {
		if w := d.triage(i, `{"force":true}`); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	webtest.Golden(t, *update, "triage/history.golden", d.Ask("GET", path(i, "/triage?per_page=2"), "", d.key))
	second := d.Ask("GET", path(i, "/triage?per_page=2&page=2"), "", d.key)
	if !strings.Contains(second.Body.String(), `"total":3`) || strings.Count(second.Body.String(), `"triage_id":"triage-`) < 1 {
		t.Errorf("%s", second.Body)
	}
}
