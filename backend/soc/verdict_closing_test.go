package soc_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vedette/backend/soc"
)

// closable is a set of facts under which closing is allowed.
func closable() soc.ClosingFacts {
	settings := soc.ShippedSettings("w", soc.SeverityHigh)
	settings.AutoClose = true
	score := 20
	return soc.ClosingFacts{Settings: []soc.AgentSettings{settings}, Taint: soc.TaintTainted, Citations: soc.Citations{OK: 4, Unread: 1}, Score: &score}
}

func TestS34EachClosingConditionHoldsAlone(t *testing.T) {
	if got := soc.HoldReasons(closable()); len(got) != 0 {
		t.Fatalf("held by %v", got)
	}
	high := 21
	cases := []struct {
		code   soc.Code
		change func(*soc.ClosingFacts)
	}{
		{soc.CodeAutoCloseOff, func(f *soc.ClosingFacts) { f.Settings[0].AutoClose = false }},
		{soc.CodeAutoCloseOff, func(f *soc.ClosingFacts) {
			f.Settings = append(f.Settings, soc.ShippedSettings("w", soc.SeverityCritical))
		}},
		{soc.CodeAutoCloseOff, func(f *soc.ClosingFacts) { f.Settings = nil }},
		{soc.CodeRunFlagged, func(f *soc.ClosingFacts) { f.Taint = soc.TaintFlagged }},
		{soc.CodeRunFlagged, func(f *soc.ClosingFacts) { f.Taint = "" }},
		{soc.CodeEvidenceCoverageLow, func(f *soc.ClosingFacts) { f.Citations.Unknown = 1 }},
		{soc.CodeEvidenceCoverageLow, func(f *soc.ClosingFacts) { f.Citations = soc.Citations{} }},
		{soc.CodeScoreMissing, func(f *soc.ClosingFacts) { f.Score = nil }},
		{soc.CodeScoreContradicts, func(f *soc.ClosingFacts) { f.Score = &high }},
		{soc.CodeDetectorContradicts, func(f *soc.ClosingFacts) { f.DetectorContradicts = true }},
		{soc.CodeGamebookOpen, func(f *soc.ClosingFacts) { f.GamebookOpen = true }},
		{soc.CodeHumanVerdictStands, func(f *soc.ClosingFacts) { f.HumanVerdict = true }},
		{soc.CodeFloorDisagrees, func(f *soc.ClosingFacts) { f.FloorDisagrees = true }},
		{soc.CodeHistoryThin, func(f *soc.ClosingFacts) { f.HistoryThin = true }},
		{soc.CodeUncalibratedModel, func(f *soc.ClosingFacts) { f.UncalibratedModel = true }},
		{soc.CodeModelFailed, func(f *soc.ClosingFacts) { f.ModelFailed = true }},
	}
	for _, c := range cases {
		f := closable()
		c.change(&f)
		if got := soc.HoldReasons(f); !slices.Equal(got, []soc.Code{c.code}) {
			t.Errorf("want %s: %v", c.code, got)
		}
	}
	if got := soc.HoldReasons(soc.ClosingFacts{}); len(got) == 0 {
		t.Error("nothing known, and yet it closes")
	}
}

// TestPortal8Transitions is the transition table of portal-api.md section 8.
func TestPortal8Transitions(t *testing.T) {
	for _, previous := range soc.AllStatuses {
		for _, verdict := range append(slices.Clone(soc.AllVerdicts), "") {
			for _, open := range []bool{true, false} {
				facts := soc.VerdictFacts{Previous: previous, Proposed: verdict, Closing: closable()}
				if !open {
					facts.Closing.Settings[0].AutoClose = false
				}
				checkTransition(t, facts, open)
			}
		}
	}
}

func checkTransition(t *testing.T, f soc.VerdictFacts, closable bool) {
	t.Helper()
	got := soc.JudgeVerdict(f)
	want := soc.VerdictEffect{Code: soc.CodeRecorded, New: f.Previous}
	switch {
	case f.Previous == soc.StatusClosed:
		want.Code = soc.CodeAlreadyClosed
	case f.Proposed == "":
	case f.Proposed.Benign() && closable:
		want.New, want.Apply = soc.StatusClosed, true
	case f.Proposed.Benign():
		want.Code, want.Held, want.Propose, want.HoldReasons = soc.CodeHeld, true, true, []soc.Code{soc.CodeAutoCloseOff}
	default:
		want.Apply = true
		if f.Previous == soc.StatusNew {
			want.New = soc.StatusActive
		}
	}
	if got.Code != want.Code || got.New != want.New || got.Apply != want.Apply || got.Held != want.Held || got.Propose != want.Propose ||
		!slices.Equal(got.HoldReasons, want.HoldReasons) {
		t.Errorf("%s %q: %+v, want %+v", f.Previous, f.Proposed, got, want)
	}
}

func TestS34AnAgentNeverOverwritesAPerson(t *testing.T) {
	for _, v := range soc.AllVerdicts {
		f := soc.VerdictFacts{Previous: soc.StatusActive, Proposed: v, Closing: closable()}
		f.Closing.HumanVerdict = true
		got := soc.JudgeVerdict(f)
		if got.Apply || !got.Held || got.New != soc.StatusActive || !slices.Equal(got.HoldReasons, []soc.Code{soc.CodeHumanVerdictStands}) {
			t.Errorf("%s: %+v", v, got)
		}
	}
}

