package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
)

func TestM13BearerInTheHeaderOnly(t *testing.T) {
	d := openDoor(t)
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for name, row := range map[string]struct {
		path    string
		headers []string
	}{
		"query":       {Path + "?access_token=" + agentKey, nil},
		"basic":       {Path, []string{"Authorization", "Basic dmR0X2FnZW50Og=="}},
		"cookie":      {Path, []string{"Cookie", "vedette=" + agentKey}},
		"two headers": {Path, []string{"Authorization", "Bearer " + agentKey, "Authorization", "Bearer " + agentKey}},
		"no scheme":   {Path, []string{"Authorization", agentKey}},
	} {
		if got := d.send(http.MethodPost, row.path, body, row.headers...); got.status != 401 {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := d.post(body, "Authorization", "bearer "+agentKey); got.status != 200 {
		t.Errorf("the scheme is compared without case: %d", got.status)
	}
}

func TestM13FailuresAreOneText(t *testing.T) {
	d := openDoor(t)
	var first string
	for _, key := range []string{"vdt_nobody", "vdt_person", "x.y.z"} {
		r := d.rpc(wireLegacy, key, "tools/list", nil)
		text, _, _ := strings.Cut(r.Error.Message, "Ref ")
		if first == "" {
			first = text
		}
		if text != first || !strings.Contains(r.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s: %q %q", key, text, r.header.Get("WWW-Authenticate"))
		}
	}
}

func TestM15StepUpNamesAllScopes(t *testing.T) {
	d := openDoor(t)
	for _, wire := range wires {
		r := d.rpc(wire, "vdt_reader", "tools/call", map[string]any{"name": "submit_gamebook", "arguments": map[string]any{}})
		challenge := r.header.Get("WWW-Authenticate")
		if r.status != 403 || !strings.Contains(challenge, `error="insufficient_scope"`) ||
			!strings.Contains(challenge, `scope="incidents:read agent-tools:read incidents:comments triage:run agent-tools:execute"`) {
			t.Errorf("%s: %d %q", wire, r.status, challenge)
		}
		if r := d.rpc(wire, "vdt_reader", "resources/read", map[string]any{"uri": "vedette://playbooks"}); r.status != 200 || r.Result == nil {
			t.Errorf("%s: a scope that is held: %d %s", wire, r.status, r.raw)
		}
	}
	by := d.auth.keys["vdt_reader"]
	by.Scopes = []soc.Scope{soc.ScopeIncidentsRead}
	d.auth.keys["vdt_reader"] = by
	if r := d.rpc(wireLegacy, "vdt_reader", "resources/read", map[string]any{"uri": "vedette://playbooks"}); r.status != 403 {
		t.Errorf("a resource without its scope: %d", r.status)
	}
	if r := d.rpc(wireLegacy, "vdt_reader", "resources/list", nil); bytes.Contains(r.raw, []byte("vedette://playbooks")) {
		t.Errorf("a list shows what may not be read: %s", r.raw)
	}
	if r := d.rpc(wireLegacy, "vdt_reader", "resources/templates/list", nil); bytes.Contains(r.raw, []byte("vedette://sops")) {
		t.Errorf("a list shows what may not be read: %s", r.raw)
	}
}

func TestM18OneWorkspacePerCall(t *testing.T) {
	d := openDoor(t)
	for name, row := range map[string]struct {
		key, workspace string
		want           int
	}{
		"own":       {agentKey, testWorkspace, 200},
		"foreign":   {agentKey, otherWorkspace, 404},
		"malformed": {agentKey, "home", 400},
		"unmapped":  {"vdt_two", "00000000-0000-4000-8000-000000000000", 404},
		"absent":    {"vdt_two", "", 400},
		"one of":    {"vdt_two", otherWorkspace, 200},
	} {
		var headers []string
		if row.workspace != "" {
			headers = []string{"Vedette-Workspace", row.workspace}
		}
		if r := d.rpc(wireLegacy, row.key, "tools/list", nil, headers...); r.status != row.want {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
}

// TestS44ForeignIsUnknown: an id of another workspace reads exactly like one
// that does not exist, at every tool.
func TestS44ForeignIsUnknown(t *testing.T) {
	d := openDoor(t)
	random := sampleID(soc.PrefixIncident, 77)
	for tool, arguments := range sampleCalls() {
		if _, about := arguments["incident_id"]; !about || tool == "list_playbooks" {
			continue
		}
		answers := map[string]string{}
		for _, id := range []string{incidentB, random} {
			arguments["incident_id"] = id
			r := d.call(wireModern, agentKey, tool, arguments)
			text, _, _ := strings.Cut(r.Text, "Ref ")
			answers[id] = strings.ReplaceAll(text, id, "ID")
			if !r.IsError {
				t.Errorf("%s %s: %s", tool, id, r.raw)
			}
		}
		if answers[incidentB] != answers[random] {
			t.Errorf("%s tells a foreign id apart:\n%s\n%s", tool, answers[incidentB], answers[random])
		}
	}
}

func TestM19AuthorityComesFromTheRun(t *testing.T) {
	d := openDoor(t)
	d.auth.runs = map[string]*soc.Run{"run-token": {ID: "run-1", Incident: "i"}}
	d.rpc(wireLegacy, agentKey, "tools/call", map[string]any{"name": "list_incidents", "arguments": map[string]any{}}, "Vedette-Run-Token", "run-token")
	d.rpc(wireLegacy, agentKey, "tools/call", map[string]any{"name": "list_incidents", "arguments": map[string]any{}}, "Vedette-Run-Token", "forged")
	if with, without := d.desk.actors[0].Run, d.desk.actors[1].Run; with == nil || with.ID != "run-1" || without != nil {
		t.Errorf("%v %v", with, without)
	}
	for _, tool := range d.server.tools {
		if bytes.Contains(tool.Schema, []byte("token")) {
			t.Errorf("%s takes a token as an argument", tool.Name)
		}
	}
}

func TestM5Limits(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.Limits = Limits{CallsPerMinute: 3, InFlight: 8} })
	for range 3 {
		d.must(wireLegacy, "list_incidents", map[string]any{})
	}
	r := d.call(wireLegacy, agentKey, "list_incidents", map[string]any{})
	if r.status != 200 || !r.IsError || !strings.HasPrefix(r.Text, "RATE_LIMITED: ") || !strings.Contains(r.Text, "Retry: yes, in 20 s") {
		t.Errorf("a tool call over the rate: %d %s", r.status, r.raw)
	}
	if r := d.rpc(wireLegacy, agentKey, "tools/list", nil); r.status != 429 || r.header.Get("Retry-After") != "20" {
		t.Errorf("a list over the rate: %d %v", r.status, r.header)
	}
	if r := d.call(wireLegacy, "vdt_reader", "list_incidents", map[string]any{}); r.IsError {
		t.Errorf("another principal is limited too: %s", r.Text)
	}
}

func TestM5StrangersAreCountedPerAddress(t *testing.T) {
	d := openDoor(t)
	for range strangersPerMinute {
		d.rpc(wireLegacy, "vdt_nobody", "tools/list", nil)
	}
	before := len(d.records())
	if r := d.rpc(wireLegacy, "vdt_nobody", "tools/list", nil); r.status != 429 || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %v", r.status, r.header)
	}
	if after := len(d.records()); before != strangersPerMinute || after != before {
		t.Errorf("records: %d, then %d", before, after)
	}
}

// TestM34OneRecordPerRequest: every class of request and refusal is on record,
// a write before and after.
func TestM34OneRecordPerRequest(t *testing.T) {
	d := openDoor(t)
	key := []string{"Authorization", "Bearer " + agentKey}
	gamebook := d.gamebook()
	for name, row := range map[string]struct {
		send func()
		code soc.Code
		tool string
	}{
		"tool":             {func() { d.must(wireModern, "list_incidents", map[string]any{}) }, "", "list_incidents"},
		"bad arguments":    {func() { d.call(wireLegacy, agentKey, "list_incidents", map[string]any{"x": 1}) }, soc.CodeValidationError, "list_incidents"},
		"not found":        {func() { d.call(wireLegacy, agentKey, "get_incident", map[string]any{"incident_id": incidentB}) }, soc.CodeNotFound, "get_incident"},
		"unknown tool":     {func() { d.call(wireLegacy, agentKey, "nope", nil) }, soc.CodeBadRequest, ""},
		"no credential":    {func() { d.rpc(wireLegacy, "", "tools/list", nil) }, soc.CodeUnauthorized, ""},
		"expired":          {func() { d.rpc(wireLegacy, "vdt_expired", "tools/list", nil) }, soc.CodeCredentialExpired, ""},
		"scope":            {func() { d.call(wireLegacy, "vdt_reader", "add_comment", nil) }, soc.CodeInsufficientScope, ""},
		"origin":           {func() { d.post("{}", "Origin", "https://evil.example") }, soc.CodeOriginRejected, ""},
		"method":           {func() { d.send("GET", Path, "") }, soc.CodeMethodNotAllowed, ""},
		"media type":       {func() { d.post("{}", append(key, "Content-Type", "text/plain")...) }, soc.CodeUnsupportedMediaType, ""},
		"malformed":        {func() { d.post("{", key...) }, soc.CodeBadRequest, ""},
		"list":             {func() { d.rpc(wireModern, agentKey, "tools/list", nil) }, "", ""},
		"ping":             {func() { d.rpc(wireLegacy, agentKey, "ping", nil) }, "", ""},
		"notification":     {func() { d.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, key...) }, "", ""},
		"resource":         {func() { d.rpc(wireModern, agentKey, "resources/read", map[string]any{"uri": "vedette://playbooks"}) }, "", "list_playbooks"},
		"missing resource": {func() { d.rpc(wireModern, agentKey, "resources/read", map[string]any{"uri": "vedette://x"}) }, soc.CodeNotFound, ""},
		"prompt": {func() {
			d.rpc(wireModern, agentKey, "prompts/get", map[string]any{"name": "shift_brief", "arguments": map[string]any{"since": "2026-04-15T20:00:00Z"}})
		}, "", ""},
		"lock":            {func() { d.send("GET", PathLock, "", key...) }, "", ""},
		"modern mismatch": {func() { d.rpc(wireModern, agentKey, "tools/list", nil, "MCP-Protocol-Version", "2025-11-25") }, soc.CodeBadRequest, ""},
		"unknown version": {func() {
			d.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`, append(key, "MCP-Protocol-Version", "1999-01-01")...)
		}, soc.CodeBadRequest, ""},
		"poll": {func() { d.must(wireLegacy, "get_status", map[string]any{"ids": []string{gamebook}}) }, "", "get_status"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(d.records())
			row.send()
			records := d.records()[before:]
			if len(records) != 1 {
				t.Fatalf("%d records: %+v", len(records), records)
			}
			r := records[0]
			if r.Code != row.code || r.Tool != row.tool || r.IsError != (row.code != "") || r.Method == "" && name != "origin" {
				t.Errorf("%+v", r)
			}
		})
	}
}

// gamebook submits one and returns its id.
func (d *door) gamebook() string {
	d.t.Helper()
	r := d.must(wireLegacy, "submit_gamebook", sampleCalls()["submit_gamebook"])
	return r.Structured["gamebook_id"].(string)
}

func TestM34WritesAreRecordedBeforeAndAfter(t *testing.T) {
	d := openDoor(t)
	d.must(wireModern, "add_comment", map[string]any{"incident_id": incidentA, "body": "secret words"})
	records := d.records()
	if len(records) != 2 || records[0].Phase != "requested" || records[1].Phase != "completed" || records[1].ResultDigest == "" {
		t.Fatalf("%+v", records)
	}
	raw, err := json.Marshal(records)
	if err != nil || bytes.Contains(raw, []byte("secret words")) {
		t.Errorf("argument text is on record: %s", raw)
	}
}

// TestS38NothingIsAnsweredUnrecorded: where the record fails, the answer is
// withheld, and a write does not start.
func TestS38NothingIsAnsweredUnrecorded(t *testing.T) {
	d := openDoor(t)
	d.desk.failRecord = errors.New("disk full")
	for _, wire := range wires {
		for tool, arguments := range sampleCalls() {
			r := d.call(wire, agentKey, tool, arguments)
			if !r.IsError || !strings.HasPrefix(r.Text, "SERVICE_UNAVAILABLE: ") || bytes.Contains(r.raw, []byte("Multi-stage")) || bytes.Contains(r.raw, []byte("disk full")) {
				t.Errorf("%s %s: %s", wire, tool, r.raw)
			}
		}
		r := d.rpc(wire, agentKey, "tools/list", nil)
		if r.status != 503 || bytes.Contains(r.raw, []byte("get_incident")) {
			t.Errorf("%s: %d %s", wire, r.status, r.raw)
		}
	}
	if d.desk.submits != 0 || len(d.desk.comments) != 0 {
		t.Error("a write ran although it could not be recorded")
	}
}

func TestM6ASlowCallEnds(t *testing.T) {
	if callTime > 25*time.Second || triageWait >= callTime {
		t.Errorf("%v, %v", callTime, triageWait)
	}
	d := openDoor(t)
	d.desk.triage = soc.Triage{ID: "triage-0123456789", State: soc.RunInvestigating}
	r := d.must(wireModern, "triage_incident", map[string]any{"incident_id": incidentA})
	next := r.Structured["next"].(map[string]any)
	if next["tool"] != "get_status" || !strings.Contains(r.Text, "triage-0123456789") {
		t.Errorf("%s", r.Text)
	}
	d.must(wireModern, "get_status", next["arguments"])
}
