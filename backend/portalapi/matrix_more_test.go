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
	authored := inWorkspace + "/incidents/{source}/{incidentId}"
	maps.Copy(examples, map[string]webtest.Example{
		"GET " + inWorkspace + "/gamebooks/history":                        ok(p.workspace("/gamebooks/history")),
		"GET " + inWorkspace + "/gamebooks/history/{gamebookId}/playbooks": ok(p.workspace("/gamebooks/history/GB-7K2M9Q4S/playbooks")),
		"GET " + inWorkspace + "/gamebooks/by-incident/{incidentId}":       ok(p.workspace("/gamebooks/by-incident/" + i.ExternalID)),
		"PUT " + authored + "/status":                                      {Target: p.incident(i, "/status"), Body: `{"status":"New"}`, Status: 204},
		"PUT " + authored + "/assignee":                                    {Target: p.incident(i, "/assignee"), Body: `{}`, Status: 204},
		"POST " + inWorkspace + "/tickets/link": {
			Target: p.workspace("/tickets/link"), Body: `{"ticketId":"INC0010042","incident":{"id":"` + i.ExternalID + `","source":"` + i.Source + `"}}`,
		},
		"POST /api/v2/incidents/across-workspaces/bulk-update": {
			Target: "/api/v2/incidents/across-workspaces/bulk-update", Body: `{"items":[{"id":"` + i.ExternalID + `","workspace":"` + p.First + `","incidentSource":"` + i.Source + `","status":"New"}]}`, Status: 200,
			Adds: webtest.Counted{Audit: 1}, // a viewer is refused each item, on record
		},
		"GET " + inWorkspace + "/datasources":                        ok(p.workspace("/datasources")),
		"GET /api/v2/datasources/across-workspaces":                  ok("/api/v2/datasources/across-workspaces"),
		"POST /api/v2/datasources/across-workspaces/anomalies":       {Target: "/api/v2/datasources/across-workspaces/anomalies", Body: `{}`, Status: 200},
		"GET " + inWorkspace + "/investigation/users/signin-logs":    ok(p.workspace("/investigation/users/signin-logs?UserId=ana")),
		"GET " + inWorkspace + "/investigation/users/directory-logs": ok(p.workspace("/investigation/users/directory-logs?UserId=ana")),
		"GET /api/v2/gamebooks/across-workspaces/history":            ok("/api/v2/gamebooks/across-workspaces/history"),
	})
	return examples
}
