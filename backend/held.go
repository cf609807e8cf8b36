package backend

import (
	"context"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// decides refuses whoever is not a person's live session with a deciding role
// (S4). The order is the contract's: session first, then role.
func decides(by soc.Actor, least soc.Role) error {
	if !by.Session || by.Kind != soc.PrincipalPerson {
		e := soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "Only a person's session decides this.").
			WithFix("Sign in as a person at POST /api/ops/v1/session.")
		e.Target = "session"
		return e
	}
	if !by.DecidingRole().AtLeast(least) {
		e := soc.Errorf(soc.Denied, soc.CodeInsufficientApprovalLevel, "Deciding this needs the role %s; to administer alone decides nothing.", least).
			WithFix("Ask somebody with the role %s.", least)
		e.Roles = []soc.Role{least}
		return e
	}
	return nil
}

// ListHeld lists the verdicts that wait for a person, oldest first.
func (d *Desk) ListHeld(ctx context.Context, by soc.Actor, after *soc.Keyset, limit int) (held []soc.HeldVerdict, next *soc.Keyset, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	limit = min(max(limit, 1), 200)
	err = d.store.View(ctx, func(r *store.Reader) error {
		incidents, err := r.HeldIncidents(by.Workspace, after, limit+1)
		if err != nil {
			return err
		}
		if len(incidents) > limit {
			incidents = incidents[:limit]
			next = store.HeldPosition(incidents[limit-1])
		}
		for _, i := range incidents {
			inv, found, err := r.Investigation(by.Workspace, i.Investigation)
			if err != nil {
				return err
			}
			if found {
				held = append(held, soc.HeldVerdict{Incident: i, Investigation: inv})
			}
		}
		return nil
	})
	return held, next, err
}

// GetHeld returns one verdict that waited or waits.
func (d *Desk) GetHeld(ctx context.Context, by soc.Actor, id string) (h soc.HeldVerdict, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return h, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		h, err = loadHeld(r, by.Workspace, id)
		return err
	})
	return h, err
}

func loadHeld(r *store.Reader, workspace, id string) (h soc.HeldVerdict, err error) {
	found := false
	if h.Investigation, found, err = r.Investigation(workspace, id); err != nil {
		return h, err
	}
	if found && h.Investigation.Held {
		h.Incident, found, err = r.Incident(workspace, h.Investigation.Incident)
	}
	if err == nil && (!found || !h.Investigation.Held) {
		err = soc.NotFoundf("There is no such held verdict.").WithFix("List the held verdicts and copy the id exactly.")
	}
	return h, err
}

// DecideHeld accepts or rejects a held verdict. It is a person's act; accepting
// closes or sets as proposed and is what memory learns from (T34). A proposal
// that is no longer the open one is INVALID_STATE, an open gamebook CONFLICT.
func (d *Desk) DecideHeld(ctx context.Context, by soc.Actor, in soc.HeldDecision) (out soc.VerdictReceipt, err error) {
	event := "held_rejected"
	if in.Accept {
		event = "held_accepted"
	}
	if err := decides(by, soc.RoleAnalyst); err != nil {
		return out, d.refused(ctx, by, event, err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return out, err
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		h, err := loadHeld(&tx.Reader, by.Workspace, in.Investigation)
		if err != nil {
			return err
		}
		if err := mayDecideHeld(tx, by, h, in.Accept); err != nil {
			return err
		}
		if out, err = d.decideHeld(tx, by, h, in); err != nil {
			return err
		}
		e := d.entry(by, event)
		e.Incident, e.Target = h.Incident.ID, h.Investigation.ID
		e.Before, e.After = string(h.Incident.Verdict), string(out.Incident.Verdict)
		tx.Audit(e)
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return soc.VerdictReceipt{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = in.Investigation })
	}
	return out, nil
}

func mayDecideHeld(tx *store.Tx, by soc.Actor, h soc.HeldVerdict, accept bool) error {
	heavy := h.Incident.HighestSeverity == soc.SeverityCritical ||
		slices.ContainsFunc(h.Investigation.HoldReasons, func(c soc.Code) bool { return c == soc.CodeRunFlagged || c == soc.CodeDetectorContradicts })
	if accept && heavy {
		if err := decides(by, soc.RoleSenior); err != nil {
			return err
		}
	}
	if h.Investigation.State != "held" || !h.Incident.Held || h.Incident.Investigation != h.Investigation.ID {
		return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "This proposal is not the one that waits: it was decided, or a newer one took its place.").
			WithFix("Look at the incident's present proposal.")
	}
	if !accept {
		return nil
	}
	return noOpenGamebook(tx, h.Incident)
}

func noOpenGamebook(tx *store.Tx, i soc.Incident) error {
	gamebooks, err := tx.IncidentGamebooks(i.Workspace, i.ID, 50)
	if err != nil {
		return err
	}
	var open []string
	for _, g := range gamebooks {
		if !g.Status.Ended() {
			open = append(open, g.ID)
		}
	}
	if len(open) == 0 {
		return nil
	}
	e := soc.Errorf(soc.Conflict, soc.CodeOpenActions, "The incident has unfinished gamebooks: %s.", strings.Join(open, ", ")).
		WithFix("Let them end, deny them or cancel them first.")
	e.Hints = open
	return e
}

