package caseapi_test

import (
	"fmt"
	"testing"
	"time"

	"vedette/backend/web/webtest"
)

// alertExamples are the routes of alerts and observables in the matrix.
func (d *desk) alertExamples(t *testing.T) map[string]webtest.Example {
	t.Helper()
	made := func(n int) string { return d.post(t, alertText(fmt.Sprintf("m-%d", n), "")).ID }
	aside, up, context, bulk := made(1), made(2), made(3), made(4)
	into := d.escalate(t, made(5), "")
	suppress := fmt.Sprintf(`{"type":"ip","value":"203.0.113.9","scope":"global","until":%q}`, d.Now().Add(time.Hour).Format(time.RFC3339))
	lifted := d.suppress(t, "domain", "lift.example.com", "global", time.Hour)
	body := alertText("m-2", "")
	return map[string]webtest.Example{
		"GET /api/v1/alerts":      {Target: "/api/v1/alerts?limit=3", Status: 200, Elsewhere: 200},
		"GET /api/v1/alerts/{id}": {Target: "/api/v1/alerts/" + up, Status: 200},
		// A resend, so that every caller gets the same answer.
		"POST /api/v1/alerts":                          {Target: "/api/v1/alerts", Body: body, Status: 200, Adds: webtest.Counted{Audit: 1}, Elsewhere: 201},
		"POST /api/v1/alerts/dry-run":                  {Target: "/api/v1/alerts/dry-run", Body: body, Status: 200, Elsewhere: 200},
		"POST /api/v1/alerts/{id}/dismiss":             {Target: "/api/v1/alerts/" + aside + "/dismiss", Body: `{"reason_code":"test"}`, Status: 200, Adds: webtest.Counted{Audit: 1}},
		"POST /api/v1/alerts/{id}/escalate":            {Target: "/api/v1/alerts/" + up + "/escalate", Body: `{}`, Status: 201, Adds: webtest.Counted{Jobs: 1, Audit: 2}},
		"POST /api/v1/alerts/{id}/link":                {Target: "/api/v1/alerts/" + context + "/link", Body: `{"case_id":"` + into + `"}`, Status: 200, Adds: webtest.Counted{Audit: 1}},
		"DELETE /api/v1/alerts/{id}/link":              {Target: "/api/v1/alerts/" + d.linked(t, made(6), into) + "/link", Status: 204, Adds: webtest.Counted{Audit: 1}},
		"POST /api/v1/alerts/bulk":                     {Target: "/api/v1/alerts/bulk", Body: `{"operation":"dismiss","ids":["` + bulk + `"],"reason_code":"test"}`, Status: 200, Adds: webtest.Counted{Audit: 1}, Elsewhere: 200},
		"GET /api/v1/observables/search":               {Target: "/api/v1/observables/search?type=ip&value=203.0.113.4", Status: 200, Elsewhere: 200},
		"POST /api/v1/observables/suppress":            {Target: "/api/v1/observables/suppress", Body: suppress, Status: 201, Adds: webtest.Counted{Audit: 1}, Elsewhere: 201},
		"GET /api/v1/observables/suppressions":         {Target: "/api/v1/observables/suppressions", Status: 200, Elsewhere: 200},
		"DELETE /api/v1/observables/suppressions/{id}": {Target: "/api/v1/observables/suppressions/" + lifted, Status: 204, Adds: webtest.Counted{Audit: 1}},
	}
}
