package soc

import (
	"testing"

	"pgregory.net/rapid"
)

// anIncident draws an incident that the rules could have made.
func anIncident(t *rapid.T) Incident {
	i := Incident{
		ID: "i", Source: rapid.SampledFrom([]string{"wazuh", SourceSentinelOne}).Draw(t, "source"),
		Severity: rapid.SampledFrom(AllSeverities).Draw(t, "severity"), Status: rapid.SampledFrom(AllStatuses).Draw(t, "status"),
	}
	i.IngestSeverity = rapid.SampledFrom(AllSeverities).Draw(t, "ingest")
	i.HighestSeverity = MaxSeverity(MaxSeverity(i.Severity, i.IngestSeverity), rapid.SampledFrom(AllSeverities).Draw(t, "highest"))
	if rapid.Bool().Draw(t, "verdict") {
		i.Verdict = rapid.SampledFrom(AllVerdicts[:4]).Draw(t, "word")
		i.VerdictReason, i.VerdictBy = "Other", rapid.SampledFrom([]PrincipalKind{PrincipalPerson, PrincipalAgent, PrincipalService, PrincipalSystem}).Draw(t, "by")
		i.VerdictScore = aScore(t)
		i.Duplicate = i.Verdict == VerdictUndetermined && rapid.Bool().Draw(t, "duplicate")
	}
	if i.Status == StatusClosed {
		i.ClosingComment, i.ClosedBy = "done", "somebody"
	} else if rapid.Bool().Draw(t, "proposed") {
		i.ProposedVerdict, i.Held, i.Investigation = VerdictFalsePositive, rapid.Bool().Draw(t, "held"), "v"
	}
	return i
}

func aScore(t *rapid.T) *int {
	if rapid.Bool().Draw(t, "unscored") {
		return nil
	}
	n := rapid.IntRange(0, 100).Draw(t, "score")
	return &n
}

// aChange draws any change, sense or not.
func aChange(t *rapid.T) IncidentChange {
	c := IncidentChange{Explain: rapid.Bool().Draw(t, "explain"), Unheld: rapid.Bool().Draw(t, "unheld"), Comment: rapid.SampledFrom([]string{"", "because"}).Draw(t, "comment")}
	switch rapid.IntRange(0, 2).Draw(t, "way") {
	case 1:
		words := rapid.SampledFrom([]Words[Status]{PortalStatus, CaseStatus}).Draw(t, "family")
		c.Statuses = words.Cores(rapid.SampledFrom(words.All()).Draw(t, "to"))
	case 2:
		phase := rapid.SampledFrom([]TriagePhase{PhaseOpen, PhaseTriaged, PhaseResolved}).Draw(t, "phase")
		c.Phase = &phase
	}
	if rapid.Bool().Draw(t, "sets severity") {
		c.Severity = rapid.SampledFrom(AllSeverities).Draw(t, "to severity")
	}
	if rapid.Bool().Draw(t, "sets verdict") {
		v := VerdictChange{Verdict: rapid.SampledFrom(AllVerdicts).Draw(t, "to verdict")}
		if rapid.Bool().Draw(t, "by word") {
			v = VerdictChange{Word: rapid.SampledFrom(AllTriageVerdicts()).Draw(t, "word")}
		}
		v.Duplicate = v.Verdict == VerdictUndetermined && rapid.Bool().Draw(t, "as duplicate")
		c.Verdict = &v
	}
	if rapid.Bool().Draw(t, "closing") {
		c.Closing = &ClosingText{Text: rapid.SampledFrom([]string{"done", "False positive - a drill"}).Draw(t, "text"), Amend: rapid.Bool().Draw(t, "amend")}
	}
	return c
}

func aChanger(t *rapid.T) Changer {
	by := Changer{Kind: rapid.SampledFrom([]PrincipalKind{PrincipalPerson, PrincipalAgent, PrincipalService}).Draw(t, "kind")}
	by.Session = by.Kind == PrincipalPerson && rapid.Bool().Draw(t, "session")
	return by
}

// TestChangesKeepTheirPromises draws incidents and changes and holds what comes
// out against the rules of the three contracts.
func TestChangesKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i, c, by := anIncident(t), aChange(t), aChanger(t)
		p, err := PlanChange(i, c, by)
		if err != nil {
			if AsError(err).Kind == Internal {
				t.Fatalf("%v", err)
			}
			return
		}
		a := p.After
		demand := func(ok bool, rule string) {
			if !ok {
				t.Fatalf("%s\nbefore %+v\nafter  %+v\nchange %+v by %+v", rule, i, a, c, by)
			}
		}
		demand(a.HighestSeverity.Rank() >= i.HighestSeverity.Rank() && a.HighestSeverity.Rank() >= a.Severity.Rank(), "S3: the highest severity never falls")
		demand(a.IngestSeverity == i.IngestSeverity, "S3: the severity at ingest stays")
		demand(p.Closes == (i.Status != StatusClosed && a.Status == StatusClosed), "closing is said")
		demand(p.Reopens == (i.Status == StatusClosed && a.Status != StatusClosed), "reopening is said")
		demand(a.Status != StatusClosed || i.Status == StatusClosed || a.Verdict != "", "what is closed here has a verdict")
		demand(a.Status == StatusClosed || a.ClosingComment == "" && a.RootCause == "", "what is open has no closing words")
		demand(!a.Duplicate || a.Verdict == VerdictUndetermined, "only Undetermined is a duplicate")
		demand(!p.Withdraws || a.Phase() == PhaseOpen, "without its verdict it is open")
		demand(!a.Held || i.Held, "a change by itself holds nothing")
		if by.Kind == PrincipalAgent {
			demand(a.Severity.Rank() >= i.Severity.Rank(), "S35: an agent never lowers")
			demand(!p.Reopens && !p.Withdraws, "S34: an agent never reopens")
			demand(!p.Closes || p.Judge && !c.Unheld, "S34: an agent's closing is judged")
			demand(p.Closes || a.Verdict == i.Verdict && a.VerdictBy == i.VerdictBy, "S34: an agent sets no verdict here")
			demand(p.Closes || a.ClosingComment == i.ClosingComment, "an agent rewrites no closing words")
		}
		if i.Held && !by.Session {
			demand(a.Status == i.Status && a.Verdict == i.Verdict && a.Held && a.Severity.Rank() >= i.Severity.Rank(), "S35: during a hold no key decides")
		}
		if c.Phase != nil && by.Kind != PrincipalAgent {
			demand(a.Phase() == *c.Phase, "the phase asked for is reached")
		}
		if c.Verdict != nil && c.Verdict.Word != "" && (a.Status != StatusClosed || p.Closes) {
			demand(TriageVerdict(a.Verdict, a.VerdictScore, a.Duplicate) == c.Verdict.Word, "the word reads back")
		}
		again, err := PlanChange(a, c, by)
		if by.Kind != PrincipalAgent && err == nil {
			demand(again.Same(a), "the same change again changes nothing")
		}
		if err != nil {
			// What was done may not be asked twice only where the answer says that
			// the incident is there already.
			demand(c.Closing != nil || c.Verdict != nil || p.Judge, "the same change again is no error: "+err.Error())
		}
	})
}
