package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// agentView is an agent identity; all its keys stand and fall with it.
type agentView struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description" jsonschema_description:"What people say it is for."`
	CreatedAt   schemas.Time   `json:"createdAt"`
	Keys        []agentKey     `json:"keys"`
	Refusals    int            `json:"refusals" jsonschema_description:"Hard refusals in the period that containment looks at."`
	Suspended   *suspendedView `json:"suspended"`
}

type agentKey struct {
	ID         string        `json:"id"`
	Name       string        `json:"name"`
	Prefix     string        `json:"prefix"`
	Role       string        `json:"role"`
	Scopes     []soc.Scope   `json:"scopes"`
	ExpiresAt  *schemas.Time `json:"expiresAt"`
	LastUsedAt *schemas.Time `json:"lastUsedAt"`
}

type suspendedView struct {
	Since schemas.Time `json:"since"`
	By    string       `json:"by"`
	Why   string       `json:"why"`
}

type agentInput struct {
	Body agentWords `body:"json"`
}

type agentChange struct {
	ID   string     `path:"id" jsonschema:"maxLength=36"`
	Body agentWords `body:"json"`
}

// agentWords is what people say of an agent.
type agentWords struct {
	Name        string `json:"name" jsonschema:"minLength=1,maxLength=100"`
	Description string `json:"description,omitempty" jsonschema:"maxLength=1000"`
}

// registerAgents adds the agents of section 8.1 of the contract.
func (a *api) registerAgents() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/agents", "list_agents", "Agent identities of the workspace with their keys and refusals."), a.listAgents)
	admin := web.Operation{Who: web.Person, MinRole: soc.RoleAdmin, Rate: "write", Write: true, Errors: []soc.Code{soc.CodeForbidden, soc.CodeLocked}}
	create := with(admin, http.MethodPost, "/agents", "create_agent", "Make an agent identity, without any key yet.")
	create.Status = http.StatusCreated
	add(a, create, a.createAgent)
	add(a, with(admin, http.MethodPut, "/agents/{id}", "change_agent", "Name and describe an agent identity anew."), a.changeAgent)
	tighten := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleAnalyst, Rate: "write", Write: true, Kinds: kinds}
	add(a, with(tighten, http.MethodPost, "/agents/{id}/suspend", "suspend_agent", "Stop an agent identity, with every key of it."), a.suspendAgent)
	lift := web.Operation{Who: web.Person, MinRole: soc.RoleSenior, Rate: "decide", Write: true, Errors: []soc.Code{soc.CodeHumanSessionRequired}}
	add(a, with(lift, http.MethodPost, "/agents/{id}/unsuspend", "unsuspend_agent", "Let a suspended agent work again."), a.unsuspendAgent)
}

func (a *api) listAgents(ctx context.Context, by soc.Actor, _ none) (web.Reply[[]agentView], error) {
	records, err := a.desk.ListAgents(ctx, by)
	views := make([]agentView, len(records))
	for i, r := range records {
		views[i] = drawAgent(r)
	}
	return web.OK(views), err
}

func (a *api) createAgent(ctx context.Context, by soc.Actor, in agentInput) (web.Reply[agentView], error) {
	draw := func(r soc.AgentRecord) web.Reply[agentView] {
		return web.Reply[agentView]{Data: drawAgent(r), Status: http.StatusCreated, Location: prefix + "/agents"}
	}
	r, err := a.desk.CreateAgent(ctx, web.Answering(by, draw), soc.AgentWords(in.Body))
	if err != nil {
		return web.Reply[agentView]{}, err
	}
	return draw(r), nil
}

func (a *api) changeAgent(ctx context.Context, by soc.Actor, in agentChange) (web.Reply[agentView], error) {
	return agentReply(a.desk.ChangeAgent(ctx, web.Answering(by, agentOK), in.ID, soc.AgentWords(in.Body)))
}

func (a *api) suspendAgent(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[agentView], error) {
	return agentReply(a.desk.SuspendAgent(ctx, web.Answering(by, agentOK), in.ID, in.Body.Reason))
}

func (a *api) unsuspendAgent(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[agentView], error) {
	return agentReply(a.desk.UnsuspendAgent(ctx, web.Answering(by, agentOK), in.ID, in.Body.Reason))
}

func agentOK(r soc.AgentRecord) web.Reply[agentView] { return web.OK(drawAgent(r)) }

func agentReply(r soc.AgentRecord, err error) (web.Reply[agentView], error) {
	if err != nil {
		return web.Reply[agentView]{}, err
	}
	return agentOK(r), nil
}

func drawAgent(r soc.AgentRecord) agentView {
	view := agentView{
		ID: r.Agent.ID, Name: soc.EscapeVisible(r.Agent.Name), Description: soc.EscapeVisible(r.Agent.Description),
		CreatedAt: schemas.Time(r.Agent.CreatedAt), Keys: []agentKey{}, Refusals: r.Refusals,
	}
	for _, key := range r.Keys {
		view.Keys = append(view.Keys, agentKey{
			ID: key.ID, Name: soc.EscapeVisible(key.Name), Prefix: key.Prefix, Role: string(key.Role), Scopes: append([]soc.Scope{}, key.Scopes...),
			ExpiresAt: schemas.TimeOrNull(key.ExpiresAt), LastUsedAt: schemas.TimeOrNull(key.LastUsedAt),
		})
	}
	if !r.Agent.SuspendedAt.IsZero() {
		view.Suspended = &suspendedView{schemas.Time(r.Agent.SuspendedAt), r.Agent.SuspendedBy, soc.EscapeVisible(r.Agent.SuspendedWhy)}
	}
	return view
}
