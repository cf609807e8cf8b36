package defender

import (
	"net/http"

	"vedette/backend/connector"
)

const source = "https://learn.microsoft.com/defender-endpoint/api/"

// The calls, each with the least application permission the vendor documents.
var (
	isolating = connector.Endpoint{
		Name: "host.isolate", Method: http.MethodPost, Path: "/api/machines/{id}/isolate",
		Permission: "Machine.Isolate", Playbooks: []string{"isolate_host"}, Source: source + "isolate-machine",
	}
	releasing = connector.Endpoint{
		Name: "host.release", Method: http.MethodPost, Path: "/api/machines/{id}/unisolate",
		Permission: "Machine.Isolate", Playbooks: []string{"unisolate_host"}, Source: source + "unisolate-machine",
	}
	restricting = connector.Endpoint{
		Name: "host.restrict", Method: http.MethodPost, Path: "/api/machines/{id}/restrictCodeExecution",
		Permission: "Machine.RestrictExecution", Playbooks: []string{"restrict_host"}, Source: source + "restrict-code-execution",
	}
	unrestricting = connector.Endpoint{
		Name: "host.unrestrict", Method: http.MethodPost, Path: "/api/machines/{id}/unrestrictCodeExecution",
		Permission: "Machine.RestrictExecution", Playbooks: []string{"unrestrict_host"}, Source: source + "unrestrict-code-execution",
	}
	scanning = connector.Endpoint{
		Name: "host.scan", Method: http.MethodPost, Path: "/api/machines/{id}/runAntiVirusScan",
		Permission: "Machine.Scan", Playbooks: []string{"scan_host"}, Source: source + "run-av-scan",
	}
	stopping = connector.Endpoint{
		Name: "file.stop", Method: http.MethodPost, Path: "/api/machines/{id}/StopAndQuarantineFile",
		Permission: "Machine.StopAndQuarantine", Playbooks: []string{"stop_file"}, Source: source + "stop-and-quarantine-file",
	}
	actions = connector.Endpoint{
		Name: "host.isolation, host.execution, host.scans, file.stopped", Method: http.MethodGet, Path: "/api/machineactions",
		Permission: "Machine.Read.All", Source: source + "get-machineactions-collection",
		Playbooks: []string{"isolate_host", "unisolate_host", "restrict_host", "unrestrict_host", "scan_host", "stop_file"},
	}
	files = connector.Endpoint{
		Name: "file", Method: http.MethodGet, Path: "/api/files/{id}",
		Permission: "File.Read.All", Playbooks: []string{"stop_file"}, Source: source + "get-file-information",
	}
	sightings = connector.Endpoint{
		Name: "file.endpoints", Method: http.MethodGet, Path: "/api/files/{id}/machines",
		Permission: "Machine.Read.All", Playbooks: []string{"stop_file"}, Source: source + "get-file-related-machines",
	}
	blocking = connector.Endpoint{
		Name: "file.block", Method: http.MethodPost, Path: "/api/indicators",
		Permission: "Ti.ReadWrite", Playbooks: []string{"block_file"}, Source: source + "post-ti-indicator",
	}
	unblocking = connector.Endpoint{
		Name: "file.unblock", Method: http.MethodDelete, Path: "/api/indicators/{id}",
		Permission: "Ti.ReadWrite", Playbooks: []string{"unblock_file"}, Source: source + "delete-ti-indicator-by-id",
	}
	indicators = connector.Endpoint{
		Name: "file.block_state", Method: http.MethodGet, Path: "/api/indicators",
		Permission: "Ti.ReadWrite", Playbooks: []string{"block_file", "unblock_file"}, Source: source + "get-ti-indicators-collection",
	}
)

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{
	connector.MicrosoftSignIn, isolating, releasing, restricting, unrestricting, scanning, stopping, actions, files, sightings, blocking, unblocking, indicators,
}

// wider names permissions that include another.
var wider = map[string][]string{
	"Machine.Read.All": {"Machine.ReadWrite.All"},
	"Ti.ReadWrite":     {"Ti.ReadWrite.All"},
}
