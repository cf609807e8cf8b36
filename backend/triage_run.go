package backend

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// RunTriage carries out one requested triage: claim, judge, record. It may be
// called twice and by two workers; the fence lets one result stand.
func (d *Desk) RunTriage(ctx context.Context, job soc.TriageJob) error {
	t, claimed, err := d.claimTriage(ctx, job)
	if err != nil || !claimed {
		return err
	}
	if t.Engine == modelEngine {
		return d.runModelTriage(ctx, t)
	}
	return d.runFloorTriage(ctx, t)
}

// runFloorTriage judges by the rows as they are now.
func (d *Desk) runFloorTriage(ctx context.Context, t soc.Triage) error {
	var rows soc.FloorRows
	var policy soc.PolicyFacts
	err := d.store.View(ctx, func(r *store.Reader) error {
		i, found, err := r.Incident(t.Workspace, t.Incident)
		if err != nil || !found {
			return err
		}
		if policy, err = r.Policy(t.Workspace); err != nil {
			return err
		}
		rows, err = d.floorRows(r, i, policy)
		return err
	})
	if err != nil {
		return d.failTriage(ctx, t, err)
	}
	result := soc.Floor(soc.GatherFacts(rows, d.reference), d.weights)
	if err := d.recommendBy(d.store.Read(ctx), t, rows, &result, policy); err != nil {
		return d.failTriage(ctx, t, err)
	}
	if err := d.recordTriage(ctx, t, rows.Incident, result); err != nil {
		return err
	}
	d.count(FigureFloor, string(result.Classification))
	return nil
}

// claimTriage takes the lease of a triage that waits, or whose worker is gone.
func (d *Desk) claimTriage(ctx context.Context, job soc.TriageJob) (t soc.Triage, claimed bool, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		claimed = false
		found := false
		if t, found, err = tx.Triage(job.Workspace, job.Triage); err != nil || !found || t.State.Ended() {
			return err
		}
		now := d.clock()
		if t.State != soc.RunQueued && now.Before(t.LeaseExpires) {
			return nil
		}
		i, found, err := tx.Incident(t.Workspace, t.Incident)
		if err != nil {
			return err
		}
		kill, err := d.killFacts(&tx.Reader, floorActor(t.Workspace), t.Workspace)
		if err != nil {
			return err
		}
		if !found || kill != (soc.KillFacts{}) {
			t.State, t.FinishedAt = soc.RunCancelled, now
			_, _, err = tx.UpdateTriage(t)
			return err
		}
		t.State, t.LeaseExpires = soc.RunInvestigating, now.Add(triageLease)
		t.EvidenceVersion, t.Severity = i.EvidenceVersion, i.Severity
		if t.StartedAt.IsZero() {
			t.StartedAt = now
		}
		t, claimed, err = tx.UpdateTriage(t)
		return err
	})
	return t, claimed, err
}

// failTriage records an internal fault; the row must not stay open for ever.
func (d *Desk) failTriage(ctx context.Context, t soc.Triage, cause error) error {
	d.log.ErrorContext(ctx, "triage failed", "triage", t.ID, "error", cause)
	return d.store.Write(ctx, func(tx *store.Tx) error {
		failed := t
		failed.State, failed.FinishedAt = soc.RunFailed, d.clock()
		failed.ErrorCode, failed.ErrorMessage = soc.CodeInternalError, "The triage could not be completed."
		_, _, err := tx.UpdateTriage(failed)
		return err
	})
}

