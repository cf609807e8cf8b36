package web

import (
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// TestOrderOfChecks walks portal-api.md section 3: each request has one fault
// less than the one before, and the first fault left decides.
func TestOrderOfChecks(t *testing.T) {
	h, effects := portalHouse(t)
	h.answers.rows["cred-"+tokenRight+"POST "+aPath+"/comments"+"used"] = storedRow{fingerprint: "other", status: 201}
	const (
		comments = "/incidents/nowhere/8d1c/comments"
		good     = `{"text":"x"}`
	)
	poor, viewer, right := bearer(tokenPoor), bearer(tokenViewer), bearer(tokenRight)
	bad := "/api/v2/workspaces/not-a-guid" + comments
	foreign := "/api/v2/workspaces/" + workspaceB + comments
	mine := "/api/v2/workspaces/" + workspaceA + comments
	for _, c := range []struct {
		name, target, body string
		headers            []string
		status             int
		code               string
	}{
		{"1 size", bad, strings.Repeat("x", DefaultMaxBody+1), []string{"Content-Type: text/plain"}, 413, "PAYLOAD_TOO_LARGE"},
		{"1 media type", bad, `{"nope":1}`, []string{"Content-Type: text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"1 encoding", bad, `{"nope":1}`, []string{"Content-Encoding: gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"2 two headers", bad, `{"nope":1}`, []string{right, right}, 400, "BAD_REQUEST"},
		{"2 nobody", bad, `{"nope":1}`, nil, 401, "UNAUTHORIZED"},
		{"4 path", bad, `{"nope":1}`, []string{poor}, 400, "VALIDATION_ERROR"},
		{"5 scope", foreign, `{"nope":1}`, []string{poor}, 403, "INSUFFICIENT_SCOPE"},
		{"6 workspace", foreign, `{"nope":1}`, []string{right}, 403, "INSUFFICIENT_WORKSPACE_ROLE"},
		{"6 role", mine, `{"nope":1}`, []string{viewer}, 403, "INSUFFICIENT_WORKSPACE_ROLE"},
		{"7 source", mine + "?x=1", `{"nope":1}`, []string{right}, 400, "VALIDATION_ERROR"},
		{"8 query", aPath + "/comments?x=1", `{"nope":1}`, []string{right, "Idempotency-Key: used"}, 400, "VALIDATION_ERROR"},
		{"8 body", aPath + "/comments", `{"nope":1}`, []string{right, "Idempotency-Key: used"}, 400, "VALIDATION_ERROR"},
		{"9 key form", aPath + "/comments", good, []string{right, `Idempotency-Key: "`}, 400, "BAD_REQUEST"},
		{"9 key reused", aPath + "/comments", good, []string{right, "Idempotency-Key: used"}, 422, "IDEMPOTENCY_KEY_REUSED"},
		{"none left", aPath + "/comments", good, []string{right}, 201, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := h.ask("POST", c.target, c.body, c.headers...)
			if w.Code != c.status || w.Code >= 400 && codeOf(t, w) != c.code {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
		})
	}
	if *effects != 1 {
		t.Errorf("%d effects", *effects)
	}
	if errors := h.ask("POST", mine+"?x=1", good, right).Body.String(); !strings.Contains(errors, `"source"`) {
		t.Errorf("the source is not named before the query: %s", errors)
	}
}

func TestOrderOfChecksRateBeforePath(t *testing.T) {
	h, _ := portalHouse(t)
	h.families["portal"].Rates["write"] = 1
	for i, want := range []int{400, 429} {
		w := h.ask("POST", "/api/v2/workspaces/x/incidents/y/z/comments", "", bearer(tokenRight))
		if w.Code != want {
			t.Errorf("request %d: %d, want %d", i, w.Code, want)
		}
	}
}

func TestResourceThenIfMatch(t *testing.T) {
	h, _ := portalHouse(t)
	none := strings.Replace(aPath, "8d1c", "none", 1)
	for target, want := range map[string]int{none: 404, aPath: 412} {
		if w := h.ask("GET", target, "", bearer(tokenRight), `If-Match: "6"`); w.Code != want {
			t.Errorf("%s: %d, want %d", target, w.Code, want)
		}
	}
	for _, match := range []string{`"7"`, `*`, `"1", "7"`} {
		w := h.ask("GET", aPath, "", bearer(tokenRight), "If-Match: "+match)
		if w.Code != 200 || w.Header().Get("ETag") != `"7"` {
			t.Errorf("If-Match %s: %d %v", match, w.Code, w.Header())
		}
	}
	for _, match := range []string{`7`, `"7`, `"7""8"`, ``} {
		if w := h.ask("GET", aPath, "", bearer(tokenRight), "If-Match: "+match); w.Code != 400 {
			t.Errorf("If-Match %s: %d", match, w.Code)
		}
	}
	if w := h.ask("GET", aPath, "", bearer(tokenRight), `If-Match: W/"7"`); w.Code != 412 {
		t.Errorf("a weak tag matched: %d", w.Code)
	}
}

func TestS44UnknownAndForeignWorkspacesAreOne404(t *testing.T) {
	h, _ := portalHouse(t)
	unknown := strings.Replace(aPath, workspaceA, "11111111-1111-4111-8111-111111111111", 1)
	foreign := strings.Replace(aPath, workspaceA, workspaceC, 1)
	texts := map[string]string{}
	for name, target := range map[string]string{"unknown": unknown, "foreign": foreign} {
		w := h.ask("GET", target, "", bearer(tokenRight))
		if w.Code != 404 {
			t.Errorf("%s: %d", name, w.Code)
		}
		texts[name] = strings.NewReplacer(w.Header().Get("X-Request-Id"), "ID", target, "PATH").Replace(w.Body.String())
	}
	if texts["unknown"] != texts["foreign"] {
		t.Errorf("differ:\n%s%s", texts["unknown"], texts["foreign"])
	}
	if w := h.ask("GET", strings.Replace(aPath, workspaceA, workspaceB, 1), "", bearer(tokenRight)); w.Code != 403 {
		t.Errorf("known without role: %d", w.Code)
	}
	if w := h.ask("GET", strings.Replace(aPath, workspaceA, strings.ToUpper(workspaceA), 1), "", bearer(tokenRight)); w.Code != 200 {
		t.Errorf("upper-case GUID: %d", w.Code)
	}
}

func TestWorkspaceByHeader(t *testing.T) {
	h := newHouse(t)
	read := Operation{Method: "GET", Path: "/api/incidents", Name: "list", Who: Scoped, Scope: soc.ScopeIncidentsRead, MinRole: soc.RoleViewer, Rate: "read"}
	Register(h.Registry, h.families["triage"], read, echoWorkspace)
	ops := read
	ops.Path, ops.Scope = "/api/ops/v1/approvals", soc.ScopeOpsRead
	Register(h.Registry, h.families["ops"], ops, echoWorkspace)
	ops.Path, ops.Organization, ops.MinRole = "/api/ops/v1/people", true, ""
	Register(h.Registry, h.families["ops"], ops, echoWorkspace)
	h.open(t)
	for _, c := range []struct {
		target, token, workspace string
		status                   int
	}{
		{"/api/incidents", tokenRight, "", 200},
		{"/api/incidents", tokenMany, "", 400},
		{"/api/incidents", tokenMany, workspaceA, 200},
		{"/api/incidents", tokenMany, "x", 400},
		{"/api/incidents", tokenMany, workspaceB, 404},
		{"/api/incidents", tokenMany, workspaceC, 404},
		{"/api/ops/v1/approvals", tokenRight, workspaceB, 404},
		{"/api/ops/v1/people", tokenRight, "", 200},
		{"/api/ops/v1/people", tokenRight, workspaceA, 400},
	} {
		headers := []string{bearer(c.token)}
		if c.workspace != "" {
			headers = append(headers, "Vedette-Workspace: "+c.workspace)
		}
		if w := h.ask("GET", c.target, "", headers...); w.Code != c.status {
			t.Errorf("%s %s %s: %d %s", c.target, c.token, c.workspace, w.Code, w.Body)
		}
	}
	if w := h.ask("GET", "/api/incidents", "", bearer(tokenRight), "Vedette-Workspace: "+workspaceA, "Vedette-Workspace: "+workspaceA); w.Code != 400 {
		t.Errorf("two headers: %d", w.Code)
	}
	unmapped, unknown := h.ask("GET", "/api/incidents", "", bearer(tokenMany), "Vedette-Workspace: "+workspaceB), h.ask("GET", "/api/incidents", "", bearer(tokenMany), "Vedette-Workspace: "+workspaceC)
	if mask(unmapped) != mask(unknown) {
		t.Errorf("unmapped and unknown differ:\n%s%s", unmapped.Body, unknown.Body)
	}
}

// mask is a body without its request id.
func mask(w *httptest.ResponseRecorder) string {
	return strings.ReplaceAll(w.Body.String(), w.Header().Get("X-Request-Id"), "ID")
}