// decideHeld is the change of the incident that a decision comes down to.
func (d *Desk) decideHeld(tx *store.Tx, by soc.Actor, h soc.HeldVerdict, in soc.HeldDecision) (out soc.VerdictReceipt, err error) {
	change := soc.IncidentChange{Comment: in.Comment}
	state, inv := "rejected", h.Investigation
	switch {
	case in.Accept:
		state = "accepted"
		change.Verdict = &soc.VerdictChange{Verdict: inv.Verdict, Reason: inv.Reason, Score: inv.Score, Duplicate: inv.Duplicate, DuplicateOf: inv.DuplicateOf}
		if inv.Verdict.Benign() || inv.Closes {
			change.Comment = ""
			change.Statuses, change.Closing = []soc.Status{soc.StatusClosed}, &soc.ClosingText{Text: in.Comment, RootCause: inv.RootCause}
			if in.Comment == "" && inv.Closes {
				change.Closing.Text = inv.Comment
			}
		}
	case in.Verdict != "":
		change.Verdict = &soc.VerdictChange{Verdict: in.Verdict, Reason: in.Reason}
	}
	if _, err := tx.SetInvestigationState(by.Workspace, inv.ID, "held", state); err != nil {
		return out, err
	}
	if change.Verdict == nil {
		return d.dropProposal(tx, by, h.Incident, in.Comment)
	}
	return d.decideIncident(tx, by, h.Incident, change)
}

// dropProposal leaves the incident as it stood before the proposal.
func (d *Desk) dropProposal(tx *store.Tx, by soc.Actor, i soc.Incident, comment string) (out soc.VerdictReceipt, err error) {
	after := i
	after.Held, after.HoldReasons, after.ProposedVerdict = false, nil, ""
	if out.Incident, err = d.saveIncident(tx, by, i, after, ""); err != nil {
		return out, err
	}
	if comment != "" {
		if _, err := d.postComment(tx, by, i, comment, false); err != nil {
			return out, err
		}
	}
	out.Memory, err = tx.IncidentVerdictEvents(i.Workspace, i.ID)
	return out, err
}

// decideIncident is a person's change of an incident, with what memory then holds.
func (d *Desk) decideIncident(tx *store.Tx, by soc.Actor, i soc.Incident, change soc.IncidentChange) (out soc.VerdictReceipt, err error) {
	changed, err := d.changeFound(tx, by, i, change)
	if err != nil {
		return out, err
	}
	out.Incident = changed.Incident
	out.Memory, err = tx.IncidentVerdictEvents(i.Workspace, i.ID)
	return out, err
}

// SetVerdict gives an incident a person's standing verdict, which decides an
// open hold too. The pair is one of the wide table of portal-api.md section 10.
func (d *Desk) SetVerdict(ctx context.Context, by soc.Actor, ref soc.IncidentRef, in soc.PersonVerdict) (out soc.VerdictReceipt, err error) {
	if err := decides(by, soc.RoleAnalyst); err != nil {
		return out, d.refused(ctx, by, "verdict_set", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return out, err
	}
	change := soc.IncidentChange{Verdict: &soc.VerdictChange{Verdict: in.Verdict, Reason: in.Reason}, Comment: in.Comment}
	if in.Close {
		change.Comment = ""
		change.Statuses, change.Closing = []soc.Status{soc.StatusClosed}, &soc.ClosingText{Text: in.Comment, Amend: in.Comment != ""}
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		i, err := d.incident(&tx.Reader, by, ref)
		if err != nil {
			return err
		}
		if err := checkPair(in.Verdict, in.Reason, i.Source); err != nil {
			return err
		}
		if out, err = d.decideIncident(tx, by, i, change); err != nil {
			return err
		}
		e := d.entry(by, "verdict_set")
		e.Incident, e.Before, e.After = i.ID, string(i.Verdict), string(in.Verdict)
		tx.Audit(e)
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return soc.VerdictReceipt{}, d.refused(ctx, by, "verdict_set", err, nil)
	}
	return out, nil
}

// decideWaiting settles the proposal that a verdict answers.
func decideWaiting(tx *store.Tx, i soc.Incident, verdict soc.Verdict) error {
	if !i.Held || i.Investigation == "" {
		return nil
	}
	state := "rejected"
	if i.ProposedVerdict == verdict {
		state = "accepted"
	}
	_, err := tx.SetInvestigationState(i.Workspace, i.Investigation, "held", state)
	return err
}

// checkPair tells people about a wrong pair; they are not corrected.
func checkPair(verdict soc.Verdict, reason, source string) error {
	reasons, ok := soc.ReasonsFor(verdict, source)
	if !ok {
		return soc.InvalidField("classification", "%s is no verdict for an incident of %s", verdict, source)
	}
	if reason == "" && len(reasons) == 0 || slices.Contains(reasons, reason) {
		return nil
	}
	return soc.InvalidField("classificationReason", "must be one of %s with %s", strings.Join(reasons, ", "), verdict)
}

// ReopenIncident takes a closed incident back to work. The verdict moves to
// history and what memory learnt from it is superseded.
func (d *Desk) ReopenIncident(ctx context.Context, by soc.Actor, ref soc.IncidentRef, reason string) (out soc.VerdictReceipt, err error) {
	if err := decides(by, soc.RoleAnalyst); err != nil {
		return out, d.refused(ctx, by, "incident_reopened", err, nil)
	}
	if strings.TrimSpace(reason) == "" {
		return out, soc.InvalidField("reason", "must say why the incident is reopened")
	}
	if err := d.mayWrite(); err != nil {
		return out, err
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		i, err := d.incident(&tx.Reader, by, ref)
		if err != nil {
			return err
		}
		if i.Status != soc.StatusClosed {
			return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The incident is not closed.").WithFix("Work on it as it is.")
		}
		out, err = d.decideIncident(tx, by, i, soc.IncidentChange{Statuses: []soc.Status{soc.StatusActive}, Comment: reason})
		if err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return soc.VerdictReceipt{}, d.refused(ctx, by, "incident_reopened", err, nil)
	}
	return out, nil
}
