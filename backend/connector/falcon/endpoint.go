package falcon

import (
	"net/http"

	"vedette/backend/connector"
)

// The calls. Permissions are the API client's scopes, as the Falcon console
// words them; references are the collections of developer.crowdstrike.com.
var (
	signIn = connector.Endpoint{
		Name: "sign in", Method: http.MethodPost, Path: "/oauth2/token",
		Permission: "an API client", Source: "OAuth2: oauth2AccessToken",
	}
	hostAction = connector.Endpoint{
		Name: "host.isolate, host.release", Method: http.MethodPost, Path: "/devices/entities/devices-actions/v2",
		Permission: "Hosts: Write", Playbooks: []string{"isolate_host", "unisolate_host"}, Source: "Hosts: PerformActionV2",
	}
	hosts = connector.Endpoint{
		Name: "host.isolation", Method: http.MethodGet, Path: "/devices/entities/devices/v2",
		Permission: "Hosts: Read", Playbooks: []string{"isolate_host", "unisolate_host"}, Source: "Hosts: GetDeviceDetailsV2",
	}
	hostQuery = connector.Endpoint{
		Name: "check hosts", Method: http.MethodGet, Path: "/devices/queries/devices/v1",
		Permission: "Hosts: Read", Playbooks: []string{"isolate_host", "unisolate_host"}, Source: "Hosts: QueryDevicesByFilter",
	}
	scanStart = connector.Endpoint{
		Name: "host.scan", Method: http.MethodPost, Path: "/ods/entities/scans/v1",
		Permission: "On-demand scans (ODS): Write", Playbooks: []string{"scan_host"}, Source: "ODS: create_scan",
	}
	scanQuery = connector.Endpoint{
		Name: "host.scans", Method: http.MethodGet, Path: "/ods/queries/scans/v1",
		Permission: "On-demand scans (ODS): Read", Playbooks: []string{"scan_host"}, Source: "ODS: query_scans",
	}
	scans = connector.Endpoint{
		Name: "host.scans", Method: http.MethodGet, Path: "/ods/entities/scans/v2",
		Permission: "On-demand scans (ODS): Read", Playbooks: []string{"scan_host"}, Source: "ODS: get_scans_by_scan_ids_v2",
	}
	indicatorCreate = connector.Endpoint{
		Name: "file.block", Method: http.MethodPost, Path: "/iocs/entities/indicators/v1",
		Permission: "IOC Management: Write", Playbooks: []string{"block_file"}, Source: "IOC: indicator_create_v1",
	}
	indicatorDelete = connector.Endpoint{
		Name: "file.unblock", Method: http.MethodDelete, Path: "/iocs/entities/indicators/v1",
		Permission: "IOC Management: Write", Playbooks: []string{"unblock_file"}, Source: "IOC: indicator_delete_v1",
	}
	indicators = connector.Endpoint{
		Name: "file.block_state", Method: http.MethodGet, Path: "/iocs/combined/indicator/v1",
		Permission: "IOC Management: Read", Playbooks: []string{"block_file", "unblock_file"}, Source: "IOC: indicator_combined_v1",
	}
	alerts = connector.Endpoint{
		Name: "read the verdict back", Method: http.MethodPost, Path: "/alerts/entities/alerts/v2",
		Permission: "Alerts: Read", Source: "Alerts: PostEntitiesAlertsV2",
	}
	alertUpdate = connector.Endpoint{
		Name: "write the verdict", Method: http.MethodPatch, Path: "/alerts/entities/alerts/v3",
		Permission: "Alerts: Write", Source: "Alerts: PatchEntitiesAlertsV3",
	}
)

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{
	signIn, hostAction, hosts, hostQuery, scanStart, scanQuery, scans, indicatorCreate, indicatorDelete, indicators, alerts, alertUpdate,
}
