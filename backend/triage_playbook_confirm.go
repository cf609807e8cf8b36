package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ConfirmTriagePlaybook is one of the two people who let a version of a playbook
// come into force that lets more happen (S60): a manager or admin in person,
// freshly signed in, who names the digest that was shown. The key that asked
// counts as nobody.
func (d *Desk) ConfirmTriagePlaybook(ctx context.Context, by soc.Actor, name, digest string) (p soc.TriagePlaybook, err error) {
	return d.decidePlaybook(ctx, by, name, eventPlaybookConfirmed, "", func(tx *store.Tx, current soc.TriagePlaybook, v soc.TriageVersion) error {
		if v.Digest != digest {
			return soc.Errorf(soc.Conflict, soc.CodeDigestMismatch, "The digest is not that of the version that waits.").
				WithFix("Read the playbook again and confirm the digest of its pending version.")
		}
		if v.Confirmations, err = d.standingConfirmations(tx, by, v.Confirmations); err != nil {
			return err
		}
		v.Confirmations = append(v.Confirmations, soc.TriageConfirmation{Person: by.ID, At: d.clock()})
		if len(v.Confirmations) >= soc.TriageConfirmationsNeeded {
			v.State, v.DecidedAt = soc.TriageInForce, d.clock()
			if err := d.retire(tx, by, current); err != nil {
				return err
			}
		}
		return tx.UpdateTriagePlaybook(v)
	})
}

// RejectTriagePlaybook ends a version that waits; what is in force stays.
func (d *Desk) RejectTriagePlaybook(ctx context.Context, by soc.Actor, name, reason string) (p soc.TriagePlaybook, err error) {
	return d.decidePlaybook(ctx, by, name, eventPlaybookRejected, reason, func(tx *store.Tx, _ soc.TriagePlaybook, v soc.TriageVersion) error {
		v.State, v.DecidedAt = soc.TriageRejected, d.clock()
		return tx.UpdateTriagePlaybook(v)
	})
}

// decidePlaybook is what the two decisions share.
func (d *Desk) decidePlaybook(ctx context.Context, by soc.Actor, name, event, reason string, decide func(*store.Tx, soc.TriagePlaybook, soc.TriageVersion) error) (p soc.TriagePlaybook, err error) {
	if err = d.mayDecidePlaybook(by); err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			if err := d.unlocked(tx, by.Workspace); err != nil {
				return err
			}
			v, current, err := d.pendingPlaybook(tx, by, name)
			if err != nil {
				return err
			}
			if err := decide(tx, current, v); err != nil {
				return err
			}
			e := d.playbookEntry(by, event, name, v.Version, v.Digest)
			if reason != "" {
				e.Detail = auditDetail("reason", reason)
			}
			tx.Audit(e)
			if p, err = d.namedPlaybook(&tx.Reader, by.Workspace, name); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, p)
		})
	}
	if err != nil {
		return soc.TriagePlaybook{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(name) })
	}
	return p, nil
}

func (d *Desk) mayDecidePlaybook(by soc.Actor) error {
	if err := d.mayFresh(by); err != nil {
		return err
	}
	if err := by.May("", soc.RoleManager); err != nil {
		return err
	}
	return d.mayWrite()
}

// pendingPlaybook finds the version that waits, and what is in force.
func (d *Desk) pendingPlaybook(tx *store.Tx, by soc.Actor, name string) (v soc.TriageVersion, current soc.TriagePlaybook, err error) {
	if current, err = d.namedPlaybook(&tx.Reader, by.Workspace, name); err != nil {
		return v, current, err
	}
	if current.Pending != nil {
		return *current.Pending, current, nil
	}
	last, err := tx.LastTriagePlaybook(by.Workspace, name)
	if err != nil {
		return v, current, err
	}
	v, found, err := tx.TriagePlaybook(by.Workspace, name, last)
	switch {
	case err != nil:
		return v, current, err
	case found && v.State == soc.TriagePending: // waits no more: its time is over
		return v, current, soc.Errorf(soc.Conflict, soc.CodeApprovalExpired, "The change waited too long and is void.").
			WithFix("Ask for it again with PUT.")
	}
	return v, current, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "No change of this playbook waits for anybody.").
		WithFix("Read the playbook: it shows what is in force.")
}

// standingConfirmations are those of people who could confirm now; the same
// person counts once.
func (d *Desk) standingConfirmations(tx *store.Tx, by soc.Actor, given []soc.TriageConfirmation) (standing []soc.TriageConfirmation, err error) {
	if slices.ContainsFunc(given, func(c soc.TriageConfirmation) bool { return c.Person == by.ID }) {
		return nil, soc.Errorf(soc.Conflict, soc.CodeConflict, "This person has confirmed it already.").WithFix("A second person confirms it.")
	}
	for _, c := range given {
		person, found, err := tx.Person(c.Person)
		if err != nil {
			return nil, err
		}
		role := person.Grants[by.Workspace]
		if person.OrganizationAdmin {
			role = soc.RoleAdmin
		}
		if found && !person.Disabled && role.AtLeast(soc.RoleManager) {
			standing = append(standing, c)
		}
	}
	return standing, nil
}
