package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ledgerLimit bounds the served calls compared with an agent's story.
const ledgerLimit = 5000

// elsewhereWindow is how far back calls that were about no single incident can
// back a claim.
const elsewhereWindow = 24 * time.Hour

// SubmitInvestigation records a proposed verdict with its proof. Closing is
// acting (S34): a verdict that would close or downgrade is applied only if
// every condition holds, else it is held for a person with the reasons. A
// refusal is a receipt with Success false; nothing but the audit entry is
// stored then. An identical submission of the same run gets its first answer.
func (d *Desk) SubmitInvestigation(ctx context.Context, by soc.Actor, in soc.SubmitInvestigation) (receipt soc.InvestigationReceipt, err error) {
	if err := by.May(soc.ScopeAgentToolsExecute, soc.RoleAnalyst); err != nil {
		return receipt, d.refused(ctx, by, "investigation_submitted", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return receipt, err
	}
	if err := checkInvestigation(in); err != nil {
		return receipt, d.refused(ctx, by, "investigation_submitted", err, nil)
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		receipt, err = d.submitInvestigation(tx, by, in)
		return err
	})
	if err != nil {
		return soc.InvestigationReceipt{}, d.refused(ctx, by, "investigation_submitted", err, nil)
	}
	return receipt, nil
}

// checkInvestigation are the rules that need no row.
func checkInvestigation(in soc.SubmitInvestigation) error {
	switch {
	case len(in.Comment) > commentBytes:
		return soc.InvalidField("comment", "must not be longer than %d bytes", commentBytes)
	case len(in.ToolCalls) > 500:
		return soc.InvalidField("tool_calls", "must not hold more than 500 calls")
	case len(in.Gamebooks) > 50 || len(in.ResponseSOPs) > 50:
		return soc.InvalidField("gamebook_ids", "must not hold more than 50 ids")
	case in.Classification != "" && !slices.Contains(soc.AllClassifications(), in.Classification):
		return soc.InvalidField("classification", "must be one of %s", strings.Join(soc.AllClassifications(), ", "))
	}
	for n, call := range in.ToolCalls {
		if call.DurationMS < 0 {
			return soc.InvalidField(fmt.Sprintf("tool_calls[%d].duration_ms", n), "must not be below 0")
		}
	}
	return nil
}

// submission is a submitted investigation with the rows it is judged by.
type submission struct {
	incident soc.Incident
	run      soc.Run
	policy   soc.PolicyFacts
	taint    soc.Taint
	ledger   []soc.LedgerEntry
	// elsewhere are served calls that were not about one incident.
	elsewhere []soc.LedgerEntry
	verdict   soc.NormalisedVerdict
	settings  []soc.AgentSettings
	// modelHolds are what the server's own reconciliation says of a run of the
	// built-in loop; model is true for such a run.
	modelHolds []soc.Code
	model      bool
}

func (d *Desk) submitInvestigation(tx *store.Tx, by soc.Actor, in soc.SubmitInvestigation) (soc.InvestigationReceipt, error) {
	var s submission
	var err error
	if s.incident, err = d.incident(&tx.Reader, by, in.Incident); err != nil {
		return soc.InvestigationReceipt{}, err
	}
	if err := d.loadSubmission(tx, by, &s); err != nil {
		return soc.InvestigationReceipt{}, err
	}
	code, err := d.refuseInvestigation(tx, by, in, &s)
	if err != nil {
		return soc.InvestigationReceipt{}, err
	}
	if code != "" {
		return d.refusedInvestigation(tx, by, s, code), d.contain(tx, by, code)
	}
	fingerprint := investigationFingerprint(in)
	if first, found, err := tx.InvestigationByFingerprint(s.incident.Workspace, s.incident.ID, s.run.ID, fingerprint); err != nil || found {
		return receiptOfInvestigation(s.incident, first, in.Comment != "", true), err
	}
	return d.recordInvestigation(tx, by, in, s, fingerprint)
}

