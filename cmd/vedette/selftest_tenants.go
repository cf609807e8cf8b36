package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
)

// tenantsCommand is the recipe of S44: what belongs to another workspace
// answers as what does not exist, on every route and tool there is. It uses a
// database of its own.
type tenantsCommand struct {
	Engine string `enum:"sqlite,postgres" default:"sqlite" help:"sqlite, or postgres (a throw-away server is started)."`
	Timing int    `default:"200" help:"How many pairs of requests are timed; 0 for none."`
}

// tenantsReport is what --json prints.
type tenantsReport struct {
	selftestHead
	Routes int `json:"routes"`
	Tools  int `json:"tools"`
	Pairs  int `json:"pairs"`
	// Statuses counts the pairs by what both were answered.
	Statuses map[string]int `json:"statuses"`
	// Times of a foreign and of a random id, in seconds; on a busy machine they
	// say little, and fail nothing.
	ForeignMedian float64 `json:"foreign_median_s,omitempty"`
	RandomMedian  float64 `json:"random_median_s,omitempty"`
	Violation     string  `json:"violation,omitempty"`
}

// Run compares the answers about foreign ids with those about random ones.
func (c *tenantsCommand) Run(ctx context.Context, e *environment) error {
	report := tenantsReport{selftestHead: headOf(c.Engine), Statuses: map[string]int{}}
	err := inLab(ctx, e, "tenants", c.Engine, func(l *lab) error {
		t := &tenants{lab: l, command: c, report: &report}
		return t.run(ctx)
	})
	if violation := new(violationError); errors.As(err, violation) {
		report.Violation = violation.Error()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(report.print(e), err)
}

type tenants struct {
	*lab
	command *tenantsCommand
	report  *tenantsReport
	world   *tenantWorld
	callers map[string]caller
	base    string
}

// caller is a principal of the first workspace.
type caller struct {
	http   *client
	header []string
}

func (t *tenants) run(ctx context.Context) error {
	if err := t.demonstrate(ctx); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	var err error
	if t.world, err = makeTenantWorld(ctx, t.lab); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	server, err := startChild(ctx, t.folder, t.where, "--demo", "--rates", labRates)
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	t.base = server.base
	if err := t.meet(ctx); err != nil {
		return err
	}
	defer func() {
		for _, c := range t.callers {
			c.http.close()
		}
	}()
	for _, part := range []func(context.Context) error{t.workspaces, t.routes, t.tools, t.lists, t.timing} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return server.stop()
}

// meet makes the callers of each family.
func (t *tenants) meet(ctx context.Context) error {
	account := t.demo.ServiceAccount
	people, err := signInAll(ctx, t.base, t.demo, "manager")
	if err != nil {
		return err
	}
	t.callers = map[string]caller{
		"/api/v2/":       {newClient(t.base, ""), []string{"Authorization", basic(account.ClientID, account.ClientSecret)}},
		"/api/v1/":       {newClient(t.base, t.demo.Keys.Case), nil},
		"/api/incidents": {newClient(t.base, t.demo.Keys.Triage), nil},
		"/api/actions":   {newClient(t.base, t.demo.Keys.Triage), nil},
		"/api/playbooks": {newClient(t.base, t.demo.Keys.Triage), nil},
		"/api/ops/v1/":   {people[0], nil},
		"/mcp":           {newClient(t.base, t.demo.Keys.Agent), nil},
	}
	return nil
}

func (t *tenants) callerOf(path string) (caller, bool) {
	for prefix, c := range t.callers {
		if strings.HasPrefix(path, prefix) {
			return c, true
		}
	}
	return caller{}, false
}

// ask makes a request of the family's caller, and waits where it is told to. No
// answer may hold a word of the other workspace.
func (t *tenants) ask(ctx context.Context, method, path string, body any) (answer, error) {
	c, known := t.callerOf(path)
	if !known {
		return answer{}, fmt.Errorf("no caller for %s", path)
	}
	header := c.header
	if method == http.MethodPost && path == "/mcp" {
		header = []string{"Accept", "application/json, text/event-stream", "MCP-Protocol-Version", mcpRevision}
	}
	for range waits {
		a, err := c.http.send(ctx, method, path, body, header...)
		if err != nil {
			return a, err
		}
		if a.status == http.StatusTooManyRequests || path == "/mcp" && strings.Contains(string(a.body), `"text":"`+string(soc.CodeRateLimited)) {
			pause(ctx, time.Second)
			continue
		}
		if strings.Contains(string(a.body), tenantCanary) {
			return a, violated("%s %s shows the other workspace's %s: %.300s", method, path, tenantCanary, a.body)
		}
		if a.status >= 500 {
			return a, violated("%s %s answered %d: %.300s", method, path, a.status, a.body)
		}
		return a, ctx.Err()
	}
	return answer{}, errors.New("the server kept asking to wait")
}

// same asks about a foreign thing and about a random one and compares.
func (t *tenants) same(ctx context.Context, what string, ask func(id tenantID) (answer, error), of tenantID) error {
	foreign, err := ask(of)
	if err != nil {
		return err
	}
	random := of
	random.id = of.random
	other, err := ask(random)
	if err != nil {
		return err
	}
	t.report.Pairs++
	t.report.Statuses[strconv.Itoa(foreign.status)]++
	for _, own := range t.world.ids {
		if own.id != of.id && strings.Contains(string(foreign.body), own.id) {
			return violated("%s names %s %s of another workspace: %.500s", what, own.kind, own.id, foreign.body)
		}
	}
	if a, b := normal(foreign, of.id), normal(other, of.random); a != b {
		return violated("%s tells %s %s of another workspace from a random one:\n%.500s\n%.500s", what, of.kind, of.id, a, b)
	}
	return nil
}

// workspaces: the path segment alone may tell a workspace that is there from
// one that is not, as the wire contract demands.
func (t *tenants) workspaces(ctx context.Context) error {
	for id, status := range map[string]int{t.demo.Workspaces[1].ID: http.StatusForbidden, "0197e2f0-0000-7000-8000-000000000000": http.StatusNotFound} {
		a, err := t.ask(ctx, http.MethodGet, "/api/v2/workspaces/"+id+"/incidents/redteam/redteam-900", nil)
		if err != nil {
			return err
		}
		if a.status != status {
			return violated("workspace %s answered %d, not %d", id, a.status, status)
		}
	}
	return nil
}

// routes walks the documents that the server publishes of itself, so that a
// route cannot be forgotten.
func (t *tenants) routes(ctx context.Context) error {
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	whole, err := newClient(t.base, "").send(ctx, http.MethodGet, "/openapi.json", nil)
	if err != nil {
		return err
	}
	if err := unmarshal(whole.body, &document, "/openapi.json"); err != nil {
		return err
	}
	for _, template := range slices.Sorted(maps.Keys(document.Paths)) {
		path, about := t.fill(template)
		if _, known := t.callerOf(path); !known || !about || strings.Contains(path, "/session") {
			continue
		}
		for _, method := range slices.Sorted(maps.Keys(document.Paths[template])) {
			method = strings.ToUpper(method)
			if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) {
				continue
			}
			t.report.Routes++
			for _, id := range t.world.ids {
				err := t.same(ctx, method+" "+template, func(id tenantID) (answer, error) {
					var body any
					if method != http.MethodGet && method != http.MethodDelete {
						body = map[string]any{}
						if whole, known := tenantBodies[method+" "+template]; known {
							body = whole
						}
					}
					return t.ask(ctx, method, strings.ReplaceAll(path, "{}", id.id), body)
				}, id)
				if err != nil {
					return err
				}
			}
		}
	}
	if t.report.Routes < 20 {
		return violated("only %d routes take an id: nothing is shown", t.report.Routes)
	}
	return nil
}

