package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// oneCase is a house with one incident whose every text is hostile, and its
// address.
func oneCase(t *testing.T) (h *house, incident soc.Incident, page string) {
	t.Helper()
	h = openHouse(t, generics)
	h.ingest(h.First, map[string]any{
		"external_id": hostile, "title": hostile, "description": hostile, "severity": "medium", "detector": hostile, "product": hostile, "vendor": hostile,
		"category": hostile, "techniques": []string{"T1059.001"}, "tactics": []string{"Execution"},
		"entities": []map[string]any{
			{"ref": "p", "kind": "process", "value": hostile, "display": hostile}, {"ref": "h", "kind": "host", "value": "WS-042", "provenance": "sensor_asserted"},
		},
		"evidence": []map[string]any{
			{"type": "process", "refs": []string{"p", "h"}, "fields": []map[string]any{{"name": "command_line", "value": hostile}, {"name": "host", "value": "WS-042"}}},
		},
	})
	by := h.Host
	by.Workspace = h.First
	found, err := h.Desk.ListIncidents(t.Context(), by, soc.IncidentFilter{Limit: 1})
	if err != nil || len(found.Incidents) != 1 {
		t.Fatal(found, err)
	}
	return h, found.Incidents[0], h.first("/incidents/" + found.Incidents[0].ShortID)
}

// agent is an agent of the first workspace.
func (h *house) agent() soc.Actor {
	return soc.Actor{
		Kind: soc.PrincipalAgent, ID: unknownID, Name: "Agent " + hostile, Workspace: h.First, Organization: h.OrganizationOf(h.First), Role: soc.RoleAnalyst,
		Scopes: soc.AllScopes, Served: &soc.Served{},
	}
}

var postForm = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// TestS47AnIncidentMadeOfMarkupStaysText: every text of an incident is written
// by an attacker; none of it is markup on any page of it, and nothing that would
// turn a line around is sent.
func TestS47AnIncidentMadeOfMarkupStaysText(t *testing.T) {
	h, _, page := oneCase(t)
	if _, err := h.Desk.SubmitInvestigation(t.Context(), h.agent(), soc.SubmitInvestigation{
		Incident: soc.IncidentRef{ID: page[strings.LastIndexByte(page, '/')+1:]}, Classification: "FalsePositive", Reason: "NotMalicious",
		Comment: "It ran " + hostile + " as planned [E1]. And [E9] says so. Nothing backs this.", ToolCalls: []soc.ToolCall{{Name: hostile, Query: hostile}},
	}); err != nil {
		t.Fatal(err)
	}
	analyst := h.Cookie(h.First, soc.RoleAnalyst)
	mustLead(t, h.send(analyst, page+"/comment", url.Values{"comment": {"two\r\nlines " + hostile}}), page+"?done=commented")
	for path, texts := range map[string][]string{
		"":             {"&lt;script&gt;", "⟦U&#43;202E⟧", "E9 does not exist", `class="uncited"`, "1 invented", "two\nlines", "T1059.001", `data-live="incident:`, "held"},
		"/evidence":    {"&lt;script&gt;", `id="E1"`},
		"/evidence/E2": {"&lt;img src=x", "command_line"},
	} {
		w := h.ask("GET", page+path, nil, analyst)
		mustContain(t, w, http.StatusOK, texts...)
		mustBeInert(t, w.Body.String())
		if strings.Contains(w.Body.String(), " style=") || strings.Contains(w.Body.String(), "onclick") {
			t.Errorf("%s has a style or a handler inline", path)
		}
	}
	mustContain(t, h.ask("GET", page+"/evidence/E7", nil, analyst), http.StatusNotFound, "NOT_FOUND")
	mustContain(t, h.ask("GET", page+"/evidence?q=nowhere", nil, analyst), http.StatusOK, "No row matches.")
	raw := h.ask("GET", page+"/alerts/"+alertLink.FindStringSubmatch(h.ask("GET", page, nil, analyst).Body.String())[1]+"/raw", nil, analyst)
	if raw.Code != http.StatusOK || !strings.HasPrefix(raw.Header().Get("Content-Disposition"), "attachment") || raw.Header().Get("Content-Type") != "application/octet-stream" ||
		!strings.Contains(raw.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d %v", raw.Code, raw.Header())
	}
}

var alertLink = regexp.MustCompile(`/alerts/([^/"]+)/raw`)

