package opsapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/opsapi"
	"vedette/backend/playbook"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const hostAlert = `{"external_id":"a-1","source":"odd","title":"Odd host","severity":"high",
"entities":[{"kind":"host","value":"ws-042.corp.local","asserted":true}]}`

// office is the family with one incident and a way out.
type office struct {
	*webtest.House
	incident string
	host     string
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{House: webtest.Open(t, func(c *backend.Config) {
		c.Mappers = map[string]backend.Mapper{"generic": {Split: generic.Split, Map: generic.Map}}
		c.Signer = soc.NewSigner([32]byte{1})
		c.Connectors = []backend.Connector{{
			ID: "0197aaaa-0000-7000-8000-00000000aaaa", Kind: "range", Simulation: true,
			Carries: func(p soc.Playbook) bool { return !p.Internal },
			Resolve: func(_ soc.Playbook, e soc.Entity) (string, string) {
				native, _ := playbook.Property(e, soc.PropertyFQDN)
				return native, ""
			},
		}}
	})}
	opsapi.Register(o.Registry, webtest.PublicURL, o.Desk, o.Seal)
	o.Start()
	o.Ingest(o.First, "generic", []byte(hostAlert))
	by := o.Host
	by.Workspace = o.First
	page, err := o.Desk.ListIncidents(t.Context(), by, soc.IncidentFilter{Limit: 1})
	if err != nil || len(page.Incidents) != 1 {
		t.Fatal(page, err)
	}
	o.incident = page.Incidents[0].ShortID
	detail, err := o.Desk.GetIncident(t.Context(), by, soc.IncidentRef{ID: o.incident}, soc.IncidentParts{Entities: true})
	if err != nil || len(detail.Entities) == 0 {
		t.Fatal(detail, err)
	}
	for _, e := range detail.Entities {
		if e.Kind == soc.KindHost {
			o.host = e.ID
		}
	}
	return o
}

const jsonBody = "Content-Type: application/json"

// submitted asks for an isolation as an analyst, and returns the gamebook.
func (o *office) submitted(t *testing.T, playbookID string) string {
	t.Helper()
	w := o.Ask(http.MethodPost, "/api/ops/v1/gamebooks", `{"incidentId":"`+o.incident+`","playbooks":[{"playbook_id":"`+playbookID+`","entity_id":"`+o.host+`"}],"rationale":"because"}`,
		o.Cookie(o.First, soc.RoleAnalyst), jsonBody)
	out := webtest.Decode[struct {
		Data struct {
			ID string `json:"gamebook_id"`
		} `json:"data"`
	}](t, w, http.StatusCreated)
	if w.Header().Get("Location") != "/api/ops/v1/gamebooks/"+out.Data.ID {
		t.Errorf("location %q", w.Header().Get("Location"))
	}
	return out.Data.ID
}

type cardAnswer struct {
	Data struct {
		soc.Card
	} `json:"data"`
}

