package backend

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"vedette/backend/playbook"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/storetest"
)

// bench is a house with response: a connector for every playbook, an agent,
// people of every rank and one incident with entities of each provenance.
type bench struct {
	*house
	incident soc.Incident
	entities map[string]soc.Entity // by what they are in the test
	agent    soc.Actor
	remapped map[string]string // entity id -> native id after a re-map
}

// onBoth runs a suite on a fresh database of both engines.
func onBoth(t *testing.T, suite func(t *testing.T, b *bench)) {
	t.Run("sqlite", func(t *testing.T) { suite(t, newBench(t, storetest.File(t))) })
	t.Run("postgres", func(t *testing.T) { suite(t, newBench(t, storetest.Postgres(t))) })
}

// lite is a bench on SQLite, for rules that no engine can bend.
func lite(t *testing.T) *bench { return newBench(t, storetest.File(t)) }

func newBench(t *testing.T, where string) *bench {
	t.Helper()
	b := &bench{house: newHouseAt(t, where), entities: map[string]soc.Entity{}, remapped: map[string]string{}}
	b.Desk.connectors = []Connector{{
		ID: "range", Kind: "range", Simulation: true,
		Carries: func(p soc.Playbook) bool { return !p.Internal },
		Resolve: func(p soc.Playbook, e soc.Entity) (string, string) {
			if native, ok := b.remapped[e.ID]; ok {
				return native, ""
			}
			for _, property := range []string{soc.PropertyDeviceID, soc.PropertyUPN, soc.PropertyName, soc.PropertyFQDN, playbook.PropertyAddress, soc.PropertySHA256} {
				if value, ok := playbook.Property(e, property); ok {
					return value, ""
				}
			}
			return "", soc.PropertyName
		},
	}}
	b.key("ag", soc.NewCredential{
		Kind: soc.PrincipalAgent, Role: soc.RoleSenior,
		Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead, soc.ScopeAgentToolsExecute, soc.ScopeGamebooksSubmit},
	})
	b.agent = b.caller("ag")
	for name, role := range map[string]soc.Role{"op1": soc.RoleAnalyst, "op2": soc.RoleAnalyst, "sr1": soc.RoleSenior, "sr2": soc.RoleSenior, "mgr": soc.RoleManager, "vw": soc.RoleViewer} {
		b.insertPerson(name, role)
	}
	b.incident = b.newIncident(soc.SeverityHigh)
	b.entity("host", soc.KindHost, "ws-042.corp.local", soc.ProvenanceSensorAsserted)
	b.entity("host2", soc.KindHost, "ws-043.corp.local", soc.ProvenanceSensorAsserted)
	b.entity("parsed", soc.KindHost, "dc01.corp.local", soc.ProvenanceParsed)
	b.entity("added", soc.KindHost, "ws-666.corp.local", soc.ProvenanceAgentAdded)
	b.entity("user", soc.KindAccount, "a@example.com", soc.ProvenanceSensorAsserted)
	b.entity("ip", soc.KindIP, "203.0.113.7", soc.ProvenanceSensorAsserted)
	return b
}

// caller is a key's actor as a door would make it.
func (b *bench) caller(key string) soc.Actor {
	by := b.authenticated(b.secrets[key])
	by.Served = &soc.Served{}
	return by
}

// insertPerson makes a person without the price of a password.
func (b *bench) insertPerson(name string, role soc.Role) {
	p := soc.Person{ID: uuid.NewString(), Organization: b.organization, Email: name + "@example.org", Name: name, PasswordHash: "x", CreatedAt: b.now(), Grants: map[string]soc.Role{b.first: role}}
	b.write(func(tx *store.Tx) error { return tx.InsertPerson(p) })
	b.people[name] = p
}

// as is a person freshly signed in.
func (b *bench) as(name string) soc.Actor {
	p := b.people[name]
	return soc.Actor{
		Kind: soc.PrincipalPerson, ID: p.ID, Name: p.Name, Organization: b.organization, Workspace: b.first, Role: p.Grants[b.first],
		Granted: p.Grants[b.first], Grants: p.Grants, Session: true, AuthenticatedAt: b.now(), Credential: "session-" + name,
	}
}

func (b *bench) write(fn func(*store.Tx) error) {
	b.t.Helper()
	b.must(b.store.Write(context.Background(), fn))
}

func (b *bench) newIncident(severity soc.Severity) soc.Incident {
	short, err := soc.NewID(soc.PrefixIncident, b.random)
	b.must(err)
	var i soc.Incident
	b.write(func(tx *store.Tx) error {
		number, err := tx.NextIncidentNumber(b.first, 1)
		if err != nil {
			return err
		}
		i, err = tx.InsertIncident(soc.Incident{
			ID: uuid.NewString(), ShortID: short, Workspace: b.first, Source: soc.SourceSentinel, ExternalID: uuid.NewString(), Number: number,
			Title: "Suspicious PowerShell", Severity: severity, IngestSeverity: severity, HighestSeverity: severity, Status: soc.StatusNew,
			CreatedAt: b.now(), UpdatedAt: b.now(), IngestedAt: b.now(), Version: 1,
		})
		return err
	})
	return i
}

