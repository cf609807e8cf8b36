package portalapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const (
	incidentRoute = "/api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}"
	toolsRoute    = "/api/v2/workspaces/{workspaceId}/agent/tools"
	toolRoute     = "/api/v2/workspaces/{workspaceId}/agent/tools/incidents/{source}/{incidentId}"
)

// noWebhook names nothing; the routes' own tests name what there is.
const (
	noWebhook  = "/api/v2/webhooks/0197aaaa-0000-7000-8000-000000000000"
	noDelivery = noWebhook + "/delivery-logs/0197aaaa-0000-7000-8000-000000000000?createdAt=2026-05-14T12:00:00Z"
	oneWebhook = `{"name":"soar","url":"https://hooks.example.com/in","eventTypes":["incident.created.v1"]}`
)

func TestS7EveryRouteAsEverybody(t *testing.T) {
	p := open(t)
	audited := webtest.Counted{Audit: 1}
	i := p.byID(t, "authored-2")
	p.startGamebook(t, i)
	ok := func(target string) webtest.Example { return webtest.Example{Target: target, Status: 200} }
	p.Matrix(t, p.family, p.withMore(i, map[string]webtest.Example{
		"GET " + incidentRoute:               ok(p.incident(i, "")),
		"GET " + incidentRoute + "/evidence": ok(p.incident(i, "/evidence")),
		"GET " + incidentRoute + "/comments": ok(p.incident(i, "/comments")),
		"POST " + incidentRoute + "/comments": {
			Target: p.incident(i, "/comments"), Body: `{"content":"Seen."}`, Status: 201, Adds: webtest.Counted{Audit: 1},
		},
		"GET " + incidentRoute + "/last-gamebook":                           ok(p.incident(i, "/last-gamebook")),
		"GET /api/v2/workspaces/{workspaceId}/incidents/{source}/by-entity": ok(p.list("authored", "EntityKind=Host&EntityFilter=ep-2001")),
		"POST /api/v2/incidents/across-workspaces":                          {Target: "/api/v2/incidents/across-workspaces", Body: `{}`, Status: 200},
		"POST " + toolsRoute + "/kql/query":                                 {Target: p.agentTool("/kql/query"), Body: `{"query":"Evidence | count"}`, Status: 200},
		"GET " + toolsRoute + "/kql/tables":                                 ok(p.agentTool("/kql/tables")),
		"POST " + toolsRoute + "/kql/tables/columns":                        {Target: p.agentTool("/kql/tables/columns"), Body: `{"table_names":["Evidence"]}`, Status: 200},
		"GET " + toolsRoute + "/users/{userId}":                             ok(p.agentTool("/users/alyssat%40vnevado.alpineskihouse.co")),
		"GET " + toolsRoute + "/users/{userId}/signin-logs":                 ok(p.agentTool("/users/m.rossi%40corp.example/signin-logs")),
		"GET " + toolsRoute + "/devices/{deviceId}/timeline":                ok(p.agentTool("/devices/vnevado-win10v.vnevado.alpineskihouse.co/timeline?alertTime=2024-06-20T08:51:07Z")),
		"GET " + toolRoute + "/related-by-entity":                           ok(p.tool(i, "/related-by-entity?EntityKind=Host&EntityFilter=ep-2001")),
		"POST " + toolRoute + "/gamebooks": {
			Target: p.tool(i, "/gamebooks"), Body: `{"playbooks":[{"playbook_id":"nothing","entity_id":"ENT-0000000"}]}`, Status: 200,
			Adds: webtest.Counted{Audit: 1},
		},
		"GET /api/v2/webhooks":                                       ok("/api/v2/webhooks"),
		"GET /api/v2/webhooks/{id}":                                  {Target: noWebhook, Status: 404},
		"GET /api/v2/webhooks/{id}/delivery-logs":                    {Target: noWebhook + "/delivery-logs", Status: 404},
		"GET /api/v2/webhooks/{id}/delivery-logs/{logId}":            {Target: noDelivery, Status: 404},
		"POST /api/v2/webhooks/{id}/delivery-logs/{logId}/redeliver": {Target: strings.Replace(noDelivery, "?", "/redeliver?", 1), Status: 404, Adds: audited},
		"POST /api/v2/webhooks":                                      {Target: "/api/v2/webhooks", Body: strings.Replace(oneWebhook, "}", `,"workspaceIds":["`+p.First+`"]}`, 1), Status: 201, Adds: audited},
		"PUT /api/v2/webhooks/{id}":                                  {Target: noWebhook, Body: oneWebhook, Status: 404, Adds: audited},
		"DELETE /api/v2/webhooks/{id}":                               {Target: noWebhook, Status: 404, Adds: audited},
		"POST /api/v2/webhooks/{id}/pause":                           {Target: noWebhook + "/pause", Status: 404, Adds: audited},
		"POST /api/v2/webhooks/{id}/resume":                          {Target: noWebhook + "/resume", Status: 404, Adds: audited},
		"POST /api/v2/webhooks/{id}/enable":                          {Target: noWebhook + "/enable", Status: 404, Adds: audited},
		"POST /api/v2/webhooks/{id}/credentials":                     {Target: noWebhook + "/credentials", Body: `{"authenticationType":"None"}`, Status: 404, Adds: audited},
		"POST /api/v2/webhooks/{id}/test":                            {Target: noWebhook + "/test", Status: 404, Adds: audited},
		"POST " + toolRoute + "/investigation": {
			Target: p.tool(i, "/investigation"), Body: `{"comment":"Seen [E1]."}`, Status: 200, Adds: webtest.Counted{Audit: 1},
		},
	}))
}

