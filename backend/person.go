package backend

import (
	"context"
	"maps"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// mayAdminister lets the host and an admin of the organization through, the
// latter only in person: keys administer nothing here.
func mayAdminister(by soc.Actor, organization string) error {
	if by.Kind == soc.PrincipalHost {
		return nil
	}
	if err := maySession(by); err != nil {
		return err
	}
	if !by.OrganizationAdmin || by.Organization != organization {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "Only an admin of the organization may do this.").
			WithFix("Ask an admin of the organization.")
	}
	return nil
}

// mayLoosen lets only the host through: what gives somebody more than a viewer
// has takes two people (S60), or the authority of the machine.
func mayLoosen(by soc.Actor) error {
	if by.Kind == soc.PrincipalHost {
		return nil
	}
	return soc.Errorf(soc.Denied, soc.CodeForbidden, "One person alone may not give out more than the role viewer.").
		WithFix("Ask whoever runs the server to do it with its command line.")
}

// checkName is the rule for names that people give to things.
func checkName(field, name string) error {
	if strings.TrimSpace(name) == "" || len(name) > 100 || soc.EscapeVisible(name) != name {
		return soc.InvalidField(field, "Must be 1 to 100 bytes of visible text.")
	}
	return nil
}

// CreatePerson adds a person who may sign in. Roles above viewer need the
// host's authority.
func (d *Desk) CreatePerson(ctx context.Context, by soc.Actor, in soc.NewPerson) (soc.Person, error) {
	person, err := d.createPerson(ctx, by, in)
	if err != nil {
		return soc.Person{}, d.refused(ctx, by, "person_created", err, nil)
	}
	return person, nil
}

func (d *Desk) createPerson(ctx context.Context, by soc.Actor, in soc.NewPerson) (soc.Person, error) {
	if err := mayAdminister(by, in.Organization); err != nil {
		return soc.Person{}, err
	}
	if err := d.mayWrite(); err != nil {
		return soc.Person{}, err
	}
	person, err := d.wholePerson(ctx, in)
	if err != nil {
		return soc.Person{}, err
	}
	for _, role := range in.Grants {
		if role != soc.RoleViewer || in.OrganizationAdmin {
			if err := mayLoosen(by); err != nil {
				return soc.Person{}, err
			}
		}
	}
	if in.OrganizationAdmin {
		if err := mayLoosen(by); err != nil {
			return soc.Person{}, err
		}
	}
	return person, d.store.Write(ctx, func(tx *store.Tx) error {
		for workspace := range in.Grants {
			if err := inOrganization(tx, in.Organization, workspace); err != nil {
				return err
			}
		}
		e := d.entry(by, "person_created")
		e.Target, e.After = person.ID, grantText(person)
		tx.Audit(e)
		return tx.InsertPerson(person)
	})
}

// wholePerson checks what is asked for and hashes the password.
func (d *Desk) wholePerson(ctx context.Context, in soc.NewPerson) (soc.Person, error) {
	email, ok := soc.NormalEmail(in.Email)
	if !ok {
		return soc.Person{}, soc.InvalidField("email", "Must be a plain mail address.")
	}
	if err := checkName("name", in.Name); err != nil {
		return soc.Person{}, err
	}
	for _, role := range in.Grants {
		if !slices.Contains(soc.AllRoles, role) {
			return soc.Person{}, soc.InvalidField("grants", "Must hold roles: viewer, analyst, senior, manager or admin.")
		}
	}
	if err := soc.CheckPassword("password", in.Password, email); err != nil {
		return soc.Person{}, err
	}
	hash, err := d.hashPassword(ctx, in.Password)
	if err != nil {
		return soc.Person{}, err
	}
	id, err := d.newUUID()
	return soc.Person{
		ID: id, Organization: in.Organization, Email: email, Name: in.Name, PasswordHash: hash,
		OrganizationAdmin: in.OrganizationAdmin, CreatedAt: d.clock(), Grants: in.Grants,
	}, err
}

