package backend

import (
	"context"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// InvitePerson adds a person who chooses a password by a link that is told once
// (soc.InviteLife). Roles of viewer are in force at once; roles above, of one
// workspace, wait for a second person (S60).
func (d *Desk) InvitePerson(ctx context.Context, by soc.Actor, in soc.PersonInvite) (out soc.IssuedLink, err error) {
	const event = "person_created"
	if err = maySession(by); err == nil {
		err = mayAdminister(by, by.Organization)
	}
	if err == nil && utf8.RuneCountInString(in.Reason) > maxComment {
		err = soc.InvalidField("reason", "must hold at most %d characters", maxComment)
	}
	if err == nil {
		err = d.mayWrite()
	}
	var person soc.Person
	if err == nil {
		person, err = d.invitedPerson(by, in)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			out, err = d.invite(tx, by, event, person, in)
			return err
		})
	}
	if err != nil {
		return soc.IssuedLink{}, d.refused(ctx, by, event, err, nil)
	}
	return out, nil
}

// invitedPerson checks what is asked for; no password fits yet.
func (d *Desk) invitedPerson(by soc.Actor, in soc.PersonInvite) (p soc.Person, err error) {
	email, ok := soc.NormalEmail(in.Email)
	if !ok {
		return p, soc.InvalidField("email", "Must be a plain mail address.")
	}
	if err := checkName("name", in.Name); err != nil {
		return p, err
	}
	p = soc.Person{Organization: by.Organization, Email: email, Name: in.Name, PasswordHash: noPassword, CreatedAt: d.clock(), Grants: map[string]soc.Role{}}
	for workspace, role := range in.Grants {
		if !slices.Contains(soc.AllRoles, role) {
			return p, soc.InvalidField("grants", "Must hold roles: viewer, analyst, senior, manager or admin.")
		}
		if role == soc.RoleViewer {
			p.Grants[workspace] = role
		}
	}
	p.ID, err = d.newUUID()
	return p, err
}

func (d *Desk) invite(tx *store.Tx, by soc.Actor, event string, person soc.Person, in soc.PersonInvite) (out soc.IssuedLink, err error) {
	for _, workspace := range slices.Sorted(maps.Keys(in.Grants)) {
		if err := inOrganization(tx, by.Organization, workspace); err != nil {
			return out, err
		}
	}
	if err := tx.InsertPerson(person); err != nil {
		return out, err
	}
	if out.Token, out.ExpiresAt, err = d.insertLink(tx, by, person.ID, soc.LinkInvite, soc.InviteLife); err != nil {
		return out, err
	}
	e := d.entry(by, event)
	e.Target, e.After, e.Detail = person.ID, grantText(person), auditDetail("reason", in.Reason)
	tx.Audit(e)
	diff := soc.DiffRoles(person.ID, person.Grants, in.Grants)
	if len(diff) > 0 {
		c := soc.PolicyChange{Kind: soc.PartRoles, Event: "roles_changed", Target: person.ID, Diff: diff, Reason: in.Reason}
		if c.Workspace, err = widenedIn(c); err != nil {
			return out, err
		}
		if err := tx.LockPolicy(c.Workspace); err != nil {
			return out, err
		}
		if out.Change, err = d.askChange(tx, by, by.Fresh(d.clock()), c); err != nil {
			return out, err
		}
	}
	out.Person = person
	return out, d.settleIdempotency(tx, by, out)
}

// insertLink makes a link whose token is told now.
func (d *Desk) insertLink(tx *store.Tx, by soc.Actor, person string, purpose soc.LinkPurpose, life time.Duration) (token string, expires time.Time, err error) {
	id, err := d.newUUID()
	if err != nil {
		return "", expires, err
	}
	if token, err = soc.NewLinkToken(d.random); err != nil {
		return "", expires, err
	}
	now := d.clock()
	expires = now.Add(life)
	return token, expires, tx.InsertPersonLink(soc.PersonLink{
		ID: id, Person: person, Purpose: purpose, Hash: soc.HashSecret(token), Collector: by.ID, CreatedAt: now, ExpiresAt: expires,
	})
}
