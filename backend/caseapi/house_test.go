package caseapi_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/caseapi"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// desk is the door on an empty database.
type desk struct {
	*webtest.House
	family *web.Family
	// key has every scope of the family that a service key may hold.
	key string
}

func open(t testing.TB) *desk {
	t.Helper()
	return serve(webtest.Open(t, mappers))
}

func mappers(c *backend.Config) {
	c.Mappers = map[string]backend.Mapper{
		"sentinel": {Split: sentinel.Split, Map: sentinel.Map}, "generic": {Split: generic.Split, Map: generic.Map},
	}
}

func serve(h *webtest.House) *desk {
	d := &desk{House: h, family: web.Case()}
	caseapi.Register(d.Registry, d.family, caseapi.Config{Desk: d.Desk, Seal: d.Seal})
	d.Start()
	d.key = d.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{
		soc.ScopeAlertsRead, soc.ScopeAlertsWrite, soc.ScopeAlertsTriage, soc.ScopeCasesRead, soc.ScopeCasesWrite,
		soc.ScopeObservablesRead, soc.ScopeObservablesWrite,
	}})
	return d
}

// ingestGeneric stores one alert as the operations family does.
func (d *desk) ingestGeneric(externalID, severity string) {
	d.Ingest(d.First, "generic", []byte(`{"external_id":"`+externalID+`","source":"edge","title":"Odd thing","severity":"`+severity+`"}`))
}

// receipt is the answer to POST /alerts.
type receipt struct {
	ID           string
	Deduplicated bool
	Status       string
	Dedup        *struct {
		Rule       string
		WindowH    int    `json:"window_h"`
		AbsorbedID string `json:"absorbed_id"`
	}
	RepeatCount int `json:"repeat_count"`
	Updated     bool
	Suppression struct {
		Applied bool
		Matched []string
		Because *string
	}
	ObservablesAdded int `json:"observables_added"`
}

// alertText is the body of an alert. Its title holds its id, so that the second
// layer of deduplication finds no two alike; more is members put behind, which
// may give the title again as they are the last.
func alertText(externalID, more string) string {
	title := `,"title":"Odd thing ` + externalID + `"`
	if strings.Contains(more, `"title"`) {
		title = ""
	}
	if more != "" {
		more = "," + more
	}
	severity := `,"severity":"high"`
	if strings.Contains(more, `"severity"`) {
		severity = ""
	}
	return `{"source":"crowdstrike","external_id":"` + externalID + `"` + severity + title + more + `}`
}

// post sends an alert that is taken in or recognised.
func (d *desk) post(t testing.TB, body string) receipt {
	t.Helper()
	return d.postTo(t, "/api/v1/alerts", body)
}

func (d *desk) postTo(t testing.TB, target, body string) receipt {
	t.Helper()
	w := d.Ask("POST", target, body, d.key)
	if w.Code != 200 && w.Code != 201 {
		t.Fatalf("%s: %d %s", body, w.Code, w.Body)
	}
	got := webtest.Decode[receipt](t, w, w.Code)
	if (w.Code == 201) != (!got.Deduplicated && got.ID != "") && !strings.HasSuffix(target, "/dry-run") {
		t.Errorf("%d for %s", w.Code, w.Body)
	}
	return got
}

// escalate puts an alert under a case, a new one for "", and returns its id.
func (d *desk) escalate(t testing.TB, alert, into string) string {
	t.Helper()
	body := `{}`
	if into != "" {
		body = `{"case_id":"` + into + `"}`
	}
	w := d.Ask("POST", "/api/v1/alerts/"+alert+"/escalate", body, d.key)
	got := webtest.Decode[struct {
		CaseID string `json:"case_id"`
	}](t, w, map[bool]int{true: 201, false: 200}[into == ""])
	return got.CaseID
}

// linked links an alert to a case and returns its id.
func (d *desk) linked(t testing.TB, alert, to string) string {
	t.Helper()
	if w := d.Ask("POST", "/api/v1/alerts/"+alert+"/link", `{"case_id":"`+to+`"}`, d.key); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return alert
}

// suppress returns the id of a suppression.
func (d *desk) suppress(t testing.TB, kind, value, scope string, life time.Duration) string {
	t.Helper()
	body := fmt.Sprintf(`{"type":%q,"value":%q,"scope":%q,"until":%q}`, kind, value, scope, d.Now().Add(life).Format(time.RFC3339))
	w := d.Ask("POST", "/api/v1/observables/suppress", body, d.key)
	return webtest.Decode[struct{ ID string }](t, w, w.Code).ID
}

// move asks for a move of an alert.
func (d *desk) move(t testing.TB, alert, move, body string, status int) *httptest.ResponseRecorder {
	t.Helper()
	w := d.Ask("POST", "/api/v1/alerts/"+alert+"/"+move, body, d.key)
	if w.Code != status {
		t.Fatalf("%s: %d, want %d: %s", move, w.Code, status, w.Body)
	}
	return w
}

// shown is an alert as GET /alerts/{id} shows it.
type shown struct {
	Severity     string
	SentSeverity string `json:"sent_severity"`
	Status       string
	CaseID       *string `json:"case_id"`
	Observables  []struct {
		ID, Type, Value, Provenance, Path string
		Valid, Declared                   bool
		Known                             []string
	}
	Dismissed *struct {
		ReasonCode string `json:"reason_code"`
	}
	Enrichment struct {
		Tags           []string
		Owner          *string
		SeverityRaised bool `json:"severity_raised"`
	}
	Flags []struct{ Rule, Field string }
	Raw   json.RawMessage
}

func (d *desk) get(t testing.TB, alert string) shown {
	t.Helper()
	return webtest.Decode[shown](t, d.Ask("GET", "/api/v1/alerts/"+alert+"?raw=true", "", d.key), 200)
}

// close resolves a case as a person does.
func (d *desk) close(t testing.TB, id string) {
	t.Helper()
	uuid, _ := soc.UUIDOfCaseID(soc.CasePrefixCase, id)
	by := soc.Actor{Kind: soc.PrincipalPerson, ID: "00000000-0000-7000-8000-000000000001", Name: "Test", Workspace: d.First, Role: soc.RoleManager, Granted: soc.RoleManager, Session: true}
	_, err := d.Desk.ChangeIncident(t.Context(), by, soc.IncidentChange{
		Incident: soc.IncidentRef{ID: uuid}, Statuses: []soc.Status{soc.StatusClosed},
		Verdict: &soc.VerdictChange{Verdict: soc.VerdictFalsePositive, Reason: "InaccurateData"}, Closing: &soc.ClosingText{Text: "closed by a test"},
	})
	if err != nil {
		t.Fatal(err)
	}
}
