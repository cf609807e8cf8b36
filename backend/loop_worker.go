package backend

import (
	"context"

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
