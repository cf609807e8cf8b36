package backend

import (
	"context"
	"slices"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ListChanges lists the changes of policy that wait for people, or did, soonest
// expiry first.
func (d *Desk) ListChanges(ctx context.Context, by soc.Actor, f soc.ChangeFilter) (found []soc.PolicyChange, next *soc.Keyset, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	limit := min(max(f.Limit, 1), 200)
	f.Workspace, f.Now, f.Limit = by.Workspace, d.clock(), limit+1
	err = d.store.View(ctx, func(r *store.Reader) error {
		if found, err = r.PolicyChanges(f); err != nil {
			return err
		}
		return countEligible(r, by.Workspace, found)
	})
	if err == nil && len(found) > limit {
		found = found[:limit]
		next = store.ChangeAfter(found[limit-1])
	}
	return found, next, err
}

// GetChange returns one change.
func (d *Desk) GetChange(ctx context.Context, by soc.Actor, id string) (c soc.PolicyChange, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return c, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if c, err = changeOf(r, by.Workspace, id); err != nil {
			return err
		}
		one := []soc.PolicyChange{c}
		err = countEligible(r, by.Workspace, one)
		c = one[0]
		if err != nil {
			return err
		}
		if c.Kind.OfPolicy() {
			c.Effect, err = d.effectOf(r, c)
		}
		return err
	})
	return c, err
}

// countEligible says of each change how many more people could confirm it.
func countEligible(r *store.Reader, workspace string, changes []soc.PolicyChange) error {
	roles, err := configuring(r, workspace)
	for i, c := range changes {
		for person, role := range roles {
			if soc.ChangeConfirms(role) && !c.Confirmed(person) {
				changes[i].Eligible++
			}
		}
	}
	return err
}

func changeOf(r *store.Reader, workspace, id string) (soc.PolicyChange, error) {
	c, found, err := r.PolicyChange(workspace, id)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such change.").WithFix("List the changes and copy the id exactly.")
	}
	return c, err
}

// configuring are the people who configure a workspace, with the role that
// counts for it: what they were granted, or admin of the organization.
func configuring(r *store.Reader, workspace string) (map[string]soc.Role, error) {
	roles, err := r.RolesIn(workspace)
	if err != nil {
		return nil, err
	}
	w, found, err := r.Workspace(workspace)
	if err != nil || !found {
		return roles, err
	}
	people, err := r.People(w.Organization)
	for _, p := range people {
		if p.OrganizationAdmin && !p.Disabled {
			roles[p.ID] = soc.RoleAdmin
		}
	}
	return roles, err
}

// DecideChange is one person's word on a change that loosens. Confirming takes
// a manager or admin, freshly signed in, twice by two people; the second puts
// it in force. Rejecting takes one, and is final.
func (d *Desk) DecideChange(ctx context.Context, by soc.Actor, in soc.ChangeDecision) (c soc.PolicyChange, err error) {
	var late error
	event := "change_rejected"
	if in.Confirm {
		event = "change_confirmed"
	}
	if err = d.mayDecideChange(by, in); err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			p := changeDecision{desk: d, tx: tx, by: by, in: in, event: event}
			c, err = p.run()
			late = p.late
			return err
		})
	}
	if err != nil {
		return soc.PolicyChange{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target, e.Digest = soc.DisplayName(in.ID), soc.DisplayName(in.Digest) })
	}
	return c, late
}

func (d *Desk) mayDecideChange(by soc.Actor, in soc.ChangeDecision) error {
	if err := maySession(by); err != nil {
		return err
	}
	least := soc.RoleAnalyst
	if in.Confirm {
		if err := d.mayFresh(by); err != nil {
			return err
		}
		least = soc.RoleManager
	}
	if err := by.May("", least); err != nil {
		return err
	}
	if utf8.RuneCountInString(in.Comment) > maxComment {
		return soc.InvalidField("comment", "must hold at most %d characters", maxComment)
	}
	if !in.Confirm && in.Comment == "" {
		return soc.InvalidField("reason", "must hold 1 to %d characters", maxComment)
	}
	return d.mayWrite()
}

// changeDecision is one person's word on its way through the transaction.
type changeDecision struct {
	desk  *Desk
	tx    *store.Tx
	by    soc.Actor
	in    soc.ChangeDecision
	event string
	c     soc.PolicyChange
	// late is a refusal that leaves a row behind.
	late error
}

