package portalapi_test

import (
	"maps"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// withMore adds the examples of the histories, the data sources and the writes.
func (p *portal) withMore(i soc.Incident, examples map[string]webtest.Example) map[string]webtest.Example {
	const inWorkspace = "/api/v2/workspaces/{workspaceId}"
	ok := func(target string) webtest.Example { return webtest.Example{Target: target, Status: 200} }
	maps.Copy(examples, map[string]webtest.Example{
		"GET " + inWorkspace + "/gamebooks/history":                        ok(p.workspace("/gamebooks/history")),
		"GET " + inWorkspace + "/gamebooks/history/{gamebookId}/playbooks": ok(p.workspace("/gamebooks/history/GB-7K2M9Q4S/playbooks")),
		"GET " + inWorkspace + "/gamebooks/by-incident/{incidentId}":       ok(p.workspace("/gamebooks/by-incident/" + i.ExternalID)),
		"GET /api/v2/gamebooks/across-workspaces/history":                  ok("/api/v2/gamebooks/across-workspaces/history"),
	})
	return examples
}
