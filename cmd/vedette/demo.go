package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"vedette/backend/data"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// demoFile is <db>.demo.json, exactly as architecture.md section 9 says.
type demoFile struct {
	BaseURL        string             `json:"base_url"`
	Workspaces     []demoWorkspace    `json:"workspaces"`
	ServiceAccount demoServiceAccount `json:"service_account"`
	Keys           demoKeys           `json:"keys"`
	Operators      []demoOperator     `json:"operators"`
}

type demoWorkspace struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type demoServiceAccount struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

type demoKeys struct {
	Case                string `json:"case"`
	Triage              string `json:"triage"`
	Agent               string `json:"agent"`
	AgentReadonly       string `json:"agent_readonly"`
	OpsAdmin            string `json:"ops_admin"`
	OtherWorkspaceAgent string `json:"other_workspace_agent"`
}

type demoOperator struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Role     string `json:"role"`
}

// demoStateName is where the database says that it is a demo's, and how far it
// came: started, or done when the incidents are in.
const demoStateName = "demo"

var demoWorkspaceNames = []string{"Demo", "Demo (other workspace)"}

// wireDemo fills an empty database, or goes on with a demo's: started twice,
// or killed halfway and started again, it ends the same.
func (w *wiring) wireDemo(ctx context.Context) error {
	if !w.command.Demo {
		return nil
	}
	d := &demo{wiring: w, path: database(w.environment.program.DB).file() + ".demo.json"}
	state, err := d.begin(ctx)
	if err != nil {
		return err
	}
	if err := d.identities(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if state != "done" {
		if err := d.incidents(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		if err := d.setState(ctx, "done"); err != nil {
			return err
		}
	}
	w.demo = &d.file
	return nil
}

// demo is the making of a demonstration.
type demo struct {
	*wiring
	path         string
	file         demoFile
	organization string
}

// begin refuses a database that holds anything but a demo.
func (d *demo) begin(ctx context.Context) (state string, err error) {
	state, found, err := d.store.Read(ctx).Installation(demoStateName)
	if err != nil || found {
		return state, err
	}
	organizations, err := d.desk.ListOrganizations(ctx, d.host())
	if err != nil {
		return "", err
	}
	if len(organizations) > 0 {
		return "", errors.New("--demo needs an empty database, and this one holds an organization: leave --demo out, or give another --db")
	}
	return "started", d.setState(ctx, "started")
}

func (d *demo) setState(ctx context.Context, state string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return tx.SetInstallation(demoStateName, state) })
}

// identities makes workspaces, keys and operators, or keeps those whose secrets
// the file still holds. Where it does not, everybody gets new ones.
func (d *demo) identities(ctx context.Context) error {
	workspaces, err := d.workspaces(ctx)
	if err != nil {
		return err
	}
	body, err := os.ReadFile(d.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	kept := err == nil && json.Unmarshal(body, &d.file) == nil && d.usable(ctx)
	if !kept {
		d.file = demoFile{}
		d.say("Making keys and operators ...")
		if err := d.issue(ctx, workspaces); err != nil {
			return err
		}
	}
	d.organization = workspaces[0].Organization
	d.file.BaseURL, d.file.Workspaces = d.publicURL, nil
	for _, w := range workspaces {
		d.file.Workspaces = append(d.file.Workspaces, demoWorkspace{w.ID, w.Name})
	}
	return d.write()
}

// usable reports whether what the file holds opens the doors.
func (d *demo) usable(ctx context.Context) bool {
	keys := d.file.Keys
	for _, key := range []string{keys.Case, keys.Triage, keys.Agent, keys.AgentReadonly, keys.OpsAdmin, keys.OtherWorkspaceAgent} {
		if _, err := d.desk.AuthenticateKey(ctx, key, soc.Caller{}); err != nil {
			return false
		}
	}
	_, err := d.desk.AuthenticateBasic(ctx, d.file.ServiceAccount.ClientID, d.file.ServiceAccount.ClientSecret, soc.Caller{})
	return err == nil && len(d.file.Operators) == len(demoOperators)
}

// write stores the file whole or not at all, for its owner only.
func (d *demo) write() error {
	body, err := json.MarshalIndent(d.file, "", "  ")
	if err != nil {
		return err
	}
	next := d.path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(next, append(body, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, d.path)
}

// workspaces finds or makes the two workspaces of the one organization.
func (d *demo) workspaces(ctx context.Context) ([]soc.Workspace, error) {
	organizations, err := d.desk.ListOrganizations(ctx, d.host())
	if err != nil {
		return nil, err
	}
	if len(organizations) == 0 {
		o, err := d.desk.CreateOrganization(ctx, d.host(), "Demo organization")
		if err != nil {
			return nil, err
		}
		organizations = append(organizations, o)
	}
	made, err := d.desk.ListWorkspaces(ctx, d.host(), organizations[0].ID)
	if err != nil {
		return nil, err
	}
	for i := len(made); i < len(demoWorkspaceNames); i++ {
		w, err := d.desk.CreateWorkspace(ctx, d.host(), organizations[0].ID, demoWorkspaceNames[i])
		if err != nil {
			return nil, err
		}
		made = append(made, w)
	}
	return made[:len(demoWorkspaceNames)], nil
}

// incidents sends the demonstration data through the same operation as every
// other source, into the first workspace.
func (d *demo) incidents(ctx context.Context) error {
	l := &local{store: d.store, desk: d.desk, host: d.host()}
	l.host.Workspace, l.host.Organization = d.file.Workspaces[0].ID, d.organization
	for _, file := range data.Demo() {
		receipt, err := l.ingest(ctx, file.Format, file.Bytes, false, func(done, all int) {
			d.say("Ingesting %s: %d of %d", file.Name, done, all)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		if receipt.Rejected > 0 {
			return fmt.Errorf("%s: %d items were rejected", file.Name, receipt.Rejected)
		}
	}
	return nil
}

// say tells people how far it is; programs read the end.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.environment.err, format+"\n", args...)
}