// recordTriage stores the result with its effect in one transaction.
func (d *Desk) recordTriage(ctx context.Context, t soc.Triage, seen soc.Incident, result soc.FloorResult) error {
	by := floorActor(t.Workspace)
	return d.write(ctx, func(tx *store.Tx) error {
		i, found, err := tx.Incident(t.Workspace, t.Incident)
		if err != nil {
			return err
		}
		done := t
		if !found || seen.ID == "" {
			done.State, done.FinishedAt = soc.RunCancelled, d.clock()
			_, _, err := tx.UpdateTriage(done)
			return err
		}
		policy, err := tx.Policy(i.Workspace)
		if err != nil {
			return err
		}
		effect, err := d.judgeFloor(tx, i, result, policy)
		if err != nil {
			return err
		}
		inv, err := d.floorInvestigation(t, i, result, effect)
		if err != nil {
			return err
		}
		stored, mine, err := d.storeFloor(tx, d.finishTriage(done, result, effect, inv.ID))
		if err != nil || !mine {
			return err
		}
		if err := tx.InsertInvestigation(inv, ""); err != nil {
			return err
		}
		theirs, err := othersVerdict(tx, i)
		if err != nil {
			return err
		}
		judged := afterTriage(i, theirs, stored, result, effect)
		report, err := d.closingReport(i, judged)
		if err != nil {
			return err
		}
		after, err := tx.UpdateIncident(i, judged)
		if err != nil {
			return err
		}
		if err := d.announceChange(tx, by, i, after, report); err != nil {
			return err
		}
		if err := d.tellSource(tx, i, after); err != nil {
			return err
		}
		if err := d.announceInvestigation(tx, by, i, inv, policy); err != nil {
			return err
		}
		if err := d.queueRun(tx, after, policy); err != nil {
			return err
		}
		e := d.entry(by, "triage_finished")
		e.Incident, e.Target, e.Code = i.ID, stored.ID, effect.Code
		e.Decision = "recorded"
		if effect.Held {
			e.Decision = "held"
		}
		e.Before, e.After = string(i.Verdict), string(result.Classification)
		if report != "" {
			if _, err := d.storeReport(tx, after, report, e); err != nil {
				return err
			}
		}
		tx.Audit(e)
		return nil
	})
}

// judgeFloor asks the transition table what becomes of the floor's verdict.
func (d *Desk) judgeFloor(tx *store.Tx, i soc.Incident, result soc.FloorResult, policy soc.PolicyFacts) (soc.VerdictEffect, error) {
	open, err := tx.OpenGamebooks(i.Workspace, i.ID)
	if err != nil {
		return soc.VerdictEffect{}, err
	}
	taint := soc.TaintClean
	if len(result.Flags) > 0 {
		taint = soc.TaintFlagged
	}
	effect := soc.JudgeVerdict(soc.VerdictFacts{
		Previous: i.Status, Standing: i.Verdict, Proposed: result.Classification,
		Closing: soc.ClosingFacts{
			Settings: settingsOf(policy, i), Taint: taint, Citations: soc.Citations{OK: len(result.EvidenceIDs)}, Score: &result.Score,
			DetectorContradicts: result.Vetoed, GamebookOpen: open > 0, HumanVerdict: i.VerdictBy == soc.PrincipalPerson,
			HistoryThin: result.Classification.Benign() && slices.Contains(result.HoldReasons, soc.CodeHistoryThin),
		},
	})
	if !result.Classification.Benign() || i.Status == soc.StatusClosed {
		return effect, nil
	}
	// A benign verdict that the floor itself would not close is never closed.
	for _, reason := range result.HoldReasons {
		if !slices.Contains(effect.HoldReasons, reason) {
			effect.HoldReasons = append(effect.HoldReasons, reason)
		}
	}
	waits, err := d.awaitsLoop(tx, i, policy)
	if err != nil {
		return soc.VerdictEffect{}, err
	}
	if waits && !slices.Contains(effect.HoldReasons, soc.CodeModelFailed) {
		effect.HoldReasons = append(effect.HoldReasons, soc.CodeModelFailed)
	}
	if !result.Closable || len(effect.HoldReasons) > 0 {
		effect.Code, effect.Held, effect.Propose, effect.Apply, effect.New = soc.CodeHeld, true, true, false, i.Status
	}
	return effect, nil
}