// entity adds an entity to the bench's incident under a name of the test.
func (b *bench) entity(name string, kind soc.EntityKind, value string, provenance soc.Provenance) soc.Entity {
	b.t.Helper()
	return b.entityOf(b.incident, name, kind, value, provenance)
}

func (b *bench) entityOf(i soc.Incident, name string, kind soc.EntityKind, value string, provenance soc.Provenance) soc.Entity {
	b.t.Helper()
	id, err := soc.NewID(soc.PrefixEntity, b.random)
	b.must(err)
	e := soc.Entity{
		ID: id, Workspace: i.Workspace, Incident: i.ID, Kind: kind, Value: value, Display: strings.ToUpper(strings.SplitN(value, ".corp", 2)[0]),
		Names: []string{value}, Properties: map[string]string{}, Provenance: provenance, FirstSeen: b.now(), LastSeen: b.now(),
	}
	b.write(func(tx *store.Tx) error { return tx.InsertEntity(e, i.Seq) })
	b.entities[name] = e
	return e
}

// change replaces the stored row of an entity.
func (b *bench) change(name string, edit func(*soc.Entity)) {
	b.t.Helper()
	e := b.entities[name]
	if e.Properties == nil {
		e.Properties = map[string]string{}
	}
	edit(&e)
	b.entities[name] = e
	b.write(func(tx *store.Tx) error { return tx.UpdateEntity(e, b.incident.Seq) })
}

// settings changes the settings of every severity.
func (b *bench) settings(edit func(*soc.SettingsChange)) {
	b.t.Helper()
	for _, severity := range soc.AllSeverities {
		change := soc.SettingsChange{Workspace: b.first, Severity: severity, Reason: "test"}
		edit(&change)
		_, err := b.ChangeSettings(ctx, b.host, change)
		b.must(err)
	}
}

// respond switches the capability Gamebooks on.
func (b *bench) respond() {
	on := true
	b.settings(func(c *soc.SettingsChange) { c.Gamebooks = &on })
}

// limits changes the limits.
func (b *bench) limits(edit func(*soc.Limits)) {
	b.t.Helper()
	b.write(func(tx *store.Tx) error {
		limits, _, err := tx.Limits(b.first)
		if err != nil {
			return err
		}
		edit(&limits)
		return tx.SaveLimits(b.first, limits)
	})
}

func (b *bench) protect(entries ...soc.ProtectedEntry) {
	b.t.Helper()
	b.write(func(tx *store.Tx) error { return tx.SaveProtected(b.first, entries) })
}

// plan is a submit of playbook-on-entity pairs.
func (b *bench) plan(pairs ...string) soc.SubmitGamebook {
	in := soc.SubmitGamebook{Incident: soc.IncidentRef{Workspace: b.first, ID: b.incident.ShortID}}
	for i := 0; i < len(pairs); i += 2 {
		id := pairs[i+1]
		if e, known := b.entities[id]; known {
			id = e.ID
		}
		in.Steps = append(in.Steps, soc.SubmitStep{Playbook: pairs[i], Entity: id})
	}
	return in
}

func (b *bench) submit(by soc.Actor, pairs ...string) soc.GamebookReceipt {
	b.t.Helper()
	r, err := b.SubmitGamebook(ctx, by, b.plan(pairs...))
	b.must(err)
	return r
}

// queued is a submit that must wait for people.
func (b *bench) queued(by soc.Actor, pairs ...string) soc.Gamebook {
	b.t.Helper()
	r := b.submit(by, pairs...)
	if !r.Success || !r.QueuedForApproval {
		b.t.Fatalf("not queued for approval: %+v", r)
	}
	return b.stored(r.GamebookID)
}

func (b *bench) stored(id string) soc.Gamebook {
	b.t.Helper()
	g, found, err := b.store.Read(ctx).Gamebook(b.first, id)
	b.must(err)
	if !found {
		b.t.Fatalf("no gamebook %s", id)
	}
	return g
}

// gamebooks counts the incident's gamebooks.
func (b *bench) gamebooks() int {
	b.t.Helper()
	all, err := b.store.Read(ctx).IncidentGamebooks(b.first, b.incident.ID, 1000)
	b.must(err)
	return len(all)
}

// count counts the audit entries of an event.
func (b *bench) count(event string) int {
	b.t.Helper()
	entries, err := b.store.Read(ctx).AuditEntries(store.AuditFilter{Event: event, Limit: 10_000})
	b.must(err)
	return len(entries)
}
