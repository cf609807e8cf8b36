package portalapi_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

// goldenOf is Golden for answers with and without a body.
func goldenOf(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code == 204 {
		if w.Body.Len() > 0 {
			t.Errorf("%s: 204 with a body: %s", name, w.Body)
		}
		return
	}
	webtest.Golden(t, *update, name, w)
}

// member is a person of the first workspace with an address of the test's own.
func (p *portal) member(t testing.TB, name string, role soc.Role) soc.Person {
	t.Helper()
	w, _, err := p.Store.Read(t.Context()).Workspace(p.First)
	if err != nil {
		t.Fatal(err)
	}
	person := soc.Person{
		ID: "0197bbbb-0000-7000-8000-00000000000" + fmt.Sprint(len(name)), Organization: w.Organization, Email: name + "@example.org", Name: name, PasswordHash: "x",
		CreatedAt: webtest.Epoch, Grants: map[string]soc.Role{},
	}
	if role != soc.RoleNone {
		person.Grants[p.First] = role
	}
	if err := p.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertPerson(person) }); err != nil {
		t.Fatal(err)
	}
	return person
}

func TestAnswersOfPuttingStatus(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	agent := p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeIncidentsWrite}})
	for _, c := range []struct {
		name, by, body string
		status         int
		headers        []string
	}{
		{"active", p.analyst(), `{"status":"Active","comment":"On it."}`, 204, nil},
		{"active-again", p.analyst(), `{"status":"Active"}`, 204, nil},
		{"new-again", p.analyst(), `{"status":"New"}`, 409, nil},
		{"no-status", p.analyst(), `{}`, 400, nil},
		{"unknown-status", p.analyst(), `{"status":"closed"}`, 400, nil},
		{"no-pair", p.analyst(), `{"status":"Closed"}`, 400, nil},
		{"half-pair", p.analyst(), `{"status":"Closed","classification":"TruePositive"}`, 400, nil},
		{"wrong-pair", p.analyst(), `{"status":"Closed","classification":"TruePositive","classificationReason":"NotMalicious"}`, 400, nil},
		{"reason-alone", p.analyst(), `{"status":"Active","classificationReason":"Malware"}`, 400, nil},
		{"suspicious", p.analyst(), `{"status":"Closed","classification":"Suspicious"}`, 400, nil},
		{"ticket-alone", p.analyst(), `{"status":"Active","ticketId":"INC1"}`, 400, nil},
		{"no-ticket", p.analyst(), `{"status":"Active","updateTicket":true}`, 400, nil},
		{"stale", p.analyst(), `{"status":"New"}`, 412, []string{`If-Match: "999"`}},
		{"agent", agent, `{"status":"Closed","classification":"FalsePositive","classificationReason":"Other"}`, 403, nil},
		{"closed", p.analyst(), `{"status":"Closed","comment":"Known scanner.","classification":"BenignPositive","classificationReason":"SecurityTesting"}`, 204, nil},
		{"reopened-by-agent", agent, `{"status":"Active"}`, 403, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := p.Ask("PUT", p.incident(i, "/status"), c.body, append(c.headers, c.by)...)
			if w.Code != c.status {
				t.Errorf("%d, want %d: %s", w.Code, c.status, w.Body)
			}
			goldenOf(t, "status/"+c.name+".golden", w)
		})
	}
	webtest.Golden(t, *update, "status/comments.golden", p.Ask("GET", p.incident(i, "/comments"), "", p.reader))
	after := p.byID(t, "authored-2")
	if after.Status != soc.StatusClosed || after.Verdict != soc.VerdictBenignPositive || after.VerdictReason != "SecurityTesting" || after.ClosingComment != "Known scanner." {
		t.Errorf("%+v", after)
	}
	webtest.Golden(t, *update, "status/unknown-incident.golden", p.Ask("PUT", p.incident(soc.Incident{Source: "Sentinel", ExternalID: "none"}, "/status"), `{"status":"New"}`, p.analyst()))
}

// TestS35WhileAHoldIsOpenNoKeyDecides at this door: only a person's session.
func TestS35WhileAHoldIsOpenNoKeyDecides(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	w := p.Ask("POST", p.tool(i, "/investigation"), `{"classification":"NonIssue","malicious_score":5,"comment":"[E1]"}`, p.agent())
	if !strings.Contains(w.Body.String(), `"held":true`) {
		t.Fatal(w.Body)
	}
	closing := `{"status":"Closed","classification":"BenignPositive","classificationReason":"Other"}`
	w = p.Ask("PUT", p.incident(i, "/status"), closing, p.analyst())
	if w.Code != 409 || webtest.CodeOf(t, w) != "CONFLICT" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	goldenOf(t, "status/held.golden", w)
	bulk := fmt.Sprintf(`{"items":[{"id":%q,"workspace":%q,"incidentSource":%q,%s]}`, i.ExternalID, p.First, i.Source, closing[1:])
	goldenOf(t, "status/held-bulk.golden", p.Ask("POST", bulkTarget, bulk, p.analyst()))
	if after := p.byID(t, "authored-2"); after.Status == soc.StatusClosed {
		t.Errorf("%+v", after)
	}
}

