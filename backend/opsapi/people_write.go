package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type rolesInput struct {
	ID   string `path:"id" jsonschema:"maxLength=36"`
	Body struct {
		Grants           []grantInput `json:"grants" jsonschema:"maxItems=200" jsonschema_description:"All roles of the person: what is not named is taken away."`
		OrganizationRole string       `json:"organizationRole,omitempty" jsonschema:"enum=Member,enum=Admin" jsonschema_description:"Only the server's command line gives Admin."`
		Reason           string       `json:"reason,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

type grantInput struct {
	WorkspaceID string `json:"workspaceId" jsonschema:"maxLength=36"`
	Role        string `json:"role" jsonschema:"enum=viewer,enum=analyst,enum=senior,enum=manager,enum=admin"`
}

type newWorkspaceInput struct {
	Body struct {
		Name string `json:"name" jsonschema:"minLength=1,maxLength=100"`
	} `body:"json"`
}

type organizationInput struct {
	Body struct {
		SecondFactorRoles []string `json:"secondFactorRoles" jsonschema:"maxItems=5" jsonschema_description:"viewer, analyst, senior, manager, admin. More roles are in force at once; fewer take the server's command line."`
	} `body:"json"`
}

// changedMember is a person after a change of roles, or with the change that
// the roles wait as.
type changedMember struct {
	memberView
	Change *changeView `json:"change"`
}

// registerPeopleWrites adds what changes people, workspaces and the organization,
// of section 12 of the contract. An admin of the organization does it in person.
func (a *api) registerPeopleWrites() {
	write := web.Operation{Who: web.Person, Organization: true, Rate: "write", Write: true, Errors: []soc.Code{soc.CodeForbidden, soc.CodeNotFound, soc.CodeLocked}}
	roles := with(write, http.MethodPut, "/people/{id}/roles", "set_roles", "Give a person exactly these roles; more than before waits for a second person.")
	roles.Also, roles.Errors = []int{http.StatusAccepted}, append([]soc.Code{soc.CodeConflict}, write.Errors...)
	add(a, roles, a.setRoles)
	disable := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleAdmin, Organization: true, Rate: "write", Write: true, Kinds: peopleAndServices,
		Errors: append([]soc.Code{soc.CodeInsufficientWorkspaceRole}, write.Errors...),
	}
	add(a, with(disable, http.MethodPost, "/people/{id}/disable", "disable_person", "Shut a person out at once."), a.disablePerson)
	a.registerPeopleLinks()
	create := with(write, http.MethodPost, "/workspaces", "create_workspace", "Make a workspace with the shipped policy.")
	create.Status = http.StatusCreated
	add(a, create, a.createWorkspace)
	add(a, with(write, http.MethodPut, "/organization", "change_organization", "Say which roles must have a second factor."), a.changeOrganization)
}

func (a *api) setRoles(ctx context.Context, by soc.Actor, in rolesInput) (web.Reply[changedMember], error) {
	change := soc.RoleChange{Person: in.ID, Grants: map[string]soc.Role{}, Reason: in.Body.Reason}
	for _, grant := range in.Body.Grants {
		if _, twice := change.Grants[grant.WorkspaceID]; twice {
			return web.Reply[changedMember]{}, soc.InvalidField("grants", "Must name each workspace once.")
		}
		change.Grants[grant.WorkspaceID] = soc.Role(grant.Role)
	}
	if in.Body.OrganizationRole != "" {
		admin := in.Body.OrganizationRole == "Admin"
		change.OrganizationAdmin = &admin
	}
	draw := func(out soc.RoleOutcome) web.Reply[changedMember] {
		reply := web.OK(changedMember{memberView: drawMember(out.Person)})
		if out.Change != nil {
			view := a.drawChange(*out.Change)
			reply.Data.Change, reply.Status, reply.Location = &view, http.StatusAccepted, prefix+"/changes/"+out.Change.ID
		}
		return reply
	}
	out, err := a.desk.SetRoles(ctx, web.Answering(by, draw), change)
	if err != nil {
		return web.Reply[changedMember]{}, err
	}
	return draw(out), nil
}

func (a *api) disablePerson(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[memberView], error) {
	draw := func(p soc.Person) web.Reply[memberView] { return web.OK(drawMember(p)) }
	p, err := a.desk.DisableMember(ctx, web.Answering(by, draw), in.ID, in.Body.Reason)
	if err != nil {
		return web.Reply[memberView]{}, err
	}
	return draw(p), nil
}

func (a *api) createWorkspace(ctx context.Context, by soc.Actor, in newWorkspaceInput) (web.Reply[workspaceView], error) {
	draw := func(w soc.Workspace) web.Reply[workspaceView] {
		return web.Reply[workspaceView]{Data: drawWorkspace(w, by), Status: http.StatusCreated, Location: prefix + "/workspaces"}
	}
	w, err := a.desk.CreateWorkspace(ctx, web.Answering(by, draw), by.Organization, in.Body.Name)
	if err != nil {
		return web.Reply[workspaceView]{}, err
	}
	return draw(w), nil
}

func (a *api) changeOrganization(ctx context.Context, by soc.Actor, in organizationInput) (web.Reply[organizationView], error) {
	roles := make([]soc.Role, len(in.Body.SecondFactorRoles))
	for i, role := range in.Body.SecondFactorRoles {
		roles[i] = soc.Role(role)
	}
	if _, err := a.desk.RequireSecondFactor(ctx, by, by.Organization, roles); err != nil {
		return web.Reply[organizationView]{}, err
	}
	return a.getOrganization(ctx, by, none{})
}
