package caseapi_test

import (
	"maps"
	"testing"

	"vedette/backend/web/webtest"
)

func TestS7EveryRouteAsEverybody(t *testing.T) {
	d := open(t)
	d.ingestGeneric("a-1", "high")
	_, one := d.firstCase(t)
	kept := webtest.Decode[struct{ URL string }](t, d.Ask("POST", one+"/attachments", form(file("x", "x")), d.key, multipartType), 201)
	d.Ask("POST", one+"/transition", `{"to":"investigating"}`, d.key)
	examples := map[string]webtest.Example{
		"POST /api/v1/cases":                                 {Target: "/api/v1/cases", Body: `{"severity":"low","title":"x"}`, Status: 201, Adds: webtest.Counted{Jobs: 1, Audit: 1}, Elsewhere: 201},
		"GET /api/v1/cases":                                  {Target: "/api/v1/cases?limit=3", Status: 200, Elsewhere: 200},
		"GET /api/v1/cases/{id}":                             {Target: one, Status: 200},
		"GET /api/v1/cases/{id}/timeline":                    {Target: one + "/timeline", Status: 200},
		"POST /api/v1/cases/{id}/transition":                 {Target: one + "/transition", Body: `{"to":"investigating"}`, Status: 200},
		"POST /api/v1/cases/{id}/resolve":                    {Target: one + "/resolve", Body: `{"verdict":"benign","root_cause":"x"}`},
		"GET /api/v1/cases/{id}/report":                      {Target: one + "/report"},
		"GET /api/v1/sla":                                    {Target: "/api/v1/sla", Status: 200, Elsewhere: 200},
		"PUT /api/v1/sla":                                    {Target: "/api/v1/sla", Body: `{}`, Status: 200, Adds: webtest.Counted{Audit: 1}, Elsewhere: 200},
		"POST /api/v1/cases/{id}/comments":                   {Target: one + "/comments", Body: `{"body":"x"}`, Status: 201, Adds: webtest.Counted{Audit: 1}},
		"POST /api/v1/cases/{id}/attachments":                {Target: one + "/attachments", Body: form(file("x", "x")), Headers: []string{multipartType}, Status: 200},
		"GET /api/v1/cases/{id}/attachments/{attachment}":    {Target: kept.URL, Status: 200},
		"DELETE /api/v1/cases/{id}/attachments/{attachment}": {Target: kept.URL},
	}
	maps.Copy(examples, d.alertExamples(t))
	d.Matrix(t, d.family, examples)
}
