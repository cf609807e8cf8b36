package triageapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const workstation = `{"incident_type":"malware","source":"edr","severity":"high","raw_data":{"hostname":"ws-042","device_id":"d-42","src_ip":"203.0.113.7","nested":{"username":"ada"}}}`

type actionBody struct {
	Data struct {
		ActionID string `json:"action_id"`
		Digest   string `json:"digest"`
		Status   string `json:"status"`
	} `json:"data"`
}

// TestAnswersOfActions pins one success and each error of the operations on
// actions, from the request to its decision.
func TestAnswersOfActions(t *testing.T) {
	d := open(t)
	key := d.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: writing})
	senior, other := d.Cookie(d.First, soc.RoleSenior), d.Cookie(d.First, soc.RoleAnalyst)
	golden := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		t.Run(name, func(t *testing.T) { webtest.Golden(t, *update, "action/"+name+".golden", w) })
	}
	place := "/api/incidents/" + made(t, d.Ask("POST", "/api/incidents", workstation, key)) + "/actions"
	ask := func(body string, headers ...string) *httptest.ResponseRecorder {
		return d.Ask("POST", place, body, append(headers, key, "Prefer: wait=0")...)
	}
	golden("unknown-type", ask(`{"action":"format_disk","parameters":{}}`))
	golden("unknown-parameter", ask(`{"action":"isolate_host","parameters":{"hostname":"ws-042","force":true}}`))
	golden("no-target", ask(`{"action":"isolate_host"}`))
	golden("other-target", ask(`{"action":"isolate_host","parameters":{"hostname":"dc01"}}`))
	golden("both-different", ask(`{"action":"block_ip","entity_id":"ENT-00000000","parameters":{"ip":"203.0.113.7"}}`))
	first := ask(`{"action":"isolate_host","parameters":{"hostname":"WS-042","reason":"beacon seen"}}`, "Idempotency-Key: k1")
	golden("pending", first)
	pending := webtest.Decode[actionBody](t, first, 202).Data
	if at := first.Header().Get("Location"); at != "/api/actions/"+pending.ActionID {
		t.Errorf("Location %s", at)
	}
	if again := ask(`{"action":"isolate_host","parameters":{"hostname":"WS-042","reason":"beacon seen"}}`, "Idempotency-Key: k1"); again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d %s\nfirst %s", again.Code, again.Body, first.Body)
	}
	golden("deduplicated", ask(`{"action":"isolate_host","parameters":{"hostname":"ws-042"}}`))
	golden("list", d.Ask("GET", place, "", key))
	golden("all", d.Ask("GET", "/api/actions?status=pending_approval&approval_level=senior&sort=requested_at", "", key))
	golden("none", d.Ask("GET", "/api/actions?status=completed,failed&action_type=isolate_host", "", key))
	golden("unknown-filter", d.Ask("GET", "/api/actions?status=done&action_type=format_disk", "", key))
	golden("types", d.Ask("GET", "/api/actions/types?category=network", "", key))
	one := "/api/actions/" + pending.ActionID
	golden("one", d.Ask("GET", one, "", key))
	golden("one-upper", d.Ask("GET", "/api/actions/"+strings.ToUpper(pending.ActionID), "", key))
	golden("unknown", d.Ask("GET", "/api/actions/act-000000", "", key))
	approve := func(digest string, headers ...string) *httptest.ResponseRecorder {
		return d.Ask("POST", one+"/approve", `{"digest":"`+digest+`"}`, append(headers, "Prefer: wait=0")...)
	}
	golden("approve-key", approve(pending.Digest, key))
	golden("approve-low", approve(pending.Digest, other))
	golden("approve-other-digest", approve("sha256:00", senior))
	golden("rollback-early", d.Ask("POST", one+"/rollback", `{"reason":"mistake"}`, key))
	golden("approved", approve(pending.Digest, senior))
	golden("approved-again", approve(pending.Digest, senior))
	blocked := ask(`{"action":"block_ip","parameters":{"ip":"203.0.113.7"}}`)
	golden("pending-ip", blocked)
	two := "/api/actions/" + webtest.Decode[actionBody](t, blocked, 202).Data.ActionID
	golden("reject-key", d.Ask("POST", two+"/reject", `{"reason":"no"}`, key))
	golden("reject-mute", d.Ask("POST", two+"/reject", `{}`, senior))
	golden("rejected", d.Ask("POST", two+"/reject", `{"reason":"no"}`, senior))
	golden("rejected-one", d.Ask("GET", two, "", key))
	closed := path(d.first(t, false), "/actions")
	golden("closed", d.Ask("POST", closed, `{"action":"isolate_host","entity_id":"ENT-00000000"}`, key))
	foreign := d.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: writing, Workspaces: []string{d.Foreign}})
	for _, target := range []string{one, place} {
		if w := d.Ask("GET", target, "", foreign); w.Code != 404 {
			t.Errorf("S44: %s from elsewhere: %d %s", target, w.Code, w.Body)
		}
	}
}

// TestAPartOfAGamebookIsDecidedWithIt: a step of a longer gamebook is listed,
// and neither approved nor undone alone.
func TestAPartOfAGamebookIsDecidedWithIt(t *testing.T) {
	d := open(t)
	key := d.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: writing})
	id := made(t, d.Ask("POST", "/api/incidents", workstation, key))
	detail, err := d.Desk.GetIncident(t.Context(), d.by(d.First), soc.IncidentRef{ID: id}, soc.IncidentParts{Entities: true})
	if err != nil {
		t.Fatal(err)
	}
	submit := soc.SubmitGamebook{Incident: soc.IncidentRef{ID: id}}
	for _, e := range detail.Entities {
		switch e.Kind {
		case soc.KindHost:
			submit.Steps = append(submit.Steps, soc.SubmitStep{Playbook: "isolate_host", Entity: e.ID})
		case soc.KindIP:
			submit.Steps = append(submit.Steps, soc.SubmitStep{Playbook: "block_ip", Entity: e.ID})
		}
	}
	receipt, err := d.Desk.SubmitGamebook(t.Context(), d.by(d.First), submit)
	if err != nil || !receipt.Success || len(receipt.Actions) != 2 {
		t.Fatalf("%+v %v", receipt, err)
	}
	for _, step := range receipt.Actions {
		w := d.Ask("POST", "/api/actions/"+strings.ToLower(step)+"/approve", `{"digest":"`+receipt.Digest+`"}`, d.Cookie(d.First, soc.RoleSenior))
		if w.Code != 409 || webtest.CodeOf(t, w) != "part_of_gamebook" || !strings.Contains(w.Body.String(), `"gamebook_id":"`+receipt.GamebookID) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if w := d.Ask("GET", "/api/incidents/"+id+"/actions", "", key); strings.Count(w.Body.String(), receipt.GamebookID) != 2 {
		t.Errorf("%s", w.Body)
	}
}