func TestAnswersOfPuttingAssignee(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	ana, stranger := p.member(t, "ana", soc.RoleAnalyst), p.member(t, "nobody", soc.RoleNone)
	for _, c := range []struct {
		name, body string
		status     int
		assignee   string
	}{
		{"by-id", `{"userId":"` + ana.ID + `"}`, 204, ana.ID},
		{"stranger", `{"userId":"` + stranger.ID + `"}`, 400, ana.ID},
		{"unknown", `{"userId":"x"}`, 400, ana.ID},
		{"unknown-address", `{"email":"no@example.org"}`, 400, ana.ID},
		{"nobody", `{"userId":null,"email":null}`, 204, ""},
		{"by-address", `{"email":"ANA@example.org"}`, 204, ana.ID},
		{"name", `{"displayName":"Ana"}`, 400, ana.ID},
		{"both-null", `{}`, 204, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := p.Ask("PUT", p.incident(i, "/assignee"), c.body, p.analyst())
			if after := p.byID(t, "authored-2"); w.Code != c.status || after.AssigneeID != c.assignee {
				t.Errorf("%d %s, assignee %q", w.Code, w.Body, after.AssigneeID)
			}
			goldenOf(t, "assignee/"+c.name+".golden", w)
		})
	}
}

const bulkTarget = "/api/v2/incidents/across-workspaces/bulk-update"

