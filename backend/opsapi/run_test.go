package opsapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestAnswersOfRuns pins one success and each error of the run routes.
func TestAnswersOfRuns(t *testing.T) {
	o := openOffice(t)
	o.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	agents, err := o.Store.Read(t.Context()).Agents("")
	if err != nil || len(agents) != 1 {
		t.Fatal(agents, err)
	}
	golden := func(name string, w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		t.Helper()
		t.Run(name, func(t *testing.T) { webtest.Golden(t, *update, "run/"+name+".golden", w) })
		return w
	}
	senior, analyst := o.Cookie(o.First, soc.RoleSenior), o.Cookie(o.First, soc.RoleAnalyst)
	start := func(who, rest string, headers ...string) *httptest.ResponseRecorder {
		body := strings.NewReplacer("INCIDENT", o.incident, "AGENT", agents[0].ID).Replace(`{"incidentId":"INCIDENT",` + rest + `}`)
		return o.Ask(http.MethodPost, "/api/ops/v1/runs", body, append(headers, who, jsonBody)...)
	}
	const responds = `"agentId":"AGENT","trigger":"ManualInvestigateAndRespond"`
	golden("wrong", start(senior, `"trigger":"Always","minutes":0,"approver":"me"`))
	golden("queue", start(senior, `"trigger":"OnQueue"`))
	golden("irreversible", start(senior, responds+`,"envelope":{"class":"Irreversible"}`))
	golden("built-in-responds", start(senior, `"trigger":"ManualInvestigateAndRespond"`))
	golden("role", start(analyst, responds))
	w := golden("started", start(senior, responds+`,"envelope":{"class":"ReadOnly","maxEntities":2},"minutes":5,"reason":"drill"`, "Idempotency-Key: once"))
	made := webtest.Decode[struct {
		Data struct {
			ID    string `json:"runId"`
			Token string `json:"runToken"`
		} `json:"data"`
	}](t, w, http.StatusCreated).Data
	if !strings.HasPrefix(made.Token, soc.RunTokenPrefix) || w.Header().Get("Location") != "/api/ops/v1/runs/"+made.ID {
		t.Errorf("%+v at %s", made, w.Header().Get("Location"))
	}
	// The token is in the stored answer of the same request, sealed, and in no other.
	again := start(senior, responds+`,"envelope":{"class":"ReadOnly","maxEntities":2},"minutes":5,"reason":"drill"`, "Idempotency-Key: once")
	if !strings.Contains(again.Body.String(), made.Token) || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("replayed: %s", again.Body)
	}
	if w := golden("joined", start(senior, responds+`,"envelope":{"class":"ReadOnly","maxEntities":2}`)); strings.Contains(w.Body.String(), "vdr_") {
		t.Error("the token is shown twice")
	}
	golden("conflict", start(senior, responds))
	reader := o.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeOpsRead}})
	golden("one", o.Ask(http.MethodGet, "/api/ops/v1/runs/"+made.ID, "", reader))
	golden("list", o.Ask(http.MethodGet, "/api/ops/v1/runs?trigger=ManualInvestigateAndRespond&flagged=false&taint=clean&state=Queued&incidentId="+o.incident, "", reader))
	golden("list-none", o.Ask(http.MethodGet, "/api/ops/v1/runs?flagged=true", "", reader))
	golden("list-wrong", o.Ask(http.MethodGet, "/api/ops/v1/runs?state=running", "", reader))
	tighten := o.Bearer(webtest.Key{Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeOpsTighten}})
	cancel := func() *httptest.ResponseRecorder {
		return o.Ask(http.MethodPost, "/api/ops/v1/runs/"+made.ID+"/cancel", `{"reason":"enough"}`, tighten)
	}
	golden("cancelled", cancel())
	golden("cancelled-again", cancel())
	golden("built-in", start(analyst, `"trigger":"ManualInvestigateOnly"`))
	o.Advance(6 * time.Minute)
	golden("stale", start(senior, responds))
}
