package soc

import (
	"slices"
	"testing"
	"time"
)

// TestT33TheWholePosition: every part of it is there, each claim beside its proof,
// with the words of the model escaped and nothing of it taken for the server's.
func TestT33TheWholePosition(t *testing.T) {
	d := investigated(VerdictTruePositive, VerdictTruePositive)
	d.Hypotheses.Hypotheses = []Hypothesis{
		{ID: "H1", Kind: "malicious", Claim: "evil\u200b", Supported: []string{"a tool"}, Refuted: []string{"a ticket"}},
		{ID: "H2", Kind: "benign", Claim: "an admin", Supported: []string{"a ticket", "a window"}, Refuted: []string{"a tool"}},
	}
	d.Verdict.Hypotheses = []HypothesisState{{ID: "H1", State: "supported", Facts: []string{"F1", "F9"}}}
	d.Verdict.Answers[2].Facts = nil
	outcome := Reconcile(d, FloorResult{Classification: VerdictFalsePositive}, false)
	d.Outcome, d.Submission = &outcome, &Submission{Investigation: "inv", Gamebook: "GB-1"}
	began := time.UnixMicro(0).Add(time.Hour)
	p := PositionOf(d, RunWork{Run: "r", Model: "m", Used: LoopUsage{TokensIn: 7}, StartedAt: began, FinishedAt: began.Add(9 * time.Second)})
	if p.Floor != VerdictFalsePositive || p.Model != VerdictTruePositive || p.SelfCheck != VerdictTruePositive || !p.Dissent || p.Confidence != outcome.Confidence || p.Calibrated {
		t.Errorf("%+v", p)
	}
	if len(p.Hypotheses) != 2 || p.Hypotheses[0].State != "supported" || len(p.Hypotheses[0].Facts) != 1 || p.Hypotheses[0].Claim != "evil⟦U+200B⟧" || p.Hypotheses[1].State != "open" {
		t.Errorf("%+v", p.Hypotheses)
	}
	if !slices.Equal(p.WouldChange, []string{"a ticket", "a window"}) || !slices.Equal(p.Unanswered, []string{Questions[2]}) {
		t.Errorf("%v, %v", p.WouldChange, p.Unanswered)
	}
	if p.Contrary == nil || p.Contrary.Evidence != "E2" || p.ContraryWhy != "but" || p.DroppedQuotes != 2 || len(p.Rationale) != 1 || len(p.Rationale[0].Facts) != 2 {
		t.Errorf("%+v", p)
	}
	if p.Seconds != 9 || p.Used.TokensIn != 7 || p.ModelName != "m" || p.Investigation != "inv" || p.Gamebook != "GB-1" {
		t.Errorf("%+v", p)
	}
	if PositionOf(Investigated{}, RunWork{}) != nil {
		t.Error("a run without a reconciliation has a position")
	}
}
