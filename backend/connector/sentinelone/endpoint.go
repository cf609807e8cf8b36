package sentinelone

import (
	"net/http"

	"vedette/backend/connector"
)

// source is where the calls are documented: the console of every tenant holds
// the reference at /api-doc.
const source = "SentinelOne Management API 2.1 (console: Help, API Doc)"

// The calls. Permissions are those of a role, as its page in the console words
// them; consoles of other versions may word them differently.
var (
	disconnect = connector.Endpoint{
		Name: "host.isolate", Method: http.MethodPost, Path: "/web/api/v2.1/agents/actions/disconnect",
		Permission: "Endpoints: Disconnect From Network", Playbooks: []string{"isolate_host"}, Source: source,
	}
	connect = connector.Endpoint{
		Name: "host.release", Method: http.MethodPost, Path: "/web/api/v2.1/agents/actions/connect",
		Permission: "Endpoints: Reconnect To Network", Playbooks: []string{"unisolate_host"}, Source: source,
	}
	agents = connector.Endpoint{
		Name: "host.isolation", Method: http.MethodGet, Path: "/web/api/v2.1/agents",
		Permission: "Endpoints: View", Playbooks: []string{"isolate_host", "unisolate_host"}, Source: source,
	}
	mitigate = connector.Endpoint{
		Name: "file.quarantine, file.restore", Method: http.MethodPost, Path: "/web/api/v2.1/threats/mitigate/{action}",
		Permission: "Endpoint Threats: Mitigate", Playbooks: []string{"quarantine_file", "restore_file"}, Source: source,
	}
	threats = connector.Endpoint{
		Name: "file.state", Method: http.MethodGet, Path: "/web/api/v2.1/threats",
		Permission: "Endpoint Threats: View", Playbooks: []string{"quarantine_file", "restore_file"}, Source: source,
	}
	notes = connector.Endpoint{
		Name: "read notes", Method: http.MethodGet, Path: "/web/api/v2.1/threats/{threat_id}/notes",
		Permission: "Endpoint Threats: View", Source: source,
	}
	addNote = connector.Endpoint{
		Name: "add a note", Method: http.MethodPost, Path: "/web/api/v2.1/threats/notes",
		Permission: "Endpoint Threats: Manage Notes", Source: source,
	}
	analystVerdict = connector.Endpoint{
		Name: "write the verdict", Method: http.MethodPost, Path: "/web/api/v2.1/threats/analyst-verdict",
		Permission: "Endpoint Threats: Update Analyst Verdict", Source: source,
	}
	incidentStatus = connector.Endpoint{
		Name: "resolve", Method: http.MethodPost, Path: "/web/api/v2.1/threats/incident",
		Permission: "Endpoint Threats: Update Incident Status", Source: source,
	}
)

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{disconnect, connect, agents, mitigate, threats, notes, addNote, analystVerdict, incidentStatus}
