package tools

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
)

// One test per row of mcp.md M8. That the library still needs the duty is shown
// by library_test.go, on the version named there.

func TestW1OriginAndHostAreChecked(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.AllowedOrigins = []string{"https://console.example"} })
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	key := []string{"Authorization", "Bearer " + agentKey}
	for name, row := range map[string]struct {
		headers []string
		want    int
	}{
		"no origin":      {nil, 200},
		"evil origin":    {[]string{"Origin", "https://evil.example"}, 403},
		"null origin":    {[]string{"Origin", "null"}, 403},
		"own origin":     {[]string{"Origin", d.http.URL}, 403},
		"allowed origin": {[]string{"Origin", "https://console.example"}, 200},
		"two origins":    {[]string{"Origin", "https://console.example", "Origin", "https://evil.example"}, 403},
		"evil host":      {[]string{"Host", "evil.example"}, 403},
		"loopback name":  {[]string{"Host", "localhost:1234"}, 200},
	} {
		if got := d.post(body, append(key, row.headers...)...); got.status != row.want {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	// Both come before the credential and before the body is read.
	if got := d.post(strings.Repeat("x", 2<<20), "Origin", "https://evil.example"); got.status != 403 {
		t.Errorf("the body came first: %d", got.status)
	}
}

func TestW1PublicHostOnly(t *testing.T) {
	d := openDoor(t, func(c *Config) { c.PublicURL, c.AllowedHosts = "https://vedette.example", []string{"10.0.0.1:8080"} })
	body := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	for host, want := range map[string]int{"vedette.example": 200, "10.0.0.1:8080": 200, "localhost:80": 403, "127.0.0.1": 403} {
		if got := d.post(body, "Authorization", "Bearer "+agentKey, "Host", host); got.status != want {
			t.Errorf("%s: %d", host, got.status)
		}
	}
}

func TestW2BodiesAreBounded(t *testing.T) {
	d := openDoor(t)
	huge := 64 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, declared := range []bool{true, false} {
		body := readerOf(huge)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.http.URL+Path, body)
		if err != nil {
			t.Fatal(err)
		}
		if declared {
			req.ContentLength = int64(huge)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+agentKey)
		resp, err := d.http.Client().Do(req)
		if err != nil {
			if !declared { // the server may hang up on a body that never ends
				continue
			}
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("declared %v: %d", declared, resp.StatusCode)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc) - int64(before.TotalAlloc); grown > 16<<20 {
		t.Errorf("%d MiB were allocated for refused bodies", grown>>20)
	}
}

// readerOf yields n bytes without holding them.
func readerOf(n int) *bodyReader { return &bodyReader{left: n} }

type bodyReader struct{ left int }

func (r *bodyReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, errors.New("EOF")
	}
	n := min(len(p), r.left)
	for i := range n {
		p[i] = 'a'
	}
	r.left -= n
	return n, nil
}

func TestW3TokensAreChecked(t *testing.T) {
	d := openDoor(t)
	for _, wire := range wires {
		for name, row := range map[string]struct {
			key  string
			want int
		}{"none": {"", 401}, "unknown": {"vdt_nobody", 401}, "expired": {"vdt_expired", 401}, "person": {"vdt_person", 401}, "agent": {agentKey, 200}} {
			got := d.rpc(wire, row.key, "tools/list", nil)
			if got.status != row.want {
				t.Errorf("%s %s: %d", wire, name, got.status)
			}
			if row.want == 401 && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s %s: challenge %q", wire, name, got.header.Get("WWW-Authenticate"))
			}
		}
	}
}

func TestW4NothingIsAskedOfAClient(t *testing.T) {
	d := openDoor(t)
	for _, wire := range wires {
		for _, row := range visibility {
			r := d.rpc(wire, agentKey, "tools/call", map[string]any{"name": row.tool, "arguments": map[string]any{"incident_id": incidentA}})
			if bytes.Contains(r.raw, []byte("input_required")) || bytes.Contains(r.raw, []byte("elicitation/create")) || bytes.Contains(r.raw, []byte("sampling/")) {
				t.Errorf("%s %s asks the client: %s", wire, row.tool, r.raw)
			}
		}
	}
}

func TestW5RequiredCapabilities(t *testing.T) {
	d := openDoor(t)
	d.server.requires = map[string]map[string]any{"list_incidents": {"sampling": map[string]any{}}}
	r := d.rpc(wireModern, agentKey, "tools/call", map[string]any{"name": "list_incidents", "arguments": map[string]any{}})
	if r.status != 400 || r.Error == nil || r.Error.Code != rpcMissingCapability || r.Error.Data["requiredCapabilities"] == nil {
		t.Errorf("%d %s", r.status, r.raw)
	}
}