// inOrganization refuses a workspace that is not one of the organization's.
func inOrganization(tx *store.Tx, organization, workspace string) error {
	w, found, err := tx.Workspace(workspace)
	if err != nil {
		return err
	}
	if !found || w.Organization != organization {
		return soc.NotFoundf("There is no such workspace.")
	}
	return nil
}

// grantText is the roles of a person for the audit, in a stable order.
func grantText(p soc.Person) string {
	var parts []string
	for workspace, role := range p.Grants {
		parts = append(parts, workspace+"="+string(role))
	}
	slices.Sort(parts)
	if p.OrganizationAdmin {
		parts = append(parts, "organization=admin")
	}
	return strings.Join(parts, " ")
}

// ListPeople lists the people of an organization; the host may list all of
// them with an empty one.
func (d *Desk) ListPeople(ctx context.Context, by soc.Actor, organization string) ([]soc.Person, error) {
	if err := mayAdminister(by, organization); err != nil {
		return nil, err
	}
	return d.store.Read(ctx).People(organization)
}

// GrantRole gives a person a role in a workspace, or takes it away (RoleNone).
// To take or to lower a role is for one admin; more than viewer needs the
// host. It counts from the person's next request on.
func (d *Desk) GrantRole(ctx context.Context, by soc.Actor, in soc.WorkspaceGrant) error {
	err := d.changePerson(ctx, by, "roles_changed", in.Person, func(tx *store.Tx, person soc.Person, e *soc.AuditEntry) error {
		if in.Role != soc.RoleNone && !slices.Contains(soc.AllRoles, in.Role) {
			return soc.InvalidField("role", "Must be viewer, analyst, senior, manager, admin or none.")
		}
		if err := inOrganization(tx, person.Organization, in.Workspace); err != nil {
			return err
		}
		if person.ID == by.ID {
			return soc.Errorf(soc.Denied, soc.CodeForbidden, "Nobody changes their own roles.").WithFix("Ask another admin.")
		}
		lowers := person.Grants[in.Workspace].AtLeast(in.Role) || in.Role == soc.RoleNone
		if !lowers && in.Role != soc.RoleViewer {
			if err := mayLoosen(by); err != nil {
				return err
			}
		}
		e.Workspace, e.Before, e.After = in.Workspace, string(person.Grants[in.Workspace]), string(in.Role)
		if err := tx.EndSessions(person.ID, ""); err != nil {
			return err
		}
		return tx.SetGrant(in)
	})
	return err
}

// DisablePerson shuts a person out: sessions, links and personal keys are dead with
// the next request. An admin of the organization may do it to anybody else, and a
// key that may tighten, of role admin wherever the person has one, to whoever is no
// admin of the organization.
func (d *Desk) DisablePerson(ctx context.Context, by soc.Actor, id, reason string) error {
	_, err := d.DisableMember(ctx, by, id, reason)
	return err
}

// DisableMember is DisablePerson for who shows the person then.
func (d *Desk) DisableMember(ctx context.Context, by soc.Actor, id, reason string) (out soc.Person, err error) {
	err = d.changePersonAs(ctx, by, "person_disabled", id, mayDisable, func(tx *store.Tx, person soc.Person, e *soc.AuditEntry) error {
		out = person
		out.Disabled, out.PasswordHash = true, ""
		e.Detail = auditDetail("reason", reason)
		if person.ID == by.ID {
			return soc.Errorf(soc.Denied, soc.CodeForbidden, "Nobody disables themselves.").WithFix("Ask another admin.")
		}
		if err := tx.EndPersonLinks(person.ID, d.clock()); err != nil {
			return err
		}
		return tx.SetDisabled(person.ID, true)
	})
	return out, err
}

