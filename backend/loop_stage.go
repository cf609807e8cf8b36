package backend

import (
	"context"
	"encoding/json"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// stageBytes bounds what one stage may hand in (ops-api.md section 8.2).
const stageBytes = 4 << 20

// stageMisses is how often a result may fail its schema: once (T22).
const stageMisses = 1

// HeartbeatRun keeps a lease and says whether the run is to stop.
func (d *Desk) HeartbeatRun(ctx context.Context, by soc.Actor, run string, fence int64, used soc.LoopUsage) (pulse soc.RunPulse, err error) {
	if err := d.mayWorkRuns(by); err != nil {
		return pulse, err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		u, w, err := d.heldRun(tx, by, run, fence)
		if err != nil {
			return err
		}
		kill, err := d.killFacts(&tx.Reader, by, u.Workspace)
		if err != nil {
			return err
		}
		now := d.clock()
		switch {
		case u.State.Ended():
			pulse.Stop = "cancelled"
			return nil
		case kill != (soc.KillFacts{}):
			pulse.Stop = "kill_switch"
			return nil
		case by.Suspended:
			pulse.Stop = "suspended"
		case w.Budget.Share(used, now.Sub(w.StartedAt)) >= 1:
			pulse.Stop = "budget"
		}
		w.LeaseExpires = now.Add(loopLease)
		pulse.Expires = w.LeaseExpires
		_, err = tx.UpdateRunWork(w, fence)
		return err
	})
	return pulse, err
}

// heldRun is a run in the hands of the caller, by the fence it was leased with.
func (d *Desk) heldRun(tx *store.Tx, by soc.Actor, run string, fence int64) (u soc.Run, w soc.RunWork, err error) {
	unknown := func(err error) (soc.Run, soc.RunWork, error) {
		return u, w, orNotFound(err, "There is no such run.")
	}
	u, found, err := tx.Run(by.Workspace, run)
	if err != nil || !found || u.Agent != by.ID {
		return unknown(err)
	}
	if w, found, err = tx.RunWork(by.Workspace, run); err != nil || !found {
		return unknown(err)
	}
	// A live run is proven by its token too; one that has ended has none, and can
	// only be told what was said.
	if !u.State.Ended() && (by.Run == nil || by.Run.ID != u.ID) {
		return unknown(nil)
	}
	if w.Fence != fence {
		return u, w, orConflict(nil)
	}
	return u, w, nil
}

// StoreRunStage takes the result of a stage in: in its order, in its schema, and
// only as far as this server's own ledger proves it. The server draws the
// reconciliation itself. The same report again gets the same answer.
func (d *Desk) StoreRunStage(ctx context.Context, by soc.Actor, in soc.StageReport) (receipt soc.StageReceipt, err error) {
	if err := d.mayWorkRuns(by); err != nil {
		return receipt, err
	}
	exchanges, report, err := wholeReport(in)
	if err != nil {
		return receipt, err
	}
	if clean := soc.RemoveSecrets(string(in.Result)); json.Valid([]byte(clean)) {
		in.Result = json.RawMessage(clean)
	}
	var refused error
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		receipt, refused = soc.StageReceipt{}, nil
		x := stageStoring{desk: d, tx: tx, by: by, in: in, exchanges: exchanges, report: report}
		if err := x.load(); err != nil {
			return err
		}
		if len(x.stages) > 0 && x.stages[len(x.stages)-1].Report == report || x.repeated() {
			receipt = x.receipt()
			return d.settleIdempotency(tx, by, receipt)
		}
		if err := x.inOrder(); err != nil {
			return err
		}
		if !d.chain.Proves(x.stages) {
			refused = soc.Errorf(soc.Refused, soc.CodeTranscriptTampered, "A stored stage of the run is not as it was stored.").WithFix("%s", soc.NextStep(soc.CodeTranscriptTampered))
			return d.endRun(tx, by, x.run, x.work, soc.RunFailed, soc.CodeTranscriptTampered)
		}
		if refused, err = x.store(); err != nil {
			return err
		}
		receipt = x.receipt()
		if refused != nil {
			return nil
		}
		return d.settleIdempotency(tx, by, receipt)
	})
	if err == nil {
		err = refused
	}
	return receipt, err
}

