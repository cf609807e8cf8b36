package backend

import (
	"cmp"
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// FinishRun ends a run as the server sees it: with the investigation that it
// submitted, or with the floor's verdict and the reason noted (T22, T26).
func (d *Desk) FinishRun(ctx context.Context, by soc.Actor, in soc.RunEnd) (v soc.RunView, err error) {
	if err := d.mayWorkRuns(by); err != nil {
		return v, err
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		u, w, err := d.heldRun(tx, by, in.Run, in.Fence)
		if err != nil {
			return err
		}
		if u.State.Ended() { // said before, or cancelled meanwhile
			v, err = d.viewRun(&tx.Reader, u)
			return err
		}
		if in.Chain != w.Chain {
			return soc.Errorf(soc.Conflict, soc.CodeConflict, "The chain is not that of the last stored stage.").WithFix("Lease the run anew; the lease names what is stored.")
		}
		stages, err := tx.RunStages(u.Workspace, u.ID)
		if err != nil {
			return err
		}
		if !d.chain.Proves(stages) || len(stages) != w.Seq {
			return d.endRun(tx, by, u, w, soc.RunFailed, soc.CodeTranscriptTampered)
		}
		_, held, submitted, err := tx.InvestigationOfRun(u.Workspace, u.ID)
		if err != nil {
			return err
		}
		state, code := soc.RunDone, soc.Code("")
		switch {
		case submitted && held:
			state = soc.RunHeld
		case !submitted:
			state, code = soc.RunFailed, cmp.Or(w.Error, in.Error, soc.CodeModelFailed)
			if !slices.Contains(soc.LoopErrors, code) {
				code = soc.CodeModelFailed
			}
			if code == soc.CodeBudgetExhausted {
				state = soc.RunBudgetExhausted
			}
		}
		if code == soc.CodeModelUnavailable {
			waits, err := d.awaitEndpoint(tx, by, &u, w)
			if err != nil {
				return err
			}
			if waits {
				v, err = d.viewRun(&tx.Reader, u)
				return err
			}
		}
		if err := d.endRun(tx, by, u, w, state, code); err != nil {
			return err
		}
		u.State, u.UpdatedAt = state, d.clock()
		v, err = d.viewRun(&tx.Reader, u)
		return err
	})
	return v, err
}

// endRun ends a run and its work. Where it failed, the floor's verdict stands
// and, if that would close, waits for a person with the reason.
func (d *Desk) endRun(tx *store.Tx, by soc.Actor, u soc.Run, w soc.RunWork, state soc.RunState, code soc.Code) error {
	now := d.clock()
	if !u.State.Ended() {
		if _, err := tx.SetRunState(u.Workspace, u.ID, state, now); err != nil {
			return err
		}
	}
	fence := w.Fence
	w.FinishedAt, w.LeaseExpires, w.Error = now, now, code
	if _, err := tx.UpdateRunWork(w, fence); err != nil {
		return err
	}
	e := d.entry(by, "run_finished")
	e.Incident, e.Run, e.Target, e.Code, e.After = u.Incident, u.ID, u.Agent, code, string(state)
	tx.Audit(e)
	i, found, err := tx.Incident(u.Workspace, u.Incident)
	if err != nil || !found {
		return err
	}
	if code != "" {
		if i, err = d.noteFailed(tx, by, i); err != nil {
			return err
		}
	}
	if err := d.answerTriage(tx, u, w, i, state); err != nil {
		return err
	}
	if state == soc.RunCancelled || i.EvidenceVersion <= w.EvidenceVersion {
		return nil
	}
	// What came in meanwhile is investigated too.
	policy, err := tx.Policy(u.Workspace)
	if err != nil {
		return err
	}
	return d.queueRun(tx, i, policy)
}

// noteFailed adds to a held benign verdict that no model finished.
func (d *Desk) noteFailed(tx *store.Tx, by soc.Actor, i soc.Incident) (soc.Incident, error) {
	if !i.Held || !i.ProposedVerdict.Benign() || slices.Contains(i.HoldReasons, soc.CodeModelFailed) {
		return i, nil
	}
	after := i
	after.HoldReasons = append(slices.Clone(i.HoldReasons), soc.CodeModelFailed)
	return d.saveIncident(tx, by, i, after, "")
}

// modelHolds are what the reconciliation says about a verdict that a run of the
// loop submits; nil for any other run. A submission that is not what the server
// reconciled is held as disagreement: the loop speaks for the server there, and
// a hijacked one must not.
func (d *Desk) modelHolds(tx *store.Tx, s submission) (holds []soc.Code, loop bool, err error) {
	if d.chain == nil || s.run.ID == "" {
		return nil, false, nil
	}
	_, loop, err = tx.RunWork(s.incident.Workspace, s.run.ID)
	if err != nil || !loop {
		return nil, false, err
	}
	stages, err := tx.RunStages(s.incident.Workspace, s.run.ID)
	if err != nil {
		return nil, true, err
	}
	done, err := investigatedOf(stages)
	switch {
	case err != nil || done.Outcome == nil || !d.chain.Proves(stages):
		return []soc.Code{soc.CodeModelFailed}, true, nil
	case done.Outcome.Classification != s.verdict.Verdict:
		return append(slices.Clone(done.Outcome.Holds), soc.CodeFloorDisagrees), true, nil
	}
	return done.Outcome.Holds, true, nil
}

// endWork takes a cancelled run out of the loop's queue. Its fence stays, so that
// the worker that is stopped can still hand in what was said.
func (d *Desk) endWork(tx *store.Tx, u soc.Run) error {
	w, found, err := tx.RunWork(u.Workspace, u.ID)
	if err != nil || !found || !w.FinishedAt.IsZero() {
		return err
	}
	w.FinishedAt = d.clock()
	_, err = tx.UpdateRunWork(w, w.Fence)
	return err
}
