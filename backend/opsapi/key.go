package opsapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type keyPage struct {
	Kind      string      `query:"kind" jsonschema:"enum=person,enum=agent,enum=service"`
	Workspace string      `query:"workspaceId" jsonschema:"maxLength=36"`
	State     string      `query:"state" jsonschema:"enum=live,enum=expired,enum=revoked"`
	PageSize  schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token     string      `query:"continuationToken"`
}

type oneKey struct {
	ID string `path:"id" jsonschema:"maxLength=36"`
}

type rotateBody struct {
	OverlapHours *schemas.Int `json:"overlapHours,omitempty" jsonschema:"minimum=0,maximum=168" jsonschema_description:"How long the present secret works beside the new one, 24 unless stated."`
}

type rotateInput struct {
	ID   string     `path:"id" jsonschema:"maxLength=36"`
	Body rotateBody `body:"json"`
}

type rotateOwn struct {
	Body rotateBody `body:"json"`
}

// overlap of a rotation, a day unless stated.
func (b rotateBody) overlap() time.Duration {
	if b.OverlapHours == nil {
		return 24 * time.Hour
	}
	return time.Duration(*b.OverlapHours) * time.Hour
}

// keyView is a key or service account. No member can be used to sign in; prefix
// tells keys apart.
type keyView struct {
	ID           string        `json:"id"`
	Kind         string        `json:"kind"`
	Name         string        `json:"name"`
	State        string        `json:"state" jsonschema:"enum=live,enum=expired,enum=revoked"`
	Prefix       string        `json:"prefix"`
	ClientID     *string       `json:"clientId" jsonschema_description:"Of a service account."`
	OAuthClient  *string       `json:"oauthClient" jsonschema_description:"Client at the token issuer; such a key has no secret."`
	Scopes       []soc.Scope   `json:"scopes"`
	WorkspaceIDs []string      `json:"workspaceIds" jsonschema_description:"Those the caller oversees."`
	Role         string        `json:"role"`
	Source       *string       `json:"source"`
	AgentID      *string       `json:"agentId"`
	OwnerID      *string       `json:"ownerId" jsonschema_description:"The person of a personal key."`
	CreatedBy    string        `json:"createdBy"`
	CreatedAt    schemas.Time  `json:"createdAt"`
	LastUsedAt   *schemas.Time `json:"lastUsedAt"`
	ExpiresAt    *schemas.Time `json:"expiresAt"`
	OverlapUntil *schemas.Time `json:"overlapUntil" jsonschema_description:"Until when the secret before the last rotation works."`
	RevokedAt    *schemas.Time `json:"revokedAt"`
}

// issuedKey is a key with its secret, which no other answer holds.
type issuedKey struct {
	keyView
	Secret string `json:"secret"`
}

// registerKeys adds what reads, ends and renews keys, of section 12 of the
// contract.
func (a *api) registerKeys() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleManager, Organization: true, Rate: "read", Kinds: kinds,
		Errors: []soc.Code{soc.CodeNotFound, soc.CodeInsufficientWorkspaceRole},
	}
	add(a, with(read, http.MethodGet, "/keys", "list_keys", "Keys the caller oversees, oldest first, never a secret."), a.listKeys(soc.KeyCredential))
	add(a, with(read, http.MethodGet, "/service-accounts", "list_service_accounts", "Service accounts the caller oversees, oldest first, never a secret."), a.listKeys(soc.AccountCredential))
	revoke := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleAdmin, Organization: true, Rate: "write", Write: true, Kinds: kinds,
		Status: http.StatusNoContent, Errors: []soc.Code{soc.CodeInsufficientWorkspaceRole, soc.CodeLocked},
	}
	add(a, with(revoke, http.MethodDelete, "/keys/{id}", "revoke_key", "End a key at once."), a.revokeKey(soc.KeyCredential))
	add(a, with(revoke, http.MethodDelete, "/service-accounts/{id}", "revoke_service_account", "End a service account at once."), a.revokeKey(soc.AccountCredential))
	rotate := web.Operation{
		Who: web.Person, Organization: true, Rate: "write", Write: true, Secret: true, Status: http.StatusCreated,
		Errors: []soc.Code{soc.CodeForbidden, soc.CodeLocked},
	}
	add(a, with(rotate, http.MethodPost, "/keys/{id}/rotate", "rotate_key", "Give a key a new secret with the same authority."), a.rotateKey(soc.KeyCredential))
	add(a, with(rotate, http.MethodPost, "/service-accounts/{id}/rotate", "rotate_service_account", "Give a service account a new secret with the same authority."), a.rotateKey(soc.AccountCredential))
	own := with(rotate, http.MethodPost, "/keys/self/rotate", "rotate_own_key", "Give the key that asks a new secret with the same authority.")
	own.Who, own.Organization, own.Kinds, own.Errors = web.Signed, false, kinds, []soc.Code{soc.CodeForbidden, soc.CodeNotFound, soc.CodeLocked}
	add(a, own, a.rotateOwnKey)
}

