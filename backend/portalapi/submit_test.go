package portalapi_test

import (
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// agent is an agent of the first workspace that may do what agents may.
func (p *portal) agent() string {
	return p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{
		soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead, soc.ScopeAgentToolsExecute,
	}})
}

func TestAnswersOfSubmitInvestigation(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	for _, c := range []struct{ name, body string }{
		{"nothing", `{}`},
		{"score", `{"comment":"x","malicious_score":101}`},
		{"suspicious", `{"classification":"Suspicious"}`},
		{"sop", `{"comment":"x","classification_sop":{"id":"none","name":"None"}}`},
		{"gamebook", `{"comment":"x","gamebook_ids":["GB-7K2M9Q4S"]}`},
		{"note", `{"comment":"Looked at [E1] and [E99].","classification_reason":"Malware"}`},
		{"true", `{"classification":"PolicyViolation","classification_reason":"InaccurateData","malicious_score":"90","comment":"[E1]","tool_calls":[{"name":"get_evidence","time":"2026-05-14T11:00:00+02:00","duration_ms":"12","kql":{"query":"x","row_count":1}}]}`},
		{"held", `{"classification":"NonIssue","malicious_score":5,"comment":"[E1]"}`},
		{"again", `{"comment":"[E1]","malicious_score":5,"classification":"NonIssue"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			webtest.Golden(t, *update, "submit/investigation-"+c.name+".golden", p.Ask("POST", p.tool(i, "/investigation"), c.body, p.agent()))
		})
	}
	webtest.Golden(t, *update, "submit/investigation-incident.golden", p.Ask("GET", p.incident(i, "/comments"), "", p.agent()))
}

func TestS27SubmittedTwiceWithOneKeyIsOneAnswer(t *testing.T) {
	p := open(t)
	i, agent := p.byID(t, "authored-2"), p.agent()
	send := func(body, key string) (int, string, string) {
		w := p.Ask("POST", p.tool(i, "/investigation"), body, agent, "Idempotency-Key: "+key)
		return w.Code, w.Body.String(), w.Header().Get("Idempotent-Replayed")
	}
	const body = `{"classification":"TruePositive","malicious_score":80,"comment":"[E1]"}`
	_, first, replayed := send(body, "one")
	if replayed != "" {
		t.Error("the first answer is a replay")
	}
	status, again, replayed := send(strings.ReplaceAll(body, ",", " ,  "), `"one"`)
	if status != 200 || again != first || replayed != "true" {
		t.Errorf("%d %q, replayed %q", status, again, replayed)
	}
	if status, _, _ := send(`{"comment":"other"}`, "one"); status != 422 {
		t.Errorf("another body with the same key: %d", status)
	}
	// A refusal spends no key.
	if _, refused, _ := send(`{}`, "two"); !strings.Contains(refused, `"success":false`) {
		t.Error(refused)
	}
	if _, again, replayed := send(body, "two"); replayed != "" || !strings.Contains(again, `"success":true`) {
		t.Errorf("%s, replayed %q", again, replayed)
	}
}

func TestAnswersOfSubmitGamebook(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	target := p.tool(i, "/gamebooks")
	ids := p.targets(t, i)
	isolate := func(entity, rest string) string {
		return `{"playbooks":[{"playbook_id":"isolate_host","entity_id":"` + entity + `"` + rest + `}]}`
	}
	for _, c := range []struct{ name, body string }{
		{"unknown-playbook", `{"playbooks":[{"entity_id":"` + ids["SEC-SCAN01"] + `"},{"playbook_id":"isolate_host"}]}`},
		{"no-entity", isolate("", "")},
		{"invented-entity", isolate("ENT-0000000A", "")},
		{"wrong-name", isolate(ids["SEC-SCAN01"], `,"affected_entity":"DC-01"`)},
		{"wrong-kind", isolate(ids["10.30.4.9"], "")},
		{"wrong-number", strings.Replace(isolate(ids["SEC-SCAN01"], ""), "{", `{"incident_number":"11",`, 1)},
		{"some-sequences", `{"playbooks":[{"playbook_id":"isolate_host","entity_id":"` + ids["SEC-SCAN01"] + `","sequence":1},{"playbook_id":"scan_host","entity_id":"` + ids["SEC-SCAN01"] + `"}]}`},
		{"queued", strings.Replace(isolate(ids["SEC-SCAN01"], `,"affected_entity":"sec-scan01","sequence":"2"`), "{", `{"trigger_type":"ManualInvestigateAndRespond","incident_number":10,"incident_title":"x",`, 1)},
		{"duplicate", isolate(ids["SEC-SCAN01"], "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			webtest.Golden(t, *update, "submit/gamebook-"+c.name+".golden", p.Ask("POST", target, c.body, p.agent()))
		})
	}
}

// targets are the ids of an incident's entities by display name.
func (p *portal) targets(t *testing.T, i soc.Incident) map[string]string {
	t.Helper()
	detail, err := p.Desk.GetIncident(t.Context(), p.by(), soc.IncidentRef{ID: i.ID}, soc.IncidentParts{Entities: true})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, e := range detail.Entities {
		ids[e.Display] = e.ID
	}
	return ids
}

func TestS33KillSwitchIsARefusalInWords(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	if _, err := p.Desk.EngageKillSwitch(t.Context(), p.by(), soc.KillOrder{Scope: "global", Reason: "drill"}); err != nil {
		t.Fatal(err)
	}
	body := `{"playbooks":[{"playbook_id":"isolate_host","entity_id":"` + p.targets(t, i)["SEC-SCAN01"] + `"}]}`
	webtest.Golden(t, *update, "submit/gamebook-kill-switch.golden", p.Ask("POST", p.tool(i, "/gamebooks"), body, p.agent()))
	webtest.Golden(t, *update, "submit/investigation-kill-switch.golden", p.Ask("POST", p.tool(i, "/investigation"), `{"comment":"x"}`, p.agent()))
}