func TestBulkUpdateJudgesEachAlone(t *testing.T) {
	p := open(t)
	ana := p.member(t, "ana", soc.RoleAnalyst)
	for n := range 6 {
		p.Ingest(p.First, "generic", []byte(fmt.Sprintf(`{"external_id":"b-%d","source":"odd","title":"x","severity":"low"}`, n)))
	}
	p.Ingest(p.Second, "generic", []byte(`{"external_id":"b-0","source":"odd","title":"x","severity":"low"}`))
	p.Ingest(p.Foreign, "generic", []byte(`{"external_id":"b-0","source":"odd","title":"x","severity":"low"}`))
	item := func(workspace, id, rest string) string {
		return fmt.Sprintf(`{"id":%q,"workspace":%q,"incidentSource":"odd"%s}`, id, workspace, rest)
	}
	items := strings.Join([]string{
		item(p.First, "b-0", `,"status":"Active","comment":"Ours.","user":{"id":"`+ana.ID+`","displayName":"Another name"}`),
		item(p.First, "b-1", `,"status":"Closed","classification":"FalsePositive","classificationReason":"InaccurateData","comment":"Noise."`),
		item(p.First, "b-2", `,"status":"Closed"`),
		item(p.First, "b-3", `,"status":"Closed","classification":"FalsePositive","classificationReason":"Malware"`),
		item(p.First, "b-4", ``),
		item(p.First, "b-5", `,"user":{"email":"no@example.org"}`),
		item(p.First, "none", `,"status":"Active"`),
		item(p.Second, "b-0", `,"status":"Active"`),
		item(p.Foreign, "b-0", `,"status":"Active"`),
		item("6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e", "b-0", `,"status":"Active"`),
		item(p.First, "authored-2", `,"status":"Active","removeAssignee":true`),
	}, ",")
	goldenOf(t, "bulk/judged.golden", p.Ask("POST", bulkTarget, `{"items":[`+items+`]}`, p.analyst()))
	first, second := p.odd(t, p.First), p.odd(t, p.Second)
	if i := first["b-0"]; i.Status != soc.StatusActive || i.AssigneeName != "ana" {
		t.Errorf("%+v", i)
	}
	if i := first["b-1"]; i.Status != soc.StatusClosed || i.Verdict != soc.VerdictFalsePositive || i.ClosingComment != "Noise." {
		t.Errorf("%+v", i)
	}
	for _, i := range []soc.Incident{first["b-2"], first["b-3"], first["b-4"], first["b-5"], second["b-0"], p.odd(t, p.Foreign)["b-0"]} {
		if i.Status != soc.StatusNew || i.Version != 1 {
			t.Errorf("%s was changed: %+v", i.ExternalID, i)
		}
	}
	agent := p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsWrite}})
	closing := item(p.First, "b-2", `,"status":"Closed","classification":"FalsePositive","classificationReason":"Other"`)
	goldenOf(t, "bulk/agent.golden", p.Ask("POST", bulkTarget, `{"items":[`+closing+`]}`, agent))
	for name, body := range map[string]string{
		"twice":     `{"items":[` + item(p.First, "b-2", "") + "," + item(strings.ToUpper(p.First), "b-2", "") + `]}`,
		"no-guid":   `{"items":[` + item("first-workspace-that-is-not-a-guid-at-all"[:36], "b-2", "") + `]}`,
		"none":      `{"items":[]}`,
		"too-many":  `{"items":[` + strings.Repeat(item(p.First, "b-2", "")+",", 100) + item(p.First, "b-3", "") + `]}`,
		"no-source": `{"items":[{"id":"b-2","workspace":"` + p.First + `"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := p.Ask("POST", bulkTarget, body, p.analyst())
			if w.Code != 400 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			goldenOf(t, "bulk/"+name+".golden", w)
		})
	}
}

func (p *portal) odd(t testing.TB, workspace string) map[string]soc.Incident {
	t.Helper()
	by := p.Host
	by.Workspace = workspace
	page, err := p.Desk.ListIncidents(t.Context(), by, soc.IncidentFilter{Sources: []string{"odd"}, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]soc.Incident{}
	for _, i := range page.Incidents {
		found[i.ExternalID] = i
	}
	return found
}

// TestS27OneKeyChangesOnce: the answer of a bulk and the empty one of a change
// are replayed, and nothing happens twice.
func TestS27OneKeyChangesOnce(t *testing.T) {
	p := open(t)
	i, by := p.byID(t, "authored-2"), p.analyst()
	bulk := fmt.Sprintf(`{"items":[{"id":%q,"workspace":%q,"incidentSource":%q,"comment":"Once."}]}`, i.ExternalID, p.First, i.Source)
	for n, c := range []struct{ method, target, body string }{
		{"PUT", p.incident(i, "/status"), `{"status":"Active","comment":"Once."}`},
		{"POST", bulkTarget, bulk},
		{"POST", p.workspace("/tickets/link"), `{"ticketId":"INC1","incident":{"id":"authored-2","source":"authored"}}`},
	} {
		key := fmt.Sprintf("Idempotency-Key: k%d", n)
		first := p.Ask(c.method, c.target, c.body, by, key)
		again := p.Ask(c.method, c.target, c.body, by, key)
		if first.Code >= 300 || again.Code != first.Code || again.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: %d %s, then %d %s", c.target, first.Code, first.Body, again.Code, again.Header())
		}
		if diff := cmp.Diff(first.Body.String(), again.Body.String()); diff != "" {
			t.Error(diff)
		}
	}
	comments, _, err := p.Desk.Comments(t.Context(), p.by(), soc.IncidentRef{ID: i.ID}, nil, 10)
	if err != nil || len(comments) != 3 {
		t.Errorf("%d comments: %v", len(comments), err)
	}
}

func TestAnswersOfLinkingATicket(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	link := func(ticket, rest string) string {
		return `{"ticketId":"` + ticket + `","incident":{"id":"authored-2","source":"authored"` + rest + `}}`
	}
	for _, c := range []struct{ name, body string }{
		{"linked", link("INC0010042", fmt.Sprintf(`,"workspaceId":%q,"number":"%d"`, p.First, i.Number))},
		{"again", link("INC0010042", "")},
		{"another", link("INC0010043", "")},
		{"wrong-number", link("INC1", `,"number":7777`)},
		{"another-workspace", link("INC1", `,"workspaceId":"`+p.Second+`"`)},
		{"unknown-incident", `{"ticketId":"INC1","incident":{"id":"none","source":"authored"}}`},
		{"unknown-source", `{"ticketId":"INC1","incident":{"id":"authored-2","source":"Authored"}}`},
		{"invisible", link(`INC\u202e1`, "")},
		{"no-ticket", `{"incident":{"id":"authored-2","source":"authored"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			goldenOf(t, "ticket/"+c.name+".golden", p.Ask("POST", p.workspace("/tickets/link"), c.body, p.analyst()))
		})
	}
	noted := `{"status":"Closed","classification":"BenignPositive","classificationReason":"Other","updateTicket":true,"ticketId":"INC0010042"}`
	if w := p.Ask("PUT", p.incident(i, "/status"), noted, p.analyst()); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	webtest.Golden(t, *update, "ticket/comments.golden", p.Ask("GET", p.incident(i, "/comments"), "", p.reader))
}
