package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type peoplePage struct {
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

// memberView is a person as those who oversee them see it.
type memberView struct {
	ID               string          `json:"id"`
	Email            string          `json:"email"`
	Name             string          `json:"name"`
	State            string          `json:"state" jsonschema:"enum=active,enum=disabled"`
	OrganizationRole string          `json:"organizationRole" jsonschema:"enum=Member,enum=Admin"`
	Grants           []workspaceRole `json:"grants" jsonschema_description:"Roles in the workspaces the caller oversees."`
	SecondFactor     bool            `json:"secondFactor" jsonschema_description:"Whether one is enrolled."`
	CreatedAt        schemas.Time    `json:"createdAt"`
}

type workspaceView struct {
	ID            string       `json:"id"`
	Name          string       `json:"name"`
	Role          *string      `json:"role" jsonschema_description:"The caller's; null for an admin of the organization without one."`
	Locked        bool         `json:"locked" jsonschema_description:"Every write but ingest is refused."`
	LegalHold     bool         `json:"legalHold" jsonschema_description:"Nothing is deleted."`
	PolicyVersion int64        `json:"policyVersion"`
	CreatedAt     schemas.Time `json:"createdAt"`
}

type organizationView struct {
	ID                           string       `json:"id"`
	Name                         string       `json:"name"`
	SecondFactorRoles            []string     `json:"secondFactorRoles" jsonschema_description:"Roles whose people must have a second factor."`
	ApproversWithoutSecondFactor int64        `json:"approversWithoutSecondFactor" jsonschema_description:"How many who may decide something have none."`
	CreatedAt                    schemas.Time `json:"createdAt"`
}

// registerPeople adds what reads people, workspaces and the organization, of
// section 12 of the contract.
func (a *api) registerPeople() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleManager, Organization: true, Rate: "read", Kinds: kinds,
		Errors: []soc.Code{soc.CodeInsufficientWorkspaceRole},
	}
	add(a, with(read, http.MethodGet, "/people", "list_people", "People the caller oversees with their roles, by address."), a.listPeople)
	own := web.Operation{Who: web.Person, Organization: true, Rate: "read"}
	add(a, with(own, http.MethodGet, "/workspaces", "list_workspaces", "Workspaces the caller may look into, oldest first."), a.listWorkspaces)
	add(a, with(own, http.MethodGet, "/organization", "get_organization", "The organization the caller belongs to."), a.getOrganization)
}

func (a *api) listPeople(ctx context.Context, by soc.Actor, in peoplePage) (web.Reply[[]memberView], error) {
	binding := web.Binding{Endpoint: "ops people", Principal: by.ID}
	after, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]memberView]{}, err
	}
	found, next, err := a.desk.ListMembers(ctx, by, after, pageSize(in.PageSize))
	if err != nil {
		return web.Reply[[]memberView]{}, err
	}
	views := make([]memberView, len(found))
	for i, p := range found {
		views[i] = drawMember(p)
	}
	reply := web.OK(views)
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func drawMember(p soc.Person) memberView {
	view := memberView{
		ID: p.ID, Email: p.Email, Name: soc.EscapeVisible(p.Name), State: "active", OrganizationRole: "Member",
		Grants: drawRoles(p.Grants), SecondFactor: p.SecondFactor, CreatedAt: schemas.Time(p.CreatedAt),
	}
	if p.Disabled {
		view.State = "disabled"
	}
	if p.OrganizationAdmin {
		view.OrganizationRole = "Admin"
	}
	return view
}

func drawWorkspace(w soc.Workspace, by soc.Actor) workspaceView {
	return workspaceView{
		ID: w.ID, Name: soc.EscapeVisible(w.Name), Role: orNull(string(by.Grants[w.ID])), Locked: w.Locked, LegalHold: w.LegalHold,
		PolicyVersion: w.PolicyVersion, CreatedAt: schemas.Time(w.CreatedAt),
	}
}

func (a *api) listWorkspaces(ctx context.Context, by soc.Actor, _ none) (web.Reply[[]workspaceView], error) {
	found, err := a.desk.ListWorkspaces(ctx, by, by.Organization)
	views := make([]workspaceView, len(found))
	for i, w := range found {
		views[i] = drawWorkspace(w, by)
	}
	return web.OK(views), err
}

func (a *api) getOrganization(ctx context.Context, by soc.Actor, _ none) (web.Reply[organizationView], error) {
	o, without, err := a.desk.GetOrganization(ctx, by)
	if err != nil {
		return web.Reply[organizationView]{}, err
	}
	view := organizationView{
		ID: o.ID, Name: soc.EscapeVisible(o.Name), SecondFactorRoles: []string{}, ApproversWithoutSecondFactor: without, CreatedAt: schemas.Time(o.CreatedAt),
	}
	for _, role := range o.SecondFactorRoles {
		view.SecondFactorRoles = append(view.SecondFactorRoles, string(role))
	}
	return web.OK(view), nil
}
