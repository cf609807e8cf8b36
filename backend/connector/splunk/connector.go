package splunk

import (
	"context"
	"slices"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// Kind is how a Splunk Enterprise Security is configured. Statuses and
// dispositions are the deployment's own; the defaults are those it ships with.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "splunk", Title: "Splunk Enterprise Security", Source: soc.SourceSplunk,
		Settings: []connector.Field{
			{Name: "closed_status", Help: "number of the status of a closed notable", Default: "5"},
			{Name: "true_positive", Help: "disposition of a true positive", Default: "disposition:1"},
			{Name: "benign_positive", Help: "disposition of a benign positive", Default: "disposition:2"},
			{Name: "false_positive_logic", Help: "disposition of a false positive by incorrect logic", Default: "disposition:3"},
			{Name: "false_positive", Help: "disposition of any other false positive", Default: "disposition:4"},
			{Name: "undetermined", Help: "disposition of an undetermined incident", Default: "disposition:6"},
			{Name: "review_app", Help: "app that keeps the incident_review collection", Default: "SA-ThreatIntelligence"},
		},
		Secrets: []connector.Field{{Name: "token", Help: "authentication token of a user with the capability " + capability, Required: true}},
		Limits:  connector.Limits{PerSecond: 5, Burst: 5},
		New:     func(c connector.Config) (connector.Connector, error) { return newConnector(c), nil },
	}
}

// Connector is the way out to one deployment.
type Connector struct {
	connector.Product
	connector.Told
}

var (
	_ connector.Connector     = (*Connector)(nil)
	_ connector.Diagnoser     = (*Connector)(nil)
	_ connector.Healthy       = (*Connector)(nil)
	_ connector.VerdictWriter = (*Connector)(nil)
)

func newConnector(c connector.Config) *Connector {
	return &Connector{Product: connector.NewProduct(c), Told: connector.Told{Title: "Splunk"}}
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error { return connector.CheckError(c.Diagnose(ctx)) }

// Diagnose implements connector.Diagnoser: a session tells its capabilities.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	var found soc.ConnectorCheck
	held, err := c.capabilities(ctx)
	if !found.Step("sign in", err) {
		return found
	}
	found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: capability, Granted: slices.Contains(held, capability)})
	_, err = c.reviews(ctx, "none")
	declined := connector.Missing(err)
	if declined {
		err = nil
	}
	if found.Step("read reviews", err) {
		found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: reviews.Permission, Granted: !declined})
	}
	return found
}