func mayDisable(by soc.Actor, person soc.Person) error {
	if by.Session || by.Kind != soc.PrincipalService && by.Kind != soc.PrincipalPerson {
		return mayAdminister(by, by.Organization)
	}
	if err := by.MayScope(soc.ScopeOpsTighten); err != nil {
		return err
	}
	if err := mayTightenIn(by, slices.Collect(maps.Keys(person.Grants))); err != nil {
		if soc.KindOf(err) == soc.NotFound {
			err = soc.NotFoundf("There is no such person.")
		}
		return err
	}
	if person.OrganizationAdmin {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "A key does not disable an admin of the organization.").WithFix("Another admin does it in person.")
	}
	return nil
}

// EnablePerson lets a disabled person in again, by the host; old sessions stay
// dead.
func (d *Desk) EnablePerson(ctx context.Context, by soc.Actor, id string) error {
	return d.changePerson(ctx, by, "person_enabled", id, func(tx *store.Tx, person soc.Person, _ *soc.AuditEntry) error {
		if err := mayLoosen(by); err != nil {
			return err
		}
		if err := tx.EndSessions(person.ID, ""); err != nil {
			return err
		}
		return tx.SetDisabled(person.ID, false)
	})
}

// ResetPassword gives a person a new password, by the host; all sessions end.
func (d *Desk) ResetPassword(ctx context.Context, by soc.Actor, id, password string) error {
	var hash string
	return d.changePerson(ctx, by, "person_reset", id, func(tx *store.Tx, person soc.Person, _ *soc.AuditEntry) error {
		if err := mayLoosen(by); err != nil {
			return err
		}
		if err := soc.CheckPassword("password", password, person.Email); err != nil {
			return err
		}
		if err := tx.EndSessions(person.ID, ""); err != nil {
			return err
		}
		return tx.SetPassword(person.ID, hash)
	}, func() (err error) {
		hash, err = d.hashPassword(ctx, password)
		return err
	})
}

// changePerson runs a change of one person in a transaction with its audit
// entry; prepare runs before it, outside.
func (d *Desk) changePerson(ctx context.Context, by soc.Actor, event, id string, change func(*store.Tx, soc.Person, *soc.AuditEntry) error, prepare ...func() error) error {
	admin := func(by soc.Actor, _ soc.Person) error { return mayAdminister(by, by.Organization) }
	return d.changePersonAs(ctx, by, event, id, admin, change, prepare...)
}

// changePersonAs is changePerson for whoever may; an unknown or foreign person has
// no roles when that is asked.
func (d *Desk) changePersonAs(ctx context.Context, by soc.Actor, event, id string, may func(soc.Actor, soc.Person) error, change func(*store.Tx, soc.Person, *soc.AuditEntry) error, prepare ...func() error) error {
	person, found, err := d.store.Read(ctx).Person(id)
	if foreign := by.Kind != soc.PrincipalHost && person.Organization != by.Organization; err == nil && foreign {
		person, found = soc.Person{}, false
	}
	if err == nil {
		err = may(by, person)
	}
	if err == nil && !found {
		err = soc.NotFoundf("There is no such person.")
	}
	if err == nil {
		err = d.mayWrite()
	}
	for _, step := range prepare {
		if err == nil {
			err = step()
		}
	}
	if err == nil {
		err = d.store.Write(ctx, func(tx *store.Tx) error {
			person, found, err := tx.Person(id)
			if err != nil || !found {
				return err
			}
			e := d.entry(by, event)
			e.Target = id
			if err := change(tx, person, &e); err != nil {
				return err
			}
			tx.Audit(e)
			if person, _, err = tx.Person(id); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, person)
		})
	}
	if err != nil {
		return d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = id })
	}
	return nil
}

// FindPerson finds a person by id or address, for the host's command line.
func (d *Desk) FindPerson(ctx context.Context, by soc.Actor, name string) (soc.Person, error) {
	person, found, err := d.store.Read(ctx).Person(name)
	if err == nil && !found {
		person, found, err = d.personFor(ctx, name)
	}
	if err == nil {
		err = mayAdminister(by, person.Organization)
	}
	if err == nil && !found {
		err = soc.NotFoundf("There is no such person.")
	}
	return person, err
}
