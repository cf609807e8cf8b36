package backend

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"vedette/backend/playbook"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// mostTriagePlaybooks is how many a workspace may have of its own: every triage
// looks at them.
const mostTriagePlaybooks = 200

// Audit events of triage playbooks.
const (
	eventPlaybookChanged   = "triage_playbook_changed"
	eventPlaybookAsked     = "triage_playbook_change_asked"
	eventPlaybookDeleted   = "triage_playbook_deleted"
	eventPlaybookConfirmed = "triage_playbook_confirmed"
	eventPlaybookRejected  = "triage_playbook_rejected"
)

// mayManagePlaybooks are the rules that need no row. What triage recommends is
// privileged configuration, so an agent never touches it (S43).
func (d *Desk) mayManagePlaybooks(by soc.Actor) error {
	if by.Kind == soc.PrincipalAgent {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never changes playbooks.").
			WithFix("Say in a comment what should change; a person decides.")
	}
	if err := by.May(soc.ScopePlaybooksManage, soc.RoleManager); err != nil {
		return err
	}
	return d.mayWrite()
}

// ValidateTriagePlaybook lists what is wrong with a playbook and stores nothing.
func (d *Desk) ValidateTriagePlaybook(ctx context.Context, by soc.Actor, draft soc.TriageDraft) (found []playbook.Problem, err error) {
	if err := d.mayManagePlaybooks(by); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		found, err = d.checkTriageDraft(r, by.Workspace, draft)
		return err
	})
	return found, err
}

func (d *Desk) checkTriageDraft(r *store.Reader, workspace string, draft soc.TriageDraft) ([]playbook.Problem, error) {
	sops, err := r.SOPs(workspace, noTime)
	if err != nil {
		return nil, err
	}
	known := []string{}
	for _, s := range classification(sops) {
		known = append(known, s.ID)
	}
	return d.catalogue.CheckTriage(draft, known), nil
}

// wholeTriageDraft is the 400 that names everything wrong with a draft.
func (d *Desk) wholeTriageDraft(r *store.Reader, workspace string, draft soc.TriageDraft) error {
	found, err := d.checkTriageDraft(r, workspace, draft)
	if err != nil || len(found) == 0 {
		return err
	}
	invalid := soc.Errorf(soc.Invalid, soc.CodeValidationError, "The playbook is not valid.").
		WithFix("Correct the members that are named; POST /api/playbooks/validate checks one without storing it.")
	for _, p := range found {
		invalid = invalid.WithField(p.Path, "%s", p.Message)
	}
	return invalid
}

// CreateTriagePlaybook makes a playbook. One that is enabled is stored disabled
// at once and waits, enabled, for two people to confirm it.
func (d *Desk) CreateTriagePlaybook(ctx context.Context, by soc.Actor, draft soc.TriageDraft) (p soc.TriagePlaybook, err error) {
	return d.changePlaybook(ctx, by, draft.Name, func(tx *store.Tx) (soc.TriagePlaybook, error) {
		return d.createPlaybook(tx, by, draft)
	})
}

func (d *Desk) createPlaybook(tx *store.Tx, by soc.Actor, draft soc.TriageDraft) (p soc.TriagePlaybook, err error) {
	if err := d.wholeTriageDraft(&tx.Reader, by.Workspace, draft); err != nil {
		return p, err
	}
	have, err := d.triagePlaybooks(&tx.Reader, by.Workspace)
	if err != nil {
		return p, err
	}
	if slices.ContainsFunc(have, func(p soc.TriagePlaybook) bool { return p.Name == draft.Name }) {
		return p, soc.Errorf(soc.Conflict, soc.CodeConflict, "A playbook has this name.").WithFix("Choose another name, or change that playbook with PUT.")
	}
	own := slices.DeleteFunc(have, func(p soc.TriagePlaybook) bool { return p.Digest == "" })
	if len(own) >= mostTriagePlaybooks {
		return p, soc.Errorf(soc.Conflict, soc.CodeConflict, "The workspace has %d playbooks, which is the most.", len(own)).WithFix("Delete one that is not used.")
	}
	first := draft
	if by.Kind != soc.PrincipalHost {
		first.Enabled = false
	}
	last, err := tx.LastTriagePlaybook(by.Workspace, draft.Name)
	if err != nil {
		return p, err
	}
	if err := d.putInForce(tx, by, nil, last+1, first); err != nil {
		return p, err
	}
	if soc.LoosensTriage(first, draft) {
		if err := d.askPlaybook(tx, by, last+2, draft); err != nil {
			return p, err
		}
	}
	return d.namedPlaybook(&tx.Reader, by.Workspace, draft.Name)
}

// ChangeTriagePlaybook replaces what a playbook says. What lets more happen
// waits for two people to confirm it; all else is in force at once and voids
// what waited.
func (d *Desk) ChangeTriagePlaybook(ctx context.Context, by soc.Actor, name string, draft soc.TriageDraft, match soc.IfMatch) (p soc.TriagePlaybook, err error) {
	return d.changePlaybook(ctx, by, name, func(tx *store.Tx) (soc.TriagePlaybook, error) {
		current, err := d.changeable(tx, by, name, match)
		if err != nil {
			return current, err
		}
		if draft.Name != name {
			return current, soc.InvalidField("name", "must be %s, since a name never changes; make a new playbook for another", name)
		}
		if err := d.wholeTriageDraft(&tx.Reader, by.Workspace, draft); err != nil {
			return current, err
		}
		if soc.SameTriageDraft(current.TriageDraft, draft) && current.Pending == nil ||
			current.Pending != nil && soc.SameTriageDraft(current.Pending.Draft, draft) {
			return current, nil
		}
		if err := d.voidPending(tx, by, current, soc.TriageSuperseded); err != nil {
			return current, err
		}
		last, err := tx.LastTriagePlaybook(by.Workspace, name)
		switch {
		case err != nil:
		case soc.LoosensTriage(current.TriageDraft, draft) && by.Kind != soc.PrincipalHost:
			err = d.askPlaybook(tx, by, last+1, draft)
		case !soc.SameTriageDraft(current.TriageDraft, draft):
			err = d.putInForce(tx, by, &current, last+1, draft)
		}
		if err != nil {
			return current, err
		}
		return d.namedPlaybook(&tx.Reader, by.Workspace, name)
	})
}

