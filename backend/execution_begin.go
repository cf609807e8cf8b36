package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// BeginStep puts the intent of one step on record (S26): in one transaction
// the claim, the windows, the digest rebuilt from storage (S13), the gate
// (execute), the world (S18) and the target's lock are checked, the approval
// is used up (S16), and the step is Dispatched with its attempt and its audit
// entry. Only then may the worker call out. again sends a step once more whose
// read-back said that it did not happen.
func (d *Desk) BeginStep(ctx context.Context, claim soc.GamebookClaim, step string, again bool) (order soc.StepOrder, err error) {
	var after soc.Gamebook
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		b := beginning{desk: d, tx: tx, by: workerActor(claim.Gamebook.Workspace), again: again}
		order, err = b.run(claim, step)
		after = b.g
		return err
	})
	if err == nil && after.ID != "" {
		d.wake(after)
	}
	return order, err
}

// beginning is one step on its way to its intent.
type beginning struct {
	desk  *Desk
	tx    *store.Tx
	by    soc.Actor
	again bool
	g     soc.Gamebook
	at    int // of the step
}

var stopped = soc.StepOrder{Decision: soc.StepStop}

func (b *beginning) run(claim soc.GamebookClaim, id string) (soc.StepOrder, error) {
	var found bool
	var err error
	b.g, found, err = b.tx.LockGamebook(claim.Gamebook.Workspace, claim.Gamebook.ID)
	if err != nil || !found {
		return stopped, err
	}
	b.at = slices.IndexFunc(b.g.Steps, func(s soc.Step) bool { return s.ID == id })
	if b.at < 0 || b.g.Status.Ended() || b.g.NeedsApproval || b.g.Lease != claim.Lease {
		return stopped, nil
	}
	expected := soc.StepQueued
	if b.again {
		expected = soc.StepDispatched
	}
	if step := b.g.Steps[b.at]; step.Status != expected {
		return soc.StepOrder{Decision: soc.StepDone, Step: step}, nil
	}
	if ok, err := b.permitted(); err != nil || !ok {
		return stopped, err
	}
	return b.dispatch()
}

// ran reports whether a step of the gamebook has begun.
func (b *beginning) ran() bool {
	return slices.ContainsFunc(b.g.Steps, func(s soc.Step) bool { return s.Attempts > 0 })
}

// permitted asks everything that may have changed since people, or the policy,
// said yes. Where something has, it settles what becomes of the gamebook.
func (b *beginning) permitted() (bool, error) {
	d := b.desk
	if !d.insideWindow(b.g) {
		d.noteClockJump(b.tx, b.by, b.g)
		return false, b.cut(soc.GamebookExpired, soc.CodeExecutionWindowExpired)
	}
	m, err := d.readMatter(&b.tx.Reader, b.g)
	if err != nil {
		return false, err
	}
	approvals, intact := m.approvals()
	same, err := m.asDecided()
	if err != nil {
		return false, err
	}
	if !intact || !same {
		return false, b.cut(soc.GamebookHalted, soc.CodeDigestMismatch)
	}
	in, result, err := m.ask(soc.PhaseExecute, approvals)
	if err != nil {
		return false, err
	}
	if result.Halt {
		return false, b.cut(soc.GamebookHalted, soc.CodeKillSwitchEngaged)
	}
	if m.release { // decided with the step it undoes; one held up is tried again
		return !result.Stale, nil
	}
	world, changed, err := m.world()
	if err != nil {
		return false, err
	}
	if !result.Stale && !changed {
		return true, nil
	}
	if b.ran() {
		return false, b.cut(soc.GamebookHalted, soc.CodeWorldChanged)
	}
	b.g, err = d.restate(b.tx, b.by, m, in, result, world)
	return false, err
}

// cut ends the gamebook before this step. Expiry in the middle is named by
// what ran.
func (b *beginning) cut(status soc.GamebookStatus, code soc.Code) error {
	if status == soc.GamebookExpired && b.ran() {
		status = soc.GamebookHalted
	}
	if b.again { // what was sent stays unknown: nobody asks a third time
		s := b.g.Steps[b.at]
		s.Status, s.FinishedAt, s.Error = soc.StepUnknown, b.desk.clock(), string(soc.CodeOutcomeUnknown)
		if _, err := b.tx.UpdateStep(s, soc.StepDispatched); err != nil {
			return err
		}
		b.g.Steps[b.at] = s
	}
	var err error
	b.g, err = b.desk.end(b.tx, b.by, b.g, status, code)
	return err
}

