package backend_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"vedette/backend/soc"
)

func TestTriageOfEveryDemoIncidentCitesItsEvidence(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		for _, i := range o.allIncidents() {
			result, err := o.desk.TriageIncident(context.Background(), o.agent("a"), soc.TriageRequest{Incident: soc.IncidentRef{ID: i.ShortID}, Force: true, Wait: time.Second})
			must(t, err)
			if !result.State.Ended() || result.Verdict == "" || len(result.EvidenceIDs) == 0 {
				t.Errorf("%s: %s %q cites %v (%s)", i.ShortID, result.State, result.Verdict, result.EvidenceIDs, result.ErrorMessage)
			}
			t.Log(i.ShortID, i.Status, i.Severity, result.Verdict, result.Confidence, result.Held, result.Reasoning)
		}
	})
}

func TestTriageOfUnchangedEvidenceIsGivenAgain(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	open := o.openIncident()
	ask := soc.TriageRequest{Incident: soc.IncidentRef{ID: open.ShortID}, Wait: time.Second}
	first, err := o.desk.TriageIncident(context.Background(), o.agent("a"), ask)
	must(t, err)
	second, err := o.desk.TriageIncident(context.Background(), o.agent("a"), ask)
	must(t, err)
	if second.ID != first.ID || !second.Cached {
		t.Errorf("second %s cached %v, first %s", second.ID, second.Cached, first.ID)
	}
	ask.Force = true
	third, err := o.desk.TriageIncident(context.Background(), o.agent("a"), ask)
	must(t, err)
	if third.ID == first.ID || third.Cached {
		t.Errorf("forced triage %s cached %v", third.ID, third.Cached)
	}
}

// openIncident is one incident that is not closed.
func (o *office) openIncident() soc.Incident {
	o.t.Helper()
	all := o.allIncidents()
	n := slices.IndexFunc(all, func(i soc.Incident) bool { return i.Status != soc.StatusClosed })
	if n < 0 {
		o.t.Fatal("every incident is closed")
	}
	return all[n]
}

func TestS34AgentsBenignVerdictIsHeld(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		i := o.openIncident()
		score := 5
		receipt, err := o.desk.SubmitInvestigation(context.Background(), o.agent("a"), soc.SubmitInvestigation{
			Incident: soc.IncidentRef{ID: i.ShortID}, Classification: "FalsePositive", Score: &score, Comment: "Scheduled scan, see [E1] and [E9999].",
		})
		must(t, err)
		if !receipt.Success || !receipt.Held || receipt.New != i.Status || !slices.Contains(receipt.HoldReasons, soc.CodeAutoCloseOff) {
			t.Errorf("%+v", receipt)
		}
		if receipt.Citations.Unknown != 1 || receipt.Citations.Unread != 1 {
			t.Errorf("citations %+v", receipt.Citations)
		}
		again, err := o.desk.SubmitInvestigation(context.Background(), o.agent("a"), soc.SubmitInvestigation{
			Incident: soc.IncidentRef{ID: i.ShortID}, Classification: "FalsePositive", Score: &score, Comment: "Scheduled scan, see [E1] and [E9999].",
		})
		must(t, err)
		if again.InvestigationID != receipt.InvestigationID || !again.Replayed {
			t.Errorf("the same words again made %s", again.InvestigationID)
		}
	})
}

func TestS37MemoryDoesNotLearnFromAgents(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	i := o.openIncident()
	alerts, err := o.store.Read(context.Background()).IncidentAlerts(o.home, i.ID, nil, 1)
	must(t, err)
	key := soc.AlertKey{Title: alerts[0].TitleKey, Detector: alerts[0].DetectorKey}
	before, err := o.desk.HistoryAsOf(context.Background(), o.home, key, time.Time{})
	must(t, err)
	score := 0
	_, err = o.desk.SubmitInvestigation(context.Background(), o.agent("a"), soc.SubmitInvestigation{
		Incident: soc.IncidentRef{ID: i.ShortID}, Classification: "FalsePositive", Score: &score, Comment: "fp",
	})
	must(t, err)
	after, err := o.desk.HistoryAsOf(context.Background(), o.home, key, time.Time{})
	must(t, err)
	for n := range before {
		if before[n].Counts != after[n].Counts {
			t.Errorf("%s: %+v, before %+v", after[n].Level, after[n].Counts, before[n].Counts)
		}
	}
}

// person is a session of a person of the home workspace.
func (o *office) person(id string, role soc.Role) soc.Actor {
	return soc.Actor{
		Kind: soc.PrincipalPerson, ID: id, Name: id, Organization: o.org, Workspace: o.home, Role: role, Granted: role, Session: true,
		AuthenticatedAt: o.clock.Now(), Call: soc.Call{Door: "ops", RequestID: "test"},
	}
}

func TestT6AcceptedVerdictIsWhatMemoryLearns(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.ingestDemo()
		i := o.openIncident()
		ctx := context.Background()
		score := 3
		receipt, err := o.desk.SubmitInvestigation(ctx, o.agent("a"), soc.SubmitInvestigation{
			Incident: soc.IncidentRef{ID: i.ShortID}, Classification: "FalsePositive", Score: &score, Comment: "fp",
		})
		must(t, err)
		if _, err := o.desk.DecideHeld(ctx, o.agent("a"), soc.HeldDecision{Investigation: receipt.InvestigationID, Accept: true}); soc.AsError(err).Code != soc.CodeHumanSessionRequired {
			t.Errorf("an agent accepts: %v", err)
		}
		if _, err := o.desk.DecideHeld(ctx, o.person("adm", soc.RoleAdmin), soc.HeldDecision{Investigation: receipt.InvestigationID, Accept: true}); soc.AsError(err).Code != soc.CodeInsufficientApprovalLevel {
			t.Errorf("admin alone accepts: %v", err)
		}
		out, err := o.desk.DecideHeld(ctx, o.person("sr1", soc.RoleSenior), soc.HeldDecision{Investigation: receipt.InvestigationID, Accept: true, Comment: "agreed"})
		must(t, err)
		if out.Incident.Status != soc.StatusClosed || out.Incident.Held || len(out.Memory) == 0 || out.Memory[0].Verdict != soc.VerdictFalsePositive {
			t.Errorf("%+v", out)
		}
		if _, err := o.desk.DecideHeld(ctx, o.person("sr2", soc.RoleSenior), soc.HeldDecision{Investigation: receipt.InvestigationID, Accept: true}); soc.AsError(err).Code != soc.CodeInvalidState {
			t.Errorf("accepted twice: %v", err)
		}
		key := soc.AlertKey{Title: out.Memory[0].TitleKey, Detector: out.Memory[0].DetectorKey}
		levels, err := o.desk.HistoryAsOf(ctx, o.home, key, time.Time{})
		must(t, err)
		if levels[0].Counts.FalsePositive != 1 || levels[0].Deciders["person"] != 1 {
			t.Errorf("memory %+v", levels[0])
		}
		out, err = o.desk.ReopenIncident(ctx, o.person("sr1", soc.RoleSenior), soc.IncidentRef{ID: i.ShortID}, "new facts")
		must(t, err)
		if out.Incident.Status != soc.StatusActive || len(out.Memory) != 0 {
			t.Errorf("%+v", out)
		}
		if levels, err = o.desk.HistoryAsOf(ctx, o.home, key, time.Time{}); err != nil || levels[0].Counts.Total() != 0 {
			t.Errorf("memory after reopening %+v %v", levels[0], err)
		}
	})
}
