package caseapi_test

import (
	"flag"
	"testing"

	"vedette/backend"
	"vedette/backend/caseapi"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// desk is the door on an empty database.
type desk struct {
	*webtest.House
	family *web.Family
	// key has every scope of the family that a service key may hold.
	key string
}

func open(t testing.TB) *desk {
	t.Helper()
	return serve(webtest.Open(t, mappers))
}

func mappers(c *backend.Config) {
	c.Mappers = map[string]backend.Mapper{
		"sentinel": {Split: sentinel.Split, Map: sentinel.Map}, "generic": {Split: generic.Split, Map: generic.Map},
	}
}

func serve(h *webtest.House) *desk {
	d := &desk{House: h, family: web.Case()}
	caseapi.Register(d.Registry, d.family, caseapi.Config{Desk: d.Desk, Seal: d.Seal})
	d.Start()
	d.key = d.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{
		soc.ScopeAlertsRead, soc.ScopeAlertsWrite, soc.ScopeAlertsTriage, soc.ScopeCasesRead, soc.ScopeCasesWrite,
		soc.ScopeObservablesRead, soc.ScopeObservablesWrite,
	}})
	return d
}

// ingestGeneric stores one alert as the operations family does.
func (d *desk) ingestGeneric(externalID, severity string) {
	d.Ingest(d.First, "generic", []byte(`{"external_id":"`+externalID+`","source":"edge","title":"Odd thing","severity":"`+severity+`"}`))
}
