package qradar

import (
	"context"
	"maps"
	"slices"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

// Kind is how a QRadar deployment is configured. Closing reasons are the
// deployment's own and found by their text; the defaults are those it ships with.
// An empty one leaves the offense open: the note alone tells the verdict.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "qradar", Title: "IBM QRadar", Source: soc.SourceQRadar,
		Settings: []connector.Field{
			{Name: "true_positive", Help: "closing reason of a true positive", Default: "Policy Violation"},
			{Name: "benign_positive", Help: "closing reason of a benign positive", Default: "Non-Issue"},
			{Name: "false_positive", Help: "closing reason of a false positive", Default: "False-Positive, Tuned"},
			{Name: "undetermined", Help: "closing reason of an undetermined incident; none leaves the offense open"},
		},
		Secrets: []connector.Field{{Name: "token", Help: "token of an authorized service", Required: true}},
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
	return &Connector{Product: connector.NewProduct(c), Told: connector.Told{Title: "QRadar"}}
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error { return connector.CheckError(c.Diagnose(ctx)) }

// Diagnose implements connector.Diagnoser: the closing reasons that the settings
// name must exist.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	var found soc.ConnectorCheck
	list, err := c.reasons(ctx)
	declined := connector.Missing(err)
	if declined {
		err = nil
	}
	if !found.Step("read closing reasons", err) {
		return found
	}
	found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: role, Granted: !declined})
	if declined {
		return found
	}
	for _, name := range slices.Sorted(maps.Keys(c.Config.Settings)) {
		text := c.Config.Settings[name]
		if _, known := list[text]; !known && text != "" {
			found.Step("closing reason of "+name, connector.Refusedf(nil, "QRadar has no such closing reason: %s.", soc.DisplayName(text)))
		}
	}
	return found
}
