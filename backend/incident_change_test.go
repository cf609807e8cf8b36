package backend_test

import (
	"testing"

	"vedette/backend/soc"
)

// writer is a key of a kind that may write incidents in the home workspace.
func (o *office) writer(kind soc.PrincipalKind) soc.Actor {
	return soc.Actor{
		Kind: kind, ID: string(kind) + "-writer", Name: "writer", Organization: o.org, Workspace: o.home, Role: soc.RoleSenior, Granted: soc.RoleSenior,
		Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeIncidentsWrite, soc.ScopeGamebooksSubmit, soc.ScopeAgentToolsExecute, soc.ScopeTriageRun, soc.ScopeIncidentsComments},
		Served: &soc.Served{}, Call: soc.Call{Door: "triage", RequestID: "test"},
	}
}

// hire makes a person with a role in the home workspace.
func (o *office) hire(email string, role soc.Role) soc.Person {
	o.t.Helper()
	p, err := o.desk.CreatePerson(o.t.Context(), host(), soc.NewPerson{
		Organization: o.org, Email: email, Name: email, Password: "a long enough passphrase", Grants: map[string]soc.Role{o.home: role},
	})
	must(o.t, err)
	return p
}

func (o *office) change(by soc.Actor, i soc.Incident, c soc.IncidentChange) (soc.IncidentChanged, error) {
	c.Incident = soc.IncidentRef{ID: i.ID}
	return o.desk.ChangeIncident(o.t.Context(), by, c)
}

func (o *office) incidentNow(i soc.Incident) soc.Incident {
	o.t.Helper()
	now, found, err := o.store.Read(o.t.Context()).Incident(i.Workspace, i.ID)
	must(o.t, err)
	if !found {
		o.t.Fatal("the incident is gone")
	}
	return now
}

func closing(text string) soc.IncidentChange {
	return soc.IncidentChange{Statuses: []soc.Status{soc.StatusClosed}, Closing: &soc.ClosingText{Text: text}}
}

func wantCode(t *testing.T, what string, err error, code soc.Code) {
	t.Helper()
	if err == nil || soc.AsError(err).Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// TestS34AgentsClosingByAnyWriteIsHeld closes as an agent by the general write,
// for every verdict, then decides the hold.
func TestS34AgentsClosingByAnyWriteIsHeld(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		i := o.openIncident()
		agent, service, person := o.writer(soc.PrincipalAgent), o.writer(soc.PrincipalService), o.person("sr1", soc.RoleSenior)
		c := closing("Scheduled scan, see [E1].")
		c.Verdict = &soc.VerdictChange{Word: "benign"}
		unheld := c
		unheld.Unheld = true
		_, err := o.change(agent, i, unheld)
		wantCode(t, "without a hold", err, soc.CodeForbidden)
		out, err := o.change(agent, i, c)
		must(t, err)
		if !out.Held || out.Changed || out.Incident.Status != i.Status || out.Incident.Verdict != i.Verdict || out.Incident.ProposedVerdict != soc.VerdictBenignPositive || len(out.HoldReasons) == 0 {
			t.Fatalf("%+v", out)
		}
		for _, by := range []soc.Actor{service, agent, o.writer(soc.PrincipalPerson)} {
			_, err := o.change(by, i, closing("done"))
			wantCode(t, "closing during the hold", err, soc.CodeHeldForReview)
			_, err = o.change(by, i, soc.IncidentChange{Statuses: []soc.Status{soc.StatusContained}})
			wantCode(t, "moving during the hold", err, soc.CodeHeldForReview)
		}
		if out, err := o.change(agent, i, soc.IncidentChange{Severity: soc.SeverityCritical}); err != nil || out.Incident.Severity != soc.SeverityCritical || !out.Incident.Held {
			t.Errorf("raising during the hold: %+v %v", out, err)
		}
		decided, err := o.desk.DecideHeld(t.Context(), person, soc.HeldDecision{Investigation: out.Investigation, Accept: true})
		must(t, err)
		if now := decided.Incident; now.Status != soc.StatusClosed || now.Verdict != soc.VerdictBenignPositive || now.VerdictBy != soc.PrincipalPerson ||
			now.ClosingComment != "Scheduled scan, see [E1]." || now.ClosedBy != "sr1" || now.ClosedAt.IsZero() || now.Held {
			t.Errorf("%+v", now)
		}
	})
}

// TestS35AnAgentHidesNothing tries every change that makes an incident look
// milder.
func TestS35AnAgentHidesNothing(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	agent, service := o.writer(soc.PrincipalAgent), o.writer(soc.PrincipalService)
	i := o.openIncident()
	_, err := o.change(service, i, soc.IncidentChange{Severity: soc.SeverityHigh, Verdict: &soc.VerdictChange{Verdict: soc.VerdictTruePositive}})
	must(t, err)
	before := o.incidentNow(i)
	open, triaged := soc.PhaseOpen, soc.PhaseTriaged
	for name, c := range map[string]soc.IncidentChange{
		"lower":    {Severity: soc.SeverityLow},
		"withdraw": {Phase: &open},
		"verdict":  {Verdict: &soc.VerdictChange{Verdict: soc.VerdictFalsePositive}},
	} {
		_, err := o.change(agent, i, c)
		wantCode(t, name, err, soc.CodeForbidden)
	}
	if now := o.incidentNow(i); now.Version != before.Version {
		t.Errorf("changed: %+v", now)
	}
	_, err = o.change(service, i, closing("done"))
	must(t, err)
	for name, c := range map[string]soc.IncidentChange{
		"reopen": {Statuses: []soc.Status{soc.StatusActive}, Comment: "again"}, "to triaged": {Phase: &triaged},
		"words": {Closing: &soc.ClosingText{Text: "all good", Amend: true}},
	} {
		_, err := o.change(agent, i, c)
		wantCode(t, name, err, soc.CodeForbidden)
	}
}

