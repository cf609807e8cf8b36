package main

import (
	"context"
	"strings"
	"time"

	"vedette/backend/soc"
)

type keysCommand struct {
	Create createKeyCommand `cmd:"" help:"Make a key; its secret is printed once."`
	List   listKeysCommand  `cmd:"" help:"List keys and service accounts, never their secrets."`
	Revoke revokeKeyCommand `cmd:"" help:"End a key at once."`
	Rotate rotateKeyCommand `cmd:"" help:"Give a key a new secret; the old one works for the overlap."`
}

type createKeyCommand struct {
	Name           string        `arg:"" help:"What the key is for; the agent's name for an agent key."`
	Kind           string        `enum:"person,agent,service" default:"agent" help:"person, agent or service."`
	Workspace      []string      `required:"" help:"Workspaces by id or name." placeholder:"WORKSPACE"`
	Role           string        `enum:"viewer,analyst,senior,manager,admin" default:"viewer" help:"Role in the workspaces."`
	Scope          []string      `required:"" help:"Scopes, such as incidents:read." placeholder:"SCOPE"`
	Agent          string        `help:"Existing agent identity by id; otherwise one is made." placeholder:"ID"`
	Owner          string        `help:"Person of a personal key, by mail address or id." placeholder:"PERSON"`
	Source         string        `help:"Source that an ingest key is tied to." placeholder:"SOURCE"`
	Expires        time.Duration `help:"How long the key lives (agent keys 2160h unless stated, others for ever)." placeholder:"DURATION"`
	ServiceAccount bool          `help:"Make a client id and secret for HTTP Basic instead of a key."`
	OAuthClient    string        `name:"oauth-client" help:"Let this client of --oauth-issuer in by its tokens, instead of making a key." placeholder:"CLIENT-ID"`
}

func (c *createKeyCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "keys create")
	if err != nil {
		return err
	}
	defer l.close()
	in := soc.NewCredential{
		Kind: soc.PrincipalKind(c.Kind), Name: c.Name, Role: soc.Role(c.Role), Agent: c.Agent, Source: c.Source,
		ServiceAccount: c.ServiceAccount, OAuthClient: c.OAuthClient,
	}
	if c.Expires != 0 {
		in.ExpiresAt = time.Now().Add(c.Expires)
	}
	for _, scope := range c.Scope {
		in.Scopes = append(in.Scopes, soc.Scope(scope))
	}
	for _, name := range c.Workspace {
		w, err := l.workspace(ctx, name)
		if err != nil {
			return err
		}
		in.Organization, in.Workspaces = w.Organization, append(in.Workspaces, w.ID)
	}
	if c.Owner != "" {
		owner, err := l.desk.FindPerson(ctx, l.host, c.Owner)
		if err != nil {
			return err
		}
		in.Owner = owner.ID
	}
	issued, err := l.desk.CreateKey(ctx, l.host, in)
	if err != nil {
		return err
	}
	return e.printSecret(issued)
}

// printSecret shows a secret, once; an OAuth client has none.
func (e *environment) printSecret(issued soc.IssuedCredential) error {
	value, rows := keyJSON(issued.Credential), [][]string{{"key", issued.Credential.ID}}
	if issued.Credential.ClientID != "" {
		rows = append(rows, []string{"client id", issued.Credential.ClientID})
	}
	if issued.Credential.OAuthClient != "" {
		return e.print(value, append(rows, []string{"oauth client", issued.Credential.OAuthClient}))
	}
	value["secret"] = issued.Secret
	return e.print(value, append(rows, []string{"secret", issued.Secret, "(shown once)"}))
}

func keyJSON(c soc.Credential) map[string]any {
	value := map[string]any{
		"id": c.ID, "kind": c.Kind, "name": c.Name, "prefix": c.Prefix, "scopes": c.Scopes, "workspaces": c.Workspaces,
		"role": c.Role, "created_by": c.CreatedBy, "created_at": timeJSON(c.CreatedAt), "expires_at": timeJSON(c.ExpiresAt),
		"revoked_at": timeJSON(c.RevokedAt), "last_used_at": timeJSON(c.LastUsedAt),
	}
	for name, text := range map[string]string{"client_id": c.ClientID, "oauth_client": c.OAuthClient, "agent": c.Agent, "owner": c.Owner, "source": c.Source} {
		if text != "" {
			value[name] = text
		}
	}
	return value
}

type listKeysCommand struct {
	All bool `help:"Also list revoked ones."`
}

func (c *listKeysCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "keys list")
	if err != nil {
		return err
	}
	defer l.close()
	keys, err := l.desk.ListKeys(ctx, l.host, "")
	if err != nil {
		return err
	}
	values, rows := []map[string]any{}, [][]string{{"PREFIX", "NAME", "KIND", "ROLE", "SCOPES", "LAST USED", "EXPIRES", "STATE", "ID"}}
	for _, k := range keys {
		if k.Revoked() && !c.All {
			continue
		}
		state := "live"
		switch {
		case k.Revoked():
			state = "revoked"
		case !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(time.Now()):
			state = "expired"
		}
		var scopes []string
		for _, scope := range k.Scopes {
			scopes = append(scopes, string(scope))
		}
		values = append(values, keyJSON(k))
		rows = append(rows, []string{
			k.Prefix, k.Name, string(k.Kind), string(k.Role), strings.Join(scopes, ","), timeText(k.LastUsedAt), timeText(k.ExpiresAt), state, k.ID,
		})
	}
	return e.print(map[string]any{"keys": values}, rows)
}

type revokeKeyCommand struct {
	Key string `arg:"" help:"Key by id, prefix or client id."`
}

func (c *revokeKeyCommand) Run(ctx context.Context, e *environment) error {
	return e.withKey(ctx, "keys revoke", c.Key, func(l *local, k soc.Credential) error {
		if err := l.desk.RevokeKey(ctx, l.host, k.ID); err != nil {
			return err
		}
		return e.print(map[string]any{"id": k.ID, "revoked": true}, [][]string{{"revoked", k.Prefix, k.Name}})
	})
}

type rotateKeyCommand struct {
	Key     string        `arg:"" help:"Key by id, prefix or client id."`
	Overlap time.Duration `default:"24h" help:"How long the old secret keeps working, up to 168h."`
}

func (c *rotateKeyCommand) Run(ctx context.Context, e *environment) error {
	return e.withKey(ctx, "keys rotate", c.Key, func(l *local, k soc.Credential) error {
		issued, err := l.desk.RotateKey(ctx, l.host, k.ID, c.Overlap)
		if err != nil {
			return err
		}
		return e.printSecret(issued)
	})
}

// withKey opens the database, finds a live key and goes on.
func (e *environment) withKey(ctx context.Context, operation, name string, next func(*local, soc.Credential) error) error {
	l, err := e.openLocal(ctx, operation)
	if err != nil {
		return err
	}
	defer l.close()
	key, err := l.desk.FindKey(ctx, l.host, name)
	if err != nil {
		return err
	}
	return next(l, key)
}
