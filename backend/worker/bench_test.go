package worker

import (
	"context"
	"crypto/rand"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/connector/simrange"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/storetest"
)

var ctx = context.Background()

// bench is a desk on a real database, a range behind real HTTP, and a worker
// between them whose waits cost no time. The range's journal is the sink that
// tests count.
type bench struct {
	*Worker
	t         *testing.T
	store     *store.Store
	desk      *backend.Desk
	sink      *simrange.Range
	connector connector.Connector
	sender    *Sender
	mu        sync.Mutex
	time      time.Time
	slept     time.Duration

	organization, workspace string
	agent                   soc.Actor
	people                  map[string]soc.Person
	incident                soc.Incident
	entities                map[string]soc.Entity
}

// onBoth runs a suite on a fresh database of both engines.
func onBoth(t *testing.T, suite func(t *testing.T, b *bench)) {
	t.Run("sqlite", func(t *testing.T) { suite(t, lite(t)) })
	t.Run("postgres", func(t *testing.T) { suite(t, newBench(t, storetest.Postgres(t))) })
}

func lite(t *testing.T) *bench { return newBench(t, storetest.File(t)) }

func newBench(t *testing.T, where string, change ...func(*backend.Config)) *bench {
	t.Helper()
	b := &bench{t: t, time: time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC), people: map[string]soc.Person{}, entities: map[string]soc.Entity{}}
	b.startRange()
	var err error
	b.store, err = store.Open(ctx, where, store.Options{})
	b.must(err)
	t.Cleanup(func() { _ = b.store.Close() })
	box, err := soc.NewSecretBox(rand.Reader, soc.SecretKey{ID: 1})
	b.must(err)
	policy, err := egress.NewPolicy([]string{"127.0.0.0/8"})
	b.must(err)
	b.sender = &Sender{Client: policy.Client(egress.Options{MaxBody: AnswerLimit})}
	config := backend.Config{Store: b.store, Now: b.now, Secrets: box, CheckURL: policy.Check, Send: b.sender.Send, Connectors: []backend.Connector{{
		ID: b.connector.ID(), Kind: "range", Simulation: true,
		Carries: func(p soc.Playbook) bool { return b.connector.Carries(p.ID) },
		Resolve: func(p soc.Playbook, e soc.Entity) (string, string) {
			native, ok := b.connector.Resolve(e)
			if !ok {
				return "", strings.Join(p.RequiredProperties, ", ")
			}
			return native, ""
		},
	}}}
	for _, c := range change {
		c(&config)
	}
	b.desk = backend.New(config)
	b.Worker = b.another()
	b.fill()
	return b
}

// another is a further worker of the same desk, as another replica has one.
func (b *bench) another() *Worker {
	w, err := New(Config{
		Desk:       b.desk,
		Client:     func(c *river.Config) (Client, error) { return b.store.JobClient(c) },
		Connectors: map[string]connector.Connector{b.connector.ID(): b.connector},
		Triage:     func(ctx context.Context, job soc.TriageJob) error { return b.desk.RunTriage(ctx, job) },
		Floor:      func(ctx context.Context, job soc.FloorJob) error { return b.desk.RunFloor(ctx, job) },
		Send:       b.sender.Send,
		Checkpoint: b.store.Checkpoint, Poll: 100 * time.Millisecond,
		Sleep: func(ctx context.Context, d time.Duration) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.slept += d
			return ctx.Err()
		},
	})
	b.must(err)
	return w
}

func (b *bench) startRange() {
	b.t.Helper()
	var err error
	b.sink, err = simrange.New(simrange.Config{Path: filepath.Join(b.t.TempDir(), "sink.jsonl"), Token: "product-token-for-tests", ControlToken: "control-token-for-tests"})
	b.must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	b.must(err)
	served := make(chan struct{})
	go func() { defer close(served); _ = b.sink.Serve(listener) }()
	b.t.Cleanup(func() { _ = b.sink.Close(); <-served })
	policy, err := egress.NewPolicy([]string{listener.Addr().String()})
	b.must(err)
	b.connector, err = simrange.NewConnector("range", "http://"+listener.Addr().String(), "product-token-for-tests", policy.Client(egress.Options{}))
	b.must(err)
}

