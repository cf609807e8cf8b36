package backend

import (
	"context"
	"crypto/subtle"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// hashers bounds how many passwords are hashed at once: each takes 19 MiB.
const hashers = 4

// identity is what authentication keeps in memory: no credential, only when
// each was last used, until RecordUses stores it.
type identity struct {
	hashing chan struct{}

	mu          sync.Mutex
	credentials map[string]time.Time
	sessions    map[string]time.Time
}

func newIdentity() *identity {
	return &identity{
		hashing: make(chan struct{}, hashers), credentials: map[string]time.Time{}, sessions: map[string]time.Time{},
	}
}

func (i *identity) usedCredential(id string, at time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.credentials[id] = at
}

func (i *identity) usedSession(id string, at time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sessions[id] = at
}

// sessionSeen is the later of what is stored and what memory knows.
func (i *identity) sessionSeen(id string, stored time.Time) time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	if seen := i.sessions[id]; seen.After(stored) {
		return seen
	}
	return stored
}

func (i *identity) take() (credentials, sessions map[string]time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	credentials, sessions = i.credentials, i.sessions
	i.credentials, i.sessions = map[string]time.Time{}, map[string]time.Time{}
	return credentials, sessions
}

// RecordUses stores when credentials and sessions were last used. It is called
// about once a minute and when the process ends, so that no request pays for it.
func (d *Desk) RecordUses(ctx context.Context) error {
	credentials, sessions := d.identity.take()
	if len(credentials)+len(sessions) == 0 {
		return nil
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		for _, id := range slices.Sorted(maps.Keys(credentials)) { // one order, so that replicas do not block each other
			if err := tx.TouchCredential(id, credentials[id]); err != nil {
				return err
			}
		}
		for _, id := range slices.Sorted(maps.Keys(sessions)) {
			if err := tx.TouchSession(id, sessions[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetEnded removes what has no more use: sessions and refusals that ended a
// day ago, and expired answers of idempotency keys.
func (d *Desk) ForgetEnded(ctx context.Context) error {
	now := d.clock()
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.ForgetSessions(now.Add(-24 * time.Hour)); err != nil {
			return err
		}
		if err := tx.ForgetRefusals(now.Add(-24 * time.Hour)); err != nil {
			return err
		}
		_, err := tx.SweepIdempotency(now, 10_000)
		return err
	})
}

// errNoCredential is the one answer to whatever is no live credential: unknown,
// wrong, revoked and disabled read alike.
func errNoCredential() *soc.Error {
	return soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.").
		WithFix("Send a live credential.")
}

func errCredentialExpired() *soc.Error {
	return soc.Errorf(soc.Unauthenticated, soc.CodeCredentialExpired, "The credential has expired.").
		WithFix("Ask an administrator to rotate it.")
}

// AuthenticateKey finds out whose API key it is (S52). A text without the form
// or checksum of a key is refused before the database is asked.
func (d *Desk) AuthenticateKey(ctx context.Context, key string, from soc.Caller) (soc.Actor, error) {
	kind, ok := soc.CheckKey(key)
	if !ok {
		return soc.Actor{}, errNoCredential()
	}
	hash := soc.HashSecret(key)
	credential, found, err := d.store.Read(ctx).CredentialBySecret(hash)
	if err != nil {
		return soc.Actor{}, err
	}
	if found && credential.Kind != kind {
		found = false
	}
	return d.actorOf(ctx, credential, found, hash, from)
}

// AuthenticateBasic finds out whose client id and secret these are.
func (d *Desk) AuthenticateBasic(ctx context.Context, clientID, secret string, from soc.Caller) (soc.Actor, error) {
	id, err := uuid.Parse(clientID)
	if err != nil || !soc.CheckClientSecret(secret) {
		return soc.Actor{}, errNoCredential()
	}
	credential, found, err := d.store.Read(ctx).CredentialByClient(id.String())
	if err != nil {
		return soc.Actor{}, err
	}
	return d.actorOf(ctx, credential, found, soc.HashSecret(secret), from)
}

// AuthenticateOAuth finds out whose client of the token issuer this is (M14).
// The caller has verified the token and cuts the scopes to the token's.
func (d *Desk) AuthenticateOAuth(ctx context.Context, client string, from soc.Caller) (soc.Actor, error) {
	if client == "" {
		return soc.Actor{}, errNoCredential()
	}
	credential, found, err := d.store.Read(ctx).CredentialByOAuthClient(client)
	switch {
	case err != nil:
		return soc.Actor{}, err
	case !found || credential.Revoked():
		return soc.Actor{}, errNoCredential()
	case !credential.Live(d.clock()):
		return soc.Actor{}, errCredentialExpired()
	}
	return d.principal(ctx, credential, from)
}

// actorOf turns a credential row into the principal behind it. A credential
// that was not found is compared all the same.
func (d *Desk) actorOf(ctx context.Context, c soc.Credential, found bool, hash []byte, from soc.Caller) (soc.Actor, error) {
	if !found {
		subtle.ConstantTimeCompare(hash, make([]byte, len(hash)))
		return soc.Actor{}, errNoCredential()
	}
	right, live := c.Accepts(hash, d.clock())
	switch {
	case !right || c.Revoked():
		return soc.Actor{}, errNoCredential()
	case !live:
		return soc.Actor{}, errCredentialExpired()
	}
	by, err := d.principal(ctx, c, from)
	if err != nil {
		return soc.Actor{}, err
	}
	by.Superseded = c.Superseded(hash)
	return by, nil
}

// principal is who stands behind a credential that was found live.
func (d *Desk) principal(ctx context.Context, c soc.Credential, from soc.Caller) (soc.Actor, error) {
	by := soc.Actor{
		Kind: c.Kind, ID: c.ID, Credential: c.ID, Name: c.Name, Organization: c.Organization, Scopes: c.Scopes,
		Source: c.Source, Owner: c.Owner, Call: from.Call, Grants: make(map[string]soc.Role, len(c.Workspaces)),
	}
	for _, workspace := range c.Workspaces {
		by.Grants[workspace] = c.Role
	}
	var err error
	switch c.Kind {
	case soc.PrincipalAgent:
		err = d.asAgent(ctx, &by, c)
	case soc.PrincipalPerson:
		err = d.asOwner(ctx, &by, c)
	}
	if err != nil {
		return soc.Actor{}, err
	}
	d.identity.usedCredential(c.ID, d.clock())
	return by, nil
}

// asAgent names the agent identity: all keys of one agent share it, its taint
// and its suspension.
func (d *Desk) asAgent(ctx context.Context, by *soc.Actor, c soc.Credential) error {
	agent, found, err := d.store.Read(ctx).Agent(c.Organization, c.Agent)
	if err != nil {
		return err
	}
	if !found {
		return errNoCredential()
	}
	by.ID, by.Name, by.Suspended = agent.ID, agent.Name, !agent.SuspendedAt.IsZero()
	return nil
}

// asOwner gives a personal key no more than its person has at this moment.
func (d *Desk) asOwner(ctx context.Context, by *soc.Actor, c soc.Credential) error {
	person, found, err := d.store.Read(ctx).Person(c.Owner)
	if err != nil {
		return err
	}
	if !found || person.Disabled {
		return errNoCredential()
	}
	by.ID, by.Name = person.ID, person.Name
	for workspace, role := range by.Grants {
		held := person.Grants[workspace]
		if person.OrganizationAdmin {
			held = soc.RoleAdmin
		}
		if held == soc.RoleNone {
			delete(by.Grants, workspace)
			continue
		}
		by.Grants[workspace] = soc.LesserRole(role, held)
	}
	return nil
}

// AuthenticateSession finds out whose session cookie it is. No live session is
// Unauthenticated with Target "session"; a disabled person's without. One that
// is half made is Unauthenticated too, with its state in the target, but where
// from.Partial lets it in.
func (d *Desk) AuthenticateSession(ctx context.Context, token string, from soc.Caller) (soc.Actor, error) {
	if !soc.CheckSessionToken(token) {
		return soc.Actor{}, errNoSession()
	}
	reader, hash := d.store.Read(ctx), soc.HashSecret(token)
	session, found, err := reader.SessionByToken(hash)
	if err != nil {
		return soc.Actor{}, err
	}
	if !found || subtle.ConstantTimeCompare(hash, session.TokenHash) != 1 {
		return soc.Actor{}, errNoSession()
	}
	now := d.clock()
	session.LastSeenAt = d.identity.sessionSeen(session.ID, session.LastSeenAt)
	if !session.Live(now) {
		return soc.Actor{}, errNoSession()
	}
	person, found, err := reader.Person(session.Person)
	if err != nil {
		return soc.Actor{}, err
	}
	if !found || person.Disabled {
		return soc.Actor{}, errNoCredential()
	}
	by := soc.Actor{
		Kind: soc.PrincipalPerson, ID: person.ID, Credential: session.ID, Name: person.Name, Organization: person.Organization,
		Session: true, AuthenticatedAt: session.AuthenticatedAt, Call: from.Call,
	}
	if state := session.State(person); state != soc.SessionActive {
		if !slices.Contains(from.Partial, state) {
			return soc.Actor{}, errUnfinished(state)
		}
		by.Unfinished = state // and no role
		return by, nil
	}
	if !from.Unattended {
		d.identity.usedSession(session.ID, now)
	}
	by.OrganizationAdmin, by.Grants = person.OrganizationAdmin, person.Grants
	return by, nil
}

// errUnfinished is what a half-made session gets where only a whole one may go.
func errUnfinished(state soc.SessionState) *soc.Error {
	e := errNoSession()
	e.Target = "session." + string(state)
	return e
}

func errNoSession() *soc.Error {
	e := errNoCredential()
	e.Target = "session"
	return e
}

// ResolveWorkspace narrows an actor to the workspace a request is about
// (S44, M18). An empty id means the only one the actor has a role in. Unknown
// and foreign are the same NotFound; one of the own organization without a
// role is Denied.
func (d *Desk) ResolveWorkspace(ctx context.Context, by soc.Actor, id string) (soc.Actor, error) {
	if id == "" && len(by.Grants) == 1 && !by.OrganizationAdmin {
		for id = range by.Grants {
		}
	}
	if in, ok := by.InGranted(id); ok {
		return in, nil
	}
	reader := d.store.Read(ctx)
	if id == "" {
		all, err := reader.Workspaces(by.Organization)
		if err != nil {
			return by, err
		}
		if len(all) == 1 && by.Organization != "" {
			return by.InWorkspace(&all[0])
		}
		return by, soc.InvalidField("Vedette-Workspace", "Must name the workspace, since the credential is good for several.")
	}
	workspace, found, err := reader.Workspace(strings.ToLower(id))
	if err != nil {
		return by, err
	}
	if !found {
		return by.InWorkspace(nil)
	}
	return by.InWorkspace(&workspace)
}

// HasIdentities reports whether anybody could authenticate at all; a server
// for other machines does not start without (M17).
func (d *Desk) HasIdentities(ctx context.Context) (bool, error) {
	return d.store.Read(ctx).HasIdentities(d.clock())
}

// newUUID draws a UUIDv7, which sorts by time.
func (d *Desk) newUUID() (string, error) {
	id, err := uuid.NewV7FromReader(d.random)
	return id.String(), err
}
