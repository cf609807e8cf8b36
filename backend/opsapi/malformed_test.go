package opsapi_test

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web/webtest"
)

// TestS55MalformedRequestsAreOnRecord: whoever is known and sends what the
// contract does not allow is told so, changes nothing, and stands in the record
// once, by name, with the code and without a byte of what was sent.
func TestS55MalformedRequestsAreOnRecord(t *testing.T) {
	h := openKeyDoor(t)
	key := h.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeOpsRead, soc.ScopeOpsTighten, soc.ScopeOpsDraft}})
	agent := h.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	person := h.Cookie(h.First, soc.RoleManager)
	const planted = "planted-in-the-body"
	for name, c := range map[string]struct {
		method, target, body, who string
		status                    int
	}{
		"not JSON":         {"POST", "/api/ops/v1/policy/protected", `{"match":` + planted, key, 400},
		"an unknown field": {"POST", "/api/ops/v1/policy/protected", `{"` + planted + `":1}`, key, 400},
		"a wrong type":     {"POST", "/api/ops/v1/policy/restore", `{"version":"` + planted + `"}`, person, 400},
		"a wrong word":     {"POST", "/api/ops/v1/gamebooks/simulate", `{"incidentId":"x","playbooks":[{"playbook_id":"x","entity_id":"x"}],"trigger":"` + planted + `"}`, key, 400},
		"a deep body":      {"POST", "/api/ops/v1/policy/protected", strings.Repeat("[", 100), person, 400},
		"two values":       {"POST", "/api/ops/v1/runs", `{"reason":"` + planted + `"}{}`, person, 400},
		"a parameter":      {"GET", "/api/ops/v1/approvals?state=" + planted, "", key, 400},
		"an agent's":       {"POST", "/api/ops/v1/approvals/GB-7K2M9Q/approve", `{`, agent, 403},
	} {
		before := h.Count()
		w := h.Ask(c.method, c.target, c.body, c.who)
		after := h.Count()
		if w.Code != c.status || after.Audit != before.Audit+1 || after.Jobs != before.Jobs {
			t.Errorf("%s: %d, %+v then %+v: %s", name, w.Code, before, after, w.Body)
			continue
		}
		entries, err := h.Store.Read(t.Context()).AuditEntries(store.AuditFilter{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		e := entries[0]
		if e.Event != "call_refused" || e.Decision != "refused" || e.Actor == "" || string(e.Code) != webtest.CodeOf(t, w) || strings.Contains(e.Detail+e.Target+e.Before+e.After, planted) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	before := h.Count()
	if w := h.Ask(http.MethodPost, session, `{"email":1}`); w.Code != 400 || h.Count() != before {
		t.Errorf("nobody known: %d", w.Code)
	}
}
