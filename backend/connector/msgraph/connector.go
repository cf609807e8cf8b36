package msgraph

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
var carried = []string{"disable_user", "enable_user", "reset_password", "revoke_sessions", "confirm_compromised", "dismiss_risk"}

// Kind is how a tenant is configured.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "msgraph", Title: "Microsoft Graph", BaseURL: "https://graph.microsoft.com",
		Settings: connector.MicrosoftSettings, Secrets: connector.MicrosoftSecrets, Playbooks: carried,
		// Graph counts in units per application and tenant; identity protection
		// allows one call a second on average.
		Limits: connector.Limits{PerSecond: 5, Burst: 10},
		New: func(c connector.Config) (connector.Connector, error) {
			api, err := connector.NewMicrosoft(c, "")
			if err != nil {
				return nil, err
			}
			return &Connector{Microsoft: api}, nil
		},
	}
}

// Connector is the way out to one tenant's directory.
type Connector struct {
	*connector.Microsoft
}

var (
	_ connector.Connector = (*Connector)(nil)
	_ connector.Diagnoser = (*Connector)(nil)
	_ connector.Healthy   = (*Connector)(nil)
)

// Carries implements connector.Connector.
func (c *Connector) Carries(playbookID string) bool { return slices.Contains(carried, playbookID) }

// An account is known by its object id or, where the incident names none, by its
// user principal name.
var (
	objectForm = regexp.MustCompile(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	upnForm    = regexp.MustCompile(`^[^\s/\\?%:*|"<>$@][^\s/\\?%:*|"<>@]{0,63}@[a-z0-9.-]{1,190}$`)
)

// Resolve implements connector.Connector.
func (c *Connector) Resolve(e soc.Entity) (string, bool) {
	if e.Kind != soc.KindAccount {
		return "", false
	}
	if id, ok := playbook.Property(e, soc.PropertyObjectID); ok && objectForm.MatchString(id) {
		return id, true
	}
	upn, ok := playbook.Property(e, soc.PropertyUPN)
	return upn, ok && upnForm.MatchString(upn)
}

// Takes implements connector.Choosy: Identity Protection knows accounts by their
// object id only.
func (c *Connector) Takes(playbookID, nativeID string) bool {
	return playbookID != "confirm_compromised" && playbookID != "dismiss_risk" || objectForm.MatchString(nativeID)
}

func usable(kind soc.EntityKind, id string) bool {
	return kind == soc.KindAccount && (objectForm.MatchString(id) || upnForm.MatchString(id))
}

// Carry implements connector.Connector.
func (c *Connector) Carry(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	if !usable(a.Kind, a.NativeID) {
		return connector.Receipt{}, connector.Refusedf(nil, "The target is no account of the directory's.")
	}
	var err error
	switch a.Operation {
	case "account.disable":
		err = c.enable(ctx, a.NativeID, false)
	case "account.enable":
		err = c.enable(ctx, a.NativeID, true)
	case "account.revoke_sessions":
		err = c.revoke(ctx, a.NativeID)
	case "account.reset_password":
		err = c.reset(ctx, a)
	case "account.confirm_compromised":
		err = c.judge(ctx, confirming, a.NativeID)
	case "account.dismiss_risk":
		err = c.judge(ctx, dismissing, a.NativeID)
	default:
		err = connector.Refusedf(nil, "Microsoft Graph has no such operation.")
	}
	return connector.Receipt{}, err
}

// Probe implements connector.Connector.
func (c *Connector) Probe(ctx context.Context, q connector.Question) (string, error) {
	if !usable(q.Kind, q.NativeID) {
		return "", connector.Refusedf(nil, "The target is no account of the directory's.")
	}
	switch q.Operation {
	case "account.status":
		return c.status(ctx, q)
	case "account.sessions":
		return c.sessions(ctx, q)
	case "account.password":
		return c.password(ctx, q)
	case "account.risk":
		return c.risk(ctx, q.NativeID)
	}
	return "", fmt.Errorf("msgraph: no read %q", q.Operation)
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error { return connector.CheckError(c.Diagnose(ctx)) }

// Diagnose implements connector.Diagnoser.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	return c.Microsoft.Diagnose(ctx, Endpoints, wider)
}
