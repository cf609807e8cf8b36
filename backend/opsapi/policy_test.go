package opsapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// shippedSettings is the body that changes nothing.
func shippedSettings(t *testing.T) string {
	return encoded(t, soc.ShippedSettings("", soc.SeverityHigh).Record())
}

// TestS60PolicyOverTheWire walks the contract's sections 4 and 10: what loosens
// answers 202 and waits for a second person, what tightens answers 200.
func TestS60PolicyOverTheWire(t *testing.T) {
	h := openIntake(t)
	first, second := h.Cookie(h.First, soc.RoleManager), h.Cookie(h.First, soc.RoleManager)
	senior := h.Cookie(h.First, soc.RoleSenior)
	tighten := h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsTighten, soc.ScopeOpsRead}})
	const prefix = "/api/ops/v1"
	ask := func(who, method, path, body string, status int, within ...string) (data map[string]any, w *httptest.ResponseRecorder) {
		t.Helper()
		w = h.Ask(method, prefix+path, body, who)
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
	on := strings.Replace(shippedSettings(t), `"gamebooks":false`, `"gamebooks":true`, 1)
	data, w := ask(first, "PUT", "/policy/settings/High", on, 202, `"path":"/High/capabilities/gamebooks"`, `"gamebooks":false`)
	change, _ := data["change"].(map[string]any)
	id, _ := change["id"].(string)
	if w.Header().Get("Location") != prefix+"/changes/"+id || id == "" {
		t.Fatalf("%v", w.Header())
	}
	confirm := encoded(t, map[string]any{"digest": change["digest"]})
	ask(first, "POST", "/changes/"+id+"/confirm", confirm, 409, `"CONFLICT"`)
	ask(senior, "POST", "/changes/"+id+"/confirm", confirm, 403)
	ask(tighten, "POST", "/changes/"+id+"/confirm", confirm, 403, `"HUMAN_SESSION_REQUIRED"`)
	ask(tighten, "GET", "/changes?state=pending", "", 200, id)
	ask(second, "POST", "/changes/"+id+"/confirm", confirm, 200, `"state":"applied"`)
	ask(tighten, "GET", "/policy/settings/High", "", 200, `"gamebooks":true`, `"policyVersion":2`)
	ask(tighten, "PUT", "/policy/settings/Low", on, 403, `"HUMAN_SESSION_REQUIRED"`)
	ask(tighten, "PUT", "/policy/settings/High", shippedSettings(t), 200, `"policyVersion":3`, `"change":null`)
	ask(tighten, "PUT", "/policy/settings/High", strings.Replace(on, `"enabled":true`, `"enabled":true,"trusted":true`, 1), 400, `trusted`)
	ask(tighten, "PUT", "/policy/settings/High", strings.Replace(on, `"Reversible"`, `"Irreversible"`, 1), 400)
	if w := h.Ask("PUT", prefix+"/policy/limits", encoded(t, soc.ShippedLimits().Record()), first, `If-Match: "1"`); w.Code != 412 {
		t.Errorf("an old ETag: %d %s", w.Code, w.Body)
	}

	ask(senior, "POST", "/policy/protected", `{"match":{"kind":"host","value":"dc01"},"mode":"never","reason":"domain controller"}`, 201, `"dc01"`)
	ask(senior, "POST", "/policy/protected", `{"match":{"kind":"host","value":"dc01"},"mode":"two_person","reason":"less"}`, 403)
	data, _ = ask(tighten, "GET", "/policy", "", 200, `"loaded":true`, `"dc01"`)
	entry := data["protected"].([]any)[0].(map[string]any)
	ask(first, "DELETE", "/policy/protected/"+entry["id"].(string), "", 202)
	ask(tighten, "POST", "/policy/rules", `{"name":"night","effect":"forbid","when":"now.getHours('Europe/Berlin') < 6","mode":"enforce"}`, 201, `"night"`)
	ask(tighten, "POST", "/policy/rules", `{"name":"wrong","effect":"forbid","when":"steps.all(s, s.playbok == 'x')","mode":"enforce"}`, 400, `line 1, column`)
	ask(first, "PUT", "/policy/rules/night", `{"effect":"forbid","when":"now.getHours('Europe/Berlin') < 5","mode":"enforce"}`, 202, `"path":"/night/when"`)
	ask(tighten, "DELETE", "/policy/rules/night", "", 403, `"HUMAN_SESSION_REQUIRED"`)
	ask(senior, "GET", "/policy/rules", "", 200, `"night"`)
	ask(senior, "GET", "/policy/versions?pageSize=2", "", 200, `"event":"rule_changed"`, `"hasMore":true`)
	ask(senior, "GET", "/policy/diff?from=1&to=2", "", 200, `"direction":"loosening"`, `"/settings/High/capabilities/gamebooks"`)
	ask(first, "POST", "/policy/restore", `{"version":2}`, 202)
	ask(senior, "GET", "/policy?version=2", "", 200, `"policyVersion":2`)
}