// fill puts what is the caller's own into a path and {} where an id goes.
func (t *tenants) fill(template string) (path string, about bool) {
	var out []string
	for part := range strings.SplitSeq(template, "/") {
		switch {
		case part == "{workspaceId}":
			part = t.demo.Workspaces[0].ID
		case part == "{source}":
			part = "redteam"
		case strings.Contains(part, "{"):
			part, about = "{}", true
		}
		out = append(out, part)
	}
	return strings.Join(out, "/"), about
}

// tools asks every tool that is about an incident.
func (t *tenants) tools(ctx context.Context) error {
	for _, c := range []struct {
		name string
		more map[string]any
	}{
		{"get_incident", nil},
		{"search_evidence", map[string]any{"query": "corp"}},
		{"get_evidence", map[string]any{"evidence_ids": []string{"E1"}}},
		{"list_playbooks", nil},
		{"get_sops", nil},
		{"find_related", nil},
		{"add_comment", map[string]any{"message": "hello"}},
		{"triage_incident", nil},
		{"submit_investigation", map[string]any{"comment": "Nothing [E1].", "classification": "TruePositive", "malicious_score": 50}},
		{"submit_gamebook", map[string]any{"playbooks": []any{step("isolate_host", t.world.entity)}}},
	} {
		t.report.Tools++
		for _, id := range t.world.ids {
			err := t.same(ctx, c.name, func(id tenantID) (answer, error) {
				arguments := map[string]any{"incident_id": id.id}
				maps.Copy(arguments, c.more)
				a := tool(c.name, arguments)
				return t.ask(ctx, a.method, a.path, rawJSON(a.body))
			}, id)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// lists reads every list and search; ask refuses a word of the other workspace.
func (t *tenants) lists(ctx context.Context) error {
	for _, path := range []string{
		"/api/incidents?page_size=100", "/api/v1/cases?limit=100", "/api/v1/alerts?limit=100", "/api/ops/v1/approvals", "/api/ops/v1/gamebooks", "/api/ops/v1/held", "/api/ops/v1/agents",
	} {
		if _, err := t.ask(ctx, http.MethodGet, path, nil); err != nil {
			return err
		}
	}
	for _, c := range []attack{
		tool("list_incidents", map[string]any{"limit": 50}), tool("find_related", map[string]any{"kind": "host", "value": t.world.host}),
		tool("get_status", map[string]any{"ids": []string{t.world.gamebook}}),
	} {
		if _, err := t.ask(ctx, c.method, c.path, rawJSON(c.body)); err != nil {
			return err
		}
	}
	return nil
}

// timing measures whether the time tells what the words do not.
func (t *tenants) timing(ctx context.Context) error {
	var foreign, random []time.Duration
	id := t.world.ids[0]
	for range t.command.Timing {
		for _, one := range []struct {
			id  string
			all *[]time.Duration
		}{{id.id, &foreign}, {id.random, &random}} {
			began := time.Now()
			if _, err := t.ask(ctx, http.MethodGet, "/api/incidents/"+one.id, nil); err != nil {
				return err
			}
			*one.all = append(*one.all, time.Since(began))
		}
	}
	if len(foreign) > 0 {
		t.report.ForeignMedian, t.report.RandomMedian = median(foreign), median(random)
	}
	return nil
}

func (r *tenantsReport) print(e *environment) error {
	result := "what is another workspace's is not there"
	if r.Violation != "" {
		result = r.Violation
	}
	rows := [][]string{
		{"engine", r.Engine, "version " + r.Version},
		{"asked", fmt.Sprintf("%d routes and %d tools, %d pairs of a foreign and a random id", r.Routes, r.Tools, r.Pairs)},
	}
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		rows = append(rows, []string{"answered " + status, strconv.Itoa(r.Statuses[status])})
	}
	if r.ForeignMedian > 0 {
		rows = append(rows, []string{"time", fmt.Sprintf("%s foreign, %s random, median", quantity(r.ForeignMedian, "s"), quantity(r.RandomMedian, "s"))})
	}
	return e.print(r, append(rows, []string{"result", result}))
}