func TestApproveOverTheOpsAPI(t *testing.T) {
	o := openOffice(t)
	id := o.submitted(t, "isolate_host")
	senior := o.Cookie(o.First, soc.RoleSenior)
	list := webtest.Decode[struct {
		Data []soc.ApprovalRow `json:"data"`
		Meta struct {
			Total int `json:"total"`
		} `json:"meta"`
	}](t, o.Ask(http.MethodGet, "/api/ops/v1/approvals?mine=true&class=Reversible&severity=High&sort=-risk", "", senior), http.StatusOK)
	if len(list.Data) != 1 || list.Meta.Total != 1 || list.Data[0].GamebookID != id || !list.Data[0].You.MayApprove {
		t.Fatalf("%+v", list)
	}
	w := o.Ask(http.MethodGet, "/api/ops/v1/approvals/"+id, "", senior)
	card := webtest.Decode[cardAnswer](t, w, http.StatusOK).Data.Card
	checkView(t, w.Body.Bytes(), card)
	path, body := "/api/ops/v1/approvals/"+id+"/approve", func(view string) string {
		text, _ := json.Marshal(map[string]any{"digest": card.Digest, "view": view, "opened": []string{"E1"}})
		return string(text)
	}
	other := o.Cookie(o.First, soc.RoleManager)
	if w := o.Ask(http.MethodPost, path, body(card.View), other, jsonBody); w.Code != http.StatusBadRequest {
		t.Errorf("another person's view: %d %s", w.Code, w.Body)
	}
	if w := o.Ask(http.MethodPost, path, body(""), senior, jsonBody, `If-Match: "1"`); w.Code != http.StatusPreconditionFailed {
		t.Errorf("an old card: %d %s", w.Code, w.Body)
	}
	if w := o.Ask(http.MethodPost, path+"?approver_id=op2", body(card.View), senior, jsonBody); w.Code != http.StatusBadRequest {
		t.Errorf("an approver in the query: %d", w.Code)
	}
	if w := o.Ask(http.MethodPost, path, `{"digest":"`+card.Digest+`","decided_by":"op2"}`, senior, jsonBody); w.Code != http.StatusBadRequest {
		t.Errorf("an approver in the body: %d", w.Code)
	}
	o.Advance(10 * time.Second)
	etag := w.Header().Get("ETag")
	approved := webtest.Decode[struct {
		Data struct {
			State     string `json:"state"`
			Approvals struct {
				Given, Required int
			} `json:"approvals"`
		} `json:"data"`
	}](t, o.Ask(http.MethodPost, path, body(card.View), senior, jsonBody, "If-Match: "+etag, "X-User: op2"), http.StatusOK)
	if approved.Data.State != "approved" || approved.Data.Approvals.Given != 1 {
		t.Errorf("%+v", approved)
	}
	if w := o.Ask(http.MethodPost, path, body(card.View), senior, jsonBody); w.Code != http.StatusConflict || webtest.CodeOf(t, w) != "INVALID_STATE" {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	w = o.Ask(http.MethodGet, "/api/ops/v1/gamebooks/"+id, "", senior)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"decision":"approved"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := o.Ask(http.MethodGet, "/api/ops/v1/gamebooks?status=Queued&incidentId="+o.incident, "", senior); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), id) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := o.Ask(http.MethodPost, "/api/ops/v1/gamebooks/"+id+"/cancel", `{"reason":"not needed"}`, senior, jsonBody); w.Code != http.StatusOK {
		t.Errorf("cancel: %d %s", w.Code, w.Body)
	}
	if w := o.Ask(http.MethodPost, "/api/ops/v1/approvals/"+id+"/resubmit", `{"reason":"needed after all"}`, senior, jsonBody); w.Code != http.StatusCreated {
		t.Errorf("resubmit: %d %s", w.Code, w.Body)
	}
}

