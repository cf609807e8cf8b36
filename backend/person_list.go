package backend

import (
	"context"
	"strings"

	"vedette/backend/soc"
)

// ListMembers lists one page of the people that the caller oversees, by
// address: those with a role in one of the caller's workspaces, and the admins
// of the organization, who have all of them. Of the roles of each, those in
// other workspaces are left out; nothing that proves a password is in it.
func (d *Desk) ListMembers(ctx context.Context, by soc.Actor, after *soc.Keyset, limit int) ([]soc.Person, *soc.Keyset, error) {
	r, err := mayOversee(by)
	if err != nil {
		return nil, nil, d.refused(ctx, by, "people_listed", err, nil)
	}
	all, err := d.store.Read(ctx).People(by.Organization)
	if err != nil {
		return nil, nil, err
	}
	var page []soc.Person
	for _, p := range all {
		if after != nil && strings.Compare(p.Email, after.Value) <= 0 {
			continue
		}
		grants := map[string]soc.Role{}
		for workspace, role := range p.Grants {
			if r.covers(workspace) {
				grants[workspace] = role
			}
		}
		if len(grants) == 0 && !r.all && !p.OrganizationAdmin {
			continue
		}
		if len(page) == limit {
			return page, &soc.Keyset{Value: page[limit-1].Email, ID: page[limit-1].ID}, nil
		}
		page = append(page, soc.Person{
			ID: p.ID, Organization: p.Organization, Email: p.Email, Name: p.Name, OrganizationAdmin: p.OrganizationAdmin,
			Disabled: p.Disabled, CreatedAt: p.CreatedAt, Grants: grants, SecondFactor: p.SecondFactor,
		})
	}
	return page, nil, nil
}

// GetMember is a person of the caller's organization as ListMembers shows one,
// to an admin of it.
func (d *Desk) GetMember(ctx context.Context, by soc.Actor, id string) (soc.Person, error) {
	if err := mayAdminister(by, by.Organization); err != nil {
		return soc.Person{}, err
	}
	p, found, err := d.store.Read(ctx).Person(id)
	if err == nil && (!found || p.Organization != by.Organization) {
		err = soc.NotFoundf("There is no such person.")
	}
	p.PasswordHash = ""
	return p, err
}