func TestW6ErrorsAndPanicsStayInside(t *testing.T) {
	d := openDoor(t)
	const secret = "dial tcp 10.0.0.1: password=hunter2"
	for name, broken := range map[string]func(context.Context, string){
		"error": nil, "panic": func(context.Context, string) { panic(secret) },
	} {
		d.desk.before, d.desk.fail = broken, errors.New(secret)
		for _, wire := range wires {
			for tool, arguments := range sampleCalls() {
				r := d.call(wire, agentKey, tool, arguments)
				if !r.IsError || !strings.HasPrefix(r.Text, "INTERNAL_ERROR: ") || !strings.Contains(r.Text, "Ref ") {
					t.Errorf("%s %s %s: %s", name, wire, tool, r.raw)
				}
				if bytes.Contains(r.raw, []byte("hunter2")) || bytes.Contains(r.raw, []byte("goroutine")) {
					t.Errorf("%s %s %s leaks: %s", name, wire, tool, r.raw)
				}
			}
		}
	}
	if !strings.Contains(d.log.String(), "hunter2") {
		t.Error("the cause is not in the log")
	}
}

// sampleCalls are valid arguments per tool.
func sampleCalls() map[string]map[string]any {
	return map[string]map[string]any{
		"list_incidents": {}, "get_incident": {"incident_id": incidentA}, "search_evidence": {"incident_id": incidentA},
		"get_evidence": {"incident_id": incidentA, "evidence_ids": []string{"E1"}}, "find_related": {"entity_id": entityA},
		"list_playbooks": {"incident_id": incidentA}, "get_sops": {}, "get_status": {"ids": []string{gamebookA}},
		"triage_incident":      {"incident_id": incidentA},
		"submit_investigation": {"incident_id": incidentA, "classification": "Undetermined", "malicious_score": 40, "comment": "See [E1]."},
		"submit_gamebook":      {"incident_id": incidentA, "playbooks": []any{map[string]any{"playbook_id": "isolate_host", "entity_id": entityA}}},
		"add_comment":          {"incident_id": incidentA, "body": "A note."},
	}
}

func TestW7ArgumentsAreValidated(t *testing.T) {
	d := openDoor(t)
	for name, row := range map[string]struct {
		tool      string
		arguments any
		want      []string
	}{
		"missing":  {"get_incident", map[string]any{}, []string{"incident_id", "required and missing"}},
		"unknown":  {"list_incidents", map[string]any{"limits": 5}, []string{"limits", "not a known name", "perhaps limit was meant"}},
		"type":     {"list_incidents", map[string]any{"limit": true}, []string{"limit", "whole number"}},
		"enum":     {"list_incidents", map[string]any{"severity": []string{"urgent"}}, []string{"severity[0]", "informational"}},
		"range":    {"list_incidents", map[string]any{"limit": 51}, []string{"limit", "at most 50"}},
		"length":   {"list_incidents", map[string]any{"query": strings.Repeat("x", 201)}, []string{"query", "at most 200"}},
		"id form":  {"get_incident", map[string]any{"incident_id": "INC-1"}, []string{"incident_id", "check character"}},
		"nested":   {"submit_gamebook", map[string]any{"incident_id": incidentA, "playbooks": []any{map[string]any{"playbook": "x"}}}, []string{"playbooks[0].playbook", "valid names"}},
		"no array": {"get_evidence", map[string]any{"incident_id": incidentA, "evidence_ids": []any{}}, []string{"at least 1"}},
	} {
		for _, wire := range wires {
			r := d.call(wire, agentKey, row.tool, row.arguments)
			if !r.IsError || !strings.HasPrefix(r.Text, "VALIDATION_ERROR: ") || r.status != 200 {
				t.Errorf("%s %s: %d %s", name, wire, r.status, r.raw)
			}
			for _, want := range row.want {
				if !strings.Contains(r.Text, want) {
					t.Errorf("%s %s: %q is not in %q", name, wire, want, r.Text)
				}
			}
			for _, goName := range []string{"schemas.", "map[", "&{", "struct", "jsonschema"} {
				if strings.Contains(r.Text, goName) {
					t.Errorf("%s %s names Go's types: %q", name, wire, r.Text)
				}
			}
		}
	}
	if d.desk.submits != 0 {
		t.Error("a refused call reached the desk")
	}
}

