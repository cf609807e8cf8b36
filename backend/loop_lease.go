package backend

import (
	"context"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// fairShare is every how many leases the oldest run comes first, whatever its
// severity, so that nothing waits for ever (T4).
const fairShare = 4

// leaseCandidates bounds the runs looked at for one lease.
const leaseCandidates = 20

// loopWait is the longest that a lease waits, whatever was asked: a server that
// is told to stop has to be able to wait for it.
const loopWait = 5 * time.Second

// loopPoll is how often a waiting lease looks again.
const loopPoll = 500 * time.Millisecond

// mayWorkRuns: the scope of the loop, held by an agent.
func (d *Desk) mayWorkRuns(by soc.Actor) error {
	if by.Kind != soc.PrincipalAgent {
		return soc.NotFoundf("There is no such run.")
	}
	if err := by.May(soc.ScopeRunsWork, soc.RoleNone); err != nil {
		return err
	}
	if d.loop == nil || d.runs == nil || d.chain == nil {
		return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "This process hands out no runs.")
	}
	return d.mayWrite()
}

// LeaseRun hands the caller the next run of its identity in the workspace,
// waiting up to wait for one; false is none. What was stored of a run whose
// worker is gone is handed on: its successor goes on behind the last stage.
func (d *Desk) LeaseRun(ctx context.Context, by soc.Actor, models []string, wait time.Duration) (lease soc.RunLease, found bool, err error) {
	if err := d.mayWorkRuns(by); err != nil {
		return lease, false, err
	}
	if err := d.noteWorker(ctx, by, models); err != nil {
		return lease, false, err
	}
	until := time.Now().Add(min(max(wait, 0), loopWait))
	for {
		if lease, found, err = d.leaseRun(ctx, by, models); err != nil || found {
			return lease, found, err
		}
		left := time.Until(until)
		if left <= 0 {
			return lease, false, nil
		}
		select {
		case <-time.After(min(left, loopPoll)):
		case <-ctx.Done():
			return lease, false, nil
		}
	}
}

// leaseRun takes the first run of the queue that is still wanted.
func (d *Desk) leaseRun(ctx context.Context, by soc.Actor, models []string) (lease soc.RunLease, found bool, err error) {
	waiting, err := d.waitingWork(ctx, by)
	if err != nil {
		return lease, false, err
	}
	for _, w := range waiting {
		if lease, found, err = d.takeRun(ctx, by, w, models); err != nil || found {
			return lease, found, err
		}
	}
	return lease, false, nil
}

// waitingWork is what could be taken now: nothing under a kill switch, over the
// day's budget, with as many runs under way as may be, or while the endpoint
// that did not answer is left alone.
func (d *Desk) waitingWork(ctx context.Context, by soc.Actor) (waiting []soc.RunWork, err error) {
	now := d.clock()
	err = d.store.View(ctx, func(r *store.Reader) error {
		kill, err := d.killFacts(r, by, by.Workspace)
		if err != nil || kill != (soc.KillFacts{}) {
			return err
		}
		over, err := d.dayExhausted(r, by.Workspace)
		if err != nil || over {
			return err
		}
		worker, _, err := r.LoopWorker(by.ID)
		if err != nil || worker.Failing() && now.Before(worker.RetryAt()) {
			return err
		}
		most := d.loop.Concurrent
		if worker.Failing() {
			most = 1 // one run tries the endpoint again for all
		}
		held, err := r.CountHeldWork(by.Workspace, now, most)
		if err != nil || held >= most {
			return err
		}
		waiting, err = r.WaitingWork(by.Workspace, by.ID, d.leases.Add(1)%fairShare == 0, now, leaseCandidates)
		return err
	})
	return waiting, err
}

// takeRun leases one run; false where somebody else did, or nobody wants it any
// more.
func (d *Desk) takeRun(ctx context.Context, by soc.Actor, seen soc.RunWork, models []string) (lease soc.RunLease, found bool, err error) {
	overview, result, err := d.overviewOf(ctx, seen)
	if err != nil {
		return lease, false, err
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		lease, found = soc.RunLease{}, false
		w, there, err := tx.RunWork(seen.Workspace, seen.Run)
		if err != nil || !there || w.Fence != seen.Fence || !w.FinishedAt.IsZero() {
			return err
		}
		u, there, err := tx.Run(w.Workspace, w.Run)
		if err != nil || !there {
			return err
		}
		i, there, err := tx.Incident(w.Workspace, w.Incident)
		if err != nil {
			return err
		}
		stages, err := tx.RunStages(w.Workspace, w.Run)
		if err != nil {
			return err
		}
		if !d.chain.Proves(stages) || len(stages) != w.Seq {
			return d.endRun(tx, by, u, w, soc.RunFailed, soc.CodeTranscriptTampered)
		}
		switch {
		case there && i.Open() && !u.State.Ended() && !u.Live(d.clock()):
			return d.endRun(tx, by, u, w, soc.RunFailed, soc.CodeModelUnavailable)
		case !there || overview == nil || !i.Open() || u.State.Ended() || u.Trigger == soc.TriggerOnQueue && i.VerdictBy == soc.PrincipalPerson:
			return d.endRun(tx, by, u, w, soc.RunCancelled, "")
		case w.Seq == 0:
			w.EvidenceVersion = i.EvidenceVersion
		}
		lease, err = d.grantLease(tx, by, u, w, i, *overview, result, models, stages)
		found = err == nil
		return err
	})
	return lease, found, err
}

