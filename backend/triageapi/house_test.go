package triageapi_test

import (
	"flag"
	"testing"

	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/data"
	"vedette/backend/soc"
	"vedette/backend/triageapi"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// desk is the door with the demonstration data behind it.
type desk struct {
	*webtest.House
	family *web.Family
	key    string
}

// Houses with the demonstration data, and without an incident.
var demonstrated, empty webtest.Snapshot

func open(t testing.TB) *desk {
	t.Helper()
	return openWith(t, &demonstrated, func(h *webtest.House) {
		for _, file := range data.Demo() {
			h.Ingest(h.First, file.Format, file.Bytes)
		}
	})
}

// openEmpty is the door without an incident behind it.
func openEmpty(t testing.TB) *desk {
	t.Helper()
	return openWith(t, &empty, func(*webtest.House) {})
}

func openWith(t testing.TB, filled *webtest.Snapshot, fill func(*webtest.House)) *desk {
	t.Helper()
	d := &desk{}
	d.House = filled.Open(t, func(c *backend.Config) {
		c.Mappers = map[string]backend.Mapper{
			"sentinel": {Split: sentinel.Split, Map: sentinel.Map}, "generic": {Split: generic.Split, Map: generic.Map},
		}
		c.Connectors = []backend.Connector{{
			ID: "0197aaaa-0000-7000-8000-00000000aaaa", Kind: "range", Simulation: true,
			Carries: func(p soc.Playbook) bool { return !p.Internal },
			Resolve: func(_ soc.Playbook, e soc.Entity) (string, string) { return e.Value, "" },
		}}
	}, func(h *webtest.House) {
		d.family = web.Triage()
		triageapi.Register(h.Registry, d.family, triageapi.Config{Desk: h.Desk, Seal: h.Seal, Now: h.Now})
		h.Start()
	}, fill)
	d.key = d.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeTriageRun}})
	return d
}

func (d *desk) by(workspace string) soc.Actor {
	by := d.Host
	by.Workspace = workspace
	return by
}

// incidents lists those of a workspace by number.
func (d *desk) incidents(t testing.TB, workspace string) []soc.Incident {
	t.Helper()
	page, err := d.Desk.ListIncidents(t.Context(), d.by(workspace), soc.IncidentFilter{Sort: "incident_number", Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return page.Incidents
}

func (d *desk) byID(t testing.TB, externalID string) soc.Incident {
	t.Helper()
	for _, i := range d.incidents(t, d.First) {
		if i.ExternalID == externalID {
			return i
		}
	}
	t.Fatalf("no incident %s", externalID)
	return soc.Incident{}
}

// first is an incident of Sentinel that is open or closed.
func (d *desk) first(t testing.TB, open bool) soc.Incident {
	t.Helper()
	for _, i := range d.incidents(t, d.First) {
		if i.Source == soc.SourceSentinel && i.Open() == open {
			return i
		}
	}
	t.Fatal("no such incident")
	return soc.Incident{}
}

func path(i soc.Incident, rest string) string { return "/api/incidents/" + i.ID + rest }
