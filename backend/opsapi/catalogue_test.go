package opsapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// asked sends requests of the family and holds them to a status.
func (h *intake) asked(t *testing.T, who, method, path, body string, status int, within ...string) (data map[string]any, w *httptest.ResponseRecorder) {
	t.Helper()
	w = h.Ask(method, "/api/ops/v1"+path, body, who)
	if w.Code != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	for _, text := range within {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s %s: no %s in %s", method, path, text, w.Body)
		}
	}
	var answer struct{ Data json.RawMessage }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err == nil {
		_ = json.Unmarshal(answer.Data, &data)
	}
	return data, w
}

// TestCatalogueOverTheWire walks the catalogue of the contract's section 10.
func TestCatalogueOverTheWire(t *testing.T) {
	h := openIntake(t)
	viewer, first, second := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleManager), h.Cookie(h.First, soc.RoleManager)
	tighten := h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsTighten, soc.ScopeOpsRead}})
	h.asked(t, viewer, "GET", "/catalogue?pageSize=1", "", 200, `"hasMore":true`)
	h.asked(t, viewer, "GET", "/catalogue?class=Irreversible&entityKind=Account", "", 200, `"reset_password"`)
	h.asked(t, viewer, "GET", "/catalogue?entityKind=Person", "", 400, `entityKind`)
	h.asked(t, viewer, "GET", "/catalogue/isolate_host", "", 200, `"class":"Reversible"`, `"rollback":"unisolate_host"`, `"hash":"sha256:`)
	h.asked(t, viewer, "GET", "/catalogue/isolate", "", 404)
	h.asked(t, viewer, "GET", "/catalogue/lint", "", 200, `"no_inverse"`, `"no_connector"`)
	h.asked(t, viewer, "POST", "/catalogue/isolate_host/disable", `{"reason":"x"}`, 403)
	h.asked(t, tighten, "POST", "/catalogue/isolate_host/disable", `{"reason":"a bad day"}`, 200, `"enabled":false`, `"disabledReason":"a bad day"`)
	h.asked(t, tighten, "POST", "/catalogue/isolate_host/enable", `{"reason":"over"}`, 403, `"HUMAN_SESSION_REQUIRED"`)
	data, w := h.asked(t, first, "POST", "/catalogue/isolate_host/enable", `{"reason":"over"}`, 202, `"kind":"catalogue"`, `"enabled":false`)
	change := data["change"].(map[string]any)
	if w.Header().Get("Location") != "/api/ops/v1/changes/"+change["id"].(string) {
		t.Errorf("%v", w.Header())
	}
	h.asked(t, second, "POST", "/changes/"+change["id"].(string)+"/confirm", encoded(t, map[string]any{"digest": change["digest"]}), 200, `"applied"`)
	h.asked(t, viewer, "GET", "/catalogue/isolate_host", "", 200, `"enabled":true`)

	draft := `"playbookId":"hide_host","version":1,"name":"Hide Host","description":"Hides it.","impact":"high","entityKinds":["Host"],"operation":"host.hide"`
	h.asked(t, viewer, "POST", "/catalogue/validate", `{"playbook":{`+draft+`,"idempotent":true,"conflictsWith":["isolate_host"]}}`, 200, `"valid":true`)
	h.asked(t, viewer, "POST", "/catalogue/validate", `{"playbook":{`+draft+`,"idempotent":true,"class":"Reversible"}}`, 200, `"valid":false`, `"path":"playbooks[0].class"`)
	h.asked(t, viewer, "POST", "/catalogue/validate", `{"yaml":"format: vedette.catalogue.v1\nplaybooks:\n  - id: Hide\n"}`, 200, `"path":"playbooks[0].id","line":3`)
	h.asked(t, viewer, "POST", "/catalogue/validate", `{}`, 400, `playbook`)
}
