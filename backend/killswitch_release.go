package backend

import (
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// firstReleaser is the role that the first of two people has now over what a
// switch stops; standing is false where nobody asked before, too long ago, or
// with a role that no longer suffices.
func firstReleaser(tx *store.Tx, by soc.Actor, k soc.KillSwitch, now time.Time) (role soc.Role, standing bool, err error) {
	if k.ReleaseBy == "" || now.Sub(k.ReleaseAt) > releaseLife {
		return soc.RoleNone, false, nil
	}
	if k.ReleaseBy == by.ID {
		return soc.RoleNone, false, soc.Errorf(soc.Conflict, soc.CodeConflict, "This person is the first of the two already.").
			WithFix("A second person releases it.")
	}
	role, err = releasingRole(&tx.Reader, k, k.ReleaseBy)
	if err != nil && soc.KindOf(err) == soc.Denied { // counted once, counts no more
		return soc.RoleNone, false, nil
	}
	return role, role.AtLeast(soc.RoleSenior), err
}

// releasingRole is the role that a person has now over what a switch stops: in
// a stopped workspace the one held there, elsewhere the highest held in the
// organization. The switch of the whole server is released by people of the
// organization that operates it, and by nobody else: to another organization on
// the same server it may be the only protection left.
func releasingRole(r *store.Reader, k soc.KillSwitch, id string) (soc.Role, error) {
	person, found, err := r.Person(id)
	if err != nil || !found || person.Disabled {
		return soc.RoleNone, err
	}
	organization := k.Organization
	if organization == "" {
		if organization, err = operatingOrganization(r); err != nil {
			return soc.RoleNone, err
		}
	}
	if person.Organization != organization {
		return soc.RoleNone, soc.Errorf(soc.Denied, soc.CodeForbidden, "The whole server was stopped, and only the organization that operates it may release it.").
			WithFix("Ask the people who operate the server.")
	}
	if person.OrganizationAdmin {
		return soc.RoleAdmin, nil
	}
	if k.Scope == soc.KillWorkspace {
		return person.Grants[k.ID], nil
	}
	role := soc.RoleNone
	for _, held := range person.Grants {
		if role == soc.RoleNone || held.AtLeast(role) {
			role = held
		}
	}
	return role, nil
}

// operatingOrganization is the one the server was set up with: the oldest.
func operatingOrganization(r *store.Reader) (string, error) {
	all, err := r.Organizations()
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0].ID, nil
}
