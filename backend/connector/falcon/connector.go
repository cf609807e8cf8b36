package falcon

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"vedette/backend/connector"
	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// carried are the playbooks of the catalogue that the product can carry out.
var carried = []string{"isolate_host", "unisolate_host", "scan_host", "block_file", "unblock_file"}

// Kind is how a Falcon customer is configured. The base URL depends on the cloud
// the customer is in (US-1 is https://api.crowdstrike.com), so there is no
// default: the wrong one only redirects.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "falcon", Title: "CrowdStrike Falcon", Source: soc.SourceCrowdStrike,
		Secrets: []connector.Field{
			{Name: "client_id", Help: "id of an API client", Required: true},
			{Name: "client_secret", Help: "secret of the API client", Required: true},
		},
		Playbooks: carried,
		// The documented limit is 6,000 requests a minute for a whole customer; its
		// other integrations share it.
		Limits: connector.Limits{PerSecond: 10, Burst: 20},
		New:    func(c connector.Config) (connector.Connector, error) { return newConnector(c), nil },
	}
}

// Connector is the way out to one customer.
type Connector struct {
	connector.Product
	tokens *connector.Tokens
	client *http.Client
}

var (
	_ connector.Connector = (*Connector)(nil)
	_ connector.Diagnoser = (*Connector)(nil)
	_ connector.Healthy   = (*Connector)(nil)

	_ connector.VerdictWriter = (*Connector)(nil)
)

func newConnector(c connector.Config) *Connector {
	c.Client = throttled(c.Client, c.Now)
	product := connector.NewProduct(c)
	tokens := connector.NewTokens(product.Line, connector.ClientCredentials{
		TokenURL: c.BaseURL + signIn.Path, ID: c.Secrets["client_id"], Secret: c.Secrets["client_secret"],
	})
	return &Connector{Product: product, tokens: tokens, client: tokens.Client()}
}

// Carries implements connector.Connector.
func (c *Connector) Carries(playbookID string) bool { return slices.Contains(carried, playbookID) }

// Forms of the product's own ids: a host is known by its agent id, never by a
// name that two hosts may share; custom indicators of files by SHA-256 or MD5.
var (
	agentForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	hashForm  = regexp.MustCompile(`^(?:[0-9a-f]{64}|[0-9a-f]{32})$`)
)

// Resolve implements connector.Connector.
func (c *Connector) Resolve(e soc.Entity) (string, bool) {
	properties := []string{soc.PropertySHA256, soc.PropertyMD5}
	switch e.Kind {
	case soc.KindHost:
		properties = []string{soc.PropertyDeviceID}
	case soc.KindFile, soc.KindFileHash:
	default:
		return "", false
	}
	for _, property := range properties {
		if value, ok := playbook.Property(e, property); ok && form(e.Kind).MatchString(value) {
			return value, true
		}
	}
	return "", false
}

func form(kind soc.EntityKind) *regexp.Regexp {
	if kind == soc.KindHost {
		return agentForm
	}
	return hashForm
}

// Carry implements connector.Connector.
func (c *Connector) Carry(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	if !form(a.Kind).MatchString(a.NativeID) || a.IdempotencyKey == "" {
		return connector.Receipt{}, connector.Refusedf(nil, "The target is no id of Falcon's.")
	}
	switch a.Operation {
	case "host.isolate":
		if mode, stated := a.Parameters["mode"]; stated && mode != "full" {
			return connector.Receipt{}, connector.Refusedf(nil, "Falcon cuts every connection; it has no selective isolation.")
		}
		return c.contain(ctx, "contain", a.NativeID, isolated)
	case "host.release":
		return c.contain(ctx, "lift_containment", a.NativeID, connected)
	case "host.scan":
		return c.scan(ctx, a)
	case "file.block":
		return c.block(ctx, a)
	case "file.unblock":
		return c.unblock(ctx, a)
	}
	return connector.Receipt{}, connector.Refusedf(nil, "Falcon has no such operation.")
}

// Probe implements connector.Connector.
func (c *Connector) Probe(ctx context.Context, q connector.Question) (string, error) {
	if !form(q.Kind).MatchString(q.NativeID) {
		return "", connector.Refusedf(nil, "The target is no id of Falcon's.")
	}
	switch q.Operation {
	case "host.isolation":
		return c.isolation(ctx, q.NativeID)
	case "host.scans":
		return c.scanState(ctx, q.NativeID, q.IdempotencyKey)
	case "file.block_state":
		_, state, err := c.blockState(ctx, q.NativeID)
		return state, err
	}
	return "", fmt.Errorf("falcon: no read %q", q.Operation)
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error {
	return connector.CheckError(c.Diagnose(ctx))
}

// Diagnose implements connector.Diagnoser. A token does not say which scopes its
// client has; the scopes to read are tried, those to write cannot be without
// acting.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	var found soc.ConnectorCheck
	if _, _, err := c.tokens.Token(ctx); !found.Step("token", err) {
		return found
	}
	for _, e := range []connector.Endpoint{hostQuery, scanQuery, indicators} {
		_, err := c.ask(ctx, e, url.Values{"limit": {"1"}}, nil)
		declined := connector.Missing(err)
		if declined {
			err = nil
		}
		if found.Step("read "+e.Name, err) {
			found.Permissions = append(found.Permissions, soc.ConnectorPermission{Name: e.Permission, Granted: !declined, NeededFor: e.Playbooks})
		}
	}
	return found
}