func (p *changeDecision) run() (c soc.PolicyChange, err error) {
	if err = p.tx.LockPolicy(p.by.Workspace); err != nil {
		return c, err
	}
	if err = p.desk.unlocked(p.tx, p.by.Workspace); err != nil {
		return c, err
	}
	if p.c, err = changeOf(&p.tx.Reader, p.by.Workspace, p.in.ID); err != nil {
		return c, err
	}
	switch p.c.StateAt(p.desk.clock()) {
	case soc.ChangePending:
	case soc.ChangeExpired:
		return c, soc.Errorf(soc.Conflict, soc.CodeApprovalExpired, "The time to decide is over.").WithFix("Ask for the change again.")
	default:
		return c, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The change is %s.", p.c.State).WithFix("Ask for the change again if it is still wanted.")
	}
	if p.in.Confirm {
		return p.confirm()
	}
	p.end(soc.ChangeRejected)
	p.c.DecisionReason = p.in.Comment
	p.tx.Audit(p.entry(p.event))
	if err = p.tx.UpdatePolicyChange(p.c); err != nil {
		return c, err
	}
	p.c.Version++
	return p.c, p.desk.settleIdempotency(p.tx, p.by, p.c)
}

func (p *changeDecision) end(state soc.ChangeState) {
	p.c.State, p.c.DecidedBy, p.c.DecidedAt = state, p.by.ID, p.desk.clock()
}

func (p *changeDecision) entry(event string) soc.AuditEntry {
	e := p.desk.entry(p.by, event)
	e.Target, e.Digest, e.PolicyVersion, e.Detail = p.c.ID, p.c.Digest, p.c.PolicyBase(), auditDetail("comment", p.in.Comment)
	return e
}

func (p *changeDecision) confirm() (c soc.PolicyChange, err error) {
	before, err := p.tx.Policy(p.by.Workspace)
	if err != nil {
		return c, err
	}
	if p.in.Digest != p.c.Digest {
		return c, soc.Errorf(soc.Conflict, soc.CodeDigestMismatch, "The digest is not that of the change as it stands.").WithFix("Read the change again and decide on what it shows.")
	}
	if p.c.Kind.OfPolicy() && before.Version != p.c.BaseVersion {
		return p.giveUp(soc.ChangeStale, soc.CodeInvalidState, "The policy has changed since this was asked for.")
	}
	if moved, err := p.sourceMoved(); err != nil || moved {
		if err != nil {
			return c, err
		}
		return p.giveUp(soc.ChangeStale, soc.CodeInvalidState, "The source has changed since this was asked for.")
	}
	if moved, err := p.sopMoved(); err != nil || moved {
		if err != nil {
			return c, err
		}
		return p.giveUp(soc.ChangeStale, soc.CodeInvalidState, "The procedure has changed since this was asked for.")
	}
	if p.c.GrantsTo(p.by.ID) {
		return c, soc.Errorf(soc.Denied, soc.CodeRequesterCannotApprove, "The change gives something to whoever would confirm it.").
			WithFix("Somebody else confirms it.")
	}
	if !p.intact(before) {
		return p.giveUp(soc.ChangeStale, soc.CodeDigestMismatch, "What is stored is no longer the change that was asked for.")
	}
	if p.c.Confirmed(p.by.ID) {
		return c, soc.Errorf(soc.Conflict, soc.CodeConflict, "This person counts already.").WithFix("Another person confirms it.")
	}
	if err := p.recount(); err != nil {
		return c, err
	}
	p.c.Confirmations = append(p.c.Confirmations, soc.Confirmation{Person: p.by.ID, At: p.desk.clock()})
	p.tx.Audit(p.entry(p.event))
	if len(p.c.Confirmations) >= soc.ChangeNeed {
		if err := p.apply(before); err != nil {
			return c, err
		}
	}
	if err = p.tx.UpdatePolicyChange(p.c); err != nil {
		return c, err
	}
	p.c.Version++
	return p.c, p.desk.settleIdempotency(p.tx, p.by, p.c)
}

// sourceMoved reports that the settings of a source are no longer those that the
// change was asked for.
func (p *changeDecision) sourceMoved() (bool, error) {
	if p.c.Kind != soc.PartSource {
		return false, nil
	}
	s, found, err := p.tx.DataSource(p.by.Workspace, p.c.Target)
	return !found || s.Version != p.c.BaseVersion, err
}