// loadSubmission reads what the verdict is judged by.
func (d *Desk) loadSubmission(tx *store.Tx, by soc.Actor, s *submission) (err error) {
	if s.policy, err = tx.Policy(s.incident.Workspace); err != nil {
		return err
	}
	s.settings = settingsOf(s.policy, s.incident)
	if s.run, err = d.runOf(tx, by, s.incident.ID); err != nil {
		return err
	}
	if s.taint, err = tx.Taint(by.ID, s.incident.ID); err != nil {
		return err
	}
	if s.ledger, err = tx.Ledger(s.incident.Workspace, s.run.ID, ledgerLimit); err != nil {
		return err
	}
	s.elsewhere, err = tx.LedgerElsewhere(s.incident.Workspace, by.ID, d.clock().Add(-elsewhereWindow), ledgerLimit)
	return err
}

// refuseInvestigation is the first of the contract's refusals, or "".
func (d *Desk) refuseInvestigation(tx *store.Tx, by soc.Actor, in soc.SubmitInvestigation, s *submission) (soc.Code, error) {
	kill, err := d.killFacts(&tx.Reader, by, s.incident.Workspace)
	if err != nil {
		return "", err
	}
	facts := soc.InvestigationFacts{
		Kill: kill, Settings: s.settings, Trigger: soc.TriggerOnQueue, HasComment: in.Comment != "", HasVerdict: in.Classification != "", Score: in.Score,
	}
	if by.Run != nil {
		facts.Trigger = by.Run.Trigger
	}
	s.verdict, err = soc.NormaliseVerdict(in.Classification, in.Reason, s.incident.Source)
	if soc.KindOf(err) == soc.Refused {
		facts.Unsupported = true
	} else if err != nil {
		return "", err
	}
	if facts.UnknownSOP, err = unknownSOP(tx, s.incident.Workspace, in); err != nil {
		return "", err
	}
	for _, id := range in.Gamebooks {
		g, found, err := tx.Gamebook(s.incident.Workspace, id)
		if err != nil {
			return "", err
		}
		if !found || g.Incident != s.incident.ID || g.RequestedBy != by.ID {
			facts.UnknownGamebook = true
		}
	}
	return soc.RefuseInvestigation(facts), nil
}

// unknownSOP reports a stated procedure id that the workspace does not have.
func unknownSOP(tx *store.Tx, workspace string, in soc.SubmitInvestigation) (bool, error) {
	refs := slices.Clone(in.ResponseSOPs)
	if in.ClassSOP != nil {
		refs = append(refs, *in.ClassSOP)
	}
	for _, ref := range refs {
		if ref.ID == "" {
			continue
		}
		if _, found, err := tx.SOP(workspace, ref.ID, noTime); err != nil || !found {
			return !found, err
		}
	}
	return false, nil
}

// refusedInvestigation is a receipt that says no; its audit entry is all that
// is stored.
func (d *Desk) refusedInvestigation(tx *store.Tx, by soc.Actor, s submission, code soc.Code) soc.InvestigationReceipt {
	e := d.entry(by, "investigation_submitted_refused")
	e.Incident, e.Run, e.Decision, e.Code = s.incident.ID, s.run.ID, "refused", code
	tx.Audit(e)
	meaning, _ := soc.MeaningOf(code)
	return soc.InvestigationReceipt{
		Code: code, Fix: soc.NextStep(code), HoldReasons: nil,
		Summary: fmt.Sprintf("Not recorded (%s): %s %s", code, meaning.Meaning, soc.NextStep(code)),
	}
}

