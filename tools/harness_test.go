package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
	"vedette/backend/web"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// checkGolden compares with a file under testdata. A missing file fails; only
// -update writes.
func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden %s is missing; go test ./tools -update writes it: %v", name, err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got):\n%s", name, diff)
	}
}

const (
	testWorkspace  = "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e"
	otherWorkspace = "7fdb1c2f-4d2b-4b7f-8b68-1d8f1d2f3e4f"
	agentKey       = "vdt_agent"
)

var testTime = time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)

// fixtureAuth knows keys by name; it stands for the desk's identity in tests of
// the protocol alone.
type fixtureAuth struct {
	mu   sync.Mutex
	keys map[string]soc.Actor
	runs map[string]*soc.Run
}

func newAuth() *fixtureAuth {
	return &fixtureAuth{keys: map[string]soc.Actor{
		agentKey: {
			Kind: soc.PrincipalAgent, ID: "agent-1", Credential: "key-1", Name: "Triage agent", Workspace: testWorkspace,
			Role: soc.RoleSenior, Scopes: slices.Clone(Scopes),
		},
		"vdt_reader": {
			Kind: soc.PrincipalAgent, ID: "agent-2", Credential: "key-2", Workspace: testWorkspace, Role: soc.RoleSenior,
			Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead},
		},
		"vdt_other": {
			Kind: soc.PrincipalAgent, ID: "agent-3", Credential: "key-3", Workspace: otherWorkspace, Role: soc.RoleSenior, Scopes: slices.Clone(Scopes),
		},
		"vdt_person": {Kind: soc.PrincipalPerson, ID: "person-1", Workspace: testWorkspace, Role: soc.RoleAdmin, Scopes: slices.Clone(Scopes)},
		"vdt_two":    {Kind: soc.PrincipalService, ID: "service-1", Role: soc.RoleSenior, Scopes: slices.Clone(Scopes)},
	}}
}

func (a *fixtureAuth) Bearer(_ context.Context, token string, _ soc.Caller) (soc.Actor, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if by, ok := a.keys[token]; ok {
		return by, nil
	}
	if token == "vdt_expired" {
		return soc.Actor{}, soc.Errorf(soc.Unauthenticated, soc.CodeCredentialExpired, "The credential has expired.")
	}
	return soc.Actor{}, soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.")
}

func (a *fixtureAuth) Workspace(_ context.Context, by soc.Actor, id string) (soc.Actor, error) {
	switch {
	case by.Workspace != "" && (id == "" || id == by.Workspace):
		return by, nil
	case by.Workspace == "" && id == "":
		return by, soc.InvalidField("Vedette-Workspace", "Name one of the workspaces of the credential.")
	case by.Workspace == "" && (id == testWorkspace || id == otherWorkspace):
		by.Workspace = id
		return by, nil
	}
	return by, soc.NotFoundf("There is no such workspace.")
}

func (a *fixtureAuth) Run(_ context.Context, _ soc.Actor, token string) (*soc.Run, error) {
	return a.runs[token], nil
}

func (a *fixtureAuth) revoke(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.keys, key)
}

// door is a server under test.
type door struct {
	t      *testing.T
	server *Server
	desk   *fixtureDesk
	auth   *fixtureAuth
	http   *httptest.Server
	log    *bytes.Buffer
}