func TestW7Tolerance(t *testing.T) {
	d := openDoor(t)
	d.must(wireLegacy, "list_incidents", map[string]any{"limit": "20"})
	d.must(wireLegacy, "get_incident", map[string]any{"incident_id": incidentA})
	for _, strict := range []map[string]any{
		{"incident_id": incidentA, "evidence_ids": "E1"}, // never on ids
		{"incident_id": " " + incidentA, "evidence_ids": []string{"E1"}},
		{"incident_id": strings.ToLower(incidentA), "evidence_ids": []string{"E1"}},
		{"incident_id": incidentA, "evidence_ids": []string{"e1"}},
		{"incident_id": incidentA, "evidence_ids": []string{"E01"}},
	} {
		if r := d.call(wireLegacy, agentKey, "get_evidence", strict); !r.IsError {
			t.Errorf("%v was taken", strict)
		}
	}
}

func TestW8OneObjectWithoutDuplicates(t *testing.T) {
	d := openDoor(t)
	raw := func(arguments string) reply {
		return d.post(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add_comment","arguments":`+arguments+`}}`, "Authorization", "Bearer "+agentKey)
	}
	for _, arguments := range []string{`[]`, `"x"`, `null`, `7`, `true`} {
		r := decodeTool(t, raw(arguments))
		if !r.IsError || !strings.HasPrefix(r.Text, "VALIDATION_ERROR: ") {
			t.Errorf("%s: %s", arguments, r.raw)
		}
	}
	for name, arguments := range map[string]string{
		"duplicate": `{"incident_id":"` + incidentA + `","body":"a","body":"b"}`,
		"escaped":   `{"incident_id":"` + incidentA + `","body":"a","\u0062ody":"b"}`,
		"deep":      strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70),
		"surrogate": `{"body":"\ud800"}`,
		"nul":       `{"body":"\u0000"}`,
		"utf8":      "{\"body\":\"\xff\"}",
		"long":      `{"body":"` + strings.Repeat("x", 70_000) + `"}`,
	} {
		r := raw(arguments)
		if r.status != 400 || r.Error == nil || r.Error.Code != rpcParse {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	if len(d.desk.comments) != 0 {
		t.Error("something was stored")
	}
	if r := d.post(`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, "Authorization", "Bearer "+agentKey); r.status != 400 {
		t.Errorf("a batch was taken: %d", r.status)
	}
}

func TestW9TextIsNotHTMLEscaped(t *testing.T) {
	d := openDoor(t)
	for _, wire := range wires {
		r := d.must(wire, "get_evidence", map[string]any{"incident_id": incidentA, "evidence_ids": []string{"E1"}})
		if !strings.Contains(r.Text, "powershell <x> & y") || strings.Contains(r.Text, `\u003c`) {
			t.Errorf("%s: %s", wire, r.Text)
		}
	}
}

func TestW10NoProgressIsSent(t *testing.T) {
	d := openDoor(t)
	r := d.rpc(wireLegacy, agentKey, "tools/call", map[string]any{
		"name": "list_incidents", "arguments": map[string]any{}, "_meta": map[string]any{"progressToken": "p"},
	})
	if r.header.Get("Content-Type") != "application/json" || bytes.Contains(r.raw, []byte("notifications/progress")) {
		t.Errorf("%s %s", r.header.Get("Content-Type"), r.raw)
	}
}

func TestW11NoTasks(t *testing.T) {
	d := openDoor(t)
	for _, wire := range wires {
		for _, method := range []string{"tasks/list", "tasks/get", "tasks/cancel", "tasks/result"} {
			r := d.rpc(wire, agentKey, method, map[string]any{"taskId": "x"})
			if r.Error == nil || r.Error.Code != -32601 || wire == wireModern && r.status != 404 {
				t.Errorf("%s %s: %d %s", wire, method, r.status, r.raw)
			}
		}
		discovered := d.rpc(wireModern, agentKey, "server/discover", nil)
		if bytes.Contains(discovered.raw, []byte(`"tasks"`)) {
			t.Errorf("tasks are declared: %s", discovered.raw)
		}
	}
}

func TestW12SessionIdsIdentifyNobody(t *testing.T) {
	d := openDoor(t)
	for _, wire := range wires {
		plain := d.rpc(wire, agentKey, "tools/list", nil)
		forged := d.rpc(wire, agentKey, "tools/list", nil, "Mcp-Session-Id", "mcp-session-00000000-0000-0000-0000-000000000000")
		if string(plain.raw) != string(forged.raw) || plain.header.Get("Mcp-Session-Id") != "" || forged.header.Get("Mcp-Session-Id") != "" {
			t.Errorf("%s: a session id changes the answer", wire)
		}
	}
	started := d.rpc(wireLegacy, agentKey, "initialize", map[string]any{
		"protocolVersion": "2025-11-25", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "t", "version": "1"},
	})
	if started.status != 200 || started.header.Get("Mcp-Session-Id") != "" {
		t.Errorf("a session id was issued: %v", started.header)
	}
	for _, method := range []string{"GET", "DELETE", "PUT", "OPTIONS", "HEAD"} {
		r := d.send(method, Path, "", "Authorization", "Bearer "+agentKey)
		if r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") != "POST" {
			t.Errorf("%s: %d Allow %q", method, r.status, r.header.Get("Allow"))
		}
	}
}

func TestW13AllFourHints(t *testing.T) {
	d := openDoor(t)
	for _, tool := range d.listTools(wireModern, agentKey) {
		if want := d.server.tool(tool.Name).Hints; want.ReadOnly && !bytes.Contains(tool.Annotations, []byte(`"destructiveHint":false`)) {
			t.Errorf("%s: %s", tool.Name, tool.Annotations)
		}
	}
}

func TestW14StreamsAreNotBuffered(t *testing.T) {
	d := openDoor(t)
	// An empty subscription is acknowledged on a stream and ends at once.
	stream := d.rpc(wireModern, agentKey, "subscriptions/listen", map[string]any{"notifications": map[string]any{}})
	if stream.header.Get("Content-Type") != "text/event-stream" || stream.header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("%d %v %s", stream.status, stream.header, stream.raw)
	}
}

func TestW15UnknownResources(t *testing.T) {
	d := openDoor(t)
	for _, uri := range []string{
		"vedette://nothing", "vedette://incidents/" + incidentB, "vedette://incidents/INC-XXXXXXXX", "vedette://sops/none",
		"vedette://incidents/" + incidentA + "/evidence/E99", "vedette://playbooks/none", "file:///etc/passwd", "",
	} {
		legacy := d.rpc(wireLegacy, agentKey, "resources/read", map[string]any{"uri": uri})
		if legacy.Error == nil || legacy.Error.Code != rpcResourceNotFound || legacy.Error.Data["uri"] != uri {
			t.Errorf("legacy %q: %s", uri, legacy.raw)
		}
		if uri == "" {
			continue // the modern transport refuses an empty Mcp-Name
		}
		modern := d.rpc(wireModern, agentKey, "resources/read", map[string]any{"uri": uri})
		if modern.status != 400 || modern.Error == nil || modern.Error.Code != rpcInvalidParams || modern.Error.Data["uri"] != uri {
			t.Errorf("modern %q: %d %s", uri, modern.status, modern.raw)
		}
	}
}

func TestW16ListChangedAndDescriptions(t *testing.T) {
	d := openDoor(t)
	r := d.rpc(wireModern, agentKey, "server/discover", nil)
	var result struct {
		Capabilities map[string]struct {
			ListChanged bool `json:"listChanged"`
		} `json:"capabilities"`
	}
	if err := json.Unmarshal(r.Result, &result); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"tools", "resources", "prompts"} {
		if !result.Capabilities[list].ListChanged {
			t.Errorf("%s: listChanged is not declared", list)
		}
	}
	for _, p := range d.server.prompts {
		if p.description == "" {
			t.Errorf("%s has no description", p.name)
		}
	}
}

func TestW17ASchemaErrorStopsTheStart(t *testing.T) {
	type unservable struct {
		Anything any `json:"anything"`
	}
	defer func() {
		if recover() == nil {
			t.Error("a tool without a servable schema was made")
		}
	}()
	makeTool("get_status", "x", Hints{}, func(context.Context, *request, unservable) (any, error) { return nil, nil })
}

// TestTheDutiesWereSeenOnThisVersion reminds whoever upgrades the library to
// run library_test.go and to look at each duty again.
func TestTheDutiesWereSeenOnThisVersion(t *testing.T) {
	file, err := os.Open("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if module, version, _ := strings.Cut(strings.TrimSpace(lines.Text()), " "); module == "github.com/mark3labs/mcp-go" && version != dutiesSeenOn {
			t.Errorf("mcp-go is %s; the duties W1-W17 were last seen to be needed on %s", version, dutiesSeenOn)
		}
	}
}

const dutiesSeenOn = "v1.2.1"

func TestUnknownToolsAreProtocolErrors(t *testing.T) {
	d := openDoor(t)
	for _, wire := range wires {
		r := d.rpc(wire, agentKey, "tools/call", map[string]any{"name": "approve_gamebook", "arguments": map[string]any{}})
		if r.Error == nil || r.Error.Code != rpcInvalidParams {
			t.Errorf("%s: %s", wire, r.raw)
		}
	}
	if r := d.rpc(wireModern, agentKey, "no/such", nil); r.status != 404 || r.Error == nil || r.Error.Code != -32601 {
		t.Errorf("%d %s", r.status, r.raw)
	}
}