func (d *Desk) recordInvestigation(tx *store.Tx, by soc.Actor, in soc.SubmitInvestigation, s submission, fingerprint string) (soc.InvestigationReceipt, error) {
	cited := soc.Cited(in.Comment)
	citations := soc.CountCitations(cited, s.incident.EvidenceCount, servedEvidence(s.ledger))
	var err error
	if s.modelHolds, s.model, err = d.modelHolds(tx, s); err != nil {
		return soc.InvestigationReceipt{}, err
	}
	effect, err := d.judgeInvestigation(tx, in, s, citations)
	if err != nil {
		return soc.InvestigationReceipt{}, err
	}
	inv, err := d.investigationOf(by, in, s, effect, cited, citations)
	if err != nil {
		return soc.InvestigationReceipt{}, err
	}
	if err := tx.InsertInvestigation(inv, fingerprint); err != nil {
		return soc.InvestigationReceipt{}, err
	}
	if in.Comment != "" {
		if _, err := d.postComment(tx, by, s.incident, in.Comment, effect.New == soc.StatusClosed && s.incident.Status != soc.StatusClosed); err != nil {
			return soc.InvestigationReceipt{}, err
		}
	}
	after, changed := afterInvestigation(s.incident, by, inv, effect)
	report, err := d.closingReport(s.incident, after)
	if err == nil && changed {
		after, err = d.saveIncident(tx, by, s.incident, after, report)
	}
	if err != nil {
		return soc.InvestigationReceipt{}, err
	}
	if err := d.announceInvestigation(tx, by, s.incident, inv, s.policy); err != nil {
		return soc.InvestigationReceipt{}, err
	}
	e := d.entry(by, "investigation_submitted")
	e.Incident, e.Run, e.Target, e.Code = s.incident.ID, s.run.ID, inv.ID, effect.Code
	e.Before, e.After = string(s.incident.Verdict), string(s.verdict.Verdict)
	e.Decision = "recorded"
	if effect.Held {
		e.Decision = "held"
	}
	if report != "" {
		if _, err := d.storeReport(tx, after, report, e); err != nil {
			return soc.InvestigationReceipt{}, err
		}
	}
	tx.Audit(e)
	receipt := receiptOfInvestigation(s.incident, inv, in.Comment != "", false)
	return receipt, d.settleIdempotency(tx, by, receipt)
}

// judgeInvestigation asks the transition table.
func (d *Desk) judgeInvestigation(tx *store.Tx, in soc.SubmitInvestigation, s submission, citations soc.Citations) (soc.VerdictEffect, error) {
	facts, err := d.closingFacts(tx, s, in.Score, citations)
	if err != nil {
		return soc.VerdictEffect{}, err
	}
	verdict := soc.VerdictFacts{Previous: s.incident.Status, Standing: s.incident.Verdict, Proposed: s.verdict.Verdict}
	for _, code := range s.modelHolds {
		if code == soc.CodeUncalibratedModel { // keeps from closing, and from nothing else
			facts.UncalibratedModel = true
			continue
		}
		verdict.Holds = append(verdict.Holds, code)
	}
	verdict.Closing = facts
	return soc.JudgeVerdict(verdict), nil
}

// detectorContradicts asks the floor whether anything speaks against a benign
// end, whoever proposes it (S34).
func (d *Desk) detectorContradicts(tx *store.Tx, i soc.Incident, policy soc.PolicyFacts) (bool, error) {
	rows, err := d.floorRows(&tx.Reader, i, policy)
	if err != nil {
		return false, err
	}
	return soc.Floor(soc.GatherFacts(rows, d.reference), d.weights).Vetoed, nil
}

func (d *Desk) investigationOf(by soc.Actor, in soc.SubmitInvestigation, s submission, effect soc.VerdictEffect, cited []string, citations soc.Citations) (soc.Investigation, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return soc.Investigation{}, err
	}
	calls, err := json.Marshal(in.ToolCalls)
	if err != nil {
		return soc.Investigation{}, err
	}
	state := "recorded"
	if effect.Held {
		state = "held"
	}
	inv := soc.Investigation{
		ID: id.String(), Workspace: s.incident.Workspace, Incident: s.incident.ID, Run: s.run.ID, By: by.ID, ByKind: by.Kind, ByName: by.Name, Engine: "agent",
		Requested: in.Classification, RequestedReason: in.Reason, Verdict: s.verdict.Verdict, Reason: s.verdict.Reason, ReasonComment: in.ReasonComment,
		Normalised: s.verdict.Normalised, Score: in.Score, Comment: in.Comment, Cited: cited, Held: effect.Held, HoldReasons: effect.HoldReasons, State: state,
		Previous: s.incident.Status, New: effect.New, Timeline: soc.ReconcileTimeline(in.ToolCalls, ledgerTools(s.ledger), ledgerTools(s.elsewhere)), Citations: citations,
		ToolCalls: calls, Gamebooks: in.Gamebooks, At: d.clock(),
	}
	if s.model {
		inv.Engine = "model"
	}
	for _, ref := range in.ResponseSOPs {
		inv.SOPs = append(inv.SOPs, ref.ID)
	}
	return inv, nil
}

