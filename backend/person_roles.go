package backend

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// SetRoles gives a person exactly the roles named, at the word of an admin of the
// organization. What takes away is in force with the answer, and the person's
// sessions end; a role above viewer waits for a second person of its workspace
// (S60), and the whole request with it.
func (d *Desk) SetRoles(ctx context.Context, by soc.Actor, in soc.RoleChange) (out soc.RoleOutcome, err error) {
	const event = "roles_changed"
	err = maySession(by)
	if err == nil {
		err = mayAdminister(by, by.Organization)
	}
	if err == nil && utf8.RuneCountInString(in.Reason) > maxComment {
		err = soc.InvalidField("reason", "must hold at most %d characters", maxComment)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			out, err = d.setRoles(tx, by, event, in)
			return err
		})
	}
	if err != nil {
		return soc.RoleOutcome{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(in.Person) })
	}
	return out, nil
}

func (d *Desk) setRoles(tx *store.Tx, by soc.Actor, event string, in soc.RoleChange) (out soc.RoleOutcome, err error) {
	person, found, err := tx.Person(in.Person)
	switch {
	case err != nil:
		return out, err
	case !found || person.Organization != by.Organization:
		return out, soc.NotFoundf("There is no such person.")
	case person.ID == by.ID:
		return out, soc.Errorf(soc.Denied, soc.CodeForbidden, "Nobody changes their own roles.").WithFix("Ask another admin.")
	}
	for _, workspace := range slices.Sorted(maps.Keys(in.Grants)) {
		if err := inOrganization(tx, by.Organization, workspace); err != nil {
			return out, err
		}
	}
	if err := d.setOrganizationRole(tx, by, person, in.OrganizationAdmin); err != nil {
		return out, err
	}
	diff := soc.DiffRoles(person.ID, person.Grants, in.Grants)
	c := soc.PolicyChange{Kind: soc.PartRoles, Event: event, Target: person.ID, Diff: diff, Reason: in.Reason}
	if soc.DirectionOf(diff) == soc.DirectionLoosening {
		if c.Workspace, err = widenedIn(c); err != nil {
			return out, err
		}
		if err := tx.LockPolicy(c.Workspace); err != nil {
			return out, err
		}
		out.Change, err = d.askChange(tx, by, by.Fresh(d.clock()), c)
	} else if len(diff) > 0 {
		err = d.applyRoles(tx, by, c)
	}
	if err != nil {
		return out, err
	}
	if out.Person, _, err = tx.Person(person.ID); err != nil {
		return out, err
	}
	return out, d.settleIdempotency(tx, by, out)
}

// widenedIn is the workspace in which a change of roles gives more. Whoever
// confirms it configures that one, so there may be only one.
func widenedIn(c soc.PolicyChange) (found string, err error) {
	for i, grant := range c.RoleGrants() {
		if c.Diff[i].Direction != soc.DirectionLoosening {
			continue
		}
		if found != "" {
			return "", soc.InvalidField("grants", "May give more in one workspace at a time, since the people of that one confirm it.")
		}
		found = grant.Workspace
	}
	return found, nil
}

// setOrganizationRole takes the role Admin of the organization away; to give it
// is the host's alone, and one admin always stays.
func (d *Desk) setOrganizationRole(tx *store.Tx, by soc.Actor, person soc.Person, admin *bool) error {
	if admin == nil || *admin == person.OrganizationAdmin {
		return nil
	}
	if *admin {
		return mayLoosen(by)
	}
	if err := tx.SetOrganizationAdmin(person.ID, false); err != nil {
		return err
	}
	if err := tx.EndSessions(person.ID, ""); err != nil {
		return err
	}
	e := d.entry(by, "roles_changed")
	e.Target, e.Before = person.ID, "organization=admin"
	tx.Audit(e)
	return nil
}

// applyRoles puts a change of roles in force and ends the person's sessions.
func (d *Desk) applyRoles(tx *store.Tx, by soc.Actor, c soc.PolicyChange) error {
	grants := c.RoleGrants()
	if len(grants) != len(c.Diff) {
		return soc.Errorf(soc.Internal, soc.CodeInternalError, "A change of roles cannot be read.")
	}
	for _, grant := range grants {
		person, found, err := tx.Person(grant.Person)
		if err == nil && !found {
			err = soc.NotFoundf("There is no such person.")
		}
		if err == nil {
			err = inOrganization(tx, person.Organization, grant.Workspace)
		}
		if err == nil {
			err = tx.SetGrant(grant)
		}
		if err != nil {
			return err
		}
	}
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.Detail = c.Workspace, c.Target, c.Digest, auditDetail("reason", c.Reason)
	e.Before, e.After = sides(c.Diff)
	tx.Audit(e)
	return tx.EndSessions(c.Target, "")
}
