package triageapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

func TestS7EveryRouteAsEverybody(t *testing.T) {
	d := open(t)
	i := d.first(t, true)
	gone := d.first(t, false)
	w := d.triage(i, "")
	done := webtest.Decode[struct {
		Data struct {
			TriageID string `json:"triage_id"`
		} `json:"data"`
	}](t, w, 200)
	d.Matrix(t, d.family, map[string]webtest.Example{
		"GET /api/incidents":                         {Target: "/api/incidents?per_page=3", Status: 200, Elsewhere: 200},
		"GET /api/incidents/{id}":                    {Target: path(i, ""), Status: 200},
		"GET /api/incidents/{id}/actions":            {Target: path(i, "/actions"), Status: 200},
		"POST /api/incidents/{id}/actions":           {Target: path(i, "/actions"), Body: `{"action":"isolate_host","entity_id":"ENT-00000000"}`},
		"GET /api/playbooks":                         {Target: "/api/playbooks", Status: 200, Elsewhere: 200},
		"GET /api/playbooks/{id}":                    {Target: "/api/playbooks/built_in", Status: 200, Elsewhere: 200},
		"POST /api/playbooks":                        {Target: "/api/playbooks", Body: `{"name":"taken_name","steps":[{"action":"scan_host"}],"sop_id":"none"}`, Status: 400, Adds: webtest.Counted{Audit: 1}, Elsewhere: 400},
		"POST /api/playbooks/validate":               {Target: "/api/playbooks/validate", Body: `{"name":"own","steps":[{"action":"scan_host"}]}`, Status: 200, Elsewhere: 200},
		"PUT /api/playbooks/{id}":                    {Target: "/api/playbooks/nobody", Body: `{"name":"nobody","steps":[{"action":"scan_host"}]}`, Status: 404, Adds: webtest.Counted{Audit: 1}},
		"DELETE /api/playbooks/{id}":                 {Target: "/api/playbooks/nobody", Status: 404, Adds: webtest.Counted{Audit: 1}},
		"POST /api/playbooks/{id}/confirm":           {Target: "/api/playbooks/nobody/confirm", Body: `{"digest":"sha256:0"}`, Status: 404, Adds: webtest.Counted{Audit: 1}},
		"POST /api/playbooks/{id}/reject":            {Target: "/api/playbooks/nobody/reject", Body: `{"reason":"no"}`, Status: 404, Adds: webtest.Counted{Audit: 1}},
		"POST /api/playbooks/{id}/run":               {Target: "/api/playbooks/built_in/run", Body: `{"incident_id":"` + i.ID + `","force":true}`, Status: 200, Adds: webtest.Counted{Jobs: 1, Audit: 2}},
		"GET /api/actions":                           {Target: "/api/actions", Status: 200, Elsewhere: 200},
		"GET /api/actions/types":                     {Target: "/api/actions/types", Status: 200, Elsewhere: 200},
		"GET /api/actions/{id}":                      {Target: "/api/actions/act-000000"},
		"POST /api/actions/{id}/approve":             {Target: "/api/actions/act-000000/approve", Body: `{"digest":"sha256:0"}`},
		"POST /api/actions/{id}/reject":              {Target: "/api/actions/act-000000/reject", Body: `{"reason":"no"}`},
		"POST /api/actions/{id}/rollback":            {Target: "/api/actions/act-000000/rollback", Body: `{"reason":"no"}`},
		"GET /api/incidents/{id}/triage":             {Target: path(i, "/triage"), Status: 200},
		"POST /api/incidents":                        {Target: "/api/incidents", Body: `{"incident_type":"phishing","source":"email_gateway","severity":"high"}`, Status: 201, Adds: webtest.Counted{Jobs: 1, Audit: 1}, Elsewhere: 201},
		"PUT /api/incidents/{id}":                    {Target: path(i, ""), Body: `{"severity":"critical"}`},
		"DELETE /api/incidents/{id}":                 {Target: path(gone, ""), Status: 204, Adds: webtest.Counted{Audit: 1}},
		"GET /api/incidents/{id}/triage/{triage_id}": {Target: path(i, "/triage/"+done.Data.TriageID), Status: 200},
		"POST /api/incidents/{id}/triage":            {Target: path(i, "/triage"), Body: `{"force":true}`, Status: 200, Adds: webtest.Counted{Jobs: 1, Audit: 2}},
	})
}

