package backend_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/data"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/storetest"
)

// office is a desk over a real store with one organization and two workspaces,
// for the tests of operations.
type office struct {
	t     *testing.T
	desk  *backend.Desk
	store *store.Store
	clock *clock
	org   string
	// home has the work; away proves isolation.
	home, away string
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// eachOffice runs a test over SQLite and over PostgreSQL.
func eachOffice(t *testing.T, test func(t *testing.T, o *office)) {
	t.Run("sqlite", func(t *testing.T) { test(t, openOffice(t, storetest.File(t))) })
	t.Run("postgres", func(t *testing.T) { test(t, openOffice(t, storetest.Postgres(t))) })
}

// newOffice is an office over SQLite.
func newOffice(t *testing.T, change ...func(*backend.Config)) *office {
	t.Helper()
	return openOffice(t, storetest.File(t), change...)
}

func openOffice(t *testing.T, where string, change ...func(*backend.Config)) *office {
	t.Helper()
	s, err := store.Open(t.Context(), where, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	o := &office{t: t, store: s, clock: &clock{now: time.Now().UTC()}}
	config := backend.Config{Store: s, Now: o.clock.Now, Mappers: map[string]backend.Mapper{
		"sentinel": {Split: sentinel.Split, Map: sentinel.Map},
		"generic":  {Split: generic.Split, Map: generic.Map},
	}}
	for _, c := range change {
		c(&config)
	}
	o.desk = backend.New(config)
	ctx := context.Background()
	org, err := o.desk.CreateOrganization(ctx, host(), "Alpine Ski House")
	must(t, err)
	o.org = org.ID
	for _, at := range []*string{&o.home, &o.away} {
		w, err := o.desk.CreateWorkspace(ctx, host(), org.ID, "Workspace")
		must(t, err)
		*at = w.ID
	}
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// host is the local command line.
func host() soc.Actor {
	return soc.Actor{Kind: soc.PrincipalHost, ID: "host:test", Name: "test", Call: soc.Call{Door: "cli"}}
}

// agent is an agent of the home workspace with every agent scope.
func (o *office) agent(name string) soc.Actor {
	return soc.Actor{
		Kind: soc.PrincipalAgent, ID: name, Credential: "key-" + name, Name: name, Organization: o.org, Workspace: o.home, Role: soc.RoleSenior,
		Scopes: []soc.Scope{
			soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead, soc.ScopeAgentToolsExecute, soc.ScopeIncidentsComments, soc.ScopeTriageRun, soc.ScopeGamebooksSubmit,
		},
		Served: &soc.Served{}, Call: soc.Call{Door: "mcp", Operation: "test", RequestID: "test"},
	}
}

// ingestKey is a service key that sends alerts.
func (o *office) ingestKey(workspace string) soc.Actor {
	return soc.Actor{
		Kind: soc.PrincipalService, ID: "ingest", Name: "ingest", Organization: o.org, Workspace: workspace, Role: soc.RoleViewer,
		Scopes: []soc.Scope{soc.ScopeAlertsWrite}, Call: soc.Call{Door: "ops"},
	}
}

// ingestDemo stores the demonstration data in the home workspace.
func (o *office) ingestDemo() []soc.IngestReceipt {
	o.t.Helper()
	var receipts []soc.IngestReceipt
	for _, file := range data.Demo() {
		items, err := o.desk.SplitIngest(file.Format, file.Bytes)
		must(o.t, err)
		receipt, err := o.desk.Ingest(context.Background(), o.ingestKey(o.home), soc.IngestRequest{Format: file.Format, Items: items})
		must(o.t, err)
		receipts = append(receipts, receipt)
	}
	return receipts
}
