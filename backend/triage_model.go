package backend

import (
	"cmp"
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// modelTriageWait is how long a triage waits for the loop before the floor's
// result is its answer.
const modelTriageWait = runMinutes * time.Minute

// triageEngine is who answers a triage that is asked for now.
func (d *Desk) triageEngine(tx *store.Tx, by soc.Actor, i soc.Incident) (string, error) {
	agent, err := d.loopReady(tx, by, i)
	if err != nil || agent == "" {
		return deterministicEngine, err
	}
	return modelEngine, nil
}

// runModelTriage carries out a triage that the loop answers: the floor's
// position first, which stands meanwhile, then a run that the triage waits for.
// Called again when that wait is over, it answers with the floor's.
func (d *Desk) runModelTriage(ctx context.Context, t soc.Triage) error {
	var waited, judged bool
	err := d.store.View(ctx, func(r *store.Reader) (err error) {
		if _, waited, err = r.RunOfTriage(t.Workspace, t.Incident, t.ID); err != nil || waited {
			return err
		}
		last, err := r.LastFloor(t.Workspace, t.Incident)
		judged = last != nil && last.EvidenceVersion == t.EvidenceVersion && last.Severity == t.Severity && !t.Force
		return err
	})
	if err == nil && !judged && !waited {
		var floor soc.Triage
		if floor, err = d.floorOf(t); err == nil {
			err = d.runFloorTriage(ctx, floor)
		}
	}
	if err != nil {
		return d.failTriage(ctx, t, err)
	}
	return d.write(ctx, func(tx *store.Tx) error {
		now, found, err := tx.Triage(t.Workspace, t.ID)
		if err != nil || !found || now.State.Ended() || now.Fence != t.Fence {
			return err
		}
		i, found, err := tx.Incident(t.Workspace, t.Incident)
		if err != nil {
			return err
		}
		made := false
		if found && !waited {
			made, err = d.runForTriage(tx, t, i)
		}
		if err != nil {
			return err
		}
		if !made {
			return d.answerByFloor(tx, t)
		}
		t.LeaseExpires = d.clock().Add(modelTriageWait)
		_, _, err = tx.UpdateTriage(t)
		return err
	})
}

// floorOf is the floor's part in a triage that the loop answers: a triage of its
// own, stored when it is finished, which comes before that one.
func (d *Desk) floorOf(t soc.Triage) (floor soc.Triage, err error) {
	floor = t
	floor.Engine, floor.Fence, floor.State, floor.CreatedAt = deterministicEngine, 0, soc.RunInvestigating, t.CreatedAt.Add(-time.Microsecond)
	floor.ID, err = soc.NewTriageID(d.random)
	return floor, err
}

// floorBeside is the floor's look at what changed while a triage waits for the
// loop; due is false if it has looked.
func (d *Desk) floorBeside(tx *store.Tx, open soc.Triage, i soc.Incident) (floor soc.Triage, due bool, err error) {
	last, err := tx.LastFloor(i.Workspace, i.ID)
	if err != nil || last != nil && last.EvidenceVersion == i.EvidenceVersion && last.Severity == i.Severity {
		return floor, false, err
	}
	floor, err = d.floorOf(open)
	floor.EvidenceVersion, floor.Severity, floor.CreatedAt, floor.StartedAt = i.EvidenceVersion, i.Severity, d.clock(), d.clock()
	return floor, err == nil, err
}

// storeFloor stores a finished triage of the floor: that which was asked for, or
// the one that comes before the loop's.
func (d *Desk) storeFloor(tx *store.Tx, t soc.Triage) (soc.Triage, bool, error) {
	if t.Fence == 0 {
		return t, true, tx.InsertTriage(t)
	}
	return tx.UpdateTriage(t)
}

// runForTriage lets the open run of the loop answer a triage, or makes one that
// only looks. False is that none can be.
func (d *Desk) runForTriage(tx *store.Tx, t soc.Triage, i soc.Incident) (bool, error) {
	by := soc.Actor{ID: t.Requester}
	agent, err := d.loopReady(tx, by, i)
	if err != nil || agent == "" {
		return false, err
	}
	open, found, err := tx.OpenRun(i.Workspace, agent, i.ID, d.clock())
	if err != nil {
		return false, err
	}
	if found {
		return open.Triage == "", tx.SetRunTriage(i.Workspace, open.ID, t.ID)
	}
	u := soc.Run{Agent: agent, Trigger: soc.TriggerInvestigateOnly, Triage: t.ID}
	if _, person, err := tx.Person(t.Requester); err != nil {
		return false, err
	} else if person {
		u.StartedBy = t.Requester // who cannot approve what the run asks for
	}
	return true, d.queueWork(tx, i, u, modelTriageWait)
}

// answerTriage gives a triage what came of the run that it waited for. A run that
// none waited for and that submitted a verdict is a triage of its own in the
// incident's history, so that asking for one gives that result again.
func (d *Desk) answerTriage(tx *store.Tx, u soc.Run, w soc.RunWork, i soc.Incident, state soc.RunState) error {
	t, waits := soc.Triage{}, false
	if u.Triage != "" {
		var err error
		if t, waits, err = tx.Triage(u.Workspace, u.Triage); err != nil {
			return err
		}
		waits = waits && !t.State.Ended()
	}
	done := state == soc.RunDone || state == soc.RunHeld
	switch {
	case waits && state == soc.RunCancelled:
		t.State, t.FinishedAt = soc.RunCancelled, d.clock()
		_, _, err := tx.UpdateTriage(t)
		return err
	case waits && !done:
		return d.answerByFloor(tx, t)
	case !done:
		return nil
	}
	if !waits {
		last, err := tx.LastTriage(u.Workspace, u.Incident)
		if err != nil || last == nil {
			return err
		}
		t = soc.Triage{
			Workspace: u.Workspace, Incident: u.Incident, Playbook: last.Playbook, PlaybookVersion: last.PlaybookVersion, Requester: u.Agent,
			EvidenceVersion: w.EvidenceVersion, Severity: i.Severity, CreatedAt: u.CreatedAt, StartedAt: w.StartedAt,
		}
		if t.ID, err = soc.NewTriageID(d.random); err != nil {
			return err
		}
	}
	if err := d.fillByRun(tx, &t, u); err != nil {
		return err
	}
	if !waits {
		return tx.InsertTriage(t)
	}
	_, _, err := tx.UpdateTriage(t)
	return err
}

// fillByRun makes a triage the record of what a run submitted. What the floor
// recommends and noticed stands with it: neither is the model's to take away.
func (d *Desk) fillByRun(tx *store.Tx, t *soc.Triage, u soc.Run) error {
	id, _, found, err := tx.InvestigationOfRun(u.Workspace, u.ID)
	if err != nil || !found {
		return err
	}
	inv, _, err := tx.Investigation(u.Workspace, id)
	if err != nil {
		return err
	}
	stages, err := tx.RunStages(u.Workspace, u.ID)
	if err != nil {
		return err
	}
	done, err := investigatedOf(stages)
	if err != nil {
		return err
	}
	t.Engine, t.State, t.FinishedAt, t.LeaseExpires = modelEngine, soc.RunDone, d.clock(), d.clock()
	if inv.Held {
		t.State = soc.RunHeld
	}
	if done.Outcome != nil {
		t.Confidence = done.Outcome.Confidence.Value
	}
	t.Verdict, t.Reason, t.Reasoning, t.EvidenceIDs, t.Score = inv.Verdict, inv.Reason, inv.Comment, inv.Cited, inv.Score
	t.Held, t.HoldReasons, t.Investigation = inv.Held, inv.HoldReasons, inv.ID
	floor, err := tx.LastFloor(u.Workspace, u.Incident)
	if err != nil || floor == nil {
		return err
	}
	t.Category, t.Flags, t.Actions = floor.Category, floor.Flags, floor.Actions
	return nil
}

// answerByFloor ends a triage with the floor's newest position: the loop could
// not finish one.
func (d *Desk) answerByFloor(tx *store.Tx, t soc.Triage) error {
	floor, err := tx.LastFloor(t.Workspace, t.Incident)
	if err != nil {
		return err
	}
	t.FinishedAt, t.LeaseExpires = d.clock(), d.clock()
	if floor == nil { // the incident is gone
		t.State = soc.RunCancelled
		_, _, err = tx.UpdateTriage(t)
		return err
	}
	ended := *floor
	ended.ID, ended.Fence, ended.Force, ended.Requester = t.ID, t.Fence, t.Force, t.Requester
	ended.CreatedAt, ended.StartedAt, ended.FinishedAt, ended.LeaseExpires = t.CreatedAt, cmpTime(t.StartedAt, t.CreatedAt), t.FinishedAt, t.LeaseExpires
	ended.Engine = cmp.Or(ended.Engine, deterministicEngine)
	_, _, err = tx.UpdateTriage(ended)
	return err
}

// cmpTime is the first of two times that is one.
func cmpTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}
