package backend

import (
	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// judgeClosing asks the closing conditions about an agent's closing and records
// it as an investigation: closing by a general write is no way around them
// (S34, S35). The agent's own investigation with the same verdict vouches for
// it; without one there is no score, and the closing is held.
func (d *Desk) judgeClosing(tx *store.Tx, by soc.Actor, i soc.Incident, plan soc.ChangePlan, in soc.IncidentChange) (id string, held []soc.Code, err error) {
	s := submission{incident: i}
	if err := d.loadSubmission(tx, by, &s); err != nil {
		return "", nil, err
	}
	s.verdict = soc.NormalisedVerdict{Verdict: plan.Proposed.Verdict, Reason: plan.Proposed.Reason}
	text := plan.After.ClosingComment
	cited := soc.Cited(text)
	var score *int
	own, err := tx.LastInvestigation(i.Workspace, i.ID)
	if err != nil {
		return "", nil, err
	}
	if own != nil && own.By == by.ID && own.Verdict == plan.Proposed.Verdict {
		score, cited = own.Score, union(cited, own.Cited)
	}
	citations := soc.CountCitations(cited, i.EvidenceCount, servedEvidence(s.ledger))
	facts, err := d.closingFacts(tx, s, score, citations)
	if err != nil {
		return "", nil, err
	}
	held = soc.JudgeClosing(facts)
	sent := soc.SubmitInvestigation{Classification: string(plan.Proposed.Verdict), Reason: plan.Proposed.Reason, Score: score, Comment: text}
	effect := soc.VerdictEffect{Code: soc.CodeRecorded, New: soc.StatusClosed, Apply: true}
	if len(held) > 0 {
		effect = soc.VerdictEffect{Code: soc.CodeHeld, New: i.Status, Propose: true, Held: true, HoldReasons: held}
	}
	inv, err := d.investigationOf(by, sent, s, effect, cited, citations)
	if err != nil {
		return "", nil, err
	}
	inv.Closes, inv.RootCause = true, plan.After.RootCause
	inv.Duplicate, inv.DuplicateOf = plan.Proposed.Duplicate, plan.Proposed.DuplicateOf
	if err := tx.InsertInvestigation(inv, ""); err != nil {
		return "", nil, err
	}
	return inv.ID, held, d.announceInvestigation(tx, by, i, inv, s.policy)
}

// holdClosing keeps an agent's closing as a proposal that waits for a person.
// Nothing else of the change is done.
func (d *Desk) holdClosing(tx *store.Tx, by soc.Actor, i soc.Incident, plan soc.ChangePlan, out soc.IncidentChanged) (soc.Incident, error) {
	after := i
	after.Held, after.HoldReasons, after.ProposedVerdict, after.Investigation = true, out.HoldReasons, plan.Proposed.Verdict, out.Investigation
	saved, err := d.saveIncident(tx, by, i, after, "")
	if err != nil {
		return i, err
	}
	if text := plan.After.ClosingComment; text != "" {
		if _, err := d.postComment(tx, by, i, text, false); err != nil {
			return i, err
		}
	}
	e := d.entry(by, "incident_closing_held")
	e.Incident, e.Target, e.Decision, e.Code = i.ID, out.Investigation, "held", soc.CodeHeld
	e.Before, e.After = string(i.Verdict), string(plan.Proposed.Verdict)
	tx.Audit(e)
	return saved, nil
}

// closingFacts are what decides whether a verdict may close (S34).
func (d *Desk) closingFacts(tx *store.Tx, s submission, score *int, citations soc.Citations) (soc.ClosingFacts, error) {
	open, err := tx.OpenGamebooks(s.incident.Workspace, s.incident.ID)
	if err != nil {
		return soc.ClosingFacts{}, err
	}
	contradicts, err := d.detectorContradicts(tx, s.incident, s.policy)
	if err != nil {
		return soc.ClosingFacts{}, err
	}
	taint := s.taint
	if len(s.incident.Flags) > 0 {
		// Text that speaks to a model sits in this incident: whoever read it or
		// not, closing waits for a person.
		taint = soc.TaintFlagged
	}
	return soc.ClosingFacts{
		Settings: s.settings, Taint: taint, Citations: citations, Score: score, DetectorContradicts: contradicts,
		GamebookOpen: open > 0, HumanVerdict: s.incident.VerdictBy == soc.PrincipalPerson,
	}, nil
}

// forgetAll supersedes everything that was remembered of an incident whose
// verdict was taken away (T6).
func (d *Desk) forgetAll(tx *store.Tx, i soc.Incident) error {
	events, err := tx.IncidentVerdictEvents(i.Workspace, i.ID)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := tx.SupersedeVerdictEvent(e, "reopened:"+id.String()); err != nil {
			return err
		}
	}
	return nil
}
