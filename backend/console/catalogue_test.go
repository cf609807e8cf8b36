package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vedette/backend/soc"
)

var catalogueExamples = map[string]example{
	"POST w/playbooks/{playbook}/disable":    {Params: "playbook=none", Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"POST w/playbooks/{playbook}/enable":     {Params: "playbook=none", Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"GET w/procedures/{procedure}/diff":      {Params: "procedure=none", Status: 404},
	"GET w/procedure-new":                    {Status: 200},
	"POST w/procedure-new":                   {Form: url.Values{"name": {"x"}, "kind": {"response"}}, Status: 400, Adds: audited},
	"POST w/procedures/{procedure}/versions": {Params: "procedure=none", Form: url.Values{"text": {"x"}}, Status: 404, Adds: audited},
	"POST w/procedures/{procedure}/match":    {Params: "procedure=none", Form: url.Values{"priority": {"1"}}, Status: 404, Adds: audited},
	"POST w/procedures/{procedure}/disable":  {Params: "procedure=none", Form: url.Values{"reason": {"x"}}, Status: 404, Adds: audited},
}

func init() { maps.Copy(examples, catalogueExamples) }

// TestCataloguePages: switching a playbook off and another text say first what
// they do, are offered to whom the desk would let, and what gives away control
// leads to the change that waits.
func TestCataloguePages(t *testing.T) {
	h := openHouse(t)
	viewer, manager, second := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleManager), h.Cookie(h.First, soc.RoleManager)
	page := h.first("/playbooks")
	seen := h.ask("GET", page, nil, viewer)
	mustContain(t, seen, http.StatusOK, "isolate_host", "What it lacks", "Nothing that is connected here can carry it out.")
	if strings.Contains(seen.Body.String(), "Switch off") || strings.Contains(seen.Body.String(), "New procedure") {
		t.Error("a viewer sees a control that would be refused")
	}
	mustContain(t, h.ask("GET", page, nil, manager), http.StatusOK, "From now on every door refuses it")
	mustLead(t, h.send(manager, page+"/isolate_host/disable", url.Values{"reason": {"a <b>bad</b> day"}}), page+"?done=playbook-disabled")
	mustContain(t, h.ask("GET", page, nil, manager), http.StatusOK, "a &lt;b&gt;bad&lt;/b&gt; day", "It waits until a second manager or admin confirms it; until then it stays switched off.")
	if w := h.send(manager, page+"/isolate_host/enable", url.Values{"reason": {"over"}}); w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "/changes/") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}

	form := url.Values{"name": {"Ransom notes"}, "kind": {"response"}, "text": {"# Ransom\r\n<script>alert(1)</script>\r\n"}, "reason": {"asked for"}}
	w := h.send(manager, h.first("/procedure-new"), form)
	change, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	shown := h.ask("GET", change, nil, second)
	mustContain(t, shown, http.StatusOK, "Read the lines that differ")
	_, link, _ := strings.Cut(shown.Body.String(), h.first("/procedures/"))
	link, _, _ = strings.Cut(link, `"`)
	mustContain(t, h.ask("GET", h.first("/procedures/"+link), nil, second), http.StatusOK, "&#43;&lt;script&gt;alert(1)&lt;/script&gt;")
	id, _, _ := strings.Cut(link, "/")
	_, digest, _ := strings.Cut(shown.Body.String(), `name="digest" value="`)
	digest, _, _ = strings.Cut(digest, `"`)
	if w := h.send(second, change+"/confirm", url.Values{"digest": {digest}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	one := h.first("/procedures/" + id)
	mustContain(t, h.ask("GET", one, nil, manager), http.StatusOK, "Ransom notes", "&lt;script&gt;", "waits until a second manager or admin has read what differs")
	mustLead(t, h.send(manager, one+"/match", url.Values{"types": {"ransomware, phishing"}, "severities": {string(soc.SeverityHigh)}, "priority": {"0"}}), one+"?done=procedure-changed")
	mustLead(t, h.send(manager, one+"/disable", url.Values{"reason": {"it is wrong"}}), one+"?done=procedure-changed")
	mustContain(t, h.ask("GET", one+"/diff?from=1&to=3", nil, viewer), http.StatusOK, "tightens", "The texts are equal.")
	mustContain(t, h.ask("GET", page, nil, viewer), http.StatusOK, "not followed")
}