// settingsOf are the settings of every severity that gates an incident; nil
// when one is missing, which holds everything.
func settingsOf(policy soc.PolicyFacts, i soc.Incident) []soc.AgentSettings {
	var out []soc.AgentSettings
	for _, severity := range i.GateSeverities() {
		s, ok := policy.Settings[severity]
		if !ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// floorInvestigation is the floor's verdict as a record.
func (d *Desk) floorInvestigation(t soc.Triage, i soc.Incident, result soc.FloorResult, effect soc.VerdictEffect) (soc.Investigation, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return soc.Investigation{}, err
	}
	state := "recorded"
	if effect.Held {
		state = "held"
	}
	score := result.Score
	return soc.Investigation{
		ID: id.String(), Workspace: i.Workspace, Incident: i.ID, By: floorID, ByKind: soc.PrincipalSystem, ByName: "Vedette triage", Engine: t.Engine,
		Requested: string(result.Classification), RequestedReason: result.Reason, Verdict: result.Classification, Reason: result.Reason, Score: &score,
		Comment: result.Reasoning, Cited: result.EvidenceIDs, Held: effect.Held, HoldReasons: effect.HoldReasons, State: state,
		Previous: i.Status, New: effect.New, Citations: soc.Citations{OK: len(result.EvidenceIDs)}, At: d.clock(),
	}, nil
}

// finishTriage is a triage row with its result.
func (d *Desk) finishTriage(t soc.Triage, result soc.FloorResult, effect soc.VerdictEffect, investigation string) soc.Triage {
	t.State, t.FinishedAt = soc.RunDone, d.clock()
	if effect.Held {
		t.State = soc.RunHeld
	}
	t.Verdict, t.Reason, t.Confidence, t.Category = result.Classification, result.Reason, result.Confidence, result.Category
	t.Reasoning, t.EvidenceIDs, t.Flags, t.Actions = result.Reasoning, result.EvidenceIDs, result.Flags, result.Actions
	t.Held, t.HoldReasons, t.Result, t.Investigation = effect.Held, effect.HoldReasons, result.Rationale, investigation
	return t
}

// othersVerdict reports whether the verdict that stands or waits is that of a
// person, of the source or of an agent.
func othersVerdict(tx *store.Tx, i soc.Incident) (bool, error) {
	if i.VerdictBy != "" && i.VerdictBy != soc.PrincipalSystem {
		return true, nil
	}
	if i.ProposedVerdict == "" || i.Investigation == "" {
		return false, nil
	}
	inv, found, err := tx.Investigation(i.Workspace, i.Investigation)
	return found && inv.ByKind != soc.PrincipalSystem, err
}

// afterTriage is the incident once the floor has spoken. Somebody else's
// verdict stays; the floor then only stands beside it.
func afterTriage(i soc.Incident, theirs bool, t soc.Triage, result soc.FloorResult, effect soc.VerdictEffect) soc.Incident {
	i.LastTriage, i.TriagedAt, i.UpdatedAt = t.ID, t.FinishedAt, t.FinishedAt
	if theirs || i.Status == soc.StatusClosed {
		return i
	}
	score := result.Score
	switch {
	case effect.Apply:
		i.Verdict, i.VerdictReason, i.VerdictBy, i.VerdictScore = result.Classification, result.Reason, soc.PrincipalSystem, &score
		i.Held, i.HoldReasons, i.ProposedVerdict, i.Investigation = false, nil, "", t.Investigation
		if effect.New == soc.StatusClosed {
			i.Status, i.ClosingComment, i.ClosedBy = soc.StatusClosed, result.Reasoning, floorID
		}
	case effect.Propose:
		i.Held, i.HoldReasons, i.ProposedVerdict = effect.Held, effect.HoldReasons, result.Classification
		i.Investigation, i.VerdictScore = t.Investigation, &score
	}
	return i
}
