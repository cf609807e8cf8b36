package console

import (
	"context"
	"net/http"
	"strings"

	"vedette/backend/soc"
)

type shownPerson struct {
	Person string `path:"person" max:"64"`
}

type rolesForm struct {
	Person string `path:"person" max:"64"`
	// Grants are all roles of the person, each a workspace's id, a space and a role.
	Grants []string `form:"grant" max:"64"`
	// Demote takes the role of an admin of the organization away.
	Demote bool   `form:"demote"`
	Reason string `form:"reason" max:"1000"`
}

// registerPeople adds the page of a person. An admin of the organization decides
// there; what gives somebody more than a viewer has waits at registerChanges.
func (c *Console) registerPeople() {
	one := "/people/{person}"
	page := func(p Page) Page {
		p.Who, p.Role, p.Admin, p.Section = Member, soc.RoleViewer, true, "/people"
		return p
	}
	add(c, page(Page{Method: http.MethodGet, Path: one, Name: "person_page"}), c.person)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/roles", Name: "set_roles", Back: one, Fresh: true}), c.setRoles)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/disable", Name: "disable_person", Back: one}), c.disablePerson)
}

func (c *Console) person(ctx context.Context, by soc.Actor, in shownPerson) (View, error) {
	p, err := c.desk.GetMember(ctx, by, in.Person)
	return View{Template: "person", Title: p.Name, Data: p}, err
}

// setRoles gives a person exactly the roles of the form. All workspaces of the
// organization stand in it, so none is taken away unseen.
func (c *Console) setRoles(ctx context.Context, by soc.Actor, in rolesForm) (View, error) {
	change := soc.RoleChange{Person: in.Person, Grants: map[string]soc.Role{}, Reason: in.Reason}
	for _, grant := range in.Grants {
		workspace, role, _ := strings.Cut(grant, " ")
		if _, twice := change.Grants[workspace]; twice {
			return View{}, soc.InvalidField("grant", "Must name each workspace once.")
		}
		change.Grants[workspace] = soc.Role(role)
	}
	if in.Demote {
		change.OrganizationAdmin = new(bool)
	}
	out, err := c.desk.SetRoles(ctx, by, change)
	if err == nil && out.Change != nil {
		return View{Redirect: "/console/w/" + out.Change.Workspace + "/changes/" + out.Change.ID, Notice: "change-asked"}, nil
	}
	return View{Redirect: c.at(by, "/people", in.Person), Notice: "roles-set"}, err
}

func (c *Console) disablePerson(ctx context.Context, by soc.Actor, in onePerson) (View, error) {
	err := c.desk.DisablePerson(ctx, by, in.Person, in.Reason)
	return View{Redirect: c.at(by, "/people", in.Person), Notice: "person-disabled"}, err
}
