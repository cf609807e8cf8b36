package backend

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// CreateKey makes an API key, or a service account with client id and secret
// (S52). The secret is in the answer and nowhere else. What is more than a
// viewer's takes the host's authority.
func (d *Desk) CreateKey(ctx context.Context, by soc.Actor, in soc.NewCredential) (soc.IssuedCredential, error) {
	event := "key_created"
	if in.ServiceAccount {
		event = "service_account_created"
	}
	issued, err := d.createKey(ctx, by, event, in)
	if err != nil {
		return soc.IssuedCredential{}, d.refused(ctx, by, event, err, nil)
	}
	return issued, nil
}

func (d *Desk) createKey(ctx context.Context, by soc.Actor, event string, in soc.NewCredential) (soc.IssuedCredential, error) {
	if err := mayAdminister(by, in.Organization); err != nil {
		return soc.IssuedCredential{}, err
	}
	if err := d.mayWrite(); err != nil {
		return soc.IssuedCredential{}, err
	}
	if err := in.Check(d.clock()); err != nil {
		return soc.IssuedCredential{}, err
	}
	if in.Role != soc.RoleViewer {
		if err := mayLoosen(by); err != nil {
			return soc.IssuedCredential{}, err
		}
	}
	issued, err := d.drawCredential(by, in)
	if err != nil {
		return soc.IssuedCredential{}, err
	}
	c := &issued.Credential
	return issued, d.store.Write(ctx, func(tx *store.Tx) error {
		if err := d.tieCredential(tx, by, in, c); err != nil {
			return err
		}
		e := d.entry(by, event)
		e.Target, e.After = c.ID, credentialText(*c)
		tx.Audit(e)
		return tx.InsertCredential(*c)
	})
}

// drawCredential makes the row and the secret.
func (d *Desk) drawCredential(by soc.Actor, in soc.NewCredential) (soc.IssuedCredential, error) {
	id, err := d.newUUID()
	if err != nil {
		return soc.IssuedCredential{}, err
	}
	now := d.clock()
	c := soc.Credential{
		ID: id, Organization: in.Organization, Kind: in.Kind, Name: in.Name, Scopes: in.Scopes, Workspaces: in.Workspaces,
		Role: in.Role, Agent: in.Agent, Owner: in.Owner, Source: in.Source, OAuthClient: in.OAuthClient, CreatedBy: by.ID, CreatedAt: now,
		ExpiresAt: in.ExpiresAt.Truncate(time.Microsecond),
	}
	if c.Kind == soc.PrincipalAgent && c.ExpiresAt.IsZero() {
		c.ExpiresAt = now.Add(soc.AgentKeyLife)
	}
	if in.ServiceAccount {
		client, err := uuid.NewRandomFromReader(d.random)
		if err != nil {
			return soc.IssuedCredential{}, err
		}
		c.ClientID = client.String()
	}
	secret, err := d.drawSecret(c)
	c.SecretHash, c.Prefix = soc.HashSecret(secret), soc.SecretPrefix(secret)
	if c.OAuthClient != "" {
		secret = "" // known to nobody, so that the issuer's token is the only way in
	}
	return soc.IssuedCredential{Credential: c, Secret: secret}, err
}

func (d *Desk) drawSecret(c soc.Credential) (string, error) {
	if c.ClientID != "" {
		return soc.NewClientSecret(d.random)
	}
	return soc.NewKey(c.Kind, d.random)
}

// tieCredential checks what the key is tied to and makes the agent identity of
// an agent key that names none.
func (d *Desk) tieCredential(tx *store.Tx, by soc.Actor, in soc.NewCredential, c *soc.Credential) error {
	for _, workspace := range in.Workspaces {
		if err := inOrganization(tx, in.Organization, workspace); err != nil {
			return err
		}
	}
	if in.Owner != "" {
		owner, found, err := tx.Person(in.Owner)
		if err != nil {
			return err
		}
		if !found || owner.Organization != in.Organization || owner.Disabled {
			return soc.NotFoundf("There is no such person.")
		}
	}
	if in.Kind != soc.PrincipalAgent {
		return nil
	}
	if in.Agent != "" {
		_, found, err := tx.Agent(in.Organization, in.Agent)
		if err == nil && !found {
			err = soc.NotFoundf("There is no such agent.")
		}
		return err
	}
	agent, err := d.insertAgent(tx, by, in.Organization, in.Name, "")
	c.Agent = agent.ID
	return err
}

