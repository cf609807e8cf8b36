package caseapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vedette/backend/web/webtest"
)

// The answers of alerts and observables: a success and the errors of each.
func TestAnswersOfAlertsAndObservables(t *testing.T) {
	d := open(t)
	full := alertText("g-1", `"title":"Suspicious PowerShell on WS-042","detected_at":"2026-05-14T11:14:00+02:00","asset":{"hostname":"WS-042","owner":"a@example.com"},
"observables":[{"type":"ip","value":"203[.]0[.]113[.]4"},{"type":"ip","value":"nine"}],"techniques":["T1059.001"],"raw":{"user":"alice","n":1.50}`)
	first := d.post(t, full)
	one := "/api/v1/alerts/" + first.ID
	until := d.Now().Add(24 * time.Hour).Format(time.RFC3339)
	for _, c := range []struct{ name, ask, body string }{
		{"post", "POST /api/v1/alerts", alertText("g-2", "")},
		{"post-again", "POST /api/v1/alerts", full},
		{"post-alike", "POST /api/v1/alerts", strings.Replace(full, "g-1", "g-3", 1)},
		{"post-conflict", "POST /api/v1/alerts", strings.Replace(full, `"high"`, `"low"`, 1)},
		{"post-update", "POST /api/v1/alerts?update=true", strings.Replace(full, "nine", "198.51.100.7", 1)},
		{"post-invalid", "POST /api/v1/alerts", `{"source":"x","severity":"High","extra":1}`},
		{"dry-run", "POST /api/v1/alerts/dry-run", alertText("g-4", "")},
		{"get", "GET " + one, ""},
		{"get-raw", "GET " + one + "?raw=true", ""},
		{"get-unknown", "GET /api/v1/alerts/alert_01HZ8M3QK5T7V9XWBC2D4F6GHJ", ""},
		{"get-malformed", "GET /api/v1/alerts/alert_x", ""},
		{"list", "GET /api/v1/alerts?limit=2", ""},
		{"list-word", "GET /api/v1/alerts?q=powershell&status=triage", ""},
		{"list-unused-source", "GET /api/v1/alerts?source=nobody", ""},
		{"list-unknown-status", "GET /api/v1/alerts?status=new", ""},
		{"list-cursor", "GET /api/v1/alerts?cursor=x", ""},
		{"dismiss-invalid", "POST " + one + "/dismiss", `{}`},
		{"escalate", "POST " + one + "/escalate", ``},
		{"dismiss-state", "POST " + one + "/dismiss", `{"reason_code":"test"}`},
		{"link-state", "POST " + one + "/link", `{"case_id":"case_x"}`},
		{"unlink-state", "DELETE " + one + "/link", ``},
		{"bulk", "POST /api/v1/alerts/bulk", `{"operation":"dismiss","ids":["` + first.ID + `"],"reason_code":"test"}`},
		{"bulk-twice", "POST /api/v1/alerts/bulk", `{"operation":"escalate","ids":["alert_x","alert_x"]}`},
		{"suppress", "POST /api/v1/observables/suppress", fmt.Sprintf(`{"type":"ip","value":"203.0.113.4","scope":"source:crowdstrike","until":%q}`, until)},
		{"suppress-other", "POST /api/v1/observables/suppress", fmt.Sprintf(`{"type":"other","value":"x","scope":"global","until":%q}`, until)},
		{"search", "GET /api/v1/observables/search?type=ip&value=203[.]0[.]113[.]4", ""},
		{"search-never-seen", "GET /api/v1/observables/search?type=domain&value=never.example.org", ""},
		{"search-unknown-type", "GET /api/v1/observables/search?type=ipv4&value=x", ""},
		{"suppressions", "GET /api/v1/observables/suppressions", ""},
		{"lift-unknown", "DELETE /api/v1/observables/suppressions/sup_x", ""},
	} {
		method, target, _ := strings.Cut(c.ask, " ")
		w := d.Ask(method, target, c.body, d.key)
		t.Run(c.name, func(t *testing.T) { webtest.Golden(t, *update, "alert/"+c.name+".golden", w) })
	}
}
