package sentinelone

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"vedette/backend/connector"
	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// carried are the playbooks of the catalogue that the product can carry out.
var carried = []string{"isolate_host", "unisolate_host", "quarantine_file", "restore_file"}

// Kind is how a SentinelOne tenant is configured. Its base URL is the tenant's
// own console, so there is no default.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "sentinelone", Title: "SentinelOne", Source: soc.SourceSentinelOne,
		Secrets: []connector.Field{{
			Name: "api_token", Required: true,
			Help: "API token of a service user whose role and scope are no wider than what is to be done",
		}},
		Playbooks: carried,
		// The documented limits differ by call, the lowest of ours being 25 a second;
		// a tenant's other integrations share them.
		Limits: connector.Limits{PerSecond: 5, Burst: 10},
		New:    func(c connector.Config) (connector.Connector, error) { return newConnector(c), nil },
	}
}

// Connector is the way out to one tenant.
type Connector struct{ connector.Product }

var (
	_ connector.Connector = (*Connector)(nil)
	_ connector.Diagnoser = (*Connector)(nil)
	_ connector.Healthy   = (*Connector)(nil)

	_ connector.VerdictWriter = (*Connector)(nil)
)

func newConnector(c connector.Config) *Connector {
	return &Connector{connector.NewProduct(c)}
}

// Carries implements connector.Connector.
func (c *Connector) Carries(playbookID string) bool { return slices.Contains(carried, playbookID) }

// Forms of the product's own ids. An agent is known by a decimal number; a name
// is none, since two endpoints may share it. Threats are filtered by SHA-1.
var (
	agentForm = regexp.MustCompile(`^[0-9]{15,20}$`)
	sha1Form  = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// Resolve implements connector.Connector.
func (c *Connector) Resolve(e soc.Entity) (string, bool) {
	var property string
	switch e.Kind {
	case soc.KindHost:
		property = soc.PropertyDeviceID
	case soc.KindFile, soc.KindFileHash:
		property = soc.PropertySHA1
	default:
		return "", false
	}
	value, ok := playbook.Property(e, property)
	return value, ok && form(e.Kind).MatchString(value)
}

func form(kind soc.EntityKind) *regexp.Regexp {
	if kind == soc.KindHost {
		return agentForm
	}
	return sha1Form
}

// Carry implements connector.Connector.
func (c *Connector) Carry(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	if !form(a.Kind).MatchString(a.NativeID) {
		return connector.Receipt{}, connector.Refusedf(nil, "The target is no id of SentinelOne's.")
	}
	var err error
	switch a.Operation {
	case "host.isolate":
		if mode, stated := a.Parameters["mode"]; stated && mode != "full" {
			return connector.Receipt{}, connector.Refusedf(nil, "SentinelOne cuts every connection; it has no selective isolation.")
		}
		err = c.network(ctx, disconnect, a.NativeID, isolated)
	case "host.release":
		err = c.network(ctx, connect, a.NativeID, connected)
	case "file.quarantine":
		err = c.mitigate(ctx, "quarantine", a.NativeID, quarantined)
	case "file.restore":
		err = c.mitigate(ctx, "un-quarantine", a.NativeID, present)
	default:
		err = connector.Refusedf(nil, "SentinelOne has no such operation.")
	}
	return connector.Receipt{}, err // the API names no act, it only counts
}

// Probe implements connector.Connector.
func (c *Connector) Probe(ctx context.Context, q connector.Question) (string, error) {
	if !form(q.Kind).MatchString(q.NativeID) {
		return "", connector.Refusedf(nil, "The target is no id of SentinelOne's.")
	}
	switch q.Operation {
	case "host.isolation":
		return c.isolation(ctx, q.NativeID)
	case "file.state":
		return c.fileState(ctx, q.NativeID)
	}
	return "", fmt.Errorf("sentinelone: no read %q", q.Operation)
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error {
	return connector.CheckError(c.Diagnose(ctx))
}

// Diagnose implements connector.Diagnoser. What a role may do cannot be asked
// of the API, only tried: the permissions to read are, those to act are not.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	var found soc.ConnectorCheck
	for _, e := range []connector.Endpoint{agents, threats} {
		err := c.look(ctx, e)
		declined := connector.Missing(err)
		if declined {
			err = nil
		}
		if !found.Step("read "+e.Name, err) {
			continue
		}
		found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: e.Permission, Granted: !declined, NeededFor: e.Playbooks})
	}
	return found
}
