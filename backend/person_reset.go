package backend

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// AskEnable asks that a disabled person is let in again; a second person of a
// workspace in which that person has a role confirms it (S60).
func (d *Desk) AskEnable(ctx context.Context, by soc.Actor, id, reason string) (*soc.PolicyChange, error) {
	return d.askPerson(ctx, by, "person_enabled", id, reason)
}

// AskReset asks for a new password and second factor of a person. Once a second
// person has confirmed it, the old ones are worth nothing, all sessions end, and
// whoever asked collects a link (CollectPersonLink).
func (d *Desk) AskReset(ctx context.Context, by soc.Actor, id, reason string) (*soc.PolicyChange, error) {
	return d.askPerson(ctx, by, "person_reset", id, reason)
}

func (d *Desk) askPerson(ctx context.Context, by soc.Actor, event, id, reason string) (change *soc.PolicyChange, err error) {
	if err = maySession(by); err == nil {
		err = mayAdminister(by, by.Organization)
	}
	if err == nil && utf8.RuneCountInString(reason) > maxComment {
		err = soc.InvalidField("reason", "must hold at most %d characters", maxComment)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			person, found, err := tx.Person(id)
			if err == nil && (!found || person.Organization != by.Organization) {
				err = soc.NotFoundf("There is no such person.")
			}
			if err != nil {
				return err
			}
			change, err = d.askAboutPerson(tx, by, event, person, reason)
			return err
		})
	}
	if err != nil {
		return nil, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return change, nil
}

func (d *Desk) askAboutPerson(tx *store.Tx, by soc.Actor, event string, person soc.Person, reason string) (*soc.PolicyChange, error) {
	diff := soc.PolicyDifference{Path: "/people/" + person.ID + "/state", From: "disabled", To: "active", Direction: soc.DirectionLoosening}
	switch {
	case person.ID == by.ID:
		return nil, soc.Errorf(soc.Denied, soc.CodeForbidden, "Nobody asks this for themselves.").WithFix("Ask another admin.")
	case event == "person_reset":
		diff.Path, diff.From, diff.To = "/people/"+person.ID+"/signIn", "set", "reset"
		if person.Disabled {
			return nil, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The person is disabled.").WithFix("Enable the person first.")
		}
	case !person.Disabled:
		return nil, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The person is active.").WithFix("Nothing is to be done.")
	}
	workspace, err := confirmingWorkspace(tx, person)
	if err != nil {
		return nil, err
	}
	if err := tx.LockPolicy(workspace); err != nil {
		return nil, err
	}
	change, err := d.askChange(tx, by, by.Fresh(d.clock()), soc.PolicyChange{
		Workspace: workspace, Kind: soc.PartPerson, Event: event, Target: person.ID, Reason: reason, Diff: []soc.PolicyDifference{diff},
	})
	if err != nil {
		return nil, err
	}
	return change, d.settleIdempotency(tx, by, *change)
}

// confirmingWorkspace is the one whose people confirm a change about a person:
// that of the person's highest role, or the organization's first.
func confirmingWorkspace(tx *store.Tx, person soc.Person) (string, error) {
	best := ""
	for _, workspace := range slices.Sorted(maps.Keys(person.Grants)) {
		if best == "" || !person.Grants[best].AtLeast(person.Grants[workspace]) {
			best = workspace
		}
	}
	if best != "" {
		return best, nil
	}
	all, err := tx.Workspaces(person.Organization)
	if err == nil && len(all) == 0 {
		err = soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The organization has no workspace whose people could confirm it.").WithFix("Make a workspace first.")
	}
	if err != nil {
		return "", err
	}
	return all[0].ID, nil
}

// applyPerson puts in force what a change asked for a person.
func (d *Desk) applyPerson(tx *store.Tx, by soc.Actor, c soc.PolicyChange) error {
	person, found, err := tx.Person(c.Target)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such person.")
	}
	if err == nil {
		err = tx.EndSessions(person.ID, "")
	}
	if err != nil {
		return err
	}
	if c.Event == "person_enabled" {
		err = tx.SetDisabled(person.ID, false)
	} else {
		err = d.applyReset(tx, c)
	}
	if err != nil {
		return err
	}
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.Detail = c.Workspace, person.ID, c.Digest, auditDetail("reason", c.Reason)
	e.Before, e.After = sides(c.Diff)
	tx.Audit(e)
	return nil
}

// applyReset makes the old proofs worthless, and a link that whoever asked may
// collect.
func (d *Desk) applyReset(tx *store.Tx, c soc.PolicyChange) error {
	if err := tx.SetPassword(c.Target, noPassword); err != nil {
		return err
	}
	if err := tx.RemoveTOTP(c.Target); err != nil {
		return err
	}
	now := d.clock()
	return tx.InsertPersonLink(soc.PersonLink{
		ID: c.ID, Person: c.Target, Purpose: soc.LinkReset, Collector: c.By, CreatedAt: now, ExpiresAt: now.Add(soc.ResetLife),
	})
}

// CollectPersonLink draws the token of a reset that two people let through, once,
// for whoever asked for it.
func (d *Desk) CollectPersonLink(ctx context.Context, by soc.Actor, id string) (out soc.IssuedLink, err error) {
	const event = "person_link_collected"
	if err = maySession(by); err == nil {
		err = mayAdminister(by, by.Organization)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			out, err = d.collectLink(tx, by, event, id)
			return err
		})
	}
	if err != nil {
		return soc.IssuedLink{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return out, nil
}

func (d *Desk) collectLink(tx *store.Tx, by soc.Actor, event, id string) (out soc.IssuedLink, err error) {
	person, found, err := tx.Person(id)
	if err == nil && (!found || person.Organization != by.Organization) {
		err = soc.NotFoundf("There is no such person.")
	}
	if err != nil {
		return out, err
	}
	link, found, err := tx.StandingPersonLink(id)
	switch {
	case err != nil:
		return out, err
	case !found || link.Hash != nil:
		return out, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "There is no link to collect.").WithFix("Ask for a reset; once a second person has confirmed it, collect its link.")
	case link.Collector != by.ID:
		return out, soc.Errorf(soc.Denied, soc.CodeForbidden, "Only whoever asked for a reset collects its link.").WithFix("Ask for a reset of your own.")
	case !link.Live(d.clock()):
		return out, soc.Errorf(soc.Conflict, soc.CodeApprovalExpired, "The day to collect the link is over.").WithFix("Ask for a reset again.")
	}
	if out.Token, err = soc.NewLinkToken(d.random); err != nil {
		return out, err
	}
	first, err := tx.CollectPersonLink(link.ID, soc.HashSecret(out.Token))
	if err == nil && !first {
		err = soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The link has been collected.").WithFix("Ask for a reset again.")
	}
	if err != nil {
		return out, err
	}
	person.PasswordHash = ""
	out.Person, out.ExpiresAt = person, link.ExpiresAt
	e := d.entry(by, event)
	e.Target = person.ID
	tx.Audit(e)
	return out, d.settleIdempotency(tx, by, out)
}
