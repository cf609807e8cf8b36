package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// noteWorker keeps when somebody last asked for the runs of an identity.
func (d *Desk) noteWorker(ctx context.Context, by soc.Actor, models []string) error {
	now := d.clock()
	w, _, err := d.store.Read(ctx).LoopWorker(by.ID)
	if err != nil || now.Sub(w.AskedAt) < soc.LoopWorkerNoted {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		w, _, err := tx.LoopWorker(by.ID)
		if err != nil {
			return err
		}
		w.AskedAt, w.Models = now, nil
		for _, model := range models[:min(len(models), 8)] {
			w.Models = append(w.Models, clipWord(model))
		}
		return tx.SetLoopWorker(by.ID, w)
	})
}

// loopFaults is how often a run may lose an endpoint that answers others.
const loopFaults = 5

// awaitEndpoint puts a run whose endpoint does not answer back in the queue, with
// all that is stored of it: an outage costs no run. Only one that keeps losing an
// endpoint that answers others, or whose time is over, does not wait.
func (d *Desk) awaitEndpoint(tx *store.Tx, by soc.Actor, u *soc.Run, w soc.RunWork) (waits bool, err error) {
	now := d.clock()
	worker, _, err := tx.LoopWorker(u.Agent)
	if err != nil {
		return false, err
	}
	if !worker.Failing() {
		w.Faults++
	}
	if err := tx.SetLoopWorker(u.Agent, worker.Failed(now)); err != nil || w.Faults > loopFaults || !u.Live(now) {
		return false, err
	}
	fence := w.Fence
	w.Error, w.LeaseExpires, w.Fence = "", now, fence+1 // whoever held it holds it no more
	w.StartedAt = time.Time{}                           // an outage is not the run's time
	if kept, err := tx.UpdateRunWork(w, fence); err != nil || !kept {
		return false, orConflict(err)
	}
	u.State, u.UpdatedAt = soc.RunQueued, now
	if _, err := tx.SetRunState(u.Workspace, u.ID, u.State, now); err != nil {
		return false, err
	}
	e := d.entry(by, "run_waits")
	e.Incident, e.Run, e.Target, e.Code = u.Incident, u.ID, u.Agent, soc.CodeModelUnavailable
	tx.Audit(e)
	return true, nil
}

// endpointAnswered ends the wait of the others.
func (d *Desk) endpointAnswered(tx *store.Tx, agent string) error {
	w, found, err := tx.LoopWorker(agent)
	if err != nil || !found || !w.Failing() {
		return err
	}
	return tx.SetLoopWorker(agent, w.Answered())
}

// overdueRuns bounds the runs that one sweep ends.
const overdueRuns = 200

// EndOverdueRuns ends the runs of the loop whose time is over and that nobody
// works on; the floor's verdict stands. It does not wait for somebody to ask.
func (d *Desk) EndOverdueRuns(ctx context.Context) (ended int, err error) {
	if d.loop == nil || d.mayWrite() != nil {
		return 0, nil
	}
	due, err := d.store.Read(ctx).OverdueWork(d.clock(), overdueRuns)
	for _, w := range due {
		if err := d.write(ctx, func(tx *store.Tx) error {
			now, found, err := tx.RunWork(w.Workspace, w.Run)
			if err != nil || !found || now.Fence != w.Fence || !now.FinishedAt.IsZero() {
				return err
			}
			u, found, err := tx.Run(w.Workspace, w.Run)
			if err != nil || !found {
				return err
			}
			return d.endRun(tx, floorActor(w.Workspace), u, now, soc.RunFailed, soc.CodeModelUnavailable)
		}); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, err
}

// waitOf is why a run of the loop that nobody works on is not worked on.
func (d *Desk) waitOf(r *store.Reader, u soc.Run, w soc.RunWork) (soc.WaitReason, error) {
	now := d.clock()
	if d.loop == nil || u.State.Ended() || !w.FinishedAt.IsZero() || now.Before(w.LeaseExpires) {
		return "", nil
	}
	reason, err := d.loopStands(r, u.Workspace, u.Agent)
	if err != nil || reason != "" {
		return reason, err
	}
	held, err := r.CountHeldWork(u.Workspace, now, d.loop.Concurrent)
	if err != nil || held >= d.loop.Concurrent {
		return soc.WaitBusy, err
	}
	return soc.WaitTurn, nil
}

// loopReady is the identity that would investigate an incident for the asker
// now, or "" where the floor has to do: no model, nobody at work with one, an
// endpoint that does not answer, a spent day, a switch, a suspension, or
// settings that keep agents from incidents of this severity. It gives the asker
// nothing: what the loop may do is its own (T2).
func (d *Desk) loopReady(tx *store.Tx, by soc.Actor, i soc.Incident) (string, error) {
	if d.loop == nil || d.runs == nil || d.chain == nil || !i.Open() {
		return "", nil
	}
	agent, err := d.loopAgent(tx, i.Workspace)
	if err != nil || agent == "" || agent == by.ID { // not for itself
		return "", err
	}
	policy, err := tx.Policy(i.Workspace)
	if err != nil || !investigates(policy, i) {
		return "", err
	}
	reason, err := d.loopStands(&tx.Reader, i.Workspace, agent)
	if err != nil || reason != "" {
		return "", err
	}
	return agent, nil
}

// loopStands is why no run of an identity can be worked on in a workspace just
// now, or "": what a run that waits would have to wait for, besides its turn.
func (d *Desk) loopStands(r *store.Reader, workspace, agent string) (soc.WaitReason, error) {
	now := d.clock()
	kill, err := d.killFacts(r, soc.Actor{Kind: soc.PrincipalAgent, ID: agent, Workspace: workspace}, workspace)
	if err != nil {
		return "", err
	}
	if kill != (soc.KillFacts{}) {
		return soc.WaitKillSwitch, nil
	}
	identity, found, err := r.Agent("", agent)
	if err != nil {
		return "", err
	}
	if found && !identity.SuspendedAt.IsZero() {
		return soc.WaitSuspended, nil
	}
	over, err := d.dayExhausted(r, workspace)
	if err != nil {
		return "", err
	}
	if over {
		return soc.WaitDayBudget, nil
	}
	w, _, err := r.LoopWorker(agent)
	if err != nil {
		return "", err
	}
	if w.Failing() {
		return soc.WaitModel, nil
	}
	held, err := r.CountHeldWork(workspace, now, 1)
	if err != nil {
		return "", err
	}
	if !d.loop.Local && !w.Present(now) && held == 0 {
		return soc.WaitNoWorker, nil
	}
	return "", nil
}
