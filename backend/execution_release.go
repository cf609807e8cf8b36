package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// releasePage bounds how many due releases one look takes.
const releasePage = 200

// ReleaseSteps begins the releases that are due (S25), and notes how those
// under way ended. A release that a kill switch stops waits for the switch's
// own release, however long that takes. Each has a transaction of its own; the
// worker asks every second, and of several replicas any one may.
func (d *Desk) ReleaseSteps(ctx context.Context) error {
	due, err := d.store.Read(ctx).DueReverts(d.clock(), releasePage)
	if err != nil {
		return err
	}
	marker := d.killFileStands()
	for _, v := range due {
		var began soc.Gamebook
		err := d.write(ctx, func(tx *store.Tx) error {
			r := release{desk: d, tx: tx, by: soc.Actor{Kind: soc.PrincipalSystem, ID: releaser, Name: releaser, Workspace: v.Workspace, Call: soc.Call{Door: "worker"}}}
			err := r.look(v, marker)
			began = r.g
			return err
		})
		if err != nil {
			return err
		}
		if began.ID != "" {
			d.wake(began)
		}
	}
	return nil
}

// releaser asks for releases, in the name of whoever decided the step.
const releaser = "auto-revert"

// release is one due release on its way through a transaction.
type release struct {
	desk *Desk
	tx   *store.Tx
	by   soc.Actor
	g    soc.Gamebook // made by it
}

func (r *release) look(v soc.Revert, marker bool) error {
	original, found, err := r.tx.LockGamebook(v.Workspace, v.Gamebook)
	if err != nil || !found {
		return err
	}
	// Another replica may have begun it before this one had the lock.
	owed, err := r.tx.Reverts(v.Workspace, v.Gamebook)
	if err != nil || !slices.Contains(owed, v) {
		return err
	}
	at := slices.IndexFunc(original.Steps, func(s soc.Step) bool { return s.ID == v.Step })
	if at < 0 {
		return nil
	}
	if v.State == soc.RevertAsked {
		return r.noted(v)
	}
	switch original.Steps[at].Status {
	case soc.StepDispatched, soc.StepQueued: // its outcome comes first
		return nil
	case soc.StepFailed, soc.StepNotRun, soc.StepRolledBack:
		return r.move(v, soc.RevertNeedless, "", original)
	}
	if stops, err := r.stopped(original, marker); err != nil || stops {
		return err
	}
	return r.begin(v, original, original.Steps[at])
}

// stopped reports whether a kill switch stops what the original belongs to.
func (r *release) stopped(original soc.Gamebook, marker bool) (bool, error) {
	w, found, err := r.tx.Workspace(original.Workspace)
	if err != nil || !found {
		return true, err
	}
	agent := ""
	if original.RequestedKind == soc.PrincipalAgent {
		agent = original.RequestedBy
	}
	k, err := r.tx.Kill(w, agent)
	return marker || k != soc.KillFacts{}, err
}

// noted settles a release whose gamebook has ended.
func (r *release) noted(v soc.Revert) error {
	g, found, err := r.tx.LockGamebook(v.Workspace, v.Release)
	if err != nil || found && !g.Status.Ended() {
		return err
	}
	if !found || len(g.Steps) != 1 {
		return r.move(v, soc.RevertFailed, v.Release, g)
	}
	switch s := g.Steps[0]; {
	case s.Status == soc.StepDispatched:
		return nil
	case s.Status == soc.StepConfirmed || s.Status == soc.StepUnconfirmed:
		return r.move(v, soc.RevertDone, v.Release, g)
	case s.Status == soc.StepNotRun && (s.Error == string(soc.CodeKillSwitchEngaged) || s.Error == string(soc.CodeExecutionWindowExpired)):
		return r.move(v, soc.RevertWaiting, "", g) // nothing was sent: it is still owed
	}
	return r.move(v, soc.RevertFailed, v.Release, g)
}

func (r *release) move(v soc.Revert, state soc.RevertState, gamebook string, about soc.Gamebook) error {
	before := v.State
	v.State, v.Release = state, gamebook
	moved, err := r.tx.MoveRevert(v, before)
	if err != nil || !moved {
		return err
	}
	e := r.desk.gamebookEntry(r.by, "auto_revert_"+string(state), about)
	e.Target, e.Digest, e.Before, e.After = v.Step, v.Digest, string(before), string(state)
	r.tx.Audit(e)
	return nil
}