func TestS34DowngradeIsHeldLikeClosing(t *testing.T) {
	f := soc.VerdictFacts{Previous: soc.StatusActive, Standing: soc.VerdictTruePositive, Proposed: soc.VerdictUndetermined, Closing: closable()}
	f.Closing.Settings[0].AutoClose = false
	if got := soc.JudgeVerdict(f); got.Apply || !got.Held {
		t.Errorf("%+v", got)
	}
	f.Standing, f.Proposed = soc.VerdictUndetermined, soc.VerdictTruePositive
	if got := soc.JudgeVerdict(f); !got.Apply || got.Held {
		t.Errorf("raising is free: %+v", got)
	}
}

func TestPortal8StatusUpdateOff(t *testing.T) {
	f := soc.VerdictFacts{Previous: soc.StatusNew, Proposed: soc.VerdictTruePositive, Closing: closable()}
	f.Closing.Settings[0].StatusUpdate = false
	if got := soc.JudgeVerdict(f); got.Apply || !got.Propose || got.Held || got.New != soc.StatusNew || got.Code != soc.CodeRecorded {
		t.Errorf("%+v", got)
	}
	f.Proposed = soc.VerdictFalsePositive
	if got := soc.JudgeVerdict(f); got.Apply || !got.Held || len(got.HoldReasons) == 0 {
		t.Errorf("%+v", got)
	}
}

// TestS3StrictestSettingsClose: adding a severity never lets more close, and
// nothing but a clear list of reasons closes.
func TestS3StrictestSettingsClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := soc.VerdictFacts{
			Previous: rapid.SampledFrom(soc.AllStatuses).Draw(t, "previous"),
			Standing: rapid.SampledFrom(append(slices.Clone(soc.AllVerdicts), "")).Draw(t, "standing"),
			Proposed: rapid.SampledFrom(append(slices.Clone(soc.AllVerdicts), "")).Draw(t, "proposed"),
			Closing:  closable(),
		}
		f.Closing.GamebookOpen = rapid.Bool().Draw(t, "open")
		f.Closing.HumanVerdict = rapid.Bool().Draw(t, "human")
		before := soc.JudgeVerdict(f)
		more := f.Closing.Settings[0]
		more.AutoClose = rapid.Bool().Draw(t, "auto")
		more.StatusUpdate = rapid.Bool().Draw(t, "update")
		more.OnClassification = map[soc.Verdict]soc.OnClassification{
			f.Proposed: {Status: rapid.SampledFrom([]soc.Status{soc.StatusActive, soc.StatusClosed}).Draw(t, "on")},
		}
		f.Closing.Settings = append(slices.Clone(f.Closing.Settings), more)
		after := soc.JudgeVerdict(f)
		closed := func(e soc.VerdictEffect) bool { return e.Apply && e.New == soc.StatusClosed }
		if closed(after) && !closed(before) || closed(after) && len(soc.HoldReasons(f.Closing)) > 0 {
			t.Fatalf("%+v then %+v", before, after)
		}
		if after.Apply && after.Propose || after.Held != (len(after.HoldReasons) > 0) || !after.Apply && after.New != f.Previous {
			t.Fatalf("%+v", after)
		}
	})
}

func TestPortal8RefusalOrder(t *testing.T) {
	bad := 101
	f := soc.InvestigationFacts{Kill: soc.KillFacts{Global: true}, Trigger: soc.TriggerOnQueue, Score: &bad, Unsupported: true, UnknownSOP: true, UnknownGamebook: true}
	steps := []struct {
		code soc.Code
		fix  func()
	}{
		{soc.CodeKillSwitchEngaged, func() { f.Kill = soc.KillFacts{} }},
		{soc.CodeAgentDisabled, func() { f.Settings = closable().Settings; f.Settings[0].Enabled = false }},
		{soc.CodeAgentDisabled, func() { f.Trigger = soc.TriggerInvestigateOnly }},
		{soc.CodeNothingSubmitted, func() { f.HasComment = true }},
		{soc.CodeScoreOutOfRange, func() { f.Score = nil }},
		{soc.CodeClassificationNotSupported, func() { f.Unsupported = false }},
		{soc.CodeUnknownSOP, func() { f.UnknownSOP = false }},
		{soc.CodeUnknownGamebook, func() { f.UnknownGamebook = false }},
	}
	for _, s := range steps {
		if got := soc.RefuseInvestigation(f); got != s.code {
			t.Errorf("%s, want %s", got, s.code)
		}
		s.fix()
	}
	if got := soc.RefuseInvestigation(f); got != "" {
		t.Error(got)
	}
	f.Settings[0].Enabled, f.Settings[0].Investigate = true, false
	if got := soc.RefuseInvestigation(f); got != soc.CodeAgentDisabled {
		t.Errorf("investigate off: %q", got)
	}
}

func TestStatusMoves(t *testing.T) {
	for i, from := range soc.AllStatuses {
		for j, to := range soc.AllStatuses {
			move := soc.MoveRefused
			switch {
			case from == to:
				move = soc.MoveNone
			case from == soc.StatusClosed && to == soc.StatusActive:
				move = soc.MoveReopen
			case to == soc.StatusClosed:
				move = soc.MoveClose
			case from == soc.StatusClosed:
			case j > i:
				move = soc.MoveForward
			case to == soc.StatusActive:
				move = soc.MoveBack
			}
			if got := soc.MoveStatus(from, to); got != move || got.NeedsComment() != (move == soc.MoveBack || move == soc.MoveReopen) {
				t.Errorf("%s to %s: %s, want %s", from, to, got, move)
			}
		}
	}
	if soc.MoveStatus(soc.StatusNew, "?") != soc.MoveRefused {
		t.Error("an unknown status")
	}
}