// wholeReport checks what needs no row. Secrets are taken out here too: what a
// worker hands in is not trusted to be clean (S54).
func wholeReport(in soc.StageReport) (exchanges []byte, report string, err error) {
	size := len(in.Result)
	for _, e := range in.Exchanges {
		size += len(e.Request) + len(e.Answer) + len(e.Fault)
	}
	if size > stageBytes {
		return nil, "", soc.InvalidField("exchanges", "must not be larger than %d bytes together", stageBytes)
	}
	if in.Exchanges == nil {
		in.Exchanges = []soc.Exchange{}
	}
	raw, err := json.Marshal(in.Exchanges)
	if err != nil {
		return nil, "", soc.InvalidField("exchanges", "must hold JSON documents")
	}
	clean := soc.RemoveSecrets(string(raw))
	if !json.Valid([]byte(clean)) {
		clean = "[]"
	}
	canonical, err := soc.CanonicalRecord(in)
	if err != nil {
		return nil, "", soc.InvalidField("result", "must be a JSON document")
	}
	return []byte(clean), soc.DigestOf("vedette-run-report-v1", canonical), nil
}

// stageStoring is one report on its way into the database.
type stageStoring struct {
	desk      *Desk
	tx        *store.Tx
	by        soc.Actor
	in        soc.StageReport
	exchanges []byte
	report    string

	run      soc.Run
	work     soc.RunWork
	incident soc.Incident
	stages   []soc.RunStage
	done     soc.Investigated
}

func (x *stageStoring) load() (err error) {
	if x.run, x.work, err = x.desk.heldRun(x.tx, x.by, x.in.Run, x.in.Fence); err != nil {
		return err
	}
	if x.stages, err = x.tx.RunStages(x.run.Workspace, x.run.ID); err != nil {
		return err
	}
	if x.done, err = investigatedOf(x.stages); err != nil {
		return err
	}
	x.incident, _, err = x.tx.Incident(x.run.Workspace, x.run.Incident)
	return err
}

// repeated finds the same report before the reconciliation that it caused.
func (x *stageStoring) repeated() bool {
	n := len(x.stages)
	return n > 1 && x.stages[n-1].Stage.Drawn() && x.stages[n-2].Report == x.report
}

func (x *stageStoring) inOrder() error {
	if x.run.State.Ended() && !x.partial() {
		return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The run has ended.").WithFix("Drop it and lease the next one.")
	}
	if x.in.Chain != x.work.Chain {
		return soc.Errorf(soc.Conflict, soc.CodeConflict, "The chain is not that of the last stored stage.").WithFix("Lease the run anew; the lease names what is stored.")
	}
	if x.in.Stage != x.work.Stage || x.in.Stage.Drawn() || x.work.Error != "" {
		e := soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The next stage of the run is %s.", x.work.Stage).WithFix("Store the stages in their order.")
		e.Target = "stage"
		return e
	}
	return nil
}

// partial is what was said in a stage that a cancellation stopped.
func (x *stageStoring) partial() bool {
	return x.run.State == soc.RunCancelled && len(x.in.Result) == 0 && x.in.Error == "" && len(x.in.Exchanges) > 0 && x.in.Stage == x.work.Stage
}

// store proves the result and adds it; refused is the first result that does not
// pass, which may be sent again.
func (x *stageStoring) store() (refused, err error) {
	d, now := x.desk, x.desk.clock()
	s := soc.RunStage{Stage: x.in.Stage, Model: clipWord(x.in.Model), Exchanges: x.exchanges, Usage: x.usage(), Error: x.in.Error, Report: x.report, At: now}
	fence := x.work.Fence
	if x.run.State.Ended() {
		s.Error = soc.Code(soc.RunCancelled)
	} else if s.Error == "" {
		if fault := x.prove(); fault != nil {
			if soc.KindOf(fault) != soc.Invalid {
				return nil, fault
			}
			if x.work.Bad < stageMisses {
				x.work.Bad++
				_, err := x.tx.UpdateRunWork(x.work, fence)
				return fault, err
			}
			s.Error = soc.CodeModelFailed
		} else if s.Result, err = soc.CanonicalRecord(x.done.Result(x.in.Stage)); err != nil {
			return nil, err
		}
	}
	// Asking an endpoint that does not answer is no work: the run keeps its budget
	// for when it does. The day counts it.
	if s.Error != soc.CodeModelUnavailable {
		x.work.Used = x.work.Used.Plus(s.Usage)
	}
	if s.Error == "" && s.Usage.ModelCalls > 0 {
		if err := d.endpointAnswered(x.tx, x.run.Agent); err != nil {
			return nil, err
		}
	}
	x.work.Error = s.Error
	x.work.Model = s.Model
	if _, err = d.appendStage(x.tx, &x.work, s); err != nil {
		return nil, err
	}
	if err := x.after(s); err != nil {
		return nil, err
	}
	x.work.LeaseExpires = now.Add(loopLease)
	if kept, err := x.tx.UpdateRunWork(x.work, fence); err != nil || !kept {
		return nil, orConflict(err)
	}
	e := d.entry(x.by, "run_stage_stored")
	e.Incident, e.Run, e.Target, e.Code, e.Digest = x.run.Incident, x.run.ID, string(x.in.Stage), s.Error, x.work.Chain
	x.tx.Audit(e)
	return nil, x.tx.AddLoopDay(x.run.Workspace, d.today(), soc.LoopDay{Tokens: int64(s.Usage.TokensIn + s.Usage.TokensOut), CostMicros: s.Usage.CostMicros})
}

