package defender

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
// quarantine_file is not: what the API quarantines it cannot give back.
var carried = []string{
	"isolate_host", "unisolate_host", "restrict_host", "unrestrict_host", "scan_host", "stop_file", "block_file", "unblock_file",
}

// Kind is how a tenant is configured.
func Kind() connector.Kind {
	return connector.Kind{
		Endpoints: Endpoints,
		Name:      "defender", Title: "Microsoft Defender for Endpoint", BaseURL: "https://api.security.microsoft.com",
		Settings: append(slices.Clone(connector.MicrosoftSettings), connector.Field{
			Name: "resource", Help: "what tokens are asked for; national clouds have their own", Default: "https://api.securitycenter.microsoft.com",
		}),
		Secrets: connector.MicrosoftSecrets, Playbooks: carried,
		// The documented limit of actions is 100 calls a minute and 1,500 an hour.
		Limits: connector.Limits{PerSecond: 1.5, Burst: 30},
		New: func(c connector.Config) (connector.Connector, error) {
			api, err := connector.NewMicrosoft(c, c.Settings["resource"])
			if err != nil {
				return nil, err
			}
			return &Connector{Microsoft: api}, nil
		},
	}
}

// Connector is the way out to one tenant.
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

// Forms of the product's own ids. An endpoint is known by its id alone: two may
// share a name. Files are known by SHA-256, or by SHA-1 where that is all there is.
var (
	machineForm = regexp.MustCompile(`^[0-9a-f]{40}$`)
	hashForm    = regexp.MustCompile(`^(?:[0-9a-f]{64}|[0-9a-f]{40})$`)
)

// Resolve implements connector.Connector.
func (c *Connector) Resolve(e soc.Entity) (string, bool) {
	switch e.Kind {
	case soc.KindHost:
		id, ok := playbook.Property(e, soc.PropertyDeviceID)
		return id, ok && machineForm.MatchString(id)
	case soc.KindFile, soc.KindFileHash:
		for _, property := range []string{soc.PropertySHA256, soc.PropertySHA1} {
			if hash, ok := playbook.Property(e, property); ok && hashForm.MatchString(hash) {
				return hash, true
			}
		}
	}
	return "", false
}

func usable(kind soc.EntityKind, id string) bool {
	switch kind {
	case soc.KindHost:
		return machineForm.MatchString(id)
	case soc.KindFile, soc.KindFileHash:
		return hashForm.MatchString(id)
	}
	return false
}

func errTarget() error { return connector.Refusedf(nil, "The target is no id of Defender's.") }

// Carry implements connector.Connector.
func (c *Connector) Carry(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	if !usable(a.Kind, a.NativeID) || a.IdempotencyKey == "" {
		return connector.Receipt{}, errTarget()
	}
	onHost := a.Kind == soc.KindHost
	switch {
	case a.Operation == "host.isolate" && onHost:
		mode, _ := a.Parameters["mode"].(string)
		return c.turn(ctx, isolation, true, a, map[string]any{"IsolationType": word(mode, "full", "Full", "Selective")})
	case a.Operation == "host.release" && onHost:
		return c.turn(ctx, isolation, false, a, nil)
	case a.Operation == "host.restrict" && onHost:
		return c.turn(ctx, execution, true, a, nil)
	case a.Operation == "host.unrestrict" && onHost:
		return c.turn(ctx, execution, false, a, nil)
	case a.Operation == "host.scan" && onHost:
		depth, _ := a.Parameters["depth"].(string)
		return c.order(ctx, scanning, "RunAntiVirusScan", a.NativeID, a.IdempotencyKey, map[string]any{"ScanType": word(depth, "quick", "Quick", "Full")})
	case a.Operation == "file.stop" && !onHost:
		return connector.Receipt{}, c.stop(ctx, a)
	case a.Operation == "file.block" && !onHost:
		return c.block(ctx, a)
	case a.Operation == "file.unblock" && !onHost:
		return connector.Receipt{}, c.unblock(ctx, a.NativeID)
	}
	return connector.Receipt{}, connector.Refusedf(nil, "Defender has no such operation.")
}

// word is first for the default or nothing stated, else second.
func word(stated, usual, first, second string) string {
	if stated == "" || stated == usual {
		return first
	}
	return second
}

// Probe implements connector.Connector.
func (c *Connector) Probe(ctx context.Context, q connector.Question) (string, error) {
	if !usable(q.Kind, q.NativeID) {
		return "", errTarget()
	}
	switch q.Operation {
	case "host.isolation":
		return c.state(ctx, isolation, q.NativeID)
	case "host.execution":
		return c.state(ctx, execution, q.NativeID)
	case "host.scans":
		return c.scanned(ctx, q)
	case "file.stopped":
		return c.stopped(ctx, q)
	case "file.block_state":
		state, err := c.blockState(ctx, q.NativeID)
		return state.word, err
	}
	return "", fmt.Errorf("defender: no read %q", q.Operation)
}

// Check implements connector.Connector.
func (c *Connector) Check(ctx context.Context) error { return connector.CheckError(c.Diagnose(ctx)) }

// Diagnose implements connector.Diagnoser.
func (c *Connector) Diagnose(ctx context.Context) soc.ConnectorCheck {
	return c.Microsoft.Diagnose(ctx, Endpoints, wider)
}