func TestNothingUnknownIsIgnored(t *testing.T) {
	d := open(t)
	i := d.first(t, true)
	list := func(query string) string { return "/api/incidents?" + query }
	for _, c := range []struct {
		method, target, body, header string
		status                       int
		code, field                  string
	}{
		{"GET", list("status=Open"), "", "", 400, "validation_error", "status[0]"},
		{"GET", list("status="), "", "", 400, "validation_error", "status[0]"},
		{"GET", list("severity=informational"), "", "", 400, "validation_error", "severity[0]"},
		{"GET", list("type=Phishing"), "", "", 400, "validation_error", "type[0]"},
		{"GET", list("page=0"), "", "", 400, "validation_error", "page"},
		{"GET", list("page=-1"), "", "", 400, "validation_error", "page"},
		{"GET", list("page=1.0"), "", "", 400, "validation_error", "page"},
		{"GET", list("page=99999999999999999999"), "", "", 400, "validation_error", "page"},
		{"GET", list("page=2147483647&per_page=100"), "", "", 400, "page_too_deep", ""},
		{"GET", list("page=100&per_page=100"), "", "", 200, "", ""},
		{"GET", list("per_page=101"), "", "", 400, "validation_error", "per_page"},
		{"GET", list("per_page=10&per_page=10"), "", "", 400, "validation_error", "per_page"},
		{"GET", list("Page=1"), "", "", 400, "validation_error", "Page"},
		{"GET", list("sort=title"), "", "", 400, "validation_error", "sort"},
		{"GET", list("sort=%2Bcreated_at"), "", "", 400, "validation_error", "sort"},
		{"GET", list("created_after=2026-05-14"), "", "", 400, "validation_error", "created_after"},
		{"GET", list("created_after=2026-05-14T00:00:00"), "", "", 400, "validation_error", "created_after"},
		{"GET", list("created_after=2026-05-14T00:00:00Z&created_before=2026-05-14T00:00:00Z"), "", "", 400, "validation_error", "created_after"},
		{"GET", list("cursor="), "", "", 400, "validation_error", "cursor"},
		{"GET", path(i, "?include=alerts"), "", "", 400, "validation_error", "include"},
		{"DELETE", path(i, "/triage"), "", "", 405, "method_not_allowed", ""},
		{"GET", path(i, "/triage?page=0"), "", "", 400, "validation_error", "page"},
		{"POST", path(i, "/triage"), `{"playbook":""}`, "", 400, "validation_error", "playbook"},
		{"POST", path(i, "/triage"), `{"playbook":"` + strings.Repeat("x", 65) + `"}`, "", 400, "validation_error", "playbook"},
		{"POST", path(i, "/triage"), `{"force":"true"}`, "", 400, "validation_error", "force"},
		{"POST", path(i, "/triage"), `{"verdict":"benign"}`, "", 400, "validation_error", "verdict"},
		{"POST", path(i, "/triage"), `{"force":true,"force":false}`, "", 400, "malformed_body", "force"},
		{"POST", path(i, "/triage"), `[]`, "", 400, "validation_error", ""},
		{"POST", path(i, "/triage"), `{"force":null}`, "Prefer: wait=26", 400, "malformed_body", ""},
		{"POST", path(i, "/triage"), `x`, "Content-Type: text/plain", 415, "unsupported_media_type", ""},
		{"POST", path(i, "/triage?force=true"), "", "", 400, "validation_error", "force"},
		{"GET", list("x=1"), "", "Authorization: Bearer vdt_other", 400, "malformed_body", ""}, // two credentials
		{"GET", list(""), "", "Vedette-Workspace: here", 400, "validation_error", "Vedette-Workspace"},
	} {
		headers := []string{d.key}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		before := d.Count()
		w := d.Ask(c.method, c.target, c.body, headers...)
		name := c.method + " " + c.target + " " + c.body
		if w.Code != c.status || c.code != "" && webtest.CodeOf(t, w) != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.code)
			continue
		}
		// A refusal of somebody known is on record (S55); nothing else is left.
		if after := d.Count(); after.Jobs != before.Jobs || after.Audit > before.Audit+1 {
			t.Errorf("%s: left %+v", name, after)
		}
		var body struct {
			Error struct {
				Details struct {
					Fields map[string][]string `json:"fields"`
				} `json:"details"`
			} `json:"error"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if c.field != "" && len(body.Error.Details.Fields[c.field]) == 0 {
			t.Errorf("%s: %v names no %s", name, body.Error.Details.Fields, c.field)
		}
	}
}

func TestPagesOfAnotherWorkspaceHoldNothingOfOurs(t *testing.T) {
	d := open(t)
	theirs := d.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: soc.AllScopes, Workspaces: []string{d.Foreign}})
	got := webtest.Decode[listed](t, d.Ask("GET", "/api/incidents", "", theirs), 200)
	if len(got.Data) != 0 || got.Meta.Total != 0 {
		t.Errorf("%+v", got)
	}
}
