package main

import (
	"context"
	"os"
	"os/user"
	"strings"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// database is the value of --db.
type database string

// postgres reports whether it is a URL of PostgreSQL.
func (d database) postgres() bool {
	return strings.HasPrefix(string(d), "postgres://") || strings.HasPrefix(string(d), "postgresql://")
}

// file is what `<db>` stands for in the names of files beside the database:
// that of the embedded engine, or vedette.db in the working directory.
func (d database) file() string {
	if d.postgres() {
		return "vedette.db"
	}
	return strings.TrimPrefix(string(d), "sqlite:")
}

// local is a database opened by a command on the machine.
type local struct {
	store *store.Store
	desk  *backend.Desk
	host  soc.Actor
}

// openLocal opens the database for a local command.
func (e *environment) openLocal(ctx context.Context, operation string) (*local, error) {
	s, err := store.Open(ctx, e.program.DB, store.Options{})
	if err != nil {
		return nil, err
	}
	desk := backend.New(backend.Config{Store: s, Mappers: mappers(), KillFile: database(e.program.DB).file() + ".kill"})
	return &local{store: s, desk: desk, host: hostActor(operation)}, nil
}

func (l *local) close() { _ = l.store.Close() }

// hostActor is who a local command acts as: whoever can read the database on
// this machine (ops-api.md section 13).
func hostActor(operation string) soc.Actor {
	name := os.Getenv("USER")
	if me, err := user.Current(); err == nil {
		name = me.Username
	}
	return soc.Actor{
		Kind: soc.PrincipalHost, ID: "host:" + name, Name: name, Call: soc.Call{Door: "cli", Operation: operation},
	}
}

// organization finds an organization by id or name; with an empty name it is
// the only one there is.
func (l *local) organization(ctx context.Context, name string) (soc.Organization, error) {
	all, err := l.desk.ListOrganizations(ctx, l.host)
	if err != nil {
		return soc.Organization{}, err
	}
	if name == "" && len(all) == 1 {
		return all[0], nil
	}
	for _, o := range all {
		if name != "" && (o.ID == name || o.Name == name) {
			return o, nil
		}
	}
	if name == "" && len(all) > 1 {
		return soc.Organization{}, soc.InvalidField("--organization", "Must name one, since there are several.")
	}
	return soc.Organization{}, soc.NotFoundf("There is no such organization.").
		WithFix("Make it along with its first workspace: vedette workspaces create NAME --organization ORGANIZATION.")
}

// workspace finds a workspace by id or by a name that only it has.
func (l *local) workspace(ctx context.Context, name string) (soc.Workspace, error) {
	all, err := l.desk.ListWorkspaces(ctx, l.host, "")
	if err != nil {
		return soc.Workspace{}, err
	}
	var named []soc.Workspace
	for _, w := range all {
		if strings.EqualFold(w.ID, name) {
			return w, nil
		}
		if w.Name == name {
			named = append(named, w)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		return soc.Workspace{}, soc.NotFoundf("There is no such workspace.").WithFix("`vedette workspaces list` shows them.")
	}
	return soc.Workspace{}, soc.InvalidField("workspace", "Several have this name; give the id.")
}

// engine is the name of the engine behind it.
func (d database) engine() string {
	if d.postgres() {
		return "postgres"
	}
	return "sqlite"
}