func credentialText(c soc.Credential) string {
	text := string(c.Kind) + " role=" + string(c.Role) + " scopes="
	for i, scope := range c.Scopes {
		if i > 0 {
			text += ","
		}
		text += string(scope)
	}
	return text
}

// ListKeys lists the credentials of an organization, without secrets.
func (d *Desk) ListKeys(ctx context.Context, by soc.Actor, organization string) ([]soc.Credential, error) {
	if err := mayAdminister(by, organization); err != nil {
		return nil, err
	}
	return d.store.Read(ctx).Credentials(organization)
}

// mayRevoke lets through, beside the admins, the person of a personal key and
// a key of role admin that may tighten, within its organization and workspaces.
func mayRevoke(by soc.Actor, c soc.Credential) error {
	switch {
	case by.Kind == soc.PrincipalPerson && by.Session && c.Owner == by.ID && c.Owner != "":
		return nil
	case !by.Session && (by.Kind == soc.PrincipalService || by.Kind == soc.PrincipalPerson) && by.Has(soc.ScopeOpsTighten):
		return mayTightenIn(by, c.Workspaces)
	}
	return mayAdminister(by, c.Organization)
}

// mayTightenIn lets a key through that has the role admin in all the workspaces;
// what it has no such role in is unknown to it.
func mayTightenIn(by soc.Actor, workspaces []string) error {
	by.Workspace = ""
	somewhere := false
	for _, role := range by.Grants {
		somewhere = somewhere || role == soc.RoleAdmin
	}
	if !somewhere {
		return by.May("", soc.RoleAdmin)
	}
	for _, workspace := range workspaces {
		if by.Grants[workspace] != soc.RoleAdmin {
			return soc.NotFoundf("There is no such key.")
		}
	}
	return nil
}

// mayRotate lets through, beside the admins, the key itself, unless it is an
// agent's or presents the secret that a rotation has replaced: a hijacked agent
// must not shut its owner out, and a leaked secret not outlive its overlap.
func mayRotate(by soc.Actor, c soc.Credential) error {
	switch {
	case by.Session || by.Kind == "" || by.Credential != c.ID || by.Credential == "":
		return mayAdminister(by, c.Organization)
	case by.Kind == soc.PrincipalAgent:
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent does not renew its own key.").WithFix("Ask an admin of the organization.")
	case by.Superseded:
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "This secret has been replaced already.").WithFix("Rotate with the present secret, or ask an admin of the organization.")
	}
	return nil
}

// RevokeKey ends a key or service account: the next call with it is refused.
func (d *Desk) RevokeKey(ctx context.Context, by soc.Actor, id string) error {
	return d.RevokeCredential(ctx, by, soc.AnyCredential, id)
}

// RevokeCredential is RevokeKey for what goes by the noun.
func (d *Desk) RevokeCredential(ctx context.Context, by soc.Actor, noun soc.CredentialNoun, id string) error {
	return d.changeKey(ctx, by, "key_revoked", noun, id, mayRevoke, func(tx *store.Tx, c soc.Credential) error {
		live, err := tx.RevokeCredential(c.ID, d.clock())
		if err == nil && !live {
			err = soc.NotFoundf("There is no such key.")
		}
		if err != nil {
			return err
		}
		c.RevokedAt = d.clock()
		return d.settleIdempotency(tx, by, c)
	})
}

