package portalapi_test

import (
	"crypto/rand"
	"flag"
	"net/url"
	"testing"

	"vedette/backend"
	"vedette/backend/connector/egress"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/data"
	"vedette/backend/portalapi"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// portal is the door with the demonstration data behind it.
type portal struct {
	*webtest.House
	family *web.Family
	reader string
}

// filled is the house with the demonstration data.
var filled webtest.Snapshot

func open(t testing.TB) *portal {
	t.Helper()
	p := &portal{}
	p.House = filled.Open(t, func(c *backend.Config) {
		c.Mappers = map[string]backend.Mapper{
			"sentinel": {Split: sentinel.Split, Map: sentinel.Map}, "generic": {Split: generic.Split, Map: generic.Map},
		}
		c.Secrets, c.CheckURL = secretBox(t), publicOnly(t).Check
		c.Connectors = []backend.Connector{{
			ID: "range", Kind: "range", Simulation: true, Carries: func(soc.Playbook) bool { return true },
			Resolve: func(_ soc.Playbook, e soc.Entity) (string, string) { return e.Value, "" },
		}}
	}, func(h *webtest.House) {
		p.family = web.Portal(webtest.PublicURL)
		portalapi.Register(h.Registry, p.family, portalapi.Config{Desk: h.Desk, Seal: h.Seal, Now: h.Now})
		h.Start()
	}, func(h *webtest.House) {
		for _, file := range data.Demo() {
			h.Ingest(h.First, file.Format, file.Bytes)
		}
	})
	p.reader = p.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeGamebooksRead}, Basic: true})
	return p
}

// incident is the path of an incident of the first workspace.
func (p *portal) incident(i soc.Incident, rest string) string {
	return "/api/v2/workspaces/" + p.First + "/incidents/" + i.Source + "/" + url.PathEscape(i.ExternalID) + rest
}

func (p *portal) tool(i soc.Incident, rest string) string {
	return "/api/v2/workspaces/" + p.First + "/agent/tools/incidents/" + i.Source + "/" + url.PathEscape(i.ExternalID) + rest
}

// incidents lists those of the first workspace, oldest first.
func (p *portal) incidents(t testing.TB) []soc.Incident {
	t.Helper()
	page, err := p.Desk.ListIncidents(t.Context(), p.by(), soc.IncidentFilter{Sort: "created_at", Limit: 200})
	if err != nil || len(page.Incidents) == 0 {
		t.Fatalf("%d incidents: %v", len(page.Incidents), err)
	}
	return page.Incidents
}

// by is the host in the first workspace.
func (p *portal) by() soc.Actor {
	by := p.Host
	by.Workspace = p.First
	return by
}

// find is the incident of the first workspace with the fewest rows of a source.
func (p *portal) find(t testing.TB, source string) soc.Incident {
	t.Helper()
	var found soc.Incident
	for _, i := range p.incidents(t) {
		if i.Source == source && (found.ID == "" || i.EvidenceCount < found.EvidenceCount) {
			found = i
		}
	}
	if found.ID == "" {
		t.Fatalf("no incident of %s", source)
	}
	return found
}

// workspace is a path in the first workspace.
func (p *portal) workspace(rest string) string { return "/api/v2/workspaces/" + p.First + rest }

// secretBox seals secrets as the server does.
func secretBox(t testing.TB) *soc.SecretBox {
	t.Helper()
	box, err := soc.NewSecretBox(rand.Reader, soc.SecretKey{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// publicOnly lets calls out to public https, and to what is named.
func publicOnly(t testing.TB, allowed ...string) *egress.Policy {
	t.Helper()
	policy, err := egress.NewPolicy(allowed)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}
