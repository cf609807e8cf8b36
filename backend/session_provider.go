package backend

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// errProvider is the one answer to somebody whom a provider knows and this
// server does not let in: unknown, disabled and without a role read alike (S49).
func errProvider() *soc.Error {
	return soc.Errorf(soc.Denied, soc.CodeForbidden, "The provider knows you, but you have no access here.").
		WithFix("Ask an admin of the organization for access, with the address that the provider knows.")
}

// LoginWithProvider starts a session for somebody whom the configured OpenID
// Connect provider proved (S48). A subject that is not known yet becomes the
// person with its verified address, or a new one where a group of the provider
// has a role. The second factor of this server, if any, is asked for as after
// a password.
func (d *Desk) LoginWithProvider(ctx context.Context, who soc.ProviderIdentity, from soc.Caller) (soc.StartedSession, error) {
	const event = "session_started"
	by := soc.Actor{Call: from.Call}
	var started soc.StartedSession
	out := false
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		person, err := d.personOf(tx, by, who)
		if err != nil {
			return err
		}
		by.Kind, by.ID, by.Name, by.Organization = soc.PrincipalPerson, person.ID, person.Name, person.Organization
		if person, err = d.takeRoles(ctx, tx, by, person, who.Groups); err != nil {
			return err
		}
		// Roles that were just taken stay taken, so this is no error of the write.
		if out = person.Disabled || len(person.Grants) == 0 && !person.OrganizationAdmin; out {
			return nil
		}
		if started, err = d.newSession(person, from); err != nil {
			return err
		}
		e := d.entry(by, event)
		e.Target, e.After = started.Session.ID, "provider"
		tx.Audit(e)
		return tx.InsertSession(started.Session)
	})
	if err == nil && out {
		err = errProvider()
	}
	if kind := soc.KindOf(err); kind == soc.Denied || kind == soc.Conflict {
		return soc.StartedSession{}, d.refused(ctx, by, event, err, nil)
	}
	return started, err
}

// personOf finds or makes the person behind a provider's subject.
func (d *Desk) personOf(tx *store.Tx, by soc.Actor, who soc.ProviderIdentity) (soc.Person, error) {
	if d.provider.Issuer == "" || who.Issuer != d.provider.Issuer || who.Subject == "" {
		return soc.Person{}, errProvider()
	}
	person, known, err := tx.PersonByIdentity(who.Issuer, who.Subject)
	if err != nil || known {
		return person, err
	}
	email, plain := soc.NormalEmail(who.Email)
	if !plain {
		return person, errProvider()
	}
	organization, err := operatingOrganization(&tx.Reader)
	if err != nil {
		return person, err
	}
	person, found, err := tx.PersonByEmail(email)
	if err == nil && !found {
		person, err = d.newcomer(tx, by, organization, email, who)
	}
	if err != nil {
		return person, err
	}
	if person.Organization != organization || person.Disabled {
		return person, errProvider()
	}
	return person, tx.InsertPersonIdentity(person.ID, who.Issuer, who.Subject, d.clock())
}

// newcomer makes a person of somebody one of whose groups has a role. Nobody
// has the password.
func (d *Desk) newcomer(tx *store.Tx, by soc.Actor, organization, email string, who soc.ProviderIdentity) (soc.Person, error) {
	granted := false
	for _, role := range d.provider.Roles(who.Groups) {
		granted = granted || role != soc.RoleNone
	}
	if !granted {
		return soc.Person{}, errProvider()
	}
	id, err := d.newUUID()
	if err != nil {
		return soc.Person{}, err
	}
	name := soc.DisplayName(who.Name)
	if checkName("name", name) != nil {
		name = email
	}
	person := soc.Person{
		ID: id, Organization: organization, Email: email, Name: cutText(name, 100), PasswordHash: noPassword, CreatedAt: d.clock(),
		Grants: map[string]soc.Role{},
	}
	e := d.entry(by, "person_created")
	e.Target, e.After = person.ID, "provider"
	tx.Audit(e)
	return person, tx.InsertPerson(person)
}

// takeRoles gives a person the roles that the provider's groups have, in the
// workspaces that the rules name. A changed role ends the sessions before.
func (d *Desk) takeRoles(ctx context.Context, tx *store.Tx, by soc.Actor, person soc.Person, groups []string) (soc.Person, error) {
	roles, changed := d.provider.Roles(groups), false
	for _, workspace := range slices.Sorted(maps.Keys(roles)) {
		before, role := person.Grants[workspace], roles[workspace]
		if before == role {
			continue
		}
		if err := inOrganization(tx, person.Organization, workspace); soc.KindOf(err) == soc.NotFound {
			d.log.LogAttrs(ctx, slog.LevelWarn, "a group of the sign-in provider names a workspace that is not there", slog.String("workspace", workspace))
			continue
		} else if err != nil {
			return person, err
		}
		if err := tx.SetGrant(soc.WorkspaceGrant{Person: person.ID, Workspace: workspace, Role: role}); err != nil {
			return person, err
		}
		e := d.entry(by, "roles_changed")
		e.Target, e.Workspace, e.Before, e.After = person.ID, workspace, string(before), string(role)
		tx.Audit(e)
		changed = true
	}
	if !changed {
		return person, nil
	}
	if err := tx.EndSessions(person.ID, ""); err != nil {
		return person, err
	}
	person, _, err := tx.Person(person.ID)
	return person, err
}

// ReauthenticateWithProvider renews the session of a person whom the provider
// has just asked again. Where this server has a second factor of theirs, it
// asks for that next.
func (d *Desk) ReauthenticateWithProvider(ctx context.Context, by soc.Actor, who soc.ProviderIdentity) (soc.StartedSession, error) {
	const event = "session_reauthenticated"
	if err := maySession(by); err != nil {
		return soc.StartedSession{}, err
	}
	var renewed soc.StartedSession
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		person, known, err := tx.PersonByIdentity(who.Issuer, who.Subject)
		if err != nil {
			return err
		}
		if !known || who.Issuer != d.provider.Issuer || person.ID != by.ID || person.Disabled {
			return errProvider()
		}
		if who.AuthenticatedAt.Before(d.clock().Add(-soc.FreshFor)) {
			return soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "The provider did not ask who you are.").
				WithFix("Sign out at the provider, then prove again who you are.")
		}
		_, session, err := ownSession(&tx.Reader, by)
		if err != nil {
			return err
		}
		session.AuthenticatedAt, session.SecondFactor = d.clock(), false
		if renewed, err = d.renewSession(tx, person, session); err != nil {
			return err
		}
		e := d.entry(by, event)
		e.Target, e.After = session.ID, "provider"
		tx.Audit(e)
		return nil
	})
	if soc.KindOf(err) == soc.Denied {
		return soc.StartedSession{}, d.refused(ctx, by, event, err, nil)
	}
	return renewed, err
}
