package store

import (
	"time"

	"vedette/backend/soc"
)

const credentialColumns = `SELECT c.id, c.organization_id, c.kind, c.name, c.prefix, COALESCE(c.client_id, ''), COALESCE(c.oauth_client, ''), c.secret_hash, c.former_hash, c.former_until,
 c.scopes, c.workspaces, c.role, COALESCE(c.agent_id, ''), COALESCE(c.owner_id, ''), c.source, c.created_by, c.created_at, c.expires_at,
 c.revoked_at, c.last_used_at FROM credential c`

func scanCredential(r row) (soc.Credential, error) {
	var c soc.Credential
	var scopes, workspaces string
	var former, created, expires, revoked, used int64
	err := r.Scan(&c.ID, &c.Organization, &c.Kind, &c.Name, &c.Prefix, &c.ClientID, &c.OAuthClient, &c.SecretHash, &c.FormerHash, &former,
		&scopes, &workspaces, &c.Role, &c.Agent, &c.Owner, &c.Source, &c.CreatedBy, &created, &expires, &revoked, &used)
	if err != nil {
		return c, err
	}
	c.FormerUntil, c.CreatedAt, c.ExpiresAt = fromMicros(former), fromMicros(created), fromMicros(expires)
	c.RevokedAt, c.LastUsedAt = fromMicros(revoked), fromMicros(used)
	return c, decodeAll(scopes, &c.Scopes, workspaces, &c.Workspaces)
}

// CredentialBySecret finds the key with a secret, by its hash; the secret of a
// service account opens nothing without its client id, and an OAuth client has none.
func (r *Reader) CredentialBySecret(hash []byte) (soc.Credential, bool, error) {
	return one(r, scanCredential, credentialColumns+` WHERE (c.secret_hash = $1 OR c.former_hash = $1) AND c.client_id IS NULL AND c.oauth_client IS NULL`, hash)
}

// CredentialByClient finds a service account by its client id.
func (r *Reader) CredentialByClient(clientID string) (soc.Credential, bool, error) {
	return one(r, scanCredential, credentialColumns+` WHERE c.client_id = $1`, clientID)
}

// CredentialByOAuthClient finds what was made for a client of the token issuer.
func (r *Reader) CredentialByOAuthClient(client string) (soc.Credential, bool, error) {
	return one(r, scanCredential, credentialColumns+` WHERE c.oauth_client = $1`, client)
}

// Credential finds a credential of an organization; an empty organization is
// for the host.
func (r *Reader) Credential(organization, id string) (soc.Credential, bool, error) {
	return one(r, scanCredential, credentialColumns+` WHERE c.id = $2 AND ($1 = '' OR c.organization_id = $1)`, organization, id)
}

// Credentials lists those of an organization, oldest first, revoked ones too;
// an empty organization lists all and is for the host.
func (r *Reader) Credentials(organization string) ([]soc.Credential, error) {
	return all(r, scanCredential, credentialColumns+` WHERE $1 = '' OR c.organization_id = $1 ORDER BY c.created_at, c.id`, organization)
}

// InsertCredential adds a credential.
func (tx *Tx) InsertCredential(c soc.Credential) error {
	return tx.insert(`INSERT INTO credential (id, organization_id, kind, name, prefix, client_id, oauth_client, secret_hash, former_hash, former_until, scopes, workspaces,
 role, agent_id, owner_id, source, created_by, created_at, expires_at, revoked_at, last_used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, 0, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, 0)`,
		c.ID, c.Organization, string(c.Kind), c.Name, c.Prefix, optional(c.ClientID), optional(c.OAuthClient), c.SecretHash, list(c.Scopes), list(c.Workspaces),
		string(c.Role), optional(c.Agent), optional(c.Owner), c.Source, c.CreatedBy, micros(c.CreatedAt), micros(c.ExpiresAt))
}

// RotateCredential gives a credential a new secret; the present one works until
// formerUntil, an older one no longer.
func (tx *Tx) RotateCredential(id, prefix string, secretHash []byte, formerUntil time.Time) error {
	return tx.insert(`UPDATE credential SET former_hash = secret_hash, former_until = $4, secret_hash = $3, prefix = $2 WHERE id = $1`,
		id, prefix, secretHash, micros(formerUntil))
}

// RevokeCredential ends a credential; it reports whether it was live.
func (tx *Tx) RevokeCredential(id string, at time.Time) (bool, error) {
	n, err := tx.update(`UPDATE credential SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, id, micros(at))
	return n == 1, err
}

// TouchCredential notes when a credential was last used, never backwards.
func (tx *Tx) TouchCredential(id string, at time.Time) error {
	return tx.insert(`UPDATE credential SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`, id, micros(at))
}

// optional is NULL for an empty text.
func optional(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// WorkingAgent is the agent identity of the oldest live key that may work on
// runs in a workspace (S62), or "".
func (r *Reader) WorkingAgent(workspace, organization string, now time.Time) (string, error) {
	id, _, err := one(r, func(x row) (id string, err error) {
		err = x.Scan(&id)
		return id, err
	}, `SELECT agent_id FROM credential WHERE organization_id = $2 AND kind = 'agent' AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $3)
AND scopes LIKE '%"runs:work"%' AND workspaces LIKE '%"' || $1 || '"%' ORDER BY created_at, id LIMIT 1`, workspace, organization, micros(now))
	return id, err
}

// CollectCredential gives a credential its first known secret; it reports
// whether nobody had before.
func (tx *Tx) CollectCredential(id, prefix string, secretHash []byte) (bool, error) {
	n, err := tx.update(`UPDATE credential SET secret_hash = $3, prefix = $2 WHERE id = $1 AND prefix = ''`, id, prefix, secretHash)
	return n == 1, err
}

// ChangeCredential stores what may be changed of a live credential: name, scopes,
// workspaces, role, source and expiry.
func (tx *Tx) ChangeCredential(c soc.Credential) error {
	return tx.insert(`UPDATE credential SET name = $2, scopes = $3, workspaces = $4, role = $5, source = $6, expires_at = $7 WHERE id = $1 AND revoked_at = 0`,
		c.ID, c.Name, list(c.Scopes), list(c.Workspaces), string(c.Role), c.Source, micros(c.ExpiresAt))
}

// UncollectedCredentials lists live credentials, of all organizations, that two
// people let through before a time and whose secret nobody has collected.
func (r *Reader) UncollectedCredentials(before time.Time, limit int) ([]soc.Credential, error) {
	return all(r, scanCredential, credentialColumns+` WHERE c.prefix = '' AND c.revoked_at = 0
AND EXISTS (SELECT 1 FROM policy_change p WHERE p.id = c.id AND p.kind = 'key' AND p.state = 'applied' AND p.decided_at <= $1) ORDER BY c.id LIMIT $2`, micros(before), limit)
}