func (b *bench) fill() {
	b.t.Helper()
	host := soc.Actor{Kind: soc.PrincipalHost, ID: "host:test"}
	o, err := b.desk.CreateOrganization(ctx, host, "Organization")
	b.must(err)
	w, err := b.desk.CreateWorkspace(ctx, host, o.ID, "First")
	b.must(err)
	b.organization, b.workspace = o.ID, w.ID
	issued, err := b.desk.CreateKey(ctx, host, soc.NewCredential{
		Organization: o.ID, Kind: soc.PrincipalAgent, Name: "ag", Role: soc.RoleSenior, Workspaces: []string{w.ID},
		Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeAgentToolsExecute},
	})
	b.must(err)
	by, err := b.desk.AuthenticateKey(ctx, issued.Secret, soc.Caller{})
	b.must(err)
	b.agent, err = b.desk.ResolveWorkspace(ctx, by, w.ID)
	b.must(err)
	b.agent.Served = &soc.Served{}
	for name, role := range map[string]soc.Role{"op1": soc.RoleAnalyst, "sr1": soc.RoleSenior, "sr2": soc.RoleSenior, "mgr": soc.RoleManager} {
		p := soc.Person{ID: uuid.NewString(), Organization: o.ID, Email: name + "@example.org", Name: name, PasswordHash: "x", CreatedAt: b.now(), Grants: map[string]soc.Role{w.ID: role}}
		b.write(func(tx *store.Tx) error { return tx.InsertPerson(p) })
		b.people[name] = p
	}
	b.write(func(tx *store.Tx) error {
		number, err := tx.NextIncidentNumber(w.ID, 1)
		if err != nil {
			return err
		}
		b.incident, err = tx.InsertIncident(soc.Incident{
			ID: uuid.NewString(), ShortID: "INC-00000000", Workspace: w.ID, Source: soc.SourceSentinel, ExternalID: "x", Number: number, Title: "Incident",
			Severity: soc.SeverityHigh, IngestSeverity: soc.SeverityHigh, HighestSeverity: soc.SeverityHigh, Status: soc.StatusNew,
			CreatedAt: b.now(), UpdatedAt: b.now(), IngestedAt: b.now(), Version: 1,
		})
		return err
	})
	b.entity("host", soc.KindHost, "ws-042.corp.local")
	b.entity("host2", soc.KindHost, "ws-043.corp.local")
	b.entity("user", soc.KindAccount, "a@example.com")
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err, soc.AsError(err).Fields, soc.AsError(err).Cause)
	}
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.time
}

func (b *bench) wait(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.time = b.time.Add(d)
}

func (b *bench) write(fn func(*store.Tx) error) {
	b.t.Helper()
	b.must(b.store.Write(ctx, fn))
}

func (b *bench) entity(name string, kind soc.EntityKind, value string) soc.Entity {
	b.t.Helper()
	id, err := soc.NewID(soc.PrefixEntity, strings.NewReader(uuid.NewString()))
	b.must(err)
	e := soc.Entity{
		ID: id, Workspace: b.workspace, Incident: b.incident.ID, Kind: kind, Value: value, Display: value, Names: []string{value},
		Properties: map[string]string{}, Provenance: soc.ProvenanceSensorAsserted, FirstSeen: b.now(), LastSeen: b.now(),
	}
	b.write(func(tx *store.Tx) error { return tx.InsertEntity(e, b.incident.Seq) })
	b.entities[name] = e
	return e
}

