package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/data"
	"vedette/backend/portalapi"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

var _ Desk = (*backend.Desk)(nil)

// house is the agent door of a real desk with the demonstration data.
type house struct {
	*webtest.House
	*door
	key string
}

var agentScopes = slices.Clone(Scopes)

// filling is a choice of the demonstration files, ingested once.
type filling struct {
	webtest.Snapshot
	keep func(data.File) bool
}

// authored are the demonstration files that are small.
var (
	nothing    = &filling{keep: func(data.File) bool { return false }}
	authored   = &filling{keep: func(f data.File) bool { return f.Format == "generic" }}
	everything = &filling{keep: func(data.File) bool { return true }}
)

func openHouse(t *testing.T, with *filling) *house {
	t.Helper()
	h := &house{House: with.Open(t, func(c *backend.Config) {
		c.Mappers = map[string]backend.Mapper{
			"sentinel": {Split: sentinel.Split, Map: sentinel.Map}, "generic": {Split: generic.Split, Map: generic.Map},
		}
		c.Connectors = []backend.Connector{{
			ID: "range", Kind: "range", Simulation: true, Carries: func(soc.Playbook) bool { return true },
			Resolve: func(_ soc.Playbook, e soc.Entity) (string, string) { return e.Value, "" },
		}}
	}, func(h *webtest.House) {
		portalapi.Register(h.Registry, web.Portal(webtest.PublicURL), portalapi.Config{Desk: h.Desk, Seal: h.Seal, Now: h.Now})
		h.Start()
	}, func(h *webtest.House) {
		for _, file := range data.Demo() {
			if with.keep(file) {
				h.Ingest(h.First, file.Format, file.Bytes)
			}
		}
	})}
	h.door = &door{t: t}
	var handler http.Handler
	h.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(h.http.Close)
	var err error
	h.server, err = New(Config{
		Desk: h.Desk, Authenticator: h.Identity(), Sealer: h.Seal, PublicURL: h.http.URL, Now: h.Now, Log: slog.New(slog.DiscardHandler),
		Limits: Limits{CallsPerMinute: 100_000, InFlight: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler = h.server.Handler()
	h.key = h.agentKey()
	return h
}

// agentKey is a key of an agent of the first workspace, or of others.
func (h *house) agentKey(workspaces ...string) string {
	header := h.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: agentScopes, Workspaces: workspaces})
	return strings.TrimPrefix(header, "Authorization: Bearer ")
}

// ask calls a tool that must succeed.
func (h *house) ask(wire, tool string, arguments any) map[string]any {
	h.t.Helper()
	r := h.call(wire, h.key, tool, arguments)
	if r.IsError || r.Structured == nil {
		h.t.Fatalf("%s %v: %d %s", tool, arguments, r.status, r.raw)
	}
	return r.Structured
}

// talk calls a tool over one of the ways in.
type talk func(tool string, arguments any) map[string]any

// column is a column of a drawn table.
func column(body map[string]any, name string) []string {
	at := slices.Index(body["columns"].([]any), any(name))
	var out []string
	for _, row := range body["rows"].([]any) {
		out = append(out, fmt.Sprint(row.([]any)[at]))
	}
	return out
}

// rowOf finds the first row whose column has a value.
func rowOf(t *testing.T, body map[string]any, name, value string) []any {
	t.Helper()
	at := slices.Index(column(body, name), value)
	if at < 0 {
		t.Fatalf("no %s %s in %v", name, value, body)
	}
	return body["rows"].([]any)[at].([]any)
}

// script is the agent without a model: list, evidence, gamebook, investigation,
// status. It returns the incident it worked on.
func script(t *testing.T, call talk) (incident, gamebook string) {
	t.Helper()
	listed := call("list_incidents", map[string]any{"query": "patch"})
	incident = column(listed, "id")[0]
	detail := call("get_incident", map[string]any{"incident_id": incident, "include": []string{"entities"}, "detail": "full"})
	host := rowOf(t, detail["entities"].(map[string]any), "type", "host")[0].(string)
	found := call("search_evidence", map[string]any{"incident_id": incident, "entity_id": host})
	cited := column(found, "id")[0]
	call("get_evidence", map[string]any{"incident_id": incident, "evidence_ids": []string{cited}})
	call("find_related", map[string]any{"entity_id": host})
	offers := call("list_playbooks", map[string]any{"incident_id": incident, "playbook_id": "isolate_host"})
	targets := offers["playbooks"].([]any)[0].(map[string]any)["targets"].(map[string]any)
	if !slices.Contains(column(targets, "entity_id"), host) {
		t.Fatalf("%s is no target: %v", host, targets)
	}
	receipt := call("submit_gamebook", map[string]any{
		"incident_id": incident, "playbooks": []any{map[string]any{"playbook_id": "isolate_host", "entity_id": host}}, "rationale": "Shown by [" + cited + "].",
	})
	gamebook = receipt["gamebook_id"].(string)
	call("submit_investigation", map[string]any{
		"incident_id": incident, "classification": "TruePositive", "classification_reason": "Malware", "malicious_score": 90,
		"comment": "Malware on the host [" + cited + "].", "gamebook_ids": []string{gamebook},
	})
	state := call("get_status", map[string]any{"ids": []string{gamebook}})
	handle := state["handles"].([]any)[0].(map[string]any)
	if handle["state"] != "Queued" || !strings.Contains(fmt.Sprint(handle["waiting_for"]), "approval by 1 person") || handle["console"] == "" {
		t.Fatalf("%v", state)
	}
	return incident, gamebook
}

// outcome is what a script left in the store, without what differs from one
// run to the next.
type outcome struct {
	Gamebook      soc.Gamebook
	Steps         []soc.Step
	Investigation soc.Investigation
	Incident      soc.Incident
	Taint         soc.Taint
}

func (h *house) outcome(incident, gamebook string) outcome {
	h.t.Helper()
	r := h.Store.Read(context.Background())
	i, found, err := r.Incident(h.First, incident)
	if err != nil || !found {
		h.t.Fatal(err)
	}
	g, found, err := r.Gamebook(h.First, gamebook)
	if err != nil || !found {
		h.t.Fatal(err)
	}
	v, err := r.LastInvestigation(h.First, i.ID)
	if err != nil || v == nil {
		h.t.Fatal(err)
	}
	taint, err := r.Taint(v.By, i.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	out := outcome{Steps: g.Steps, Investigation: *v, Incident: i, Taint: taint}
	out.Gamebook = soc.Gamebook{
		Status: g.Status, NeedsApproval: g.NeedsApproval, QueueReasons: g.QueueReasons, Class: g.Class, Impact: g.Impact, Need: g.Need,
		EffectiveTrigger: g.EffectiveTrigger, Taint: g.Taint, Rules: g.Rules, RequestedKind: g.RequestedKind,
	}
	for n := range out.Steps {
		out.Steps[n].ID, out.Steps[n].Workspace, out.Steps[n].Gamebook, out.Steps[n].IdempotencyKey = "", "", "", ""
	}
	out.Investigation.ID, out.Investigation.Run, out.Investigation.Gamebooks = "", "", nil
	out.Investigation.Workspace, out.Investigation.Incident, out.Investigation.By = "", "", ""
	// What was read differs between the doors; what it was worth does not.
	out.Investigation.Timeline, out.Investigation.ToolCalls = soc.Timeline{}, nil
	out.Incident = soc.Incident{Status: i.Status, Verdict: i.Verdict, VerdictReason: i.VerdictReason, VerdictBy: i.VerdictBy, Held: i.Held}
	return out
}

// TestScriptedAgentLeavesEqualRows: stdio, both revisions over HTTP, the
// built-in loop's table and REST are doors to the same desk.
func TestScriptedAgentLeavesEqualRows(t *testing.T) {
	outcomes := map[string]outcome{}
	for _, way := range []string{wireLegacy, wireModern, wireStdio, "loop", "rest"} {
		t.Run(way, func(t *testing.T) {
			h := openHouse(t, authored)
			incident, gamebook := h.run(way)
			outcomes[way] = h.outcome(incident, gamebook)
			if way == "rest" {
				return
			}
			h.holdsTheLedger(incident)
		})
	}
	for way, got := range outcomes {
		if diff := cmp.Diff(outcomes[wireLegacy], got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" {
			t.Errorf("%s leaves other rows:\n%s", way, diff)
		}
	}
}

func (h *house) run(way string) (incident, gamebook string) {
	switch way {
	case wireStdio:
		return script(h.t, h.overStdio())
	case "loop":
		return script(h.t, h.overLoop())
	case "rest":
		return h.overREST()
	}
	return script(h.t, func(tool string, arguments any) map[string]any { return h.ask(way, tool, arguments) })
}

func (h *house) overStdio() talk {
	p := h.openStdio(Credentials{Key: h.key})
	n := 0
	return func(tool string, arguments any) map[string]any {
		n++
		p.send(toolLine(n, tool, arguments))
		line := p.next()
		r := decodeTool(h.t, reply{Result: line["result"], raw: line["error"]})
		if r.IsError || r.Structured == nil {
			h.t.Fatalf("%s: %s %s", tool, r.Text, line["error"])
		}
		return r.Structured
	}
}

func (h *house) overLoop() talk {
	by, err := h.Desk.AuthenticateKey(h.t.Context(), h.key, soc.Caller{})
	if err == nil {
		by, err = h.Desk.ResolveWorkspace(h.t.Context(), by, "")
	}
	if err != nil {
		h.t.Fatal(err)
	}
	by.Call.Door = "worker"
	all := h.server.Tools()
	return func(name string, arguments any) map[string]any {
		tool := all[slices.IndexFunc(all, func(t Tool) bool { return t.Name == name })]
		result := tool.Call(h.t.Context(), by, mustEncode(h.t, arguments))
		var body map[string]any
		if err := json.Unmarshal(result.Body, &body); err != nil || result.IsError {
			h.t.Fatalf("%s: %s", name, result.Text)
		}
		return body
	}
}

// overREST does the same at the portal, with the ids read over MCP.
func (h *house) overREST() (incident, gamebook string) {
	listed := h.ask(wireLegacy, "list_incidents", map[string]any{"query": "patch"})
	incident = column(listed, "id")[0]
	detail := h.ask(wireLegacy, "get_incident", map[string]any{"incident_id": incident, "include": []string{"entities"}, "detail": "full"})
	host := rowOf(h.t, detail["entities"].(map[string]any), "type", "host")[0].(string)
	cited := column(h.ask(wireLegacy, "search_evidence", map[string]any{"incident_id": incident, "entity_id": host}), "id")[0]
	stored, _, err := h.Store.Read(context.Background()).Incident(h.First, incident)
	if err != nil {
		h.t.Fatal(err)
	}
	path := "/api/v2/workspaces/" + h.First + "/agent/tools/incidents/" + stored.Source + "/" + url.PathEscape(stored.ExternalID)
	send := func(rest string, body map[string]any) map[string]any {
		w := h.Ask("POST", path+rest, string(mustEncode(h.t, body)), "Authorization: Bearer "+h.key)
		return webtest.Decode[struct {
			Data map[string]any `json:"data"`
		}](h.t, w, 200).Data
	}
	receipt := send("/gamebooks", map[string]any{"playbooks": []any{map[string]any{"playbook_id": "isolate_host", "entity_id": host}}})
	gamebook = fmt.Sprint(receipt["gamebook_id"])
	send("/investigation", map[string]any{
		"classification": "TruePositive", "classification_reason": "Malware", "malicious_score": 90, "comment": "Malware on the host [" + cited + "].",
		"gamebook_ids": []string{gamebook},
	})
	return incident, gamebook
}

// holdsTheLedger: what was served is on record, per tool call and evidence id,
// and the chain of the audit verifies.
func (h *house) holdsTheLedger(incident string) {
	h.t.Helper()
	r := h.Store.Read(context.Background())
	i, _, err := r.Incident(h.First, incident)
	if err != nil {
		h.t.Fatal(err)
	}
	v, err := r.LastInvestigation(h.First, i.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	ledger, err := r.Ledger(h.First, v.Run, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	var tools []string
	evidence := map[string]bool{}
	for _, entry := range ledger {
		tools = append(tools, entry.Tool)
		for _, id := range entry.Evidence {
			evidence[id] = true
		}
	}
	for _, tool := range []string{"get_incident", "search_evidence", "get_evidence", "list_playbooks"} {
		if !slices.Contains(tools, tool) {
			h.t.Errorf("%s is not on the ledger: %v", tool, tools)
		}
	}
	if len(v.Cited) != 1 || !evidence[v.Cited[0]] || v.Citations.OK != 1 {
		h.t.Errorf("cited %v, served %v, %+v", v.Cited, evidence, v.Citations)
	}
	if _, err := h.Desk.VerifyAudit(context.Background(), h.Host, 0); err != nil {
		h.t.Error(err)
	}
}

// TestM26HintsOfTheRealDesk: a number is answered with its id, an unknown id
// with near visible ones, and neither names another workspace's.
func TestM26HintsOfTheRealDesk(t *testing.T) {
	h := openHouse(t, authored)
	listed := h.ask(wireLegacy, "list_incidents", map[string]any{"sort": "number"})
	visible := column(listed, "id")
	r := h.call(wireLegacy, h.key, "get_incident", map[string]any{"incident_id": "INC-2026-0001"})
	if !r.IsError || !strings.Contains(r.Text, "Near ids here: ") {
		t.Errorf("%s", r.Text)
	}
	detail := h.ask(wireLegacy, "get_incident", map[string]any{"incident_id": visible[0], "include": []string{"entities"}})
	known := column(detail["entities"].(map[string]any), "id")
	wrong := sampleID(soc.PrefixEntity, 31)
	r = h.call(wireLegacy, h.key, "search_evidence", map[string]any{"incident_id": visible[0], "entity_id": wrong})
	if !strings.HasPrefix(r.Text, "ENTITY_NOT_IN_INCIDENT: ") || !strings.Contains(r.Text, known[0][:4]) {
		t.Errorf("%s", r.Text)
	}
	foreign := h.agentKey(h.Second)
	for tool, arguments := range map[string]map[string]any{
		"get_incident": {"incident_id": visible[0]}, "search_evidence": {"incident_id": visible[0]},
		"get_evidence": {"incident_id": visible[0], "evidence_ids": []string{"E1"}}, "find_related": {"entity_id": known[0]},
		"triage_incident": {"incident_id": visible[0]}, "add_comment": {"incident_id": visible[0], "body": "x"},
	} {
		r := h.call(wireModern, foreign, tool, arguments)
		if !r.IsError || strings.Contains(r.Text, "Near ids") {
			t.Errorf("%s from another workspace: %s", tool, r.Text)
		}
	}
}

// TestM28OnTheRealDesk: parallel equal submits are one gamebook, and the key is
// durable.
func TestM28OnTheRealDesk(t *testing.T) {
	h := openHouse(t, authored)
	incident, host := h.target()
	arguments := map[string]any{"incident_id": incident, "playbooks": []any{map[string]any{"playbook_id": "isolate_host", "entity_id": host}}}
	var mu sync.Mutex
	ids := map[string]int{}
	var calls sync.WaitGroup
	for n := range 100 {
		calls.Go(func() {
			r := h.call(wires[n%2], h.key, "submit_gamebook", arguments)
			mu.Lock()
			defer mu.Unlock()
			ids[fmt.Sprint(r.Structured["gamebook_id"])]++
		})
	}
	calls.Wait()
	if len(ids) != 1 {
		t.Fatalf("%v", ids)
	}
	// Another replica over the same store, with nothing in memory.
	again, err := New(Config{
		Desk: h.Desk, Authenticator: h.Identity(), Sealer: h.Seal, PublicURL: h.http.URL, Now: h.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.server = again
	p := h.openStdio(Credentials{Key: h.key})
	p.send(toolLine(1, "submit_gamebook", arguments))
	r := decodeTool(t, reply{Result: p.next()["result"]})
	if r.Structured["replayed"] != true || ids[fmt.Sprint(r.Structured["gamebook_id"])] != 100 {
		t.Errorf("%s", r.Text)
	}
	stored, _, err := h.Store.Read(context.Background()).Incident(h.First, incident)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := h.Store.Read(context.Background()).IncidentGamebooks(h.First, stored.ID, 10); err != nil || len(all) != 1 {
		t.Errorf("%d gamebooks, %v", len(all), err)
	}
}

// target is an incident with a host.
func (h *house) target() (incident, host string) {
	h.t.Helper()
	incident = column(h.ask(wireLegacy, "list_incidents", map[string]any{"query": "patch"}), "id")[0]
	detail := h.ask(wireLegacy, "get_incident", map[string]any{"incident_id": incident, "include": []string{"entities"}, "detail": "full"})
	return incident, rowOf(h.t, detail["entities"].(map[string]any), "type", "host")[0].(string)
}

// TestM34OnTheRealDesk: one audit entry per read, in the chain.
func TestM34OnTheRealDesk(t *testing.T) {
	h := openHouse(t, authored)
	count := func() int {
		entries, err := h.Store.Read(context.Background()).AuditEntries(store.AuditFilter{Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	incident, _ := h.target()
	for _, send := range []func(){
		func() { h.ask(wireLegacy, "search_evidence", map[string]any{"incident_id": incident, "limit": 3}) },
		func() { h.call(wireModern, h.key, "list_incidents", map[string]any{"x": 1}) },
		func() { h.rpc(wireModern, h.key, "tools/list", nil) },
		func() { h.rpc(wireModern, "vdt_agent_nobody", "tools/list", nil) },
		func() {
			h.rpc(wireLegacy, h.key, "resources/read", map[string]any{"uri": "vedette://incidents/" + incident})
		},
	} {
		before := count()
		send()
		if after := count(); after != before+1 {
			t.Errorf("%d entries for one request", after-before)
		}
	}
	if _, err := h.Desk.VerifyAudit(context.Background(), h.Host, 0); err != nil {
		t.Error(err)
	}
}

// TestToolsOnDemoData: every tool answers about every demonstration incident,
// within the caps, and `next` leads through all of its evidence.
func TestToolsOnDemoData(t *testing.T) {
	h := openHouse(t, everything)
	listed := h.ask(wireModern, "list_incidents", map[string]any{"limit": 50, "status": []string{"new", "active", "closed"}})
	for _, incident := range column(listed, "id") {
		detail := h.ask(wireModern, "get_incident", map[string]any{
			"incident_id": incident, "include": []string{"alerts", "entities", "timeline", "comments", "gamebooks", "verdict"}, "detail": "full",
		})
		total := int(detail["incident"].(map[string]any)["evidence"].(float64))
		seen := 0
		tool, arguments := "search_evidence", any(map[string]any{"incident_id": incident, "limit": 100})
		for tool != "" {
			page := h.ask(wireModern, tool, arguments)
			seen += len(page["rows"].([]any))
			tool, arguments = nextOf(page)
		}
		if seen != total {
			t.Errorf("%s: %d of %d evidence rows", incident, seen, total)
		}
		h.ask(wireModern, "get_sops", map[string]any{"incident_id": incident})
		h.ask(wireModern, "list_playbooks", map[string]any{"incident_id": incident})
		h.ask(wireModern, "triage_incident", map[string]any{"incident_id": incident, "force": true})
		entities := 0
		tool, arguments = "get_incident", map[string]any{"incident_id": incident, "include": []string{"entities"}}
		for tool != "" {
			page := h.ask(wireModern, tool, arguments)["entities"].(map[string]any)
			entities += len(page["rows"].([]any))
			tool, arguments = nextOf(page)
		}
		if want := int(detail["incident"].(map[string]any)["entities"].(float64)); entities != want {
			t.Errorf("%s: %d of %d entities", incident, entities, want)
		}
	}
	for _, sort := range []string{"newest", "oldest", "updated", "severity", "number"} {
		var ids []string
		tool, arguments := "list_incidents", any(map[string]any{"sort": sort, "limit": 3})
		for tool != "" {
			page := h.ask(wireLegacy, tool, arguments)
			ids = append(ids, column(page, "id")...)
			tool, arguments = nextOf(page)
		}
		slices.Sort(ids)
		if n := len(ids); len(slices.Compact(ids)) != n || n == 0 {
			t.Errorf("%s: %d ids, some twice", sort, n)
		}
	}
}
