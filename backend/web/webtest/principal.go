package webtest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Key describes a credential. It is stored as stated, also where no operation
// would make it so: a role may have shrunk since.
type Key struct {
	Kind       soc.PrincipalKind // default service
	Role       soc.Role
	Scopes     []soc.Scope
	Workspaces []string // default First
	Source     string
	Expired    bool
	// Basic makes it a service account with client id and secret.
	Basic bool
}

// Bearer returns the Authorization header of a key like that, or of a service
// account; equal descriptions are one credential.
func (h *House) Bearer(k Key) string {
	h.t.Helper()
	if k.Kind == "" {
		k.Kind = soc.PrincipalService
	}
	if k.Workspaces == nil {
		k.Workspaces = []string{h.First}
	}
	name := fmt.Sprintf("%v", k)
	if header, made := h.secrets[name]; made {
		return header
	}
	secret, err := soc.NewKey(k.Kind, rand.Reader)
	h.must(err)
	c := soc.Credential{
		ID: h.newID(), Organization: h.organizations[k.Workspaces[0]], Kind: k.Kind, Name: string(k.Kind), Scopes: k.Scopes,
		Workspaces: k.Workspaces, Role: k.Role, Source: k.Source, CreatedAt: Epoch,
	}
	if k.Basic {
		secret, err = soc.NewClientSecret(rand.Reader)
		h.must(err)
		c.ClientID = h.newID()
	}
	if k.Expired {
		c.ExpiresAt = Epoch.Add(-time.Hour)
	}
	c.SecretHash, c.Prefix = soc.HashSecret(secret), soc.SecretPrefix(secret)
	h.must(h.Store.Write(h.t.Context(), func(tx *store.Tx) error {
		if k.Kind == soc.PrincipalAgent {
			c.Agent = h.newID()
			if err := tx.InsertAgent(soc.Agent{ID: c.Agent, Organization: c.Organization, Name: "test agent", CreatedAt: Epoch}); err != nil {
				return err
			}
		}
		return tx.InsertCredential(c)
	}))
	header := "Authorization: Bearer " + secret
	if k.Basic {
		header = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(c.ClientID+":"+secret))
	}
	h.secrets[name] = header
	return header
}

// Password is that of every person of the house.
const Password = "correct horse battery"

// passwordHash is its stored form, made once: to make it is meant to be slow.
const passwordHash = "$argon2id$v=19$m=19456,t=2,p=1$XYSDUKa0WfLwD/upD9dwGA$BLtJUG5aZoKtJkwWIDiBmO+9zylMEpvQ+cXXYotbqog"

// Cookie returns the Cookie header of a person's session in a workspace, signed
// in now.
func (h *House) Cookie(workspace string, role soc.Role) string {
	h.t.Helper()
	return h.signIn(soc.Person{Organization: h.organizations[workspace], Name: string(role), Grants: map[string]soc.Role{workspace: role}})
}

// AdminCookie is Cookie for an admin of the organization that has a workspace,
// who has no role in it.
func (h *House) AdminCookie(workspace string) string {
	h.t.Helper()
	return h.signIn(soc.Person{Organization: h.organizations[workspace], Name: "organization admin", OrganizationAdmin: true})
}

// signIn adds a person and starts a session.
func (h *House) signIn(person soc.Person) string {
	h.t.Helper()
	token, err := soc.NewSessionToken(rand.Reader)
	h.must(err)
	person.ID, person.CreatedAt, person.PasswordHash = h.newID(), Epoch, passwordHash
	person.Email = person.ID + "@example.org"
	now := h.Now()
	h.must(h.Store.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertPerson(person); err != nil {
			return err
		}
		return tx.InsertSession(soc.Session{
			ID: h.newID(), Person: person.ID, TokenHash: soc.HashSecret(token), AuthenticatedAt: now, CreatedAt: now, LastSeenAt: now,
			ExpiresAt: now.Add(12 * time.Hour),
		})
	}))
	return "Cookie: __Host-vedette=" + token
}

// newID draws a UUID for a row of the tests' own.
func (h *House) newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