// after draws the reconciliation behind the self-check and moves the state on.
func (x *stageStoring) after(s soc.RunStage) error {
	d := x.desk
	if s.Error != "" {
		return nil
	}
	if d.spent(x.work) && x.in.Stage != soc.StageSubmit && x.work.Stage != soc.StageReconcile {
		x.work.Error = soc.CodeBudgetExhausted
	}
	if x.work.Error == "" && x.work.Stage == soc.StageReconcile {
		if err := x.reconcile(); err != nil {
			return err
		}
	}
	state := soc.RunInvestigating
	if x.work.Stage == soc.StageSubmit {
		state = soc.RunSubmitting
	}
	_, err := x.tx.SetRunState(x.run.Workspace, x.run.ID, state, d.clock())
	return err
}

// spent reports whether the budget of the run is used up (T21).
func (d *Desk) spent(w soc.RunWork) bool {
	return w.Budget.Share(w.Used, d.clock().Sub(w.StartedAt)) >= 1
}

// reconcile is stage 7: the model's position beside the floor's, as of now.
func (x *stageStoring) reconcile() error {
	d := x.desk
	policy, err := x.tx.Policy(x.run.Workspace)
	if err != nil {
		return err
	}
	rows, err := d.floorRows(&x.tx.Reader, x.incident, policy)
	if err != nil {
		return err
	}
	labelled, err := x.tx.LabelledOutcomes(x.run.Workspace, x.work.Model, x.work.Prompts, soc.CalibratedFrom)
	if err != nil {
		return err
	}
	outcome := soc.Reconcile(x.done, soc.Floor(soc.GatherFacts(rows, d.reference), d.weights), labelled >= soc.CalibratedFrom)
	x.done.Outcome = &outcome
	_, err = d.drawStage(x.tx, &x.work, soc.StageReconcile, &outcome, d.clock())
	return err
}

// usage is what the stage used: calls as the transcript has them, tokens as
// claimed and never below nothing, money by the server's own price if it has one.
func (x *stageStoring) usage() soc.LoopUsage {
	u := soc.LoopUsage{TokensIn: max(0, x.in.Usage.TokensIn), TokensOut: max(0, x.in.Usage.TokensOut), CostMicros: max(0, x.in.Usage.CostMicros), Estimated: x.in.Usage.Estimated}
	for _, e := range x.in.Exchanges {
		if e.Kind == "tool" {
			u.ToolCalls++
		} else {
			u.ModelCalls++
		}
	}
	// Calls that cost nothing, such as one that a 429 answered, are in the
	// transcript and not in the claim.
	u.ModelCalls = min(u.ModelCalls, max(0, x.in.Usage.ModelCalls))
	if price := x.desk.loop.Price; price != (soc.LoopPrice{}) {
		u.CostMicros = price.Cost(u.TokensIn, u.TokensOut)
	}
	return u
}

// receipt says what to do next.
func (x *stageStoring) receipt() soc.StageReceipt {
	if x.work.Error != "" || x.done.Submission != nil {
		return soc.StageReceipt{Chain: x.work.Chain, Finish: true}
	}
	return soc.StageReceipt{Chain: x.work.Chain, Stage: x.work.Stage, Input: x.desk.stageInput(x.done, x.work, x.incident)}
}
