package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/soc"
	"vedette/backend/store"
)

type connectorsCommand struct {
	Kinds     connectorKindsCommand     `cmd:"" help:"List the products that can be configured, and what each wants to be told."`
	Endpoints endpointsCommand          `cmd:"" help:"List every call that is made to products, and the permission each needs."`
	Example   declarationExampleCommand `cmd:"" help:"Print a declaration (kind http) to start from."`
	Add       addConnectorCommand       `cmd:"" help:"Configure a connector, with the authority of the host."`
	Secrets   connectorSecretsCommand   `cmd:"" help:"Set secrets of a connector; nothing reads them back."`
	List      listConnectorsCommand     `cmd:"" help:"List connectors."`
	Show      showConnectorCommand      `cmd:"" help:"Show a connector."`
	Enable    enableConnectorCommand    `cmd:"" help:"Put a connector in force."`
	Disable   disableConnectorCommand   `cmd:"" help:"Take a connector out of force at once."`
	Remove    removeConnectorCommand    `cmd:"" help:"Delete a connector and its secrets."`
	Check     checkConnectorsCommand    `cmd:"" help:"Ask the products what works and which permission is missing; reads only. Exit code 1 if anything is."`
}

// connectorFlags are what every one of these commands needs.
type connectorFlags struct {
	Workspace     string   `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
	SecretKeyFile string   `help:"Keys that seal secrets (default: <db>.key)." placeholder:"FILE"`
	EgressAllow   []string `help:"What connectors may reach beyond public https: CIDR or host[:port]." placeholder:"TARGET"`
}

// connectorDesk is a desk that can seal secrets and call products.
type connectorDesk struct {
	*local
	fleet *fleet
}

// open opens the database with its keys, in the workspace of the flags.
func (c connectorFlags) open(ctx context.Context, e *environment, operation string) (d *connectorDesk, err error) {
	rules, err := (&serveCommand{Listen: "127.0.0.1:0", SecretKeyFile: c.SecretKeyFile}).rules(database(e.program.DB))
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, e.program.DB, store.Options{})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	ring, err := openKeyRing(ctx, s, rules.secretKeyFile, rules.mayMakeKey)
	if err != nil {
		return nil, err
	}
	secrets, err := ring.secretBox()
	if err != nil {
		return nil, err
	}
	allowed, err := egress.NewPolicy(c.EgressAllow)
	if err != nil {
		return nil, err
	}
	d = &connectorDesk{fleet: newFleet(connectorKinds(), allowed, slog.New(slog.NewJSONHandler(e.err, &slog.HandlerOptions{Level: slog.LevelWarn})))}
	desk := backend.New(backend.Config{Store: s, Secrets: secrets, CheckURL: allowed.Check, Products: d.fleet.products(), KillFile: rules.killFile})
	d.local = &local{store: s, desk: desk, host: hostActor("connectors " + operation)}
	w, err := d.workspaceOrOnly(ctx, c.Workspace)
	if err != nil {
		return nil, err
	}
	d.host.Workspace, d.host.Organization = w.ID, w.Organization
	return d, nil
}

// connector finds a connector by id or name.
func (d *connectorDesk) connector(ctx context.Context, name string) (soc.ConnectorView, error) {
	all, err := d.desk.ListConnectors(ctx, d.host)
	if err != nil {
		return soc.ConnectorView{}, err
	}
	for _, c := range all {
		if c.Connector.ID == name || c.Connector.Name == name {
			return c, nil
		}
	}
	return soc.ConnectorView{}, soc.NotFoundf("There is no such connector.").WithFix("`vedette connectors list` shows them.")
}

// secretSource is where secrets come from: never an argument, which other users
// of the machine could see.
type secretSource struct {
	SecretsFile  string `help:"Read secrets from this file, lines of NAME: VALUE; mode 0600." placeholder:"FILE" xor:"secrets"`
	SecretsStdin bool   `env:"-" help:"Read secrets from standard input, lines of NAME: VALUE." xor:"secrets"`
}

// maxSecrets is the most bytes of secrets that are read.
const maxSecrets = 64 << 10

func (s secretSource) read(e *environment) (map[string]string, error) {
	in := e.in
	switch {
	case s.SecretsFile != "":
		file, err := os.Open(s.SecretsFile)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		info, err := file.Stat()
		if err != nil {
			return nil, err
		}
		if info.Mode().Perm()&0o077 != 0 {
			return nil, fmt.Errorf("the file %s can be read by others; run `chmod 600 %s`", s.SecretsFile, s.SecretsFile)
		}
		in = file
	case !s.SecretsStdin:
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(in, maxSecrets))
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	if err := yaml.Unmarshal(body, &secrets); err != nil || len(secrets) == 0 {
		return nil, fmt.Errorf("no secrets were read: expected lines of NAME: VALUE") // the parser's message would quote them
	}
	return secrets, nil
}

type connectorKindsCommand struct{}

func (connectorKindsCommand) Run(e *environment) error {
	values, rows := []map[string]any{}, [][]string{{"KIND", "PRODUCT", "BASE URL", "SETTINGS", "SECRETS", "PLAYBOOKS"}}
	for _, k := range connectorKinds() {
		values = append(values, map[string]any{
			"kind": k.Name, "product": k.Title, "base_url": k.BaseURL, "settings": fieldsJSON(k.Settings), "secrets": fieldsJSON(k.Secrets),
			"playbooks": append([]string{}, k.Playbooks...), "rate_per_second": k.Limits.PerSecond, "burst": k.Limits.Burst,
		})
		rows = append(rows, []string{k.Name, k.Title, dash(k.BaseURL), dash(fieldNames(k.Settings)), dash(fieldNames(k.Secrets)), dash(strings.Join(k.Playbooks, " "))})
	}
	return e.print(map[string]any{"kinds": values}, rows)
}

func fieldsJSON(fields []connector.Field) []map[string]any {
	out := []map[string]any{}
	for _, f := range fields {
		out = append(out, map[string]any{"name": f.Name, "help": f.Help, "required": f.Required, "default": f.Default, "one_of": append([]string{}, f.OneOf...)})
	}
	return out
}

// fieldNames marks optional ones with a question mark.
func fieldNames(fields []connector.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
		if !f.Required {
			names[i] += "?"
		}
	}
	return strings.Join(names, " ")
}

type addConnectorCommand struct {
	Kind        string            `arg:"" help:"Product, as listed by: vedette connectors kinds."`
	Name        string            `arg:"" help:"Name that people will see."`
	BaseURL     string            `name:"base-url" help:"Where the product answers, if not at the vendor's usual address." placeholder:"URL"`
	Set         map[string]string `help:"Settings of the kind." placeholder:"NAME=VALUE"`
	Playbook    []string          `help:"Leave only these playbooks in use." placeholder:"ID"`
	Rate        float64           `help:"Calls a second, if not the kind's." placeholder:"N"`
	Burst       int               `help:"Calls at once, if not the kind's." placeholder:"N"`
	Declaration string            `type:"existingfile" help:"YAML that declares the connector, for the kind http." placeholder:"FILE"`
	Reason      string            `help:"Why, for the audit."`
	secretSource
	connectorFlags
}

func (c *addConnectorCommand) Run(ctx context.Context, e *environment) error {
	secrets, err := c.read(e)
	if err != nil {
		return err
	}
	draft := soc.ConnectorDraft{
		Kind: c.Kind, Name: c.Name, BaseURL: c.BaseURL, Settings: c.Set, Playbooks: c.Playbook, Rate: int64(c.Rate * 1000), Burst: c.Burst, Reason: c.Reason,
	}
	if c.Declaration != "" {
		body, err := os.ReadFile(c.Declaration)
		if err != nil {
			return err
		}
		draft.Declaration = string(body)
	}
	d, err := c.open(ctx, e, "add")
	if err != nil {
		return err
	}
	defer d.close()
	made, err := d.desk.CreateConnector(ctx, d.host, draft)
	if err == nil && len(secrets) > 0 {
		made, err = d.desk.SetConnectorSecrets(ctx, d.host, made.Connector.ID, secrets)
	}
	if err != nil {
		return err
	}
	return e.printConnector(made)
}

type namedConnector struct {
	Connector string `arg:"" help:"Connector by id or name."`
	connectorFlags
}

type connectorSecretsCommand struct {
	namedConnector
	secretSource
}

func (c *connectorSecretsCommand) Run(ctx context.Context, e *environment) error {
	secrets, err := c.read(e)
	if err != nil {
		return err
	}
	return c.with(ctx, e, "secrets", func(d *connectorDesk, found soc.ConnectorView) (soc.ConnectorView, error) {
		return d.desk.SetConnectorSecrets(ctx, d.host, found.Connector.ID, secrets)
	})
}

// with opens the database, finds the connector, changes it and prints it.
func (c namedConnector) with(ctx context.Context, e *environment, operation string, change func(*connectorDesk, soc.ConnectorView) (soc.ConnectorView, error)) error {
	d, err := c.open(ctx, e, operation)
	if err != nil {
		return err
	}
	defer d.close()
	found, err := d.connector(ctx, c.Connector)
	if err == nil {
		found, err = change(d, found)
	}
	if err != nil {
		return err
	}
	return e.printConnector(found)
}

type showConnectorCommand struct{ namedConnector }

func (c *showConnectorCommand) Run(ctx context.Context, e *environment) error {
	return c.with(ctx, e, "show", func(_ *connectorDesk, found soc.ConnectorView) (soc.ConnectorView, error) { return found, nil })
}

type enableConnectorCommand struct {
	namedConnector
	Reason string `help:"Why, for the audit."`
}

func (c *enableConnectorCommand) Run(ctx context.Context, e *environment) error {
	return c.with(ctx, e, "enable", func(d *connectorDesk, found soc.ConnectorView) (soc.ConnectorView, error) {
		return d.desk.EnableConnector(ctx, d.host, found.Connector.ID, soc.IfMatch{}, c.Reason)
	})
}

type disableConnectorCommand struct {
	namedConnector
	Reason string `help:"Why, for the audit."`
}

func (c *disableConnectorCommand) Run(ctx context.Context, e *environment) error {
	return c.with(ctx, e, "disable", func(d *connectorDesk, found soc.ConnectorView) (soc.ConnectorView, error) {
		return d.desk.DisableConnector(ctx, d.host, found.Connector.ID, c.Reason)
	})
}

type removeConnectorCommand struct {
	namedConnector
	Reason string `help:"Why, for the audit."`
}

func (c *removeConnectorCommand) Run(ctx context.Context, e *environment) error {
	d, err := c.open(ctx, e, "remove")
	if err != nil {
		return err
	}
	defer d.close()
	found, err := d.connector(ctx, c.Connector)
	if err == nil {
		err = d.desk.DeleteConnector(ctx, d.host, found.Connector.ID, c.Reason)
	}
	if err != nil {
		return err
	}
	return e.print(map[string]any{"removed": found.Connector.ID}, [][]string{{"removed", found.Connector.ID}})
}

type listConnectorsCommand struct{ connectorFlags }

func (c *listConnectorsCommand) Run(ctx context.Context, e *environment) error {
	d, err := c.open(ctx, e, "list")
	if err != nil {
		return err
	}
	defer d.close()
	all, err := d.desk.ListConnectors(ctx, d.host)
	if err != nil {
		return err
	}
	values, rows := []map[string]any{}, [][]string{{"NAME", "KIND", "STATE", "BASE URL", "SECRETS MISSING", "PLAYBOOKS", "ID"}}
	for _, view := range all {
		values = append(values, connectorJSON(view))
		rows = append(rows, []string{
			view.Connector.Name, view.Connector.Kind, string(view.Connector.State), view.Connector.BaseURL, dash(strings.Join(view.Missing, " ")),
			strconv.Itoa(len(view.Carries)), view.Connector.ID,
		})
	}
	return e.print(map[string]any{"connectors": values}, rows)
}

func connectorJSON(v soc.ConnectorView) map[string]any {
	c := v.Connector
	secrets := []map[string]any{}
	for _, s := range v.Secrets {
		secrets = append(secrets, map[string]any{"name": s.Name, "set_at": timeJSON(s.SetAt)})
	}
	return map[string]any{
		"id": c.ID, "workspace": c.Workspace, "name": c.Name, "kind": c.Kind, "base_url": c.BaseURL, "settings": c.Settings, "state": c.State,
		"playbooks": append([]string{}, v.Carries...), "rate_per_second": float64(c.Rate) / 1000, "burst": c.Burst, "secrets": secrets,
		"secrets_missing": append([]string{}, v.Missing...), "reason": c.Reason, "created_at": timeJSON(c.CreatedAt), "updated_at": timeJSON(c.UpdatedAt),
	}
}

func (e *environment) printConnector(v soc.ConnectorView) error {
	c := v.Connector
	rows := [][]string{
		{"connector", c.ID},
		{"name", c.Name},
		{"kind", c.Kind},
		{"state", string(c.State)},
		{"base url", c.BaseURL},
		{"playbooks", strings.Join(v.Carries, " ")},
		{"rate", strconv.FormatFloat(float64(c.Rate)/1000, 'g', -1, 64) + " a second, " + strconv.Itoa(c.Burst) + " at once"},
	}
	for _, s := range v.Secrets {
		rows = append(rows, []string{"secret", s.Name, "set " + timeText(s.SetAt)})
	}
	for _, name := range v.Missing {
		rows = append(rows, []string{"secret", name, "MISSING"})
	}
	return e.print(connectorJSON(v), rows)
}
