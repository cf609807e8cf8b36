package sentinelapi

import (
	"context"
	"net/http"
	"net/url"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// apiVersion is the version of Microsoft.SecurityInsights that is spoken.
const apiVersion = "2024-03-01"

const (
	incidentsPath = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces/{workspace}/providers/Microsoft.SecurityInsights/incidents"
	responder     = "Microsoft Sentinel Responder"
	source        = "https://learn.microsoft.com/rest/api/securityinsights/"
)

// The calls. Permissions are roles of the workspace.
var (
	listIncidents = connector.Endpoint{
		Name: "incidents", Method: http.MethodGet, Path: incidentsPath, Permission: responder, Source: source + "incidents/list",
	}
	readIncident = connector.Endpoint{
		Name: "incident", Method: http.MethodGet, Path: incidentsPath + "/{incident}", Permission: responder, Source: source + "incidents/get",
	}
	writeIncident = connector.Endpoint{
		Name: "write the verdict", Method: http.MethodPut, Path: incidentsPath + "/{incident}", Permission: responder, Source: source + "incidents/create-or-update",
	}
	readComment = connector.Endpoint{
		Name: "comment", Method: http.MethodGet, Path: incidentsPath + "/{incident}/comments/{comment}", Permission: responder, Source: source + "incident-comments/get",
	}
	writeComment = connector.Endpoint{
		Name: "write the comment", Method: http.MethodPut, Path: incidentsPath + "/{incident}/comments/{comment}", Permission: responder,
		Source: source + "incident-comments/create-or-update",
	}
)

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{connector.MicrosoftSignIn, listIncidents, readIncident, writeIncident, readComment, writeComment}

// Kind is how a workspace of Sentinel is configured. It carries no playbook: it
// tells Sentinel how its incidents were closed.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "sentinel", Title: "Microsoft Sentinel", BaseURL: "https://management.azure.com",
		Settings: append([]connector.Field{
			{Name: "subscription_id", Help: "the subscription of the Log Analytics workspace", Required: true},
			{Name: "resource_group", Help: "its resource group", Required: true},
			{Name: "workspace_name", Help: "its name", Required: true},
		}, connector.MicrosoftSettings...),
		Secrets: connector.MicrosoftSecrets, Source: soc.SourceSentinel,
		// Azure allows 200 writes a subscription at once, refilled at 10 a second.
		Limits: connector.Limits{PerSecond: 5, Burst: 20},
		New: func(c connector.Config) (connector.Connector, error) {
			api, err := connector.NewMicrosoft(c, "")
			if err != nil {
				return nil, err
			}
			return &Connector{Microsoft: api, Told: connector.Told{Title: "Sentinel"}, place: []string{c.Settings["subscription_id"], c.Settings["resource_group"], c.Settings["workspace_name"]}}, nil
		},
	}
}

// Connector is the way out to one workspace of Sentinel.
type Connector struct {
	*connector.Microsoft
	connector.Told
	place []string // subscription, resource group, workspace
}

var (
	_ connector.Connector     = (*Connector)(nil)
	_ connector.Diagnoser     = (*Connector)(nil)
	_ connector.Healthy       = (*Connector)(nil)
	_ connector.VerdictWriter = (*Connector)(nil)
)

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error { return connector.CheckError(c.Diagnose(ctx)) }

// Diagnose implements connector.Diagnoser. Roles of Azure are not in the token:
// reading is tried, writing is not.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	found := c.Microsoft.Diagnose(ctx, nil, nil)
	if !found.OK() {
		return found
	}
	var page struct {
		Value *[]struct{} `json:"value"`
	}
	_, err := c.Ask(ctx, c.call(listIncidents, nil, url.Values{"$top": {"1"}}), &page)
	if err == nil && page.Value == nil {
		err = connector.Unknownf(nil, "Sentinel's answer holds no list.")
	}
	declined := connector.Missing(err)
	if declined {
		err = nil
	}
	if found.Step("read incidents", err) {
		found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: responder, Granted: !declined})
	}
	return found
}

// call is one call in the configured workspace.
func (c *Connector) call(e connector.Endpoint, values []string, query url.Values) connector.Call {
	if query == nil {
		query = url.Values{}
	}
	query.Set("api-version", apiVersion)
	return connector.Call{Endpoint: e, Values: append(append([]string{}, c.place...), values...), Query: query}
}