// RotateKey gives a credential a new secret with the same authority and no
// later expiry. The present secret works for the overlap, an older one no
// longer. A key may rotate itself.
func (d *Desk) RotateKey(ctx context.Context, by soc.Actor, id string, overlap time.Duration) (soc.IssuedCredential, error) {
	return d.RotateCredential(ctx, by, soc.AnyCredential, id, overlap)
}

// RotateCredential is RotateKey for what goes by the noun.
func (d *Desk) RotateCredential(ctx context.Context, by soc.Actor, noun soc.CredentialNoun, id string, overlap time.Duration) (soc.IssuedCredential, error) {
	var issued soc.IssuedCredential
	err := d.changeKey(ctx, by, "key_rotated", noun, id, mayRotate, func(tx *store.Tx, c soc.Credential) (err error) {
		if overlap < 0 || overlap > soc.MaxOverlap {
			return soc.InvalidField("overlapHours", "Must be 0 to %d.", int(soc.MaxOverlap.Hours()))
		}
		if c.OAuthClient != "" {
			return soc.InvalidField("key", "Is an OAuth client without a secret of ours; rotate it at its issuer.")
		}
		if issued.Secret, err = d.drawSecret(c); err != nil {
			return err
		}
		c.FormerHash, c.FormerUntil = c.SecretHash, d.clock().Add(overlap)
		c.SecretHash, c.Prefix = soc.HashSecret(issued.Secret), soc.SecretPrefix(issued.Secret)
		issued.Credential = c
		if err := tx.RotateCredential(c.ID, c.Prefix, c.SecretHash, c.FormerUntil); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, issued)
	})
	if err != nil {
		return soc.IssuedCredential{}, err
	}
	return issued, nil
}

// changeKey runs a change of one live credential with its audit entry. Whoever
// may change none gets one answer, whether the id is known or not.
func (d *Desk) changeKey(ctx context.Context, by soc.Actor, event string, noun soc.CredentialNoun, id string, may func(soc.Actor, soc.Credential) error, change func(*store.Tx, soc.Credential) error) error {
	err := d.mayWrite()
	if err == nil {
		err = d.store.Write(ctx, func(tx *store.Tx) error {
			c, err := ownCredential(tx, by, noun, id)
			if soc.KindOf(err) == soc.NotFound {
				if denied := may(by, soc.Credential{Organization: by.Organization}); denied != nil {
					return denied
				}
			}
			if err != nil {
				return err
			}
			if err := may(by, c); err != nil {
				return err
			}
			e := d.entry(by, event)
			e.Target = id
			tx.Audit(e)
			return change(tx, c)
		})
	}
	if err != nil {
		return d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return nil
}

// ownCredential is a live credential of the caller's organization, or any of
// the host's.
func ownCredential(tx *store.Tx, by soc.Actor, noun soc.CredentialNoun, id string) (soc.Credential, error) {
	if by.Kind == "" {
		return soc.Credential{}, errNoCredential()
	}
	unknown := soc.NotFoundf("There is no such key.")
	if by.Kind != soc.PrincipalHost && by.Organization == "" {
		return soc.Credential{}, unknown
	}
	c, found, err := tx.Credential(by.Organization, id)
	if err == nil && (!found || c.Revoked() || !noun.Is(c)) {
		err = unknown
	}
	return c, err
}

// FindKey finds a live credential by id or by its prefix, for the host's
// command line; a prefix that fits several is refused.
func (d *Desk) FindKey(ctx context.Context, by soc.Actor, name string) (soc.Credential, error) {
	all, err := d.ListKeys(ctx, by, by.Organization)
	if err != nil {
		return soc.Credential{}, err
	}
	fitting := slices.DeleteFunc(all, func(c soc.Credential) bool {
		return c.Revoked() || c.ID != name && c.Prefix != name && c.ClientID != name && c.OAuthClient != name
	})
	switch {
	case len(fitting) == 0 || name == "":
		return soc.Credential{}, soc.NotFoundf("There is no such key.")
	case len(fitting) > 1:
		return soc.Credential{}, soc.InvalidField("key", "Fits several keys; name one by its id.")
	}
	return fitting[0], nil
}
