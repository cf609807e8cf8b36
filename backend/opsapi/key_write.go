package opsapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// keyBody is what keys and service accounts have in common.
type keyBody struct {
	Name         string        `json:"name" jsonschema:"minLength=1,maxLength=100"`
	Scopes       []soc.Scope   `json:"scopes" jsonschema:"minItems=1,maxItems=50"`
	WorkspaceIDs []string      `json:"workspaceIds" jsonschema:"minItems=1,maxItems=200" jsonschema_description:"One, where the role is above viewer."`
	Role         string        `json:"role" jsonschema:"enum=viewer,enum=analyst,enum=senior,enum=manager,enum=admin"`
	ExpiresAt    *schemas.Time `json:"expiresAt,omitempty"`
	Reason       string        `json:"reason,omitempty" jsonschema:"maxLength=1000"`
}

type newKeyInput struct {
	Body struct {
		keyBody
		Kind    string `json:"kind" jsonschema:"enum=person,enum=agent,enum=service"`
		Source  string `json:"source,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Ties an ingest key to one source."`
		AgentID string `json:"agentId,omitempty" jsonschema:"maxLength=36" jsonschema_description:"An agent's key joins this identity; without it a new one is made."`
		OwnerID string `json:"ownerId,omitempty" jsonschema:"maxLength=36" jsonschema_description:"The person of a personal key."`
	} `body:"json"`
}

type newAccountInput struct {
	Body keyBody `body:"json"`
}

// keyTerms are what may be changed of a key; what is left out stays.
type keyTerms struct {
	Name         *string       `json:"name,omitempty" jsonschema:"minLength=1,maxLength=100"`
	Scopes       []soc.Scope   `json:"scopes,omitempty" jsonschema:"minItems=1,maxItems=50"`
	WorkspaceIDs []string      `json:"workspaceIds,omitempty" jsonschema:"minItems=1,maxItems=200"`
	Role         *string       `json:"role,omitempty" jsonschema:"enum=viewer,enum=analyst,enum=senior,enum=manager,enum=admin"`
	Source       *string       `json:"source,omitempty" jsonschema:"maxLength=64"`
	ExpiresAt    *schemas.Time `json:"expiresAt,omitempty"`
	Reason       string        `json:"reason,omitempty" jsonschema:"maxLength=1000"`
}

type changeKeyInput struct {
	ID   string   `path:"id" jsonschema:"maxLength=36"`
	Body keyTerms `body:"json"`
}

// changedKey is a key as it stands, with the change that other terms wait as.
type changedKey struct {
	keyView
	Change *changeView `json:"change"`
}

type collectInput struct {
	ID   string   `path:"id" jsonschema:"maxLength=36"`
	Body struct{} `body:"json"`
}

// orderedKey is a key with its secret, or the change that it waits as; of the two
// one is null.
type orderedKey struct {
	Key    *issuedKey  `json:"key"`
	Change *changeView `json:"change"`
}

func (b keyBody) order() soc.NewCredential {
	in := soc.NewCredential{Name: b.Name, Scopes: b.Scopes, Workspaces: b.WorkspaceIDs, Role: soc.Role(b.Role)}
	if b.ExpiresAt != nil {
		in.ExpiresAt = time.Time(*b.ExpiresAt)
	}
	return in
}

