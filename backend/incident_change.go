package backend

import (
	"context"
	"encoding/json"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ChangeIncident changes what an incident says: status, severity, verdict,
// closing words, assignee. All of it or nothing; what is so already makes no new
// version, no audit entry and no event. Closing is acting (S34): an agent's
// passes the closing conditions or is held for a person. The rules that need no
// row are soc.PlanChange.
func (d *Desk) ChangeIncident(ctx context.Context, by soc.Actor, in soc.IncidentChange) (out soc.IncidentChanged, err error) {
	if err := d.mayChangeIncident(by, in); err != nil {
		return out, d.refused(ctx, by, "incident_changed", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return out, err
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		if out, err = d.changeIncident(tx, by, in); err != nil {
			return err
		}
		if in.Whole {
			if err := d.wholeIncident(tx, by, &out); err != nil {
				return err
			}
		}
		if !out.Changed && !out.Held {
			return nil
		}
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return soc.IncidentChanged{}, d.refused(ctx, by, "incident_changed", err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(in.Incident.ID) })
	}
	return out, nil
}

// wholeIncident adds what a door draws beside the changed incident.
func (d *Desk) wholeIncident(tx *store.Tx, by soc.Actor, out *soc.IncidentChanged) (err error) {
	if out.Verdict, err = incidentVerdict(&tx.Reader, out.Incident); err != nil {
		return err
	}
	if out.Raw, err = payloadOf(&tx.Reader, out.Incident); err != nil {
		return err
	}
	return serve(by, out.Incident, 1, true, len(out.Incident.Flags) > 0)
}

// mayChangeIncident are the rules of a change that need no row. Operations that
// change an incident inside a transaction of their own ask it first.
func (d *Desk) mayChangeIncident(by soc.Actor, in soc.IncidentChange) error {
	if err := by.May(soc.ScopeIncidentsWrite, soc.RoleAnalyst); err != nil {
		return err
	}
	if len(in.Comment) > commentBytes {
		return soc.InvalidField("comment", "must not be longer than %d bytes", commentBytes)
	}
	if in.Closing != nil && (len(in.Closing.Text) > commentBytes || len(in.Closing.RootCause) > commentBytes) {
		return soc.InvalidField("resolution", "must not be longer than %d bytes", commentBytes)
	}
	return nil
}

// changeIncident is ChangeIncident in a transaction under way. It asks neither
// scope nor role and settles no idempotency key.
func (d *Desk) changeIncident(tx *store.Tx, by soc.Actor, in soc.IncidentChange) (soc.IncidentChanged, error) {
	i, err := d.incident(&tx.Reader, by, in.Incident)
	if err != nil {
		return soc.IncidentChanged{}, err
	}
	if err := in.IfMatch.Check(i.Version); err != nil {
		return soc.IncidentChanged{}, err
	}
	return d.changeFound(tx, by, i, in)
}

// changeFound changes an incident that was read in this transaction.
func (d *Desk) changeFound(tx *store.Tx, by soc.Actor, i soc.Incident, in soc.IncidentChange) (out soc.IncidentChanged, err error) {
	out = soc.IncidentChanged{Before: i, Incident: i}
	if in, err = d.resolveDuplicate(tx, i, in); err != nil {
		return out, err
	}
	plan, err := soc.PlanChange(i, in, soc.Changer{Kind: by.Kind, Session: by.Session})
	if err != nil {
		return out, err
	}
	if plan.After, err = d.assign(tx, plan.After, in.Assignee); err != nil {
		return out, err
	}
	if plan.Same(i) {
		return out, nil
	}
	if plan.Closes {
		if err := noOpenGamebook(tx, i); err != nil {
			return out, err
		}
	}
	if err := d.unlocked(tx, i.Workspace); err != nil {
		return out, err
	}
	if err := d.agentStopped(tx, by, i.Workspace); err != nil {
		return out, err
	}
	if plan.Judge {
		if out.Investigation, out.HoldReasons, err = d.judgeClosing(tx, by, i, plan, in); err != nil {
			return out, err
		}
		if out.Held = len(out.HoldReasons) > 0; out.Held {
			out.Incident, err = d.holdClosing(tx, by, i, plan, out)
			return out, err
		}
		plan.After.Investigation = out.Investigation
	}
	out.Changed = true
	err = d.storeChange(tx, by, i, plan, in, &out)
	return out, err
}

// resolveDuplicate finds the incident that this one is said to repeat.
func (d *Desk) resolveDuplicate(tx *store.Tx, i soc.Incident, in soc.IncidentChange) (soc.IncidentChange, error) {
	if in.Verdict == nil || in.Verdict.DuplicateOf == "" {
		return in, nil
	}
	of, found, err := tx.Incident(i.Workspace, in.Verdict.DuplicateOf)
	if err != nil {
		return in, err
	}
	switch {
	case !found:
		return in, soc.InvalidField("duplicate_of", "names no incident of this workspace")
	case of.ID == i.ID:
		return in, soc.InvalidField("duplicate_of", "must be another incident")
	case of.Duplicate:
		return in, soc.InvalidField("duplicate_of", "is itself a duplicate; name the original")
	}
	verdict := *in.Verdict
	verdict.DuplicateOf = of.ID
	in.Verdict = &verdict
	return in, nil
}

// assign gives the incident to a person who may work in its workspace.
func (d *Desk) assign(tx *store.Tx, i soc.Incident, to *soc.Assignee) (soc.Incident, error) {
	if to == nil {
		return i, nil
	}
	if to.Person == "" && to.Email == "" {
		i.AssigneeID, i.AssigneeName, i.AssigneeEmail = "", "", ""
		return i, nil
	}
	email, _ := soc.NormalEmail(to.Email)
	field, find, key := "userId", tx.Person, to.Person
	if to.Person == "" {
		field, find, key = "email", tx.PersonByEmail, email
	}
	p, found, err := find(key)
	if err != nil {
		return i, err
	}
	w, known, err := tx.Workspace(i.Workspace)
	if err != nil {
		return i, err
	}
	// A stranger and somebody without a role here are the same answer (S44).
	member := found && known && !p.Disabled && p.Organization == w.Organization && (p.OrganizationAdmin || p.Grants[i.Workspace] != soc.RoleNone)
	if !member || to.Email != "" && email != p.Email {
		return i, soc.InvalidField(field, "is no member of this workspace")
	}
	i.AssigneeID, i.AssigneeName, i.AssigneeEmail = p.ID, p.Name, p.Email
	return i, nil
}

// unlocked refuses a write in a workspace that was set read-only.
func (d *Desk) unlocked(tx *store.Tx, workspace string) error {
	w, found, err := tx.Workspace(workspace)
	if err != nil || !found || !w.Locked {
		return err
	}
	return soc.Errorf(soc.Locked, soc.CodeLocked, "The workspace is read-only.").WithFix("Ask an administrator; reading goes on.")
}

// agentStopped refuses an agent's write while a kill switch covers it (S33).
func (d *Desk) agentStopped(tx *store.Tx, by soc.Actor, workspace string) error {
	if by.Kind != soc.PrincipalAgent {
		return nil
	}
	kill, err := d.killFacts(&tx.Reader, by, workspace)
	if err != nil || kill == (soc.KillFacts{}) {
		return err
	}
	return soc.Errorf(soc.Refused, soc.CodeKillSwitchEngaged, "A kill switch is engaged; agents change nothing.").WithFix("%s", soc.NextStep(soc.CodeKillSwitchEngaged))
}

// storeChange writes the changed incident with everything that goes with it.
func (d *Desk) storeChange(tx *store.Tx, by soc.Actor, i soc.Incident, plan soc.ChangePlan, in soc.IncidentChange, out *soc.IncidentChanged) (err error) {
	after := plan.After
	if plan.Closes {
		after.ClosedBy = by.ID
	}
	if plan.Withdraws || plan.Decides || plan.Closes {
		if err := decideWaiting(tx, i, after.Verdict); err != nil {
			return err
		}
	}
	if plan.Withdraws {
		if err := d.forgetAll(tx, i); err != nil {
			return err
		}
	}
	if plan.Closes && in.Report == "" {
		if in.Report, err = d.newUUID(); err != nil {
			return err
		}
	}
	saved, err := d.saveIncident(tx, by, i, after, in.Report)
	if err != nil {
		return err
	}
	if err := d.postChange(tx, by, i, plan, in); err != nil {
		return err
	}
	if plan.Decides && by.Kind == soc.PrincipalPerson {
		if err := d.remember(tx, saved, saved.Verdict, decidedByPerson, d.clock()); err != nil {
			return err
		}
	}
	e := d.entry(by, changeEvent(plan))
	e.Incident, e.Before, e.After, e.Detail = i.ID, string(i.Verdict), string(saved.Verdict), changeDetail(i, saved)
	if plan.Closes {
		report, err := d.storeReport(tx, saved, in.Report, e)
		if err != nil {
			return err
		}
		out.Report = &report
	}
	tx.Audit(e)
	out.Incident = saved
	return nil
}

// saveIncident stores what an operation made of an incident and announces what
// differs. report is the report of a resolve, "" for none.
func (d *Desk) saveIncident(tx *store.Tx, by soc.Actor, before, after soc.Incident, report string) (soc.Incident, error) {
	after.UpdatedAt = d.clock()
	if before.Phase() == soc.PhaseOpen && after.Phase() != soc.PhaseOpen && after.TriagedAt.IsZero() {
		after.TriagedAt = after.UpdatedAt
	}
	saved, err := tx.UpdateIncident(before, after)
	if err != nil {
		return saved, err
	}
	if err := d.tellSource(tx, before, saved); err != nil {
		return saved, err
	}
	return saved, d.announceChange(tx, by, before, saved, report)
}

// postChange posts the words that came with a change as comments.
func (d *Desk) postChange(tx *store.Tx, by soc.Actor, i soc.Incident, plan soc.ChangePlan, in soc.IncidentChange) error {
	if closing := plan.After.ClosingComment; plan.After.Status == soc.StatusClosed && closing != "" && closing != i.ClosingComment {
		if _, err := d.postComment(tx, by, i, closing, true); err != nil {
			return err
		}
	}
	if strings.TrimSpace(in.Comment) == "" {
		return nil
	}
	_, err := d.postComment(tx, by, i, in.Comment, false)
	return err
}

// changeEvent is the audit's word for a change.
func changeEvent(plan soc.ChangePlan) string {
	switch {
	case plan.Closes:
		return "incident_closed"
	case plan.Reopens:
		return "incident_reopened"
	}
	return "incident_changed"
}

// changeDetail is what differs, member by member, for the audit entry.
func changeDetail(before, after soc.Incident) string {
	detail := map[string][2]any{}
	put := func(name string, was, is any) {
		if was != is {
			detail[name] = [2]any{was, is}
		}
	}
	put("status", before.Status, after.Status)
	put("severity", before.Severity, after.Severity)
	put("verdict", before.Verdict, after.Verdict)
	put("verdict_reason", before.VerdictReason, after.VerdictReason)
	put("duplicate_of", before.DuplicateOf, after.DuplicateOf)
	put("assignee", before.AssigneeID, after.AssigneeID)
	put("held", before.Held, after.Held)
	text, err := json.Marshal(detail)
	if err != nil {
		return ""
	}
	return string(text)
}