func testSealer(t testing.TB, now func() time.Time) *web.Sealer {
	t.Helper()
	sealer, err := web.NewSealer(now, web.SealKey{ID: 1, Key: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func openDoor(t *testing.T, change ...func(*Config)) *door {
	t.Helper()
	d := &door{t: t, desk: newFixtureDesk(), auth: newAuth(), log: &bytes.Buffer{}}
	var handler http.Handler
	d.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(d.http.Close)
	now := func() time.Time { return testTime }
	c := Config{
		Desk: d.desk, Authenticator: d.auth, Sealer: testSealer(t, now), PublicURL: d.http.URL, Now: now,
		Log: slog.New(slog.NewTextHandler(&lockedWriter{w: d.log}, nil)), Version: "test", Limits: Limits{CallsPerMinute: 100_000, InFlight: 1000},
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	if d.server, err = New(c); err != nil {
		t.Fatal(err)
	}
	handler = d.server.Handler()
	return d
}

type lockedWriter struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// reply is an answer of the door.
type reply struct {
	status int
	header http.Header
	raw    []byte
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int            `json:"code"`
		Message string         `json:"message"`
		Data    map[string]any `json:"data"`
	} `json:"error"`
}

// post sends raw bytes with headers given as name, value pairs.
func (d *door) post(body string, headers ...string) reply {
	d.t.Helper()
	return d.send(http.MethodPost, Path, body, headers...)
}

func (d *door) send(method, path, body string, headers ...string) reply {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.http.URL+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		if headers[i] == "Content-Type" {
			req.Header.Del(headers[i])
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := d.http.Client().Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(resp.Body); err != nil {
		d.t.Fatal(err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header, raw: raw.Bytes()}
	_ = json.Unmarshal(lastEvent(out.raw), &out)
	return out
}

// lastEvent is the last message of an event stream, or the body itself.
func lastEvent(raw []byte) []byte {
	last := raw
	for _, line := range strings.Split(string(raw), "\n") {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			last = []byte(data)
		}
	}
	return last
}

// wires are the two revisions over HTTP.
var wires = []string{wireLegacy, wireModern}

// rpc calls a method on a wire as the agent, or as another key.
func (d *door) rpc(wire, key, method string, params map[string]any, headers ...string) reply {
	d.t.Helper()
	if params == nil {
		params = map[string]any{}
	}
	if key != "" {
		headers = append(headers, "Authorization", "Bearer "+key)
	}
	if wire == wireModern {
		params["_meta"] = map[string]any{
			metaVersion: firstModern, metaClient: map[string]any{"name": "test", "version": "1"}, metaCapabilities: map[string]any{},
		}
		headers = append(headers, "MCP-Protocol-Version", firstModern, "Mcp-Method", method)
		if name, ok := params["name"].(string); ok {
			headers = append(headers, "Mcp-Name", name)
		}
		if uri, ok := params["uri"].(string); ok {
			headers = append(headers, "Mcp-Name", uri)
		}
	} else {
		headers = append(headers, "MCP-Protocol-Version", "2025-11-25")
	}
	raw, err := encode(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.post(string(raw), headers...)
}

// toolReply is the result of a tool call.
type toolReply struct {
	reply
	Text       string
	Structured map[string]any
	IsError    bool
	Meta       map[string]any
}

func (d *door) call(wire, key, tool string, arguments any) toolReply {
	d.t.Helper()
	r := d.rpc(wire, key, "tools/call", map[string]any{"name": tool, "arguments": arguments})
	return decodeTool(d.t, r)
}

func decodeTool(t *testing.T, r reply) toolReply {
	t.Helper()
	out := toolReply{reply: r}
	var result struct {
		Content []struct {
			Type string `json:"type"`
			Text string `json:"text"`
		} `json:"content"`
		Structured map[string]any `json:"structuredContent"`
		IsError    bool           `json:"isError"`
		Meta       map[string]any `json:"_meta"`
	}
	if r.Result == nil {
		return out
	}
	if err := json.Unmarshal(r.Result, &result); err != nil {
		t.Fatalf("%v: %s", err, r.raw)
	}
	if len(result.Content) > 0 {
		out.Text = result.Content[0].Text
	}
	out.Structured, out.IsError, out.Meta = result.Structured, result.IsError, result.Meta
	return out
}

// must is call for a call that succeeds.
func (d *door) must(wire, tool string, arguments any) toolReply {
	d.t.Helper()
	r := d.call(wire, agentKey, tool, arguments)
	if r.IsError || r.Structured == nil {
		d.t.Fatalf("%s %v: status %d: %s%s", tool, arguments, r.status, r.Text, r.raw)
	}
	return r
}

func (d *door) records() []soc.CallRecord {
	d.desk.mu.Lock()
	defer d.desk.mu.Unlock()
	return slices.Clone(d.desk.records)
}

func sampleID(prefix string, n byte) string {
	id, err := soc.NewID(prefix, bytes.NewReader([]byte{n, 1, 2, 3, 4, 5, 6}))
	if err != nil {
		panic(fmt.Sprint(err))
	}
	return id
}
