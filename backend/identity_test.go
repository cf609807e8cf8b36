package backend

import (
	"context"
	"sync"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/storetest"
)

// house is a desk on a real database with a clock that stands still until it
// is moved, one organization, two workspaces and their people and keys.
type house struct {
	*Desk
	t    *testing.T
	mu   sync.Mutex
	time time.Time
	host soc.Actor

	organization, first, second string
	people                      map[string]soc.Person // by name
	secrets                     map[string]string     // key by name
	keys                        map[string]soc.Credential
}

const testPassword = "correct horse battery"

func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseAt(t, storetest.File(t))
}

func newHouseAt(t *testing.T, where string) *house {
	t.Helper()
	s, err := store.Open(context.Background(), where, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{
		t: t, time: time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC), host: soc.Actor{Kind: soc.PrincipalHost, ID: "host:test"},
		people: map[string]soc.Person{}, secrets: map[string]string{}, keys: map[string]soc.Credential{},
	}
	h.Desk = New(Config{Store: s, Now: h.now})
	o, err := h.CreateOrganization(ctx, h.host, "Organization")
	h.must(err)
	h.organization = o.ID
	for i, id := range []*string{&h.first, &h.second} {
		w, err := h.CreateWorkspace(ctx, h.host, o.ID, []string{"First", "Second"}[i])
		h.must(err)
		*id = w.ID
	}
	return h
}

var ctx = context.Background()

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.time
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.time = h.time.Add(d)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err, soc.AsError(err).Fields, soc.AsError(err).Cause)
	}
}

func (h *house) person(name string, admin bool, role soc.Role) soc.Person {
	h.t.Helper()
	grants := map[string]soc.Role{}
	if role != soc.RoleNone {
		grants[h.first] = role
	}
	p, err := h.CreatePerson(ctx, h.host, soc.NewPerson{
		Organization: h.organization, Email: name + "@example.org", Name: name, Password: testPassword, OrganizationAdmin: admin, Grants: grants,
	})
	h.must(err)
	h.people[name] = p
	return p
}

func (h *house) key(name string, n soc.NewCredential) string {
	h.t.Helper()
	n.Name, n.Organization = name, h.organization
	if n.Workspaces == nil {
		n.Workspaces = []string{h.first}
	}
	issued, err := h.CreateKey(ctx, h.host, n)
	h.must(err)
	h.keys[name], h.secrets[name] = issued.Credential, issued.Secret
	return issued.Secret
}

// session is a person signed in, narrowed to the first workspace.
func (h *house) session(name string) (soc.Actor, string) {
	h.t.Helper()
	started, err := h.Login(ctx, soc.Login{Email: name + "@example.org", Password: testPassword}, soc.Caller{})
	h.must(err)
	by, err := h.AuthenticateSession(ctx, started.Token, soc.Caller{})
	h.must(err)
	if in, err := h.ResolveWorkspace(ctx, by, h.first); err == nil {
		by = in
	}
	return by, started.Token
}

func (h *house) authenticated(secret string) soc.Actor {
	h.t.Helper()
	by, err := h.AuthenticateKey(ctx, secret, soc.Caller{})
	h.must(err)
	in, err := h.ResolveWorkspace(ctx, by, "")
	h.must(err)
	return in
}

// audited is the newest entry of an event, which must be there.
func (h *house) audited(event string) soc.AuditEntry {
	h.t.Helper()
	entries, err := h.store.Read(ctx).AuditEntries(store.AuditFilter{Event: event, Limit: 1})
	h.must(err)
	if len(entries) == 0 {
		h.t.Fatalf("no audit entry %s", event)
	}
	return entries[0]
}

func refusedWith(t *testing.T, what string, err error, kind soc.Kind, code soc.Code) {
	t.Helper()
	if known := soc.AsError(err); known == nil || known.Kind != kind || known.Code != code {
		t.Errorf("%s: %v, want %s %s", what, err, kind, code)
	}
}