// respond switches the capability Gamebooks on.
func (b *bench) respond() {
	b.t.Helper()
	on := true
	for _, severity := range soc.AllSeverities {
		_, err := b.desk.ChangeSettings(ctx, soc.Actor{Kind: soc.PrincipalHost, ID: "host:test"}, soc.SettingsChange{Workspace: b.workspace, Severity: severity, Gamebooks: &on, Reason: "test"})
		b.must(err)
	}
}

// as is a person freshly signed in.
func (b *bench) as(name string) soc.Actor {
	p := b.people[name]
	return soc.Actor{
		Kind: soc.PrincipalPerson, ID: p.ID, Name: p.Name, Organization: b.organization, Workspace: b.workspace, Role: p.Grants[b.workspace],
		Granted: p.Grants[b.workspace], Grants: p.Grants, Session: true, AuthenticatedAt: b.now(), Credential: "session-" + name,
	}
}

// submit asks for playbook-on-entity pairs as the agent.
func (b *bench) submit(pairs ...string) soc.Gamebook {
	b.t.Helper()
	in := soc.SubmitGamebook{Incident: soc.IncidentRef{Workspace: b.workspace, ID: b.incident.ID}}
	for i := 0; i < len(pairs); i += 2 {
		in.Steps = append(in.Steps, soc.SubmitStep{Playbook: pairs[i], Entity: b.entities[pairs[i+1]].ID})
	}
	r, err := b.desk.SubmitGamebook(ctx, b.agent, in)
	b.must(err)
	if !r.Success {
		b.t.Fatalf("%+v", r)
	}
	return b.stored(r.GamebookID)
}

// approved is a submitted gamebook with the approvals it needs.
func (b *bench) approved(pairs ...string) soc.Gamebook {
	b.t.Helper()
	g := b.submit(pairs...)
	for _, name := range []string{"mgr", "sr1"}[:g.Need.Count] {
		_, err := b.desk.Approve(ctx, b.as(name), soc.Decision{Gamebook: g.ID, Digest: g.Digest})
		b.must(err)
	}
	return b.stored(g.ID)
}

func (b *bench) stored(id string) soc.Gamebook {
	b.t.Helper()
	g, found, err := b.store.Read(ctx).Gamebook(b.workspace, id)
	b.must(err)
	if !found {
		b.t.Fatalf("no gamebook %s", id)
	}
	return g
}

// run lets the worker carry a gamebook until it has nothing more to do.
func (b *bench) run(g soc.Gamebook) soc.Gamebook {
	b.t.Helper()
	again, err := b.RunGamebook(ctx, soc.GamebookJob{Workspace: b.workspace, Gamebook: g.ID})
	b.must(err)
	if again > 0 {
		b.t.Logf("%s: again in %v", g.ID, again)
	}
	return b.stored(g.ID)
}

// acts is the number of actions that reached the range.
func (b *bench) acts() int { b.t.Helper(); return len(b.lines()) }

func (b *bench) lines() []simrange.Dispatch {
	b.t.Helper()
	all, err := b.sink.Dispatches()
	b.must(err)
	return all
}

func (b *bench) inject(f simrange.Fault) { b.t.Helper(); b.must(b.sink.Inject(f)) }

// damage edits the database behind the desk's back.
func (b *bench) damage(statement string, args ...any) {
	b.t.Helper()
	lite, pg := b.store.Pools()
	if lite != nil {
		_, err := lite.Exec(statement, args...)
		b.must(err)
		return
	}
	_, err := pg.Exec(ctx, statement, args...)
	b.must(err)
}

// count counts the audit entries of an event.
func (b *bench) count(event string) int {
	b.t.Helper()
	entries, err := b.store.Read(ctx).AuditEntries(store.AuditFilter{Event: event, Limit: 10_000})
	b.must(err)
	return len(entries)
}

func statuses(g soc.Gamebook) (all []soc.StepStatus) {
	for _, s := range g.Steps {
		all = append(all, s.Status)
	}
	return all
}