func TestAChangeIsWholeOrNothingAndOnce(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		service := o.writer(soc.PrincipalService)
		i := o.openIncident()
		entries := func() int64 {
			head, _, err := o.store.Read(t.Context()).AuditHead()
			must(t, err)
			return head
		}
		_, err := o.change(service, i, soc.IncidentChange{Severity: soc.SeverityCritical, Assignee: &soc.Assignee{Person: "nobody"}})
		wantCode(t, "a stranger", err, soc.CodeValidationError)
		_, err = o.change(service, i, soc.IncidentChange{Severity: soc.SeverityCritical, IfMatch: soc.IfMatch{Given: true, Revisions: []int64{i.Version + 7}}})
		wantCode(t, "a lost update", err, soc.CodePreconditionFailed)
		if now := o.incidentNow(i); now.Version != i.Version || now.Severity != i.Severity {
			t.Fatalf("half a change: %+v", now)
		}
		person := o.hire("ada@example.com", soc.RoleAnalyst)
		c := closing("False positive - a drill")
		c.Severity, c.Assignee = soc.SeverityLow, &soc.Assignee{Email: "ADA@example.com"}
		out, err := o.change(service, i, c)
		must(t, err)
		now := out.Incident
		if !out.Changed || now.Version != i.Version+1 || now.Status != soc.StatusClosed || now.AssigneeID != person.ID || now.Severity != soc.SeverityLow ||
			now.HighestSeverity != i.HighestSeverity || now.ClosingComment != "False positive - a drill" {
			t.Errorf("%+v", out)
		}
		// The words are never read as a verdict.
		if i.Verdict == "" && now.Verdict != soc.VerdictUndetermined || i.Verdict != "" && now.Verdict != i.Verdict {
			t.Errorf("verdict %s", now.Verdict)
		}
		at := entries()
		again, err := o.change(service, i, c)
		must(t, err)
		if again.Changed || again.Incident.Version != now.Version || entries() != at {
			t.Errorf("the same again: %+v", again)
		}
		other := closing("")
		other.Verdict = &soc.VerdictChange{Verdict: soc.VerdictTruePositive}
		_, err = o.change(service, i, other)
		wantCode(t, "another verdict on a closed one", err, soc.CodeInvalidState)
		duplicate := closing("")
		duplicate.Verdict = &soc.VerdictChange{Verdict: soc.VerdictUndetermined, Duplicate: true, DuplicateOf: i.ShortID}
		_, err = o.change(service, i, duplicate)
		wantCode(t, "a duplicate of itself", err, soc.CodeValidationError)
	})
}

func TestReopeningMovesTheVerdictToHistory(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	person := o.writer(soc.PrincipalPerson)
	i := o.openIncident()
	c := closing("checked")
	c.Verdict = &soc.VerdictChange{Verdict: soc.VerdictFalsePositive, Reason: "IncorrectAlertLogic"}
	_, err := o.change(person, i, c)
	must(t, err)
	learnt := func() int {
		events, err := o.store.Read(t.Context()).IncidentVerdictEvents(o.home, i.ID)
		must(t, err)
		return len(events)
	}
	if learnt() == 0 {
		t.Error("memory learnt nothing from a person")
	}
	triaged, open := soc.PhaseTriaged, soc.PhaseOpen
	out, err := o.change(person, i, soc.IncidentChange{Phase: &triaged})
	must(t, err)
	if now := out.Incident; now.Verdict != soc.VerdictFalsePositive || now.Phase() != soc.PhaseTriaged || now.ClosingComment != "" || !now.ClosedAt.IsZero() || learnt() == 0 {
		t.Errorf("%+v", now)
	}
	out, err = o.change(person, i, soc.IncidentChange{Phase: &open})
	must(t, err)
	if now := out.Incident; now.Verdict != "" || now.Phase() != soc.PhaseOpen || learnt() != 0 {
		t.Errorf("%+v", now)
	}
	_, err = o.change(person, i, soc.IncidentChange{Phase: &triaged})
	wantCode(t, "triaged without a verdict", err, soc.CodeInvalidState)
}

// TestS37MemoryDoesNotLearnFromServices: a service's verdict stands, and is
// neither a person's decision nor the source's.
func TestS37MemoryDoesNotLearnFromServices(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	i := o.openIncident()
	c := closing("bulk")
	c.Verdict = &soc.VerdictChange{Verdict: soc.VerdictFalsePositive}
	_, err := o.change(o.writer(soc.PrincipalService), i, c)
	must(t, err)
	o.ingestDemo()
	events, err := o.store.Read(t.Context()).IncidentVerdictEvents(o.home, i.ID)
	must(t, err)
	if len(events) != 0 {
		t.Errorf("%+v", events)
	}
}
