package soc

import (
	"maps"
	"slices"
)

// PolicyFacts is the policy of one workspace as it is stored now. What is
// missing, does not parse or does not have its hash is not loaded: the gate
// then refuses every change of state (g4) instead of running on defaults.
type PolicyFacts struct {
	Workspace string
	Version   int64
	// Settings hold the record of each severity that was read whole.
	Settings  map[Severity]AgentSettings
	Limits    Limits
	Protected []ProtectedEntry
	Rules     []PolicyRule
	// Disabled playbooks with the reason.
	Disabled map[string]string
	// PolicyLoaded: all five settings and the limits. ProtectedLoaded: the list.
	PolicyLoaded, ProtectedLoaded bool
	// Faults name the parts that did not load, for operators.
	Faults []string
}

// Check refuses settings that no workspace may have.
func (s AgentSettings) Check() error {
	e := Errorf(Invalid, CodeValidationError, "One or more members are not valid.")
	demand := func(ok bool, path, message string) {
		if !ok {
			e.WithField(path, "%s", message)
		}
	}
	demand(s.Severity.Rank() >= 0, "severity", "Must be a severity.")
	demand(slices.Contains([]string{"queue", "reject"}, s.GatingMode), "gatingMode", "Must be queue or reject.")
	for path, ceiling := range map[string]Ceiling{"ceilingClean": s.CeilingClean, "ceilingTainted": s.CeilingTainted} {
		demand(slices.Contains(AllClasses, ceiling.Class) && ceiling.Class != ClassIrreversible, path+".class",
			"Must be read_only, reversible or externally_reversible; what cannot be undone never runs alone.")
		demand(slices.Contains(AllImpacts, ceiling.Impact), path+".impact", "Must be low or high.")
	}
	demand(s.MinEvidenceCoverage >= 0 && s.MinEvidenceCoverage <= 1, "minEvidenceCoverage", "Must be 0 to 1.")
	demand(s.MaxScoreToClose >= 0 && s.MaxScoreToClose <= 100, "maxScoreToClose", "Must be 0 to 100.")
	demand(s.SamplePct >= 0 && s.SamplePct <= 100, "samplePct", "Must be 0 to 100.")
	for _, verdict := range AllVerdicts {
		demand(slices.Contains(AllStatuses, s.OnClassification[verdict].Status), "onClassification."+string(verdict), "Must be a status.")
	}
	demand(len(s.OnClassification) == len(AllVerdicts), "onClassification", "Must name the five verdicts and nothing else.")
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Check refuses limits that could not hold.
func (l Limits) Check() error {
	e := Errorf(Invalid, CodeValidationError, "One or more members are not valid.")
	positive := map[string]int{
		"defaultPerHour": l.DefaultPerHour, "defaultPerDay": l.DefaultPerDay, "blast.soft": l.BlastSoft, "blast.hard": l.BlastHard,
		"actionsPerIncident": l.ActionsPerIncident, "breakerFloor": l.BreakerFloor, "clocks.approvalUrgent": l.ApprovalSecondsUrgent,
		"clocks.approval": l.ApprovalSeconds, "clocks.executionWindow": l.ExecutionWindow,
		"containment.refusals": l.ContainmentRefusals, "containment.minutes": l.ContainmentMinutes,
	}
	for path, value := range positive {
		if value < 1 {
			e.WithField(path, "Must be at least 1.")
		}
	}
	if l.BlastHard < l.BlastSoft {
		e.WithField("blast.hard", "Must not be below blast.soft.")
	}
	if l.BreakerPercent < 0 || l.BreakerPercent > 100 {
		e.WithField("breakerPercent", "Must be 0 to 100.")
	}
	for i, rate := range l.Rates {
		twice := func(o RateLimit) bool { return o.Playbook == rate.Playbook && o.Scope == rate.Scope }
		if slices.ContainsFunc(l.Rates[:i], twice) {
			e.WithField("rates", "Names each playbook once in a scope.")
		}
		if rate.Playbook == "" || rate.PerHour < 0 || rate.PerDay < 0 || rate.Scope != "workspace" && rate.Scope != "agent" {
			e.WithField("rates", "Each names a playbook, the scope workspace or agent, and counts of at least 0.")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// SettingsChange names the settings to replace; nil members stay as they are.
type SettingsChange struct {
	Workspace string
	Severity  Severity
	Enabled, Investigate, StatusUpdate,
	Gamebooks, AutoClose *bool
	GatingMode                   *string
	CeilingClean, CeilingTainted *Ceiling
	MinEvidenceCoverage          *float64
	MaxScoreToClose, SamplePct   *int
	// Webhooks names the webhook told of a verdict; an empty name ends it.
	Webhooks map[Verdict]string
	Reason   string
}

// Apply returns the settings after the change.
func (c SettingsChange) Apply(s AgentSettings) AgentSettings {
	set(&s.Enabled, c.Enabled)
	set(&s.Investigate, c.Investigate)
	set(&s.StatusUpdate, c.StatusUpdate)
	set(&s.Gamebooks, c.Gamebooks)
	set(&s.AutoClose, c.AutoClose)
	set(&s.GatingMode, c.GatingMode)
	set(&s.CeilingClean, c.CeilingClean)
	set(&s.CeilingTainted, c.CeilingTainted)
	set(&s.MinEvidenceCoverage, c.MinEvidenceCoverage)
	set(&s.MaxScoreToClose, c.MaxScoreToClose)
	set(&s.SamplePct, c.SamplePct)
	if len(c.Webhooks) > 0 {
		s.OnClassification = maps.Clone(s.OnClassification)
		for verdict, webhook := range c.Webhooks {
			on := s.OnClassification[verdict]
			on.Webhook = webhook
			s.OnClassification[verdict] = on
		}
	}
	return s
}

func set[T any](target *T, value *T) {
	if value != nil {
		*target = *value
	}
}