// begin makes the gamebook that undoes the step and enqueues it, in the
// transaction that says so.
func (r *release) begin(v soc.Revert, original soc.Gamebook, s soc.Step) error {
	inverse, has := r.desk.catalogue.Inverse(s.Playbook)
	if !has {
		return r.move(v, soc.RevertFailed, "", original)
	}
	i, found, err := r.tx.Incident(original.Workspace, original.Incident)
	if err != nil {
		return err
	}
	if !found {
		i = soc.Incident{ID: original.Incident, Workspace: original.Workspace}
	}
	if r.g, err = r.desk.buildRelease(r.by, original, s, inverse); err != nil {
		return err
	}
	if err := r.tx.InsertGamebook(r.g); err != nil {
		return err
	}
	if err := r.tx.IndexGamebook(r.g, r.desk.historyWords(i, r.g)); err != nil {
		return err
	}
	if err := r.desk.grant(r.tx, r.g); err != nil {
		return err
	}
	return r.move(v, soc.RevertAsked, r.g.ID, r.g)
}

// buildRelease draws the rows of a release: the inverse on the very target that
// was acted on, wherever the inventory would look for it now.
func (d *Desk) buildRelease(by soc.Actor, original soc.Gamebook, s soc.Step, inverse soc.Playbook) (soc.Gamebook, error) {
	now := d.clock().Truncate(time.Millisecond)
	nonce, err := d.nonce()
	if err != nil {
		return soc.Gamebook{}, err
	}
	id, err := soc.NewID(soc.PrefixGamebook, d.random)
	if err != nil {
		return soc.Gamebook{}, err
	}
	g := soc.Gamebook{
		ID: id, Workspace: original.Workspace, Incident: original.Incident, Version: 1, Status: soc.GamebookQueued, AutoRun: true,
		Class: d.catalogue.Class(inverse.ID, nil), Impact: inverse.Impact, PolicyVersion: original.PolicyVersion, Nonce: nonce,
		RequestedBy: by.ID, RequestedKind: by.Kind, RequestedName: by.Name, ClaimedTrigger: soc.TriggerOnQueue, EffectiveTrigger: soc.TriggerOnQueue,
		Taint: original.Taint, Flags: original.Flags, Rationale: "The time that was decided with " + original.ID + " is over.",
		RequestedAt: now, ApprovalExpiresAt: now.Add(original.ExecutionWindow), ApprovedAt: now, ExecutionWindow: original.ExecutionWindow,
		ExecutionExpires: now.Add(original.ExecutionWindow), OriginalGamebook: original.ID, Recover: true,
	}
	g.Facts = soc.GateRecord{Input: soc.GateInput{Phase: soc.PhaseExecute, Principal: soc.GatePrincipal{Kind: by.Kind}, AutoRun: true, Release: true}}.Text()
	g.World, g.PlanHash = soc.World{}.Text(), soc.DigestOf("vedette-release-v1", []byte(s.ID)) // beside whatever people plan
	planned := plannedStep{playbook: inverse, entity: soc.Entity{ID: s.Entity, Kind: s.EntityKind, Display: s.EntityName, Provenance: s.Provenance}, connector: s.Connector, nativeID: s.NativeID, sequence: 1}
	p := proposal{desk: d, by: by, steps: []plannedStep{planned}}
	if g.Steps, err = p.buildSteps(g); err != nil {
		return g, err
	}
	return g, seal(&g)
}

// asDecided reports whether the gamebook is still what was decided: its rows
// and what they resolve to (S13), or for a release the step that owes it.
func (m *matter) asDecided() (bool, error) {
	if m.g.RequestedKind != soc.PrincipalSystem || !m.g.Recover {
		return m.rebuilt(), nil
	}
	v, found, err := m.reader.RevertBy(m.g.Workspace, m.g.ID)
	if err != nil || !found || v.State != soc.RevertAsked || len(m.g.Steps) != 1 || v.Gamebook != m.g.OriginalGamebook {
		return false, err
	}
	original, found, err := m.reader.Gamebook(v.Workspace, v.Gamebook)
	if err != nil || !found || original.Digest != v.Digest {
		return false, err
	}
	at := slices.IndexFunc(original.Steps, func(s soc.Step) bool { return s.ID == v.Step })
	if at < 0 {
		return false, nil
	}
	before := &matter{g: original}
	undone, s := original.Steps[at], m.g.Steps[0]
	inverse, has := m.desk.catalogue.Inverse(undone.Playbook)
	m.release = has && before.names(original.Action()) && m.names(m.g.Action()) && s.Playbook == inverse.ID && s.PlaybookHash == inverse.Hash &&
		s.Entity == undone.Entity && s.Connector == undone.Connector && s.NativeID == undone.NativeID
	return m.release, nil
}
