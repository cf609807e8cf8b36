package caseapi_test

import (
	"testing"

	"vedette/backend/web/webtest"
)

func TestS7EveryRouteAsEverybody(t *testing.T) {
	d := open(t)
	d.ingestGeneric("a-1", "high")
	d.Matrix(t, d.family, map[string]webtest.Example{
		"GET /api/v1/alerts": {Target: "/api/v1/alerts?limit=3", Status: 200, Elsewhere: 200},
	})
}
