package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vedette/backend/soc"
)

var documentField = regexp.MustCompile(`(?s)<textarea class="code"[^>]*>(.*?)</textarea>`)

// TestS60PolicyPages: what tightens is in force at once; what loosens is shown
// as that, waits, and takes a second person who saw the same digest.
func TestS60PolicyPages(t *testing.T) {
	h := openHouse(t)
	viewer, senior := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleSenior)
	manager, admin := h.Cookie(h.First, soc.RoleManager), h.Cookie(h.First, soc.RoleAdmin)
	page := h.first("/policy")
	seen := h.ask("GET", page, nil, viewer)
	mustContain(t, seen, http.StatusOK, "Nothing is protected.", "Limits and clocks")
	if strings.Contains(seen.Body.String(), "<form method=\"post\" action=\""+page) {
		t.Error("a viewer sees a control that would be refused")
	}
	protect := url.Values{"kind": {"host"}, "value": {"dc01.corp.example"}, "mode": {"never"}, "reason": {"<b>the</b> domain"}}
	mustContain(t, h.send(viewer, page+"/protect", protect), http.StatusForbidden, "INSUFFICIENT_WORKSPACE_ROLE")
	mustLead(t, h.send(senior, page+"/protect", protect), page+"?done=policy-changed")
	mustContain(t, h.ask("GET", page, nil, viewer), http.StatusOK, "dc01.corp.example", "&lt;b&gt;the&lt;/b&gt; domain")
	mustContain(t, h.ask("GET", page+"/versions", nil, viewer), http.StatusOK, "protected changed", "tightens")

	found := documentField.FindStringSubmatch(h.ask("GET", page+"/propose", nil, manager).Body.String())
	if found == nil {
		t.Fatal("no document")
	}
	document := html.UnescapeString(found[1])
	same := h.send(manager, page+"/propose", url.Values{"document": {document}})
	mustContain(t, same, http.StatusOK, "Nothing differs.")
	looser := strings.Replace(document, `"gamebooks": false`, `"gamebooks": true`, 1)
	before := h.Count()
	compared := h.send(manager, page+"/propose", url.Values{"document": {looser}})
	mustContain(t, compared, http.StatusOK, "This gives away control.", "loosens")
	mustContain(t, compared, http.StatusOK, "As proposed")
	if before.Audit++; h.Count() != before {
		t.Errorf("to simulate left %+v, want %+v", h.Count(), before)
	}
	mustContain(t, h.send(manager, page+"/propose", url.Values{"document": {strings.Replace(looser, `"rules"`, `"rulez"`, 1)}}), http.StatusBadRequest, "rules", "rulez")
	asked := h.send(manager, page+"/propose", url.Values{"document": {looser}, "ask": {"true"}, "reason": {"drill"}})
	change, _, _ := strings.Cut(asked.Header().Get("Location"), "?")
	if asked.Code != http.StatusSeeOther || !strings.HasPrefix(change, h.first("/changes/")) {
		t.Fatalf("%d to %q: %s", asked.Code, change, asked.Body)
	}
	mustContain(t, h.ask("GET", h.first("/changes?state=pending"), nil, viewer), http.StatusOK, "drill")
	card := h.ask("GET", change, nil, admin)
	mustContain(t, card, http.StatusOK, "Confirm what stands above", "waits for people")
	digest := regexp.MustCompile(`name="digest" value="([^"]+)"`).FindStringSubmatch(card.Body.String())[1]
	mustContain(t, h.send(viewer, change+"/confirm", url.Values{"digest": {digest}}), http.StatusForbidden)
	mustContain(t, h.send(admin, change+"/confirm", url.Values{"digest": {strings.Repeat("0", len(digest))}}), http.StatusConflict, "DIGEST_MISMATCH")
	if len(regexp.MustCompile(`You confirmed it`).FindString(h.ask("GET", change, nil, manager).Body.String())) == 0 {
		mustLead(t, h.send(manager, change+"/confirm", url.Values{"digest": {digest}}), change+"?done=change-confirmed")
	}
	mustLead(t, h.send(admin, change+"/confirm", url.Values{"digest": {digest}}), change+"?done=change-confirmed")
	mustContain(t, h.ask("GET", change, nil, viewer), http.StatusOK, "applied")
	mustContain(t, h.ask("GET", h.first("/audit?event=policy_applied"), nil, manager), http.StatusOK, "policy applied")
	mustContain(t, h.send(manager, change+"/reject", url.Values{"reason": {"late"}}), http.StatusConflict)

	only := strings.Replace(looser, `"rules": []`, `"rules": [{"name": "at-night", "effect": "forbid", "when": "true", "need": 1, "mode": "log_only", "expiresAt": null}]`, 1)
	mustContain(t, h.send(manager, page+"/propose", url.Values{"document": {only}, "days": {"30"}}), http.StatusOK, "at-night")
	if w := h.send(manager, page+"/propose", url.Values{"document": {only}, "ask": {"true"}, "reason": {"try it"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	mustContain(t, h.ask("GET", page, nil, viewer), http.StatusOK, page+"/rules/at-night/log")
	mustContain(t, h.ask("GET", page+"/rules/at-night/log", nil, viewer), http.StatusOK, "Nothing would have been decided otherwise.")
}
