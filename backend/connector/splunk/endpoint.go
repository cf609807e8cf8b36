package splunk

import (
	"net/http"

	"vedette/backend/connector"
)

// The calls, on the management port (8089, unless the deployment says otherwise).
// Permissions are capabilities and roles.
var (
	update = connector.Endpoint{
		Name: "write the verdict", Method: http.MethodPost, Path: "/services/notable_update",
		Permission: capability, Source: "Splunk Enterprise Security REST API: Notable Event API reference",
	}
	reviews = connector.Endpoint{
		Name: "read the verdict back", Method: http.MethodGet, Path: "/servicesNS/nobody/{app}/storage/collections/data/incident_review",
		Permission: "role ess_analyst", Source: "Splunk REST API: KV store endpoints; Enterprise Security: incident_review collection",
	}
	whoami = connector.Endpoint{
		Name: "check", Method: http.MethodGet, Path: "/services/authentication/current-context",
		Permission: "any role", Source: "Splunk REST API: Access endpoints",
	}
)

// capability is what changing a notable event needs.
const capability = "edit_notable_events"

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{update, reviews, whoami}
