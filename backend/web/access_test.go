package web

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

func basic(id, secret string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func TestS7UnclassifiedRouteRefusesToStart(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Operation)
		want   string
	}{
		"no who":          {func(op *Operation) { op.Who = Unclassified }, "no classification"},
		"no scope":        {func(op *Operation) { op.Scope = "" }, "needs a scope"},
		"unknown scope":   {func(op *Operation) { op.Scope = "everything" }, "needs a scope"},
		"no role":         {func(op *Operation) { op.MinRole = "" }, "no least role"},
		"no rate":         {func(op *Operation) { op.Rate = "fast" }, "rate class"},
		"no name":         {func(op *Operation) { op.Name = "" }, "no operation name"},
		"scope unused":    {func(op *Operation) { op.Who = Signed }, "asks for Who Scoped"},
		"fresh key":       {func(op *Operation) { op.Fresh = true }, "Fresh asks for a person"},
		"person, no door": {func(op *Operation) { op.Who = Person }, "has no sessions"},
		"GET writes":      {func(op *Operation) { op.Write = true }, "a GET changes nothing"},
		"foreign path":    {func(op *Operation) { op.Path = "/api/v1/{workspaceId}/{source}/{incidentId}" }, "outside the family"},
		"no workspace":    {func(op *Operation) { op.Path = "/api/v2/{source}/{incidentId}" }, "path has no {workspaceId}"},
		"unread path":     {func(op *Operation) { op.Path += "/{more}" }, "no field for path parameters [more]"},
		"no such path":    {func(op *Operation) { op.Path = "/api/v2/workspaces/{workspaceId}/{source}" }, "path has no {incidentId}"},
		"delete reads":    {func(op *Operation) { op.Method = "DELETE" }, "is a write"},
		"odd method":      {func(op *Operation) { op.Method = "BREW" }, "method"},
	} {
		t.Run(name, func(t *testing.T) {
			h, op := newHouse(t), readIncident()
			c.change(&op)
			Register(h.Registry, h.families["portal"], op, func(context.Context, soc.Actor, incidentInput) (Reply[incidentData], error) {
				return Reply[incidentData]{}, nil
			})
			if _, err := h.Handler(nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestS7BadTypesRefuseToStart(t *testing.T) {
	h := newHouse(t)
	op := readIncident()
	op.Path, op.Organization, op.MinRole = "/api/v2/x", true, ""
	Register(h.Registry, h.families["portal"], op, func(context.Context, soc.Actor, struct{ Stray string }) (Reply[any], error) {
		return Reply[any]{}, nil
	})
	Register(h.Registry, h.families["portal"], op, func(context.Context, soc.Actor, struct{}) (Reply[any], error) {
		return Reply[any]{}, nil
	})
	Register(h.Registry, h.families["portal"], op, func(context.Context, soc.Actor, struct {
		X any `query:"x"`
	},
	) (Reply[noteData], error) {
		return Reply[noteData]{}, nil
	})
	_, err := h.Handler(nil)
	if err == nil || strings.Count(err.Error(), "/api/v2/x") != 3 {
		t.Errorf("not all three are named: %v", err)
	}
}

func TestS7RoutesTellTheTable(t *testing.T) {
	h, _ := portalHouse(t)
	routes := h.Routes()
	if len(routes) != 2 || routes[0].Name != "get_incident" || routes[1].BodySchema == nil || routes[0].BodySchema != nil {
		t.Errorf("%+v", routes)
	}
	if diff := cmp.Diff([]string{"If-Match", "Prefer"}, routes[0].Headers); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(string(routes[0].QuerySchema), `"pageSize":{"type":"integer","maximum":500,"minimum":1}`) {
		t.Errorf("%s", routes[0].QuerySchema)
	}
}

func TestS6EveryRequestAuthenticates(t *testing.T) {
	h, _ := portalHouse(t)
	long := strings.Repeat("x", 257)
	bodies := map[string]bool{}
	for name, headers := range map[string][]string{
		"none": nil, "unknown": {bearer("vdt_no")}, "empty": {"Authorization: Bearer "}, "long": {bearer(long)}, "spaces": {bearer("a b")},
		"scheme": {"Authorization: Digest x"}, "wrong secret": {basic(clientID, "no")}, "unknown client": {basic("no", "right")},
		"not base64": {"Authorization: Basic %%%"}, "cookie": {"Cookie: vedette=" + cookieLive}, "bare": {"Authorization: " + tokenRight},
	} {
		w := h.ask("GET", aPath, "", headers...)
		if w.Code != 401 {
			t.Errorf("%s: %d", name, w.Code)
		}
		if diff := cmp.Diff([]string{challengeBasic, challengeBearer}, w.Header().Values("WWW-Authenticate")); diff != "" {
			t.Error(name, diff)
		}
		bodies[mask(w)] = true
	}
	if len(bodies) != 1 {
		t.Errorf("the 401 tells them apart: %v", bodies)
	}
	if w := h.ask("GET", aPath, "", bearer(tokenOld)); w.Code != 401 || codeOf(t, w) != "CREDENTIAL_EXPIRED" {
		t.Errorf("expired: %d %s", w.Code, w.Body)
	}
	for name, header := range map[string]string{"bearer": bearer(tokenRight), "basic": basic(clientID, "right"), "case": "Authorization: bearer " + tokenRight} {
		if w := h.ask("GET", aPath, "", header); w.Code != 200 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := h.ask("GET", aPath+"?access_token="+tokenRight, ""); w.Code != 401 {
		t.Errorf("token in the query: %d", w.Code)
	}
	if w := h.ask("GET", aPath+"?access_token=x", "", bearer(tokenRight)); w.Code != 400 || strings.Contains(w.Body.String(), `"x"`) {
		t.Errorf("token in the query beside a good one: %d %s", w.Code, w.Body)
	}
}

func TestS6HostAndOrigin(t *testing.T) {
	h, _ := portalHouse(t)
	for _, c := range []struct {
		header string
		status int
	}{
		{"Host: example.com", 200},
		{"Host: EXAMPLE.com:8080", 200},
		{"Host: evil.example", 403},
		{"Host: example.com.evil", 403},
		{"Origin: https://example.com", 200},
		{"Origin: https://evil.example", 403},
		{"Origin: null", 403},
		{"Origin: ", 403},
		{"Origin: http://example.com", 403},
	} {
		w := h.ask("GET", aPath, "", bearer(tokenRight), c.header)
		if w.Code != c.status || c.status == 403 && codeOf(t, w) != "ORIGIN_REJECTED" {
			t.Errorf("%s: %d %s", c.header, w.Code, w.Body)
		}
	}
}

// sessionHouse serves the ops family: a row of keys and people, one of people.
func sessionHouse(t *testing.T) *house {
	h := newHouse(t)
	op := Operation{Method: "GET", Path: "/api/ops/v1/approvals", Name: "list_approvals", Who: Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read"}
	Register(h.Registry, h.families["ops"], op, echoWorkspace)
	op = Operation{Method: "POST", Path: "/api/ops/v1/approve", Name: "approve_gamebook", Who: Person, MinRole: soc.RoleSenior, Rate: "decide", Write: true}
	Register(h.Registry, h.families["ops"], op, echoWorkspace)
	op.Path, op.Name, op.Fresh = "/api/ops/v1/release", "release", true
	Register(h.Registry, h.families["ops"], op, echoWorkspace)
	op = Operation{Method: "DELETE", Path: "/api/ops/v1/session", Name: "end_session", Who: Signed, Rate: "write", Write: true}
	Register(h.Registry, h.families["ops"], op, echoWorkspace)
	op = Operation{Method: "POST", Path: "/api/ops/v1/session", Name: "start_session", Who: Anyone, Rate: LoginClass, Write: true, Status: 201}
	Register(h.Registry, h.families["ops"], op, func(_ context.Context, _ soc.Actor, in struct {
		Body noteBody `body:"json"`
	},
	) (Reply[noteData], error) {
		if in.Body.Text != "right" {
			return Reply[noteData]{}, soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.")
		}
		return Reply[noteData]{Cookie: h.SessionCookie("token", 0)}, nil
	})
	op = Operation{Method: "POST", Path: "/api/actions/{id}/approve", Name: "approve_action", Who: Person, MinRole: soc.RoleAnalyst, Rate: "actions", Write: true}
	Register(h.Registry, h.families["triage"], op, func(context.Context, soc.Actor, struct {
		ID string `path:"id"`
	},
	) (Reply[noteData], error) {
		return Reply[noteData]{}, nil
	})
	return h.open(t)
}

func TestS48WritesComeFromARealSession(t *testing.T) {
	h := sessionHouse(t)
	const json = "Content-Type: application/json"
	live := "Cookie: vedette=" + cookieLive
	for _, c := range []struct {
		name, method, target string
		headers              []string
		status               int
		code                 string
	}{
		{"read by cookie", "GET", "/api/ops/v1/approvals", []string{live}, 200, ""},
		{"read by key", "GET", "/api/ops/v1/approvals", []string{bearer(tokenRight)}, 200, ""},
		{"read by basic", "GET", "/api/ops/v1/approvals", []string{basic(clientID, "right")}, 401, "UNAUTHORIZED"},
		{"both", "GET", "/api/ops/v1/approvals", []string{live, bearer(tokenRight)}, 400, "BAD_REQUEST"},
		{"dead cookie reads", "GET", "/api/ops/v1/approvals", []string{"Cookie: vedette=dead"}, 401, "UNAUTHORIZED"},
		{"write", "POST", "/api/ops/v1/approve", []string{live, json}, 200, ""},
		{"write from here", "POST", "/api/ops/v1/approve", []string{live, json, "Sec-Fetch-Site: same-origin", "Origin: https://example.com"}, 200, ""},
		{"cross site", "POST", "/api/ops/v1/approve", []string{live, json, "Sec-Fetch-Site: cross-site"}, 403, "ORIGIN_REJECTED"},
		{"same site is not same origin", "POST", "/api/ops/v1/approve", []string{live, json, "Sec-Fetch-Site: same-site"}, 403, "ORIGIN_REJECTED"},
		{"foreign origin", "POST", "/api/ops/v1/approve", []string{live, json, "Origin: https://evil.example"}, 403, "ORIGIN_REJECTED"},
		{"form", "POST", "/api/ops/v1/approve", []string{live, "Content-Type: application/x-www-form-urlencoded"}, 403, "ORIGIN_REJECTED"},
		{"no type", "POST", "/api/ops/v1/approve", []string{live}, 403, "ORIGIN_REJECTED"},
		{"delete without body", "DELETE", "/api/ops/v1/session", []string{live}, 200, ""},
		{"key of all scopes", "POST", "/api/ops/v1/approve", []string{bearer(tokenRight), json}, 403, "HUMAN_SESSION_REQUIRED"},
		{"unknown key", "POST", "/api/ops/v1/approve", []string{bearer("vdt_no"), json}, 401, "UNAUTHORIZED"},
		{"dead cookie", "POST", "/api/ops/v1/approve", []string{"Cookie: vedette=dead", json}, 403, "HUMAN_SESSION_REQUIRED"},
		{"disabled person", "POST", "/api/ops/v1/approve", []string{"Cookie: vedette=disabled", json}, 401, "UNAUTHORIZED"},
		{"nobody", "POST", "/api/ops/v1/approve", []string{json}, 401, "UNAUTHORIZED"},
		{"two cookies", "POST", "/api/ops/v1/approve", []string{live + "; vedette=other", json}, 401, "UNAUTHORIZED"},
		{"fresh", "POST", "/api/ops/v1/release", []string{live, json}, 200, ""},
		{"stale", "POST", "/api/ops/v1/release", []string{"Cookie: vedette=" + cookieStale, json}, 403, "HUMAN_SESSION_REQUIRED"},
		{"triage by cookie", "POST", "/api/actions/a/approve", []string{live, json}, 200, ""},
		{"triage by key", "POST", "/api/actions/a/approve", []string{bearer(tokenRight), json}, 403, "human_session_required"},
		{"triage cross site", "POST", "/api/actions/a/approve", []string{live, json, "Sec-Fetch-Site: cross-site"}, 403, "forbidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := h.ask(c.method, c.target, "", c.headers...)
			if w.Code != c.status || c.status >= 400 && codeOf(t, w) != c.code {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
		})
	}
	want := []string{
		"list_approvals UNAUTHORIZED", "list_approvals UNAUTHORIZED",
		"approve_gamebook HUMAN_SESSION_REQUIRED", "approve_gamebook UNAUTHORIZED", "approve_gamebook HUMAN_SESSION_REQUIRED",
		"approve_gamebook UNAUTHORIZED", "release HUMAN_SESSION_REQUIRED", "approve_action HUMAN_SESSION_REQUIRED",
	}
	if diff := cmp.Diff(want, h.identity.refusals); diff != "" {
		t.Error("refusals on record:", diff)
	}
}

func TestS48SessionCookie(t *testing.T) {
	h := newHouse(t)
	if got := h.SessionCookie("abc", 0).String(); got != "vedette=abc; Path=/; HttpOnly; SameSite=Strict" {
		t.Error(got)
	}
	h.config.Cookie = CookieSecure
	if got := h.SessionCookie("", 0).String(); got != "__Host-vedette=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict" {
		t.Error(got)
	}
}

func TestRunTokenIsNeverAWayIn(t *testing.T) {
	h, _ := portalHouse(t)
	for token, want := range map[string]string{"good": "run", "forged": ""} {
		w := h.ask("GET", aPath, "", bearer(tokenAgent), "Vedette-Run-Token: "+token)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"run":"`+want+`"`) {
			t.Errorf("%s: %d %s", token, w.Code, w.Body)
		}
	}
	if w := h.ask("GET", aPath, "", bearer(tokenAgent), "Vedette-Run-Token: a", "Vedette-Run-Token: b"); w.Code != 400 {
		t.Errorf("two run tokens: %d", w.Code)
	}
	if w := h.ask("GET", aPath, "", "Vedette-Run-Token: good"); w.Code != 401 {
		t.Errorf("a run token alone: %d", w.Code)
	}
}

func TestKindsLimitWho(t *testing.T) {
	h := newHouse(t)
	op := Operation{
		Method: "DELETE", Path: "/api/incidents/{id}", Name: "delete_incident", Who: Scoped, Scope: soc.ScopeIncidentsDelete,
		MinRole: soc.RoleViewer, Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}, Rate: "write", Write: true, Status: http.StatusNoContent,
	}
	Register(h.Registry, h.families["triage"], op, func(context.Context, soc.Actor, struct {
		ID string `path:"id" jsonschema:"format=uuid"`
	},
	) (Reply[struct{}], error) {
		return Reply[struct{}]{}, nil
	})
	h.open(t)
	if w := h.ask("DELETE", "/api/incidents/"+workspaceA, "", bearer(tokenAgent)); w.Code != 403 || codeOf(t, w) != "forbidden" {
		t.Errorf("agent: %d %s", w.Code, w.Body)
	}
	if w := h.ask("DELETE", "/api/incidents/"+workspaceA, "", bearer(tokenRight)); w.Code != 204 || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("service: %d %q %v", w.Code, w.Body, w.Header())
	}
	if w := h.ask("DELETE", "/api/incidents/17", "", bearer(tokenRight)); w.Code != 404 {
		t.Errorf("a malformed id is not the 404 of an unknown one: %d", w.Code)
	}
}

func TestS38NothingIsServedOffTheRecord(t *testing.T) {
	h, effects := portalHouse(t)
	agent := bearer(tokenAgent)
	h.ask("GET", aPath, "", agent)
	h.ask("GET", strings.Replace(aPath, "8d1c", "none", 1), "", agent)
	h.ask("GET", aPath, "", bearer(tokenRight))
	h.ask("POST", aPath+"/comments", `{"text":"a"}`, agent)
	want := []string{"get_incident", "get_incident  NOT_FOUND", "add_comment requested", "add_comment completed"}
	if diff := cmp.Diff(want, h.identity.calls); diff != "" {
		t.Error(diff)
	}
	h.identity.recording = soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The record cannot be kept.")
	if w := h.ask("GET", aPath, "", agent); w.Code != 503 || strings.Contains(w.Body.String(), "8d1c\",\"pageSize") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.ask("POST", aPath+"/comments", `{"text":"a"}`, agent); w.Code != 503 || *effects != 1 {
		t.Errorf("a write off the record: %d, %d effects", w.Code, *effects)
	}
}
