package xdr

import (
	"context"
	"net/http"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

const (
	permission = "SecurityIncident.ReadWrite.All"
	source     = "https://learn.microsoft.com/graph/api/"
)

// The calls, each with the least application permission the vendor documents.
var (
	readIncident = connector.Endpoint{
		Name: "incident", Method: http.MethodGet, Path: "/v1.0/security/incidents/{incident}", Permission: "SecurityIncident.Read.All", Source: source + "security-incident-get",
	}
	writeIncident = connector.Endpoint{
		Name: "write the verdict", Method: http.MethodPatch, Path: "/v1.0/security/incidents/{incident}", Permission: permission, Source: source + "security-incident-update",
	}
	writeComment = connector.Endpoint{
		Name: "write the comment", Method: http.MethodPost, Path: "/v1.0/security/incidents/{incident}/comments", Permission: permission, Source: source + "security-incident-post-comments",
	}
)

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{connector.MicrosoftSignIn, readIncident, writeIncident, writeComment}

var wider = map[string][]string{"SecurityIncident.Read.All": {permission}}

// Kind is how a tenant is configured. It carries no playbook.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "xdr", Title: "Microsoft Defender XDR", BaseURL: "https://graph.microsoft.com",
		Settings: connector.MicrosoftSettings, Secrets: connector.MicrosoftSecrets, Source: soc.SourceDefenderXDR,
		// The security API allows 150 calls a minute and application.
		Limits: connector.Limits{PerSecond: 2, Burst: 10},
		New: func(c connector.Config) (connector.Connector, error) {
			api, err := connector.NewMicrosoft(c, "")
			if err != nil {
				return nil, err
			}
			return &Connector{Microsoft: api, Told: connector.Told{Title: "Defender XDR"}}, nil
		},
	}
}

// Connector is the way out to one tenant.
type Connector struct {
	*connector.Microsoft
	connector.Told
}

var (
	_ connector.Connector     = (*Connector)(nil)
	_ connector.Diagnoser     = (*Connector)(nil)
	_ connector.Healthy       = (*Connector)(nil)
	_ connector.VerdictWriter = (*Connector)(nil)
)

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error { return connector.CheckError(c.Diagnose(ctx)) }

// Diagnose implements connector.Diagnoser.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	return c.Microsoft.Diagnose(ctx, Endpoints[1:], wider)
}