// sopMoved reports that a procedure, or the draft that a change asks for, is no
// longer what the change was asked of.
func (p *changeDecision) sopMoved() (bool, error) {
	if p.c.Kind != soc.PartSOP {
		return false, nil
	}
	now, draft, err := p.desk.sopAsked(p.tx, p.c)
	return int64(now.Version) != p.c.BaseVersion || !sameDiff(soc.DiffSOP(now, draft), p.c.Diff), err
}

// giveUp ends a change that cannot be applied any more.
func (p *changeDecision) giveUp(state soc.ChangeState, code soc.Code, message string) (soc.PolicyChange, error) {
	p.end(state)
	p.late = soc.Errorf(soc.Conflict, code, "%s", message).WithFix("Ask for the change again if it is still wanted.")
	e := p.entry(p.event + "_refused")
	e.Decision, e.Code = "refused", code
	p.tx.Audit(e)
	return p.c, p.tx.UpdatePolicyChange(p.c)
}

// intact rebuilds digest and diff from what is stored (S13's rule, for policy).
func (p *changeDecision) intact(before soc.PolicyFacts) bool {
	digest, err := soc.ChangeDigest(p.c)
	if err != nil || digest != p.c.Digest {
		return false
	}
	if !p.c.Kind.OfPolicy() { // the digest covers all there is of it
		return true
	}
	if !before.PolicyLoaded || !before.ProtectedLoaded {
		return p.c.Kind == soc.PartPolicy
	}
	return sameDiff(within(p.c.Kind, soc.DiffPolicy(before.Document(), p.c.Proposed)), p.c.Diff)
}

// recount keeps the confirmations of people who still may give them.
func (p *changeDecision) recount() error {
	if len(p.c.Confirmations) == 0 {
		return nil
	}
	roles, err := configuring(&p.tx.Reader, p.by.Workspace)
	p.c.Confirmations = slices.DeleteFunc(p.c.Confirmations, func(o soc.Confirmation) bool { return !soc.ChangeConfirms(roles[o.Person]) })
	return err
}

func (p *changeDecision) apply(before soc.PolicyFacts) error {
	switch p.c.Kind {
	case soc.PartRoles:
		p.end(soc.ChangeApplied)
		return p.desk.applyRoles(p.tx, p.by, p.c)
	case soc.PartKey:
		p.end(soc.ChangeApplied)
		if p.c.KeyID() != "" {
			return p.desk.applyKeyChange(p.tx, p.by, p.c)
		}
		return p.desk.applyKey(p.tx, p.by, p.c)
	case soc.PartSource:
		p.end(soc.ChangeApplied)
		return p.desk.applySource(p.tx, p.by, p.c)
	case soc.PartPerson:
		p.end(soc.ChangeApplied)
		return p.desk.applyPerson(p.tx, p.by, p.c)
	case soc.PartSOP:
		p.end(soc.ChangeApplied)
		_, draft, err := p.desk.sopAsked(p.tx, p.c)
		if err != nil {
			return err
		}
		return p.desk.applySOP(p.tx, p.by, p.c, draft)
	case soc.PartCatalogue:
		p.end(soc.ChangeApplied)
		return p.desk.applySwitch(p.tx, p.by, p.c)
	}
	if err := p.c.Proposed.Check(); err != nil {
		return err
	}
	if err := p.desk.rulesCompiled(p.c.Proposed.Rules); err != nil {
		return err
	}
	var now soc.PolicyDocument
	diff := p.c.Diff
	if before.PolicyLoaded && before.ProtectedLoaded {
		now = before.Document()
		diff = soc.DiffPolicy(now, p.c.Proposed)
	}
	if err := p.desk.policyKnown(p.tx, p.by.Workspace, now, p.c.Proposed); err != nil {
		return err
	}
	v := soc.PolicyVersion{
		Workspace: p.by.Workspace, Event: p.c.Event, Target: p.c.Target, Reason: p.c.Reason, Direction: p.c.Direction, Diff: diff,
	}
	for _, o := range p.c.Confirmations {
		v.Confirmed = append(v.Confirmed, o.Person)
	}
	p.end(soc.ChangeApplied)
	_, err := p.desk.enforcePolicy(p.tx, p.by, v, p.c.Proposed)
	return err
}