func TestHeadAnswersAsGet(t *testing.T) {
	p := open(t)
	target := p.incident(p.byID(t, "authored-2"), "")
	get, head := p.Ask("GET", target, "", p.reader), p.Ask("HEAD", target, "", p.reader)
	if get.Header().Get("ETag") != `"1"` || get.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v", get.Header())
	}
	same := func(h http.Header) http.Header {
		h = h.Clone()
		for _, name := range []string{"X-Request-Id", "Ratelimit", "Content-Length"} {
			h.Del(name)
		}
		return h
	}
	if diff := cmp.Diff(same(get.Header()), same(head.Header())); diff != "" || head.Code != 200 {
		t.Error(diff)
	}
}

func TestNothingUnknownIsIgnored(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	agent := p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: soc.AllScopes})
	by := func(query string) string { return p.list("authored", query) }
	const host = "EntityKind=Host&EntityFilter=x"
	const form = "Content-Type: application/x-www-form-urlencoded"
	step := `{"playbook_id":"isolate_host","entity_id":"ENT-FFE9GFPZ"}`
	for _, c := range []struct {
		method, target, body, header string
		status                       int
		code, field                  string
	}{
		{"GET", p.incident(i, "?withdetails=true"), "", "", 200, "", ""}, // names fold
		{"GET", p.incident(i, "?withDetails=TRUE"), "", "", 400, "VALIDATION_ERROR", "withDetails"},
		{"GET", p.incident(i, "?withDetails=true&withDetails=true"), "", "", 400, "VALIDATION_ERROR", "withDetails"},
		{"GET", p.incident(i, "?expand=all"), "", "", 400, "VALIDATION_ERROR", "expand"},
		{"GET", p.incident(i, "?access_token=x"), "", "", 400, "VALIDATION_ERROR", "access_token"},
		{"GET", p.incident(i, "/evidence?pageSize=0"), "", "", 400, "VALIDATION_ERROR", "pageSize"},
		{"GET", p.incident(i, "/evidence?pageSize=501"), "", "", 400, "VALIDATION_ERROR", "pageSize"},
		{"GET", p.incident(i, "/evidence?pageSize=05"), "", "", 400, "VALIDATION_ERROR", "pageSize"},
		{"GET", p.incident(i, "/evidence?pageSize=5.0"), "", "", 400, "VALIDATION_ERROR", "pageSize"},
		{"GET", p.incident(i, "/evidence?pageSize=99999999999999999999"), "", "", 400, "VALIDATION_ERROR", "pageSize"},
		{"GET", p.incident(i, "/comments?pageSize=201"), "", "", 400, "VALIDATION_ERROR", "pageSize"},
		{"GET", p.incident(i, "/comments?continuationToken="), "", "", 400, "VALIDATION_ERROR", "continuationToken"},
		{"GET", p.incident(i, "/last-gamebook?x=1"), "", "", 400, "VALIDATION_ERROR", "x"},
		{"GET", by("EntityFilter=x"), "", "", 400, "VALIDATION_ERROR", "EntityKind"},
		{"GET", by("EntityKind=Host"), "", "", 400, "VALIDATION_ERROR", "EntityFilter"},
		{"GET", by("EntityKind=Host&EntityFilter="), "", "", 400, "VALIDATION_ERROR", "EntityFilter"},
		{"GET", by("EntityKind=Host&EntityFilter=" + strings.Repeat("x", 513)), "", "", 400, "VALIDATION_ERROR", "EntityFilter"},
		{"GET", by("EntityKind=Printer&EntityFilter=x"), "", "", 400, "VALIDATION_ERROR", "EntityKind"},
		{"GET", by(host + "&TimeFilteringType=threehours"), "", "", 400, "VALIDATION_ERROR", "TimeFilteringType"},
		{"GET", by(host + "&StartDate=2026-05-14T01:00:00Z"), "", "", 400, "VALIDATION_ERROR", "StartDate"},
		{"GET", by(host + "&TimeFilteringType=SixHours&EndDate=2026-05-14T01:00:00Z"), "", "", 400, "VALIDATION_ERROR", "EndDate"},
		{"GET", by(host + "&TimeFilteringType=Custom&EndDate=2026-05-14T01:00:00Z"), "", "", 400, "VALIDATION_ERROR", "StartDate"},
		{"GET", by(host + "&TimeFilteringType=Custom&StartDate=2026-05-14T01:00:00Z&EndDate=2026-05-14T01:00:00Z"), "", "", 400, "VALIDATION_ERROR", "EndDate"},
		{"GET", by(host + "&TimeFilteringType=Custom&StartDate=2025-05-13T00:00:00Z&EndDate=2026-05-14T00:00:01Z"), "", "", 400, "VALIDATION_ERROR", "EndDate"},
		{"GET", by(host + "&TimeFilteringType=Custom&StartDate=2025-05-13T00:00:00Z&EndDate=2026-05-14T00:00:00Z"), "", "", 200, "", ""},
		{"GET", by(host + "&TimeFilteringType=Custom&StartDate=2026-05-14&EndDate=2026-05-15"), "", "", 400, "VALIDATION_ERROR", "StartDate"},
		{"GET", by(host + "&entitykind=Host"), "", "", 400, "VALIDATION_ERROR", "EntityKind"},
		{"DELETE", p.incident(i, ""), "", "", 405, "METHOD_NOT_ALLOWED", ""},
		{"GET", p.incident(i, "/history"), "", "", 404, "NOT_FOUND", ""},
		{"GET", "/api/v2/workspaces/x/incidents/Sentinel/1", "", "", 400, "VALIDATION_ERROR", "workspaceId"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[]}`, "", 400, "VALIDATION_ERROR", "playbooks"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":null}`, "", 400, "VALIDATION_ERROR", "playbooks"},
		{"POST", p.tool(i, "/gamebooks"), ``, "", 400, "VALIDATION_ERROR", "playbooks"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[` + strings.Repeat(step+",", 50) + step + `]}`, "", 400, "VALIDATION_ERROR", "playbooks"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[{"entityId":"x"}]}`, "", 400, "VALIDATION_ERROR", "playbooks[0].entityId"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[{"sequence":0}]}`, "", 400, "VALIDATION_ERROR", "playbooks[0].sequence"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[{"sequence":"01"}]}`, "", 400, "VALIDATION_ERROR", "playbooks[0].sequence"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[` + step + `],"trigger_type":"onqueue"}`, "", 400, "VALIDATION_ERROR", "trigger_type"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[` + step + `],"incident_number":3000000000}`, "", 400, "VALIDATION_ERROR", "incident_number"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[` + step + `],"incident_number":5.0}`, "", 400, "VALIDATION_ERROR", "incident_number"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[` + step + `],"playbooks":[]}`, "", 400, "BAD_REQUEST", "playbooks"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[` + step + `],"dry_run":true}`, "", 400, "VALIDATION_ERROR", "dry_run"},
		{"POST", p.tool(i, "/gamebooks"), `{"playbooks":[` + step + `]}x`, "", 400, "BAD_REQUEST", ""},
		{"POST", p.tool(i, "/gamebooks"), "{\"playbooks\":[" + step + "],\"incident_title\":\"\xff\"}", "", 400, "BAD_REQUEST", "incident_title"},
		{"POST", p.tool(i, "/gamebooks"), `a=b`, form, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"POST", p.tool(i, "/gamebooks"), `{}`, "Content-Encoding: gzip", 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"POST", p.tool(i, "/gamebooks"), `{"incident_title":"` + strings.Repeat("x", 1<<20) + `"}`, "", 413, "PAYLOAD_TOO_LARGE", ""},
		{"POST", p.tool(i, "/investigation"), `{"classification":"Malicious"}`, "", 400, "VALIDATION_ERROR", "classification"},
		{"POST", p.tool(i, "/investigation"), `{"classification":"TruePositive","classification_reason":"Nope"}`, "", 400, "VALIDATION_ERROR", "classification_reason"},
		{"POST", p.tool(i, "/investigation"), `{"malicious_score":"4.0"}`, "", 400, "VALIDATION_ERROR", "malicious_score"},
		{"POST", p.tool(i, "/investigation"), `{"malicious_score":2147483648}`, "", 400, "VALIDATION_ERROR", "malicious_score"},
		{"POST", p.tool(i, "/investigation"), `{"tool_calls":[{"name":"x","time":"2026-05-14","duration_ms":1}]}`, "", 400, "VALIDATION_ERROR", "tool_calls[0].time"},
		{"POST", p.tool(i, "/investigation"), `{"tool_calls":[{"name":"x","time":"2026-05-14T00:00:00Z","duration_ms":-1}]}`, "", 400, "VALIDATION_ERROR", "tool_calls[0].duration_ms"},
		{"POST", p.tool(i, "/investigation"), `{"status":"Closed"}`, "", 400, "VALIDATION_ERROR", "status"},
	} {
		headers := []string{agent}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		before := p.Count().Jobs
		w := p.Ask(c.method, c.target, c.body, headers...)
		name := c.method + " " + c.target + " " + c.body[:min(len(c.body), 90)]
		if w.Code != c.status || c.code != "" && webtest.CodeOf(t, w) != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.code)
			continue
		}
		if p.Count().Jobs != before {
			t.Errorf("%s: a job was enqueued", name)
		}
		if c.field != "" {
			problem := webtest.Decode[struct {
				Errors map[string][]string `json:"errors"`
			}](t, w, c.status)
			if len(problem.Errors[c.field]) == 0 {
				t.Errorf("%s: errors %v name no %s", name, problem.Errors, c.field)
			}
		}
	}
}