// DeleteTriagePlaybook takes a playbook out of use; its versions stay.
func (d *Desk) DeleteTriagePlaybook(ctx context.Context, by soc.Actor, name string, match soc.IfMatch) error {
	_, err := d.changePlaybook(ctx, by, name, func(tx *store.Tx) (soc.TriagePlaybook, error) {
		current, err := d.changeable(tx, by, name, match)
		if err != nil {
			return current, err
		}
		if err := d.voidPending(tx, by, current, soc.TriageSuperseded); err != nil {
			return current, err
		}
		if err := d.retire(tx, by, current); err != nil {
			return current, err
		}
		tx.Audit(d.playbookEntry(by, eventPlaybookDeleted, name, current.Version, current.Digest))
		return current, nil
	})
	return err
}

// changePlaybook is what all changes share.
func (d *Desk) changePlaybook(ctx context.Context, by soc.Actor, name string, change func(*store.Tx) (soc.TriagePlaybook, error)) (p soc.TriagePlaybook, err error) {
	err = d.mayManagePlaybooks(by)
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			if err := d.unlocked(tx, by.Workspace); err != nil {
				return err
			}
			if p, err = change(tx); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, p)
		})
	}
	if err != nil {
		return soc.TriagePlaybook{}, d.refused(ctx, by, eventPlaybookChanged, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(name) })
	}
	return p, nil
}

// changeable finds a playbook of the workspace's own, at the revision the
// caller read.
func (d *Desk) changeable(tx *store.Tx, by soc.Actor, name string, match soc.IfMatch) (soc.TriagePlaybook, error) {
	p, err := d.namedPlaybook(&tx.Reader, by.Workspace, name)
	if err != nil {
		return p, err
	}
	if p.Digest == "" {
		return p, soc.Errorf(soc.Conflict, soc.CodeConflict, "This playbook is a procedure of the workspace and is not changed here.").
			WithFix("Make a playbook of another name; its trigger goes before every procedure.")
	}
	return p, match.Check(p.Revision())
}

// putInForce stores a version that stands at once.
func (d *Desk) putInForce(tx *store.Tx, by soc.Actor, current *soc.TriagePlaybook, version int, draft soc.TriageDraft) error {
	v, err := soc.NewTriageVersion(by.Workspace, version, draft)
	if err != nil {
		return err
	}
	if current != nil {
		if err := d.retire(tx, by, *current); err != nil {
			return err
		}
	}
	now := d.clock()
	v.State, v.AskedBy, v.AskedKind, v.AskedAt, v.DecidedAt = soc.TriageInForce, by.ID, by.Kind, now, now
	tx.Audit(d.playbookEntry(by, eventPlaybookChanged, draft.Name, version, v.Digest))
	return tx.InsertTriagePlaybook(v)
}

// askPlaybook stores a version that waits for people.
func (d *Desk) askPlaybook(tx *store.Tx, by soc.Actor, version int, draft soc.TriageDraft) error {
	v, err := soc.NewTriageVersion(by.Workspace, version, draft)
	if err != nil {
		return err
	}
	now := d.clock()
	v.State, v.AskedBy, v.AskedKind, v.AskedAt, v.ExpiresAt = soc.TriagePending, by.ID, by.Kind, now, now.Add(soc.TriageChangeLife)
	tx.Audit(d.playbookEntry(by, eventPlaybookAsked, draft.Name, version, v.Digest))
	return tx.InsertTriagePlaybook(v)
}

// retire ends the version in force.
func (d *Desk) retire(tx *store.Tx, by soc.Actor, current soc.TriagePlaybook) error {
	v, found, err := tx.TriagePlaybook(by.Workspace, current.Name, current.Version)
	if err != nil || !found {
		return err
	}
	v.State, v.DecidedAt = soc.TriageReplaced, d.clock()
	return tx.UpdateTriagePlaybook(v)
}

// voidPending ends the version that waits, also one that waited too long.
func (d *Desk) voidPending(tx *store.Tx, by soc.Actor, current soc.TriagePlaybook, state soc.TriageVersionState) error {
	versions, err := tx.TriagePlaybooks(by.Workspace)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Draft.Name != current.Name || v.State != soc.TriagePending {
			continue
		}
		v.State, v.DecidedAt = state, d.clock()
		if !v.DecidedAt.Before(v.ExpiresAt) {
			v.State = soc.TriageExpired
		}
		if err := tx.UpdateTriagePlaybook(v); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) playbookEntry(by soc.Actor, event, name string, version int, digest string) soc.AuditEntry {
	e := d.entry(by, event)
	e.Target, e.Digest = name, digest
	if detail, err := json.Marshal(map[string]any{"version": version}); err == nil {
		e.Detail = string(detail)
	}
	return e
}

func joined(words []string) string { return strings.Join(words, ", ") }
