package soc

import "slices"

// ClosingFacts is what decides whether an agent's verdict may close or
// downgrade an incident (S34; portal-api.md section 8).
type ClosingFacts struct {
	// Settings of every severity that gates the incident (S3).
	Settings  []AgentSettings
	Taint     Taint
	Citations Citations
	Score     *int
	// DetectorContradicts: a veto of triage.md T11 or a protected asset.
	DetectorContradicts, GamebookOpen, HumanVerdict bool
	// From the built-in triage (T16, T26).
	FloorDisagrees, HistoryThin, UncalibratedModel, ModelFailed bool
}

// HoldReasons are the closing conditions that do not hold, in the order of the
// code list; none means that the verdict may be applied. The strictest of the
// settings counts. Silence is never consent: without settings, citations or a
// score the verdict is held.
func HoldReasons(f ClosingFacts) []Code {
	var reasons []Code
	add := func(held bool, code Code) {
		if held {
			reasons = append(reasons, code)
		}
	}
	inAny := func(off func(AgentSettings) bool) bool { return slices.ContainsFunc(f.Settings, off) }
	coverage := f.Citations.Coverage()
	add(len(f.Settings) == 0 || inAny(func(s AgentSettings) bool { return !s.AutoClose }), CodeAutoCloseOff)
	add(MaxTaint(f.Taint, TaintClean) == TaintFlagged, CodeRunFlagged)
	add(inAny(func(s AgentSettings) bool { return !(coverage >= s.MinEvidenceCoverage) }), CodeEvidenceCoverageLow)
	add(f.Score == nil, CodeScoreMissing)
	add(f.Score != nil && inAny(func(s AgentSettings) bool { return *f.Score > s.MaxScoreToClose }), CodeScoreContradicts)
	add(f.DetectorContradicts, CodeDetectorContradicts)
	add(f.GamebookOpen, CodeGamebookOpen)
	add(f.HumanVerdict, CodeHumanVerdictStands)
	add(f.FloorDisagrees, CodeFloorDisagrees)
	add(f.HistoryThin, CodeHistoryThin)
	add(f.UncalibratedModel, CodeUncalibratedModel)
	add(f.ModelFailed, CodeModelFailed)
	return reasons
}

// JudgeClosing are the reasons to hold the closing of an incident: a closing
// condition that does not hold, or agents may not change the status at all.
func JudgeClosing(f ClosingFacts) []Code {
	reasons := HoldReasons(f)
	if len(reasons) == 0 && slices.ContainsFunc(f.Settings, func(s AgentSettings) bool { return !s.StatusUpdate }) {
		reasons = []Code{CodeAutoCloseOff}
	}
	return reasons
}

// Coverage is the share of the cited evidence that exists and was served to
// the run. Nothing cited covers nothing.
func (c Citations) Coverage() float64 {
	claims := c.OK + c.Unread + c.Unknown
	if claims <= 0 {
		return 0
	}
	return float64(c.OK) / float64(claims)
}

// VerdictFacts is a submitted verdict beside the incident it is about.
type VerdictFacts struct {
	Previous Status
	// Standing verdict of the incident; empty if it has none.
	Standing Verdict
	// Proposed is the normalised verdict; empty when only a comment was sent.
	Proposed Verdict
	Closing  ClosingFacts
	// Holds keep the verdict for a person whatever it would do (T26).
	Holds []Code
}

// VerdictEffect is what becomes of a submitted verdict.
type VerdictEffect struct {
	Code Code // RECORDED, HELD, ALREADY_CLOSED
	// New status; equal to the previous one unless the verdict was applied.
	New Status
	// Apply sets the verdict of the incident; Propose stores it as a proposal
	// for a person. Neither: it is recorded only.
	Apply, Propose bool
	Held           bool
	HoldReasons    []Code
}

// JudgeVerdict is the transition table of portal-api.md section 8 for verdicts
// of agents and of the built-in triage. It never reopens, never overwrites a
// person, and closes, or replaces an alarming verdict by a milder one, only if
// every closing condition holds.
func JudgeVerdict(f VerdictFacts) VerdictEffect {
	effect := VerdictEffect{Code: CodeRecorded, New: f.Previous}
	if f.Previous == StatusClosed {
		effect.Code = CodeAlreadyClosed
		return effect
	}
	if f.Proposed == "" {
		return effect
	}
	settings := f.Closing.Settings
	closes := len(settings) > 0
	update := len(settings) > 0
	for _, s := range settings {
		closes = closes && s.OnClassification[f.Proposed].Status == StatusClosed
		update = update && s.StatusUpdate
	}
	switch {
	case closes || f.downgrades():
		effect.HoldReasons = JudgeClosing(f.Closing)
	case f.Closing.HumanVerdict:
		effect.HoldReasons = []Code{CodeHumanVerdictStands}
	}
	for _, code := range f.Holds {
		if !slices.Contains(effect.HoldReasons, code) {
			effect.HoldReasons = append(effect.HoldReasons, code)
		}
	}
	switch {
	case len(effect.HoldReasons) > 0:
		effect.Code, effect.Held, effect.Propose = CodeHeld, true, true
	case !update:
		effect.Propose = true
	case closes:
		effect.New, effect.Apply = StatusClosed, true
	default:
		effect.Apply = true
		if f.Previous == StatusNew {
			effect.New = StatusActive
		}
	}
	return effect
}

// downgrades: the standing verdict says danger and the proposed one does not.
func (f VerdictFacts) downgrades() bool {
	alarming := func(v Verdict) bool { return v == VerdictTruePositive || v == VerdictSuspicious }
	return alarming(f.Standing) && !alarming(f.Proposed)
}

// InvestigationFacts is what may refuse an investigation before any write.
type InvestigationFacts struct {
	Kill     KillFacts
	Settings []AgentSettings
	Trigger  Trigger // effective
	// HasComment, HasVerdict: a comment or a classification was given.
	HasComment, HasVerdict bool
	Score                  *int
	// Unsupported: the classification does not exist for this source.
	Unsupported                 bool
	UnknownSOP, UnknownGamebook bool
}

// RefuseInvestigation returns the first success:false code of portal-api.md
// section 8, in the order listed there, or "".
func RefuseInvestigation(f InvestigationFacts) Code {
	off := func(s AgentSettings) bool { return !s.Investigate || !s.Enabled && f.Trigger == TriggerOnQueue }
	switch {
	case f.Kill != KillFacts{}:
		return CodeKillSwitchEngaged
	case len(f.Settings) == 0 || slices.ContainsFunc(f.Settings, off):
		return CodeAgentDisabled
	case !f.HasComment && !f.HasVerdict:
		return CodeNothingSubmitted
	case f.Score != nil && (*f.Score < 0 || *f.Score > 100):
		return CodeScoreOutOfRange
	case f.Unsupported:
		return CodeClassificationNotSupported
	case f.UnknownSOP:
		return CodeUnknownSOP
	case f.UnknownGamebook:
		return CodeUnknownGamebook
	}
	return ""
}