// TestIncidentForms: each form does what it says and leaves an entry; whoever
// would be refused is not shown it.
func TestIncidentForms(t *testing.T) {
	h, incident, page := oneCase(t)
	viewer, analyst := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleAnalyst)
	for _, form := range postForm.FindAllStringSubmatch(h.ask("GET", page, nil, viewer).Body.String(), -1) {
		if form[1] != "/console/sign-out" {
			t.Errorf("a viewer is shown the form %s", form[1])
		}
	}
	admin := h.Cookie(h.First, soc.RoleAdmin)
	if body := h.ask("GET", page, nil, admin).Body.String(); strings.Contains(body, "Set a verdict") {
		t.Error("an admin, who decides nothing, is shown a verdict to set")
	}
	now := func() soc.Incident {
		t.Helper()
		by := h.Host
		by.Workspace = h.First
		i, err := h.Desk.FindIncident(t.Context(), by, soc.IncidentRef{ID: incident.ID})
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	send := func(verb string, form url.Values, notice string) {
		t.Helper()
		if w := h.send(viewer, page+verb, form); w.Code != http.StatusForbidden {
			t.Errorf("%s by a viewer: %d", verb, w.Code)
		}
		before := h.Count().Audit
		mustLead(t, h.send(analyst, page+verb, form), page+"?done="+notice)
		if h.Count().Audit == before {
			t.Errorf("%s left no entry", verb)
		}
		mustContain(t, h.ask("GET", page+"?done="+notice, nil, analyst), http.StatusOK, `class="banner good"`)
	}
	send("/assign", url.Values{"to": {"me"}}, "saved")
	if now().AssigneeName == "" {
		t.Error("nobody has it")
	}
	send("/assign", url.Values{"to": {"nobody"}}, "saved")
	version := func() []string {
		return []string{strings.TrimSpace(versionField.FindStringSubmatch(h.ask("GET", page, nil, analyst).Body.String())[1])}
	}
	send("/change", url.Values{"version": version(), "status": {"contained"}, "severity": {"high"}}, "saved")
	if i := now(); i.Status != soc.StatusContained || i.Severity != soc.SeverityHigh {
		t.Errorf("%s %s", i.Status, i.Severity)
	}
	mustContain(t, h.send(analyst, page+"/change", url.Values{"version": {"1"}, "status": {"recovered"}}), http.StatusPreconditionFailed, "PRECONDITION_FAILED")
	mustContain(t, h.send(analyst, page+"/change", url.Values{"version": version(), "status": {"active"}}), http.StatusBadRequest, "comment")
	send("/comment", url.Values{"comment": {"seen"}}, "commented")
	send("/triage", url.Values{"force": {"on"}}, "triage-asked")
	mustContain(t, h.send(analyst, page+"/verdict", url.Values{"pair": {"TruePositive/NotMalicious"}}), http.StatusBadRequest, "classificationReason")
	send("/verdict", url.Values{"pair": {"TruePositive/Malware"}, "comment": {"contained and cleaned"}, "close": {"on"}}, "decided")
	if i := now(); i.Open() || i.Verdict != soc.VerdictTruePositive || i.VerdictBy != soc.PrincipalPerson {
		t.Errorf("%+v", i)
	}
	report := h.ask("GET", page+"/report", nil, viewer)
	mustContain(t, report, http.StatusOK, "contained and cleaned", "true positive", "SHA-256")
	mustBeInert(t, report.Body.String())
	if w := h.ask("GET", page+"/report?version=1&file=on", nil, viewer); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	mustContain(t, h.send(analyst, page+"/reopen", url.Values{}), http.StatusBadRequest, "reason")
	send("/reopen", url.Values{"reason": {"it came back"}}, "reopened")
	if i := now(); !i.Open() || i.Verdict != "" {
		t.Errorf("%+v", i)
	}
}

var versionField = regexp.MustCompile(`name="version" value="(\d+)"`)

// TestS35HeldVerdictOnThePage: a proposal waits on its page and in its queue,
// with each reason and its next step; a person accepts it or says why not.
func TestS35HeldVerdictOnThePage(t *testing.T) {
	h, incident, page := oneCase(t)
	ref := soc.IncidentRef{ID: incident.ID}
	propose := func(comment string) string {
		t.Helper()
		receipt, err := h.Desk.SubmitInvestigation(t.Context(), h.agent(), soc.SubmitInvestigation{Incident: ref, Classification: "FalsePositive", Reason: "NotMalicious", Comment: comment})
		if err != nil || !receipt.Held {
			t.Fatalf("%+v %v", receipt, err)
		}
		return receipt.InvestigationID
	}
	viewer, analyst, senior := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleAnalyst), h.Cookie(h.First, soc.RoleSenior)
	first := propose("Nothing [E1].")
	mustContain(t, h.ask("GET", h.first("/held"), nil, viewer), http.StatusOK, incident.ShortID, "false positive", "data-row")
	seen := h.ask("GET", page, nil, viewer)
	mustContain(t, seen, http.StatusOK, "is proposed and waits for a person", "Deterministic triage", "claims")
	if strings.Contains(seen.Body.String(), "/accept") {
		t.Error("a viewer is shown the decision")
	}
	for _, verb := range []string{"/accept", "/reject"} {
		if w := h.send(viewer, page+verb, url.Values{"proposal": {first}, "reason": {"x"}}); w.Code != http.StatusForbidden {
			t.Errorf("%s by a viewer: %d", verb, w.Code)
		}
	}
	mustContain(t, h.send(analyst, page+"/reject", url.Values{"proposal": {first}}), http.StatusBadRequest, "reason")
	mustLead(t, h.send(analyst, page+"/reject", url.Values{"proposal": {first}, "reason": {"the host was new"}}), page+"?done=held-rejected")
	second := propose("Nothing at all [E1].")
	mustContain(t, h.send(senior, page+"/accept", url.Values{"proposal": {first}}), http.StatusConflict, "INVALID_STATE")
	mustLead(t, h.send(senior, page+"/accept", url.Values{"proposal": {second}, "reason": {"agreed"}}), page+"?done=held-accepted")
	mustContain(t, h.ask("GET", page, nil, senior), http.StatusOK, "Reopen", "false positive")
	mustContain(t, h.ask("GET", h.first("/held"), nil, viewer), http.StatusOK, "No verdict waits.")
}