// grantLease raises the fence, draws the first stage where it is not, and says
// what to do next.
func (d *Desk) grantLease(tx *store.Tx, by soc.Actor, u soc.Run, w soc.RunWork, i soc.Incident, overview soc.Overview, floor soc.FloorResult, models []string, stages []soc.RunStage) (soc.RunLease, error) {
	now := d.clock()
	fence := w.Fence
	w.Fence, w.LeaseExpires = fence+1, now.Add(loopLease)
	if len(models) > 0 {
		w.Model = clipWord(models[0])
	}
	if w.StartedAt.IsZero() {
		w.StartedAt = now
	}
	if w.Seq == 0 {
		stage, err := d.drawStage(tx, &w, soc.StageOverview, &overview, now)
		if err != nil {
			return soc.RunLease{}, err
		}
		stages = append(stages, stage)
		// The overview names things that an attacker may have named.
		taint := soc.TaintTainted
		if len(floor.Flags) > 0 {
			taint = soc.TaintFlagged
		}
		if err := tx.RaiseTaint(u.Agent, []string{i.ID}, taint, now); err != nil {
			return soc.RunLease{}, err
		}
	}
	done, err := investigatedOf(stages)
	if err != nil {
		return soc.RunLease{}, err
	}
	if kept, err := tx.UpdateRunWork(w, fence); err != nil || !kept {
		return soc.RunLease{}, orConflict(err)
	}
	if _, err := tx.SetRunState(u.Workspace, u.ID, soc.RunLeased, now); err != nil {
		return soc.RunLease{}, err
	}
	e := d.entry(by, "run_leased")
	e.Incident, e.Run, e.Target, e.Detail = i.ID, u.ID, u.Agent, auditDetail("model", w.Model)
	tx.Audit(e)
	token, err := d.runs.Token(u)
	lease := soc.RunLease{
		Workspace: u.Workspace, Run: u.ID, Token: token, Incident: i.ShortID, Fence: w.Fence, Expires: w.LeaseExpires, Stage: w.Stage, Chain: w.Chain, Budget: w.Budget, Used: w.Used,
		Prompts: d.loop.Prompts, Completed: stages, Error: w.Error,
	}
	lease.Input = d.stageInput(done, w, i)
	return lease, err
}

// stageInput is what the next stage may see, and whether it is to come to an end.
func (d *Desk) stageInput(done soc.Investigated, w soc.RunWork, i soc.Incident) soc.StageInput {
	in := done.Input(w.Stage, i.ShortID)
	in.Finish = w.Budget.Finishing(w.Used, d.clock().Sub(w.StartedAt))
	return in
}

// drawStage stores a stage that the server makes itself.
func (d *Desk) drawStage(tx *store.Tx, w *soc.RunWork, stage soc.Stage, result any, now time.Time) (soc.RunStage, error) {
	raw, err := soc.CanonicalRecord(result)
	if err != nil {
		return soc.RunStage{}, err
	}
	return d.appendStage(tx, w, soc.RunStage{Stage: stage, Result: raw, Exchanges: []byte("[]"), At: now})
}

// appendStage chains a stage behind the last one and moves the work on.
func (d *Desk) appendStage(tx *store.Tx, w *soc.RunWork, s soc.RunStage) (soc.RunStage, error) {
	s.Workspace, s.Run, s.Seq, s.Fence = w.Workspace, w.Run, w.Seq+1, w.Fence
	var err error
	if s.Chain, err = d.chain.Link(w.Chain, s); err != nil {
		return s, err
	}
	w.Seq, w.Chain, w.Bad = s.Seq, s.Chain, 0
	if s.Error == "" {
		if next, more := s.Stage.Next(); more {
			w.Stage = next
		}
	}
	return s, tx.InsertRunStage(s)
}

// investigatedOf reads the stages that are done.
func investigatedOf(stages []soc.RunStage) (done soc.Investigated, err error) {
	for _, s := range stages {
		if s.Error != "" {
			continue
		}
		if err := done.ParseStage(s.Stage, s.Result); err != nil {
			return done, err
		}
	}
	return done, nil
}

// clipWord bounds a claim that is kept as a word.
func clipWord(text string) string { return strings.ToValidUTF8(text[:min(len(text), 128)], "") }

func orConflict(err error) error {
	if err != nil {
		return err
	}
	e := soc.Errorf(soc.Conflict, soc.CodeInvalidState, "Another worker has taken the run over.").WithFix("Drop it and lease the next one.")
	e.Target = "fence"
	return e
}
