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
	examples := map[string]webtest.Example{
		"POST /api/v1/cases/{id}/comments":                   {Target: one + "/comments", Body: `{"body":"x"}`, Status: 201, Adds: webtest.Counted{Audit: 1}},
		"POST /api/v1/cases/{id}/attachments":                {Target: one + "/attachments", Body: form(file("x", "x")), Headers: []string{multipartType}, Status: 200},
		"GET /api/v1/cases/{id}/attachments/{attachment}":    {Target: kept.URL, Status: 200},
		"DELETE /api/v1/cases/{id}/attachments/{attachment}": {Target: kept.URL},
	}
	maps.Copy(examples, d.alertExamples(t))
	d.Matrix(t, d.family, examples)
}