func (b *beginning) dispatch() (soc.StepOrder, error) {
	d, s := b.desk, b.g.Steps[b.at]
	p, known := d.catalogue.Lookup(s.Playbook)
	if !known {
		return stopped, b.cut(soc.GamebookHalted, soc.CodeDigestMismatch)
	}
	if s.Connector != "" {
		holder, err := b.tx.TakeTarget(s.Workspace, s.Connector, s.NativeID, b.g.ID, d.clock())
		if err != nil {
			return stopped, err
		}
		if holder != b.g.ID {
			return soc.StepOrder{Decision: soc.StepWait, Step: s}, nil
		}
	}
	if spent, err := b.useApproval(); err != nil || spent {
		return stopped, err
	}
	if err := b.intend(&s, p); err != nil {
		return stopped, err
	}
	if p.Internal {
		return b.inside(s, p)
	}
	return soc.StepOrder{Decision: soc.StepCarry, Step: s, Playbook: p}, nil
}

// useApproval consumes the approvals with the first intent, by one atomic
// compare-and-set. spent says that somebody else did before.
func (b *beginning) useApproval() (spent bool, err error) {
	if b.ran() || b.g.Need.Count == 0 {
		return false, nil
	}
	used, err := b.tx.ConsumeApprovals(b.g.ID, b.g.Digest)
	if err != nil || used > 0 {
		return false, err
	}
	return true, b.cut(soc.GamebookHalted, soc.CodeInvalidState)
}

// intend writes the intent: the step's state, its attempt, its audit entry,
// and that the gamebook runs.
func (b *beginning) intend(s *soc.Step, p soc.Playbook) error {
	d, before := b.desk, s.Status
	s.Status, s.DispatchedAt, s.Attempts = soc.StepDispatched, d.clock(), s.Attempts+1
	moved, err := b.tx.UpdateStep(*s, before)
	if err != nil {
		return err
	}
	if !moved {
		return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The step was begun by somebody else.")
	}
	// What was granted at submit is counted already.
	if d.catalogue.Class(p.ID, nil) != soc.ClassReadOnly && (!b.g.AutoRun || s.Attempts > 1) {
		id, err := d.newUUID()
		if err != nil {
			return err
		}
		if err := b.tx.InsertDispatch(id, b.g, *s, d.clock()); err != nil {
			return err
		}
	}
	if p.AutoRevert > 0 && !b.g.Recover {
		owed := soc.Revert{Workspace: s.Workspace, Gamebook: b.g.ID, Step: s.ID, Digest: b.g.Digest, DueAt: s.DispatchedAt.Add(p.AutoRevert), State: soc.RevertWaiting}
		if err := b.tx.OweRevert(owed); err != nil {
			return err
		}
	}
	if b.g.Status == soc.GamebookQueued {
		b.g.Status, b.g.StartedAt = soc.GamebookRunning, d.clock()
	}
	b.g.LeaseExpires = d.clock().Add(leaseLife)
	b.g.Steps[b.at] = *s
	e := d.gamebookEntry(b.by, "step_dispatched", b.g)
	e.Target, e.Operation, e.After = s.ID, p.Operation, string(s.Status)
	b.tx.Audit(e)
	b.g, err = b.tx.UpdateGamebook(b.g)
	return err
}

// inside carries out a step whose effect stays inside Vedette, in the same
// transaction as its intent.
func (b *beginning) inside(s soc.Step, p soc.Playbook) (soc.StepOrder, error) {
	d := b.desk
	i, found, err := b.tx.Incident(b.g.Workspace, b.g.Incident)
	if err != nil {
		return stopped, err
	}
	message, _ := s.Parameters["message"].(string)
	author := soc.Actor{Kind: b.g.RequestedKind, ID: b.g.RequestedBy, Name: b.g.RequestedName, Workspace: b.g.Workspace}
	s.Status, s.FinishedAt = soc.StepFailed, d.clock()
	if found && message != "" {
		if _, err := d.postComment(b.tx, author, i, message, false); err != nil {
			return stopped, err
		}
		s.Status = soc.StepConfirmed
		s.ReadBack = &soc.ReadBack{Probe: p.Operation, Expected: "present", Seen: "present", At: s.FinishedAt}
	}
	if _, err := b.tx.UpdateStep(s, soc.StepDispatched); err != nil {
		return stopped, err
	}
	b.g.Steps[b.at] = s
	e := d.gamebookEntry(b.by, "step_finished", b.g)
	e.Target, e.Operation, e.After = s.ID, p.Operation, string(s.Status)
	b.tx.Audit(e)
	return soc.StepOrder{Decision: soc.StepDone, Step: s, Playbook: p}, nil
}