func (a *api) listKeys(noun soc.CredentialNoun) func(context.Context, soc.Actor, keyPage) (web.Reply[[]keyView], error) {
	return func(ctx context.Context, by soc.Actor, in keyPage) (web.Reply[[]keyView], error) {
		filter := soc.CredentialFilter{
			Noun: noun, Kind: soc.PrincipalKind(in.Kind), Workspace: in.Workspace, State: soc.CredentialState(in.State), Limit: pageSize(in.PageSize),
		}
		stated := in
		stated.Token, stated.PageSize = "", 0
		binding := web.Binding{Endpoint: "ops credentials " + string(noun), Principal: by.ID, Filters: stated}
		var err error
		if filter.After, err = a.after(binding, in.Token); err != nil {
			return web.Reply[[]keyView]{}, err
		}
		found, next, err := a.desk.ListCredentials(ctx, by, filter)
		if err != nil {
			return web.Reply[[]keyView]{}, err
		}
		views := make([]keyView, len(found))
		for i, c := range found {
			views[i] = a.drawKeyView(c)
		}
		reply := web.OK(views)
		reply.Page, err = a.page(binding, next)
		return reply, err
	}
}

func (a *api) revokeKey(noun soc.CredentialNoun) func(context.Context, soc.Actor, oneKey) (web.Reply[none], error) {
	gone := func(soc.Credential) web.Reply[none] { return web.Reply[none]{Status: http.StatusNoContent} }
	return func(ctx context.Context, by soc.Actor, in oneKey) (web.Reply[none], error) {
		err := a.desk.RevokeCredential(ctx, web.Answering(by, gone), noun, in.ID)
		return web.Reply[none]{Status: http.StatusNoContent}, err
	}
}

func (a *api) rotateKey(noun soc.CredentialNoun) func(context.Context, soc.Actor, rotateInput) (web.Reply[issuedKey], error) {
	return func(ctx context.Context, by soc.Actor, in rotateInput) (web.Reply[issuedKey], error) {
		return a.issued(a.desk.RotateCredential(ctx, web.Answering(by, a.issuedOK), noun, in.ID, in.Body.overlap()))
	}
}

func (a *api) rotateOwnKey(ctx context.Context, by soc.Actor, in rotateOwn) (web.Reply[issuedKey], error) {
	return a.issued(a.desk.RotateCredential(ctx, web.Answering(by, a.issuedOK), soc.KeyCredential, by.Credential, in.Body.overlap()))
}

func (a *api) issuedOK(c soc.IssuedCredential) web.Reply[issuedKey] {
	return web.Reply[issuedKey]{Status: http.StatusCreated, Data: issuedKey{a.drawKeyView(c.Credential), c.Secret}}
}

func (a *api) issued(c soc.IssuedCredential, err error) (web.Reply[issuedKey], error) {
	if err != nil {
		return web.Reply[issuedKey]{}, err
	}
	return a.issuedOK(c), nil
}

func (a *api) drawKeyView(c soc.Credential) keyView {
	return keyView{
		ID: c.ID, Kind: string(c.Kind), Name: soc.EscapeVisible(c.Name), State: string(c.StateAt(a.desk.Now())), Prefix: c.Prefix,
		ClientID: orNull(c.ClientID), OAuthClient: orNull(c.OAuthClient), Scopes: append([]soc.Scope{}, c.Scopes...),
		WorkspaceIDs: append([]string{}, c.Workspaces...), Role: string(c.Role), Source: orNull(c.Source), AgentID: orNull(c.Agent),
		OwnerID: orNull(c.Owner), CreatedBy: c.CreatedBy, CreatedAt: schemas.Time(c.CreatedAt), LastUsedAt: schemas.TimeOrNull(c.LastUsedAt),
		ExpiresAt: schemas.TimeOrNull(c.ExpiresAt), OverlapUntil: schemas.TimeOrNull(c.FormerUntil), RevokedAt: schemas.TimeOrNull(c.RevokedAt),
	}
}