// checkView recomputes the view hash from the bytes that were served.
func checkView(t *testing.T, body []byte, card soc.Card) {
	t.Helper()
	var served struct {
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal(body, &served); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{"you", "view", "viewSha256"} {
		delete(served.Data, left)
	}
	canonical, err := soc.CanonicalRecord(served.Data)
	if err != nil {
		t.Fatal(err)
	}
	if hash := soc.HashView(canonical); hash != card.ViewSHA256 {
		t.Errorf("the served view has hash %s, the card says %s", hash, card.ViewSHA256)
	}
}

func TestS21OnlyTheHarmlessInABatch(t *testing.T) {
	o := openOffice(t)
	scan, isolate := o.submitted(t, "scan_host"), o.submitted(t, "isolate_host")
	senior := o.Cookie(o.First, soc.RoleSenior)
	item := func(id string) string {
		card := webtest.Decode[cardAnswer](t, o.Ask(http.MethodGet, "/api/ops/v1/approvals/"+id, "", senior), http.StatusOK).Data
		return `{"gamebookId":"` + id + `","digest":"` + card.Digest + `"}`
	}
	body := `{"decision":"approve","items":[` + item(scan) + `,` + item(isolate) + `]}`
	w := o.Ask(http.MethodPost, "/api/ops/v1/approvals/batch", body, senior, jsonBody)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"items[1]"`) || !strings.Contains(w.Body.String(), "POLICY_FORBIDS") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := o.Ask(http.MethodGet, "/api/ops/v1/approvals?state=approved", "", senior); strings.Contains(w.Body.String(), scan) {
		t.Error("a refused batch approved one of its items")
	}
	deny := strings.Replace(body, `"approve"`, `"deny","reason":"no"`, 1)
	if w := o.Ask(http.MethodPost, "/api/ops/v1/approvals/batch", deny, senior, jsonBody); w.Code != http.StatusOK || strings.Count(w.Body.String(), `"denied"`) != 2 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestS33KillSwitchOverTheOpsAPI(t *testing.T) {
	o := openOffice(t)
	analyst, senior, manager := o.Cookie(o.First, soc.RoleAnalyst), o.Cookie(o.First, soc.RoleSenior), o.Cookie(o.First, soc.RoleManager)
	ask := func(who string, engaged bool) int {
		state := "false"
		if engaged {
			state = "true"
		}
		w := o.Ask(http.MethodPost, "/api/ops/v1/kill-switch", `{"scope":"global","id":null,"engaged":`+state+`,"reason":"drill"}`, who, jsonBody)
		return w.Code
	}
	key := o.Bearer(webtest.Key{Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeOpsTighten}})
	for i, c := range []struct {
		who     string
		engaged bool
		status  int
	}{
		{manager, false, 200},
		{analyst, true, 200},
		{key, true, 200},
		{key, false, 403},
		{analyst, false, 403},
		{senior, false, 202},
		{senior, false, 409},
		{manager, false, 200},
		{manager, false, 200},
	} {
		if status := ask(c.who, c.engaged); status != c.status {
			t.Errorf("%d: %d, want %d", i, status, c.status)
		}
	}
	if w := o.Ask(http.MethodGet, "/api/ops/v1/kill-switch", "", analyst); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"data":[]`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestS63PeopleLiftASuspension over the wire: an analyst or a tightening key
// suspends every key of an agent, one freshly signed-in senior lifts it, and
// what the agent asked for keeps a banner.
func TestS63PeopleLiftASuspension(t *testing.T) {
	o := openOffice(t)
	analyst, senior := o.Cookie(o.First, soc.RoleAnalyst), o.Cookie(o.First, soc.RoleSenior)
	agent := o.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	key := o.Bearer(webtest.Key{Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeOpsRead, soc.ScopeOpsTighten}})
	type record struct {
		ID        string
		Keys      []struct{ Prefix string }
		Suspended *struct{ By, Why string }
	}
	list := func() record {
		t.Helper()
		found := webtest.Decode[struct{ Data []record }](t, o.Ask(http.MethodGet, "/api/ops/v1/agents", "", analyst), http.StatusOK)
		if len(found.Data) != 1 || len(found.Data[0].Keys) != 1 {
			t.Fatalf("%+v", found)
		}
		return found.Data[0]
	}
	path := "/api/ops/v1/agents/" + list().ID
	reason := `{"reason":"odd requests"}`
	for i, c := range []struct {
		path, who string
		status    int
		suspended bool
	}{
		{"/unsuspend", senior, 200, false},
		{"/suspend", agent, 403, false},
		{"/suspend", key, 200, true},
		{"/unsuspend", key, 403, true},
		{"/unsuspend", analyst, 403, true},
		{"/unsuspend", agent, 403, true},
		{"/unsuspend", senior, 200, false},
		{"/suspend", analyst, 200, true},
	} {
		if w := o.Ask(http.MethodPost, path+c.path, reason, c.who, jsonBody); w.Code != c.status || (list().Suspended != nil) != c.suspended {
			t.Errorf("%d: %d %s", i, w.Code, w.Body)
		}
	}
	if s := list().Suspended; s == nil || s.Why != "odd requests" || s.By == "" {
		t.Errorf("%+v", s)
	}
}

// TestS66ReceiptOfWhatEnded: what the route gives is, in RFC 8785 form, the
// file that verifies anywhere.
func TestS66ReceiptOfWhatEnded(t *testing.T) {
	o := openOffice(t)
	viewer := o.Cookie(o.First, soc.RoleViewer)
	id := o.submitted(t, "isolate_host")
	path := "/api/ops/v1/gamebooks/" + id + "/receipt"
	if w := o.Ask(http.MethodGet, path, "", viewer); w.Code != http.StatusConflict {
		t.Errorf("not ended: %d %s", w.Code, w.Body)
	}
	if w := o.Ask(http.MethodPost, "/api/ops/v1/approvals/"+id+"/deny", `{"reason":"no"}`, o.Cookie(o.First, soc.RoleSenior), jsonBody); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	answer := webtest.Decode[struct{ Data json.RawMessage }](t, o.Ask(http.MethodGet, path, "", viewer), http.StatusOK)
	file, err := soc.CanonicalJSON(answer.Data, soc.JSONLimits{})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := soc.ReadReceipt(file)
	if err != nil || signed.Receipt.Gamebook != id || signed.Receipt.Status != soc.GamebookRejected || len(signed.Receipt.Approvals) != 1 {
		t.Errorf("%v %+v", err, signed.Receipt)
	}
}

// TestS14CommentsLeaveTheCardAsItIs: what is said on a card reaches the
// incident and whom it is for, and changes neither digest nor clock; only
// people who are at least analysts say anything, and to members only. The
// history tells the request, the notice and the decision in order.
func TestS14CommentsLeaveTheCardAsItIs(t *testing.T) {
	o := openOffice(t)
	id := o.submitted(t, "isolate_host")
	path := "/api/ops/v1/approvals/" + id
	analyst, senior, viewer := o.Cookie(o.First, soc.RoleAnalyst), o.Cookie(o.First, soc.RoleSenior), o.Cookie(o.First, soc.RoleViewer)
	me := func(cookie string) string {
		return webtest.Decode[struct {
			Data struct{ Person struct{ ID string } }
		}](t, o.Ask(http.MethodGet, "/api/ops/v1/session", "", cookie), http.StatusOK).Data.Person.ID
	}
	card := func() soc.Card {
		return webtest.Decode[cardAnswer](t, o.Ask(http.MethodGet, path, "", senior), http.StatusOK).Data.Card
	}
	before := card()
	type comment struct {
		ID, Kind, Body string
		By             struct{ ID, Kind string }
		To             *struct{ ID, Name string }
	}
	say := func(who, body string, headers ...string) comment {
		t.Helper()
		return webtest.Decode[struct{ Data comment }](t, o.Ask(http.MethodPost, path+"/comments", body, append(headers, who, jsonBody)...), http.StatusCreated).Data
	}
	question := `{"body":"is ws-042 in use?","kind":"question","to":"` + me(senior) + `"}`
	asked := say(analyst, question, "Idempotency-Key: once")
	if again := say(analyst, question, "Idempotency-Key: once"); again.ID != asked.ID {
		t.Error("the same request made two comments")
	}
	if asked.Kind != "question" || asked.To == nil || asked.To.ID != me(senior) || asked.To.Name == "" || asked.By.ID != me(analyst) {
		t.Errorf("%+v", asked)
	}
	say(senior, `{"body":"it is not"}`)
	for name, c := range map[string]struct {
		who, body string
		status    int
	}{
		"a viewer":       {viewer, `{"body":"x"}`, 403},
		"a key":          {o.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: soc.AllScopes}), `{"body":"x"}`, 403},
		"an agent":       {o.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}}), `{"body":"x"}`, 403},
		"to a stranger":  {analyst, `{"body":"x","to":"` + me(o.Cookie(o.Second, soc.RoleManager)) + `"}`, 400},
		"nothing said":   {analyst, `{"body":" "}`, 400},
		"a kind of ours": {analyst, `{"body":"x","kind":"approval"}`, 400},
	} {
		if w := o.Ask(http.MethodPost, path+"/comments", c.body, c.who, jsonBody); w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	type page struct {
		Data       []comment
		Pagination struct{ ContinuationToken string }
	}
	first := webtest.Decode[page](t, o.Ask(http.MethodGet, path+"/comments?pageSize=1", "", viewer), http.StatusOK)
	rest := webtest.Decode[page](t, o.Ask(http.MethodGet, path+"/comments?pageSize=1&continuationToken="+first.Pagination.ContinuationToken, "", viewer), http.StatusOK)
	if len(first.Data) != 1 || first.Data[0].ID != asked.ID || len(rest.Data) != 1 || rest.Data[0].Body != "it is not" || rest.Data[0].Kind != "note" {
		t.Errorf("%+v, then %+v", first, rest)
	}
	after := card()
	if after.Digest != before.Digest || after.Canonical != before.Canonical || after.ApprovalExpiresAt != before.ApprovalExpiresAt || after.ViewSHA256 != before.ViewSHA256 {
		t.Errorf("the card moved: %+v, then %+v", before, after)
	}

	ends, err := time.Parse(time.RFC3339Nano, before.ApprovalExpiresAt)
	if err != nil {
		t.Fatal(err)
	}
	o.Advance(ends.Sub(o.Now()) * 6 / 10)
	if err := o.Desk.ExpireGamebooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := o.Ask(http.MethodPost, path+"/deny", `{"reason":"not now"}`, o.Cookie(o.First, soc.RoleSenior), jsonBody); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	type event struct {
		Kind, Event string
		By          struct{ ID string }
	}
	history := webtest.Decode[struct{ Data []event }](t, o.Ask(http.MethodGet, path+"/history", "", o.Cookie(o.First, soc.RoleViewer)), http.StatusOK).Data
	var kinds []string
	for _, e := range history {
		kinds = append(kinds, e.Kind+" "+e.Event)
	}
	if got := strings.Join(kinds, ", "); got != "submitted gamebook_submitted, notice approval_reminded, state gamebook_rejected, decision approval_denied" {
		t.Errorf("history: %s", got)
	}
}