// afterInvestigation is the incident once an agent has spoken.
func afterInvestigation(i soc.Incident, by soc.Actor, inv soc.Investigation, effect soc.VerdictEffect) (soc.Incident, bool) {
	switch {
	case effect.Apply:
		i.Verdict, i.VerdictReason, i.VerdictBy, i.VerdictScore = inv.Verdict, inv.Reason, by.Kind, inv.Score
		i.Held, i.HoldReasons, i.ProposedVerdict, i.Investigation = false, nil, "", inv.ID
		i.Status = effect.New
		if effect.New == soc.StatusClosed {
			i.ClosingComment, i.ClosedBy = inv.Comment, by.ID
		}
	case effect.Propose:
		i.Held, i.HoldReasons, i.ProposedVerdict, i.Investigation = effect.Held, effect.HoldReasons, inv.Verdict, inv.ID
	default:
		return i, false
	}
	return i, true
}

// receiptOfInvestigation is the answer; Summary is the server's own sentence.
func receiptOfInvestigation(i soc.Incident, inv soc.Investigation, commented, replayed bool) soc.InvestigationReceipt {
	r := soc.InvestigationReceipt{
		Success: true, Previous: inv.Previous, New: inv.New, Verdict: inv.Verdict, Reason: inv.Reason, CommentPosted: commented,
		StatusUpdated: soc.PortalStatus.Word(inv.Previous) != soc.PortalStatus.Word(inv.New), Code: soc.CodeRecorded, Held: inv.Held,
		HoldReasons: inv.HoldReasons, Normalised: inv.Normalised, InvestigationID: inv.ID, Timeline: inv.Timeline, Citations: inv.Citations, Replayed: replayed,
	}
	pair := string(inv.Verdict)
	if inv.Reason != "" {
		pair += "/" + inv.Reason
	}
	switch {
	case inv.Held:
		r.Code = soc.CodeHeld
		words := make([]string, len(inv.HoldReasons))
		for n, c := range inv.HoldReasons {
			words[n] = string(c)
		}
		r.Fix = soc.NextStep(soc.CodeHeld)
		r.Summary = fmt.Sprintf("Investigation recorded. %s proposed; held for review: %s.", pair, strings.Join(words, ", "))
		if inv.Verdict.Benign() {
			r.Summary = fmt.Sprintf("Investigation recorded. %s proposed; closing held for review: %s.", pair, strings.Join(words, ", "))
		}
	case inv.Previous == soc.StatusClosed:
		r.Code = soc.CodeAlreadyClosed
		r.Summary = "Investigation recorded. The incident is closed already; its verdict stays."
	case inv.Verdict == "":
		r.Summary = "Comment recorded; no verdict was given."
	case inv.New == soc.StatusClosed:
		r.Summary = fmt.Sprintf("Investigation recorded. %s applied; the incident is closed.", pair)
	default:
		r.Summary = fmt.Sprintf("Investigation recorded. %s applied; the incident is %s.", pair, soc.PortalStatus.Word(inv.New))
	}
	return r
}

// investigationFingerprint is the submission in canonical form.
func investigationFingerprint(in soc.SubmitInvestigation) string {
	in.Incident = soc.IncidentRef{}
	canonical, err := soc.CanonicalRecord(in)
	if err != nil {
		return ""
	}
	return soc.DigestOf("vedette-investigation-v1", canonical)
}
