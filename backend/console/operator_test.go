package console_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestAgentPage: what suspends and what lifts it are shown to whom the desk
// would let, say first what they do, and leave an entry with the reason's agent.
func TestAgentPage(t *testing.T) {
	h := openHouse(t)
	key, err := h.Desk.CreateKey(t.Context(), h.Host, soc.NewCredential{
		Organization: h.OrganizationOf(h.First), Kind: soc.PrincipalAgent, Name: "<b>hunter</b>", Role: soc.RoleSenior, Workspaces: []string{h.First},
		Scopes: []soc.Scope{soc.ScopeIncidentsRead}, ExpiresAt: h.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	page, agent := h.first("/agents"), key.Credential.Agent
	viewer, analyst, senior := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleAnalyst), h.Cookie(h.First, soc.RoleSenior)
	seen := h.ask("GET", page, nil, viewer)
	mustContain(t, seen, http.StatusOK, "&lt;b&gt;hunter&lt;/b&gt;", "may work")
	if strings.Contains(seen.Body.String(), "Suspend") {
		t.Error("a viewer sees a control that would be refused")
	}
	mustContain(t, h.ask("GET", page, nil, analyst), http.StatusOK, "Every key of this agent stops working at once")
	mustContain(t, h.send(viewer, page+"/"+agent+"/suspend", url.Values{"reason": {"odd"}}), http.StatusForbidden, "INSUFFICIENT_WORKSPACE_ROLE")
	mustContain(t, h.send(analyst, page+"/"+agent+"/suspend", nil), http.StatusBadRequest, "reason")
	mustLead(t, h.send(analyst, page+"/"+agent+"/suspend", url.Values{"reason": {"it <i>drifts</i>"}}), page+"?done=suspended")
	seen = h.ask("GET", page, nil, analyst)
	mustContain(t, seen, http.StatusOK, "it &lt;i&gt;drifts&lt;/i&gt;")
	if strings.Contains(seen.Body.String(), "/unsuspend") {
		t.Error("an analyst sees a control that would be refused")
	}
	mustLead(t, h.send(senior, page+"/"+agent+"/unsuspend", url.Values{"reason": {"looked at"}}), page+"?done=unsuspended")
	for _, event := range []string{"agent_suspended", "agent_unsuspended"} {
		mustContain(t, h.ask("GET", h.first("/audit?event="+event), nil, h.Cookie(h.First, soc.RoleManager)), http.StatusOK, strings.ReplaceAll(event, "_", " "), agent)
	}
}

// TestAuditPages: the record is searched, read and proven whole by a manager,
// on one stretch of it and against nobody's markup.
func TestAuditPages(t *testing.T) {
	h := openHouse(t)
	manager := h.Cookie(h.First, soc.RoleManager)
	mustLead(t, h.send(manager, h.first("/kill-switch/engage"), url.Values{"scope": {"workspace"}, "reason": {"<script>x</script>"}}), h.first("/kill-switch?done=engaged"))
	list := h.ask("GET", h.first("/audit?event=kill_switch_engaged"), nil, manager)
	mustContain(t, list, http.StatusOK, "kill switch engaged", "allowed")
	_, link, _ := strings.Cut(list.Body.String(), h.first("/audit/"))
	for strings.HasPrefix(link, "integrity") {
		_, link, _ = strings.Cut(link, h.first("/audit/"))
	}
	link, _, _ = strings.Cut(link, `"`)
	position, err := strconv.ParseInt(link, 10, 64)
	if err != nil {
		t.Fatalf("no link to an entry: %q", link)
	}
	entry, err := h.Desk.FindAudit(t.Context(), soc.Actor{Kind: soc.PrincipalHost, Workspace: h.First}, soc.AuditFilter{Event: "kill_switch_engaged", Limit: 1})
	if err != nil || len(entry.Entries) != 1 || entry.Entries[0].Position != position {
		t.Fatalf("%+v %v", entry, err)
	}
	mustContain(t, h.ask("GET", h.first("/audit/"+link), nil, manager), http.StatusOK, entry.Entries[0].Hash, entry.Entries[0].PrevHash)
	mustContain(t, h.ask("GET", h.first("/audit?from=yesterday"), nil, manager), http.StatusBadRequest, "must be a time")
	mustContain(t, h.send(manager, h.first("/audit/integrity"), nil), http.StatusOK, "are as they were written")
	mustContain(t, h.send(manager, h.first("/audit/integrity"), url.Values{"from": {"999999"}}), http.StatusBadRequest, "from")
	mustContain(t, h.ask("GET", h.first("/audit?event=audit_verified"), nil, manager), http.StatusOK, "audit verified")
	if w := h.ask("GET", h.first("/audit"), nil, h.Cookie(h.First, soc.RoleSenior)); w.Code != http.StatusForbidden {
		t.Errorf("a senior: %d", w.Code)
	}
}