// registerKeyWrites adds what makes keys, of section 12 of the contract.
func (a *api) registerKeyWrites() {
	create := web.Operation{
		Who: web.Person, Organization: true, Rate: "write", Write: true, Secret: true, Status: http.StatusCreated, Also: []int{http.StatusAccepted},
		Errors: []soc.Code{soc.CodeForbidden, soc.CodeNotFound, soc.CodeConflict, soc.CodeLocked},
	}
	add(a, with(create, http.MethodPost, "/keys", "create_key", "Make a key; more than a viewer's waits for a second person."), a.createKey)
	add(a, with(create, http.MethodPost, "/service-accounts", "create_service_account", "Make a service account; more than a viewer's waits for a second person."), a.createAccount)
	change := web.Operation{
		Who: web.Person, Organization: true, Rate: "write", Write: true, Also: []int{http.StatusAccepted}, Errors: create.Errors,
	}
	add(a, with(change, http.MethodPut, "/keys/{id}", "change_key", "Put a key on other terms; what lets it do more waits for a second person."), a.changeKey(soc.KeyCredential))
	add(a, with(change, http.MethodPut, "/service-accounts/{id}", "change_service_account", "Put a service account on other terms; what lets it do more waits for a second person."), a.changeKey(soc.AccountCredential))
	collect := with(create, http.MethodPost, "/keys/{id}/secret", "collect_key", "Collect the secret of a key that two people let through, once.")
	collect.Also, collect.Errors = nil, []soc.Code{soc.CodeForbidden, soc.CodeNotFound, soc.CodeInvalidState, soc.CodeApprovalExpired, soc.CodeLocked}
	add(a, collect, a.collectKey)
}

func (a *api) createKey(ctx context.Context, by soc.Actor, in newKeyInput) (web.Reply[orderedKey], error) {
	order := in.Body.order()
	order.Kind, order.Source, order.Agent, order.Owner = soc.PrincipalKind(in.Body.Kind), in.Body.Source, in.Body.AgentID, in.Body.OwnerID
	return a.orderKey(ctx, by, order, in.Body.Reason)
}

func (a *api) createAccount(ctx context.Context, by soc.Actor, in newAccountInput) (web.Reply[orderedKey], error) {
	order := in.Body.order()
	order.Kind, order.ServiceAccount = soc.PrincipalService, true
	return a.orderKey(ctx, by, order, in.Body.Reason)
}

func (a *api) orderKey(ctx context.Context, by soc.Actor, order soc.NewCredential, reason string) (web.Reply[orderedKey], error) {
	out, err := a.desk.OrderKey(ctx, web.Answering(by, a.drawOrder), order, reason)
	if err != nil {
		return web.Reply[orderedKey]{}, err
	}
	return a.drawOrder(out), nil
}

func (a *api) drawOrder(out soc.KeyOutcome) web.Reply[orderedKey] {
	if out.Change != nil {
		view := a.drawChange(*out.Change)
		return web.Reply[orderedKey]{Data: orderedKey{Change: &view}, Status: http.StatusAccepted, Location: prefix + "/changes/" + view.ID}
	}
	key := issuedKey{a.drawKeyView(out.Issued.Credential), out.Issued.Secret}
	return web.Reply[orderedKey]{Data: orderedKey{Key: &key}, Status: http.StatusCreated, Location: prefix + "/keys"}
}

func (a *api) collectKey(ctx context.Context, by soc.Actor, in collectInput) (web.Reply[issuedKey], error) {
	return a.issued(a.desk.CollectKey(ctx, web.Answering(by, a.issuedOK), in.ID))
}

func (a *api) changeKey(noun soc.CredentialNoun) func(context.Context, soc.Actor, changeKeyInput) (web.Reply[changedKey], error) {
	draw := func(out soc.ChangedKey) web.Reply[changedKey] {
		reply := web.OK(changedKey{keyView: a.drawKeyView(out.Credential)})
		if out.Change != nil {
			view := a.drawChange(*out.Change)
			reply.Data.Change, reply.Status, reply.Location = &view, http.StatusAccepted, prefix+"/changes/"+view.ID
		}
		return reply
	}
	return func(ctx context.Context, by soc.Actor, in changeKeyInput) (web.Reply[changedKey], error) {
		ask := soc.CredentialChange{Name: in.Body.Name, Scopes: in.Body.Scopes, Workspaces: in.Body.WorkspaceIDs, Source: in.Body.Source, Reason: in.Body.Reason}
		if in.Body.Role != nil {
			role := soc.Role(*in.Body.Role)
			ask.Role = &role
		}
		if in.Body.ExpiresAt != nil {
			at := time.Time(*in.Body.ExpiresAt)
			ask.ExpiresAt = &at
		}
		out, err := a.desk.ChangeKey(ctx, web.Answering(by, draw), noun, in.ID, ask)
		if err != nil {
			return web.Reply[changedKey]{}, err
		}
		return draw(out), nil
	}
}