func TestS52KeysLiveAndDie(t *testing.T) {
	h := newHouse(t)
	secret := h.key("ag", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	by := h.authenticated(secret)
	if by.Kind != soc.PrincipalAgent || by.ID != h.keys["ag"].Agent || by.Workspace != h.first || by.Role != soc.RoleSenior || by.Session {
		t.Errorf("%+v", by)
	}
	for name, wrong := range map[string]string{
		"nothing": "", "no key": "secret", "typo": secret[:len(secret)-1] + "!", "unknown": mustKey(t, soc.PrincipalAgent), "another kind": mustKey(t, soc.PrincipalService),
	} {
		_, err := h.AuthenticateKey(ctx, wrong, soc.Caller{})
		refusedWith(t, name, err, soc.Unauthenticated, soc.CodeUnauthorized)
	}

	rotated, err := h.RotateKey(ctx, h.host, h.keys["ag"].ID, time.Hour)
	h.must(err)
	if h.authenticated(secret).ID != h.authenticated(rotated.Secret).ID {
		t.Error("both secrets are one principal during the overlap")
	}
	h.wait(time.Hour)
	_, err = h.AuthenticateKey(ctx, secret, soc.Caller{})
	refusedWith(t, "after the overlap", err, soc.Unauthenticated, soc.CodeCredentialExpired)
	h.wait(soc.AgentKeyLife)
	_, err = h.AuthenticateKey(ctx, rotated.Secret, soc.Caller{})
	refusedWith(t, "after 90 days", err, soc.Unauthenticated, soc.CodeCredentialExpired)
	h.must(h.RevokeKey(ctx, h.host, h.keys["ag"].ID))
	_, err = h.AuthenticateKey(ctx, rotated.Secret, soc.Caller{})
	refusedWith(t, "revoked", err, soc.Unauthenticated, soc.CodeUnauthorized)
	refusedWith(t, "revoked twice", h.RevokeKey(ctx, h.host, h.keys["ag"].ID), soc.NotFound, soc.CodeNotFound)
	if e := h.audited("key_revoked"); e.Target != h.keys["ag"].ID {
		t.Errorf("%+v", e)
	}
}

func mustKey(t *testing.T, kind soc.PrincipalKind) string {
	t.Helper()
	d := New(Config{})
	key, err := soc.NewKey(kind, d.random)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestS52ServiceAccount(t *testing.T) {
	h := newHouse(t)
	secret := h.key("svc", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}, ServiceAccount: true})
	client := h.keys["svc"].ClientID
	by, err := h.AuthenticateBasic(ctx, client, secret, soc.Caller{})
	h.must(err)
	if by.Kind != soc.PrincipalService || by.ID != h.keys["svc"].ID {
		t.Errorf("%+v", by)
	}
	other, err := soc.NewClientSecret(h.random)
	h.must(err)
	for name, pair := range map[string][2]string{
		"wrong secret": {client, other}, "unknown client": {"7f9c0d9e-1111-4222-8333-444455556666", secret}, "no guid": {"svc", secret}, "no form": {client, "secret"},
	} {
		_, err := h.AuthenticateBasic(ctx, pair[0], pair[1], soc.Caller{})
		refusedWith(t, name, err, soc.Unauthenticated, soc.CodeUnauthorized)
	}
	_, err = h.AuthenticateKey(ctx, secret, soc.Caller{})
	refusedWith(t, "as a key", err, soc.Unauthenticated, soc.CodeUnauthorized)
}

func TestS52LastUsedIsBatched(t *testing.T) {
	h := newHouse(t)
	secret := h.key("svc", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	lastUsed := func() time.Time {
		t.Helper()
		c, _, err := h.store.Read(ctx).Credential("", h.keys["svc"].ID)
		h.must(err)
		return c.LastUsedAt
	}
	h.authenticated(secret)
	if !lastUsed().IsZero() {
		t.Error("authentication wrote")
	}
	h.must(h.RecordUses(ctx))
	if !lastUsed().Equal(h.now()) {
		t.Errorf("last used %v", lastUsed())
	}
}

// A personal key never has more than its person has now, and dies with them.
func TestPersonalKeyFollowsItsPerson(t *testing.T) {
	h := newHouse(t)
	p := h.person("mgr", false, soc.RoleManager)
	secret := h.key("personal", soc.NewCredential{Kind: soc.PrincipalPerson, Role: soc.RoleAdmin, Owner: p.ID, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	by := h.authenticated(secret)
	if by.ID != p.ID || by.Owner != p.ID || by.Role != soc.RoleManager || by.Session || by.DecidingRole() != soc.RoleNone {
		t.Errorf("%+v", by)
	}
	h.must(h.GrantRole(ctx, h.host, soc.WorkspaceGrant{Person: p.ID, Workspace: h.first, Role: soc.RoleViewer}))
	if by := h.authenticated(secret); by.Role != soc.RoleViewer {
		t.Errorf("role %s after the person became a viewer", by.Role)
	}
	h.must(h.DisablePerson(ctx, h.host, p.ID, "left"))
	_, err := h.AuthenticateKey(ctx, secret, soc.Caller{})
	refusedWith(t, "of a disabled person", err, soc.Unauthenticated, soc.CodeUnauthorized)
}

func TestS44ResolveWorkspace(t *testing.T) {
	h := newHouse(t)
	foreign, err := h.CreateOrganization(ctx, h.host, "Foreign")
	h.must(err)
	elsewhere, err := h.CreateWorkspace(ctx, h.host, foreign.ID, "Elsewhere")
	h.must(err)
	one := h.authenticated(h.key("one", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeIncidentsRead}}))
	two, err := h.AuthenticateKey(ctx, h.key("two", soc.NewCredential{
		Kind: soc.PrincipalService, Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeIncidentsRead}, Workspaces: []string{h.first, h.second},
	}), soc.Caller{})
	h.must(err)
	for _, test := range []struct {
		name string
		by   soc.Actor
		id   string
		kind soc.Kind
		want string
	}{
		{"its only one", one, "", "", h.first},
		{"its own", one, h.first, "", h.first},
		{"no role there", one, h.second, soc.Denied, ""},
		{"foreign", one, elsewhere.ID, soc.NotFound, ""},
		{"unknown", one, "00000000-0000-0000-0000-000000000000", soc.NotFound, ""},
		{"one of several unnamed", two, "", soc.Invalid, ""},
		{"one of several", two, h.second, "", h.second},
		{"nobody", soc.Actor{}, h.first, soc.NotFound, ""},
		{"nobody nowhere", soc.Actor{}, "", soc.Invalid, ""},
	} {
		in, err := h.ResolveWorkspace(ctx, test.by, test.id)
		if soc.KindOf(err) != test.kind || err == nil && in.Workspace != test.want {
			t.Errorf("%s: %v, %q", test.name, err, in.Workspace)
		}
	}
	_, unknown := h.ResolveWorkspace(ctx, one, "00000000-0000-0000-0000-000000000000")
	_, other := h.ResolveWorkspace(ctx, one, elsewhere.ID)
	if unknown.Error() != other.Error() {
		t.Errorf("%v and %v tell unknown from foreign", unknown, other)
	}
}
