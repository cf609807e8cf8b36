package soc

import "testing"

func TestShippedPolicyIsAllowed(t *testing.T) {
	for _, severity := range AllSeverities {
		if err := ShippedSettings("w", severity).Check(); err != nil {
			t.Errorf("%s: %v", severity, AsError(err).Fields)
		}
	}
	if err := ShippedLimits().Check(); err != nil {
		t.Error(AsError(err).Fields)
	}
}

func TestSettingsThatMayNotBe(t *testing.T) {
	for name, change := range map[string]func(*AgentSettings){
		"irreversible alone": func(s *AgentSettings) { s.CeilingClean.Class = ClassIrreversible },
		"no class":           func(s *AgentSettings) { s.CeilingTainted.Class = "" },
		"no impact":          func(s *AgentSettings) { s.CeilingTainted.Impact = "huge" },
		"gating":             func(s *AgentSettings) { s.GatingMode = "allow" },
		"coverage":           func(s *AgentSettings) { s.MinEvidenceCoverage = 1.1 },
		"score":              func(s *AgentSettings) { s.MaxScoreToClose = -1 },
		"sample":             func(s *AgentSettings) { s.SamplePct = 101 },
		"verdicts":           func(s *AgentSettings) { s.OnClassification = nil },
	} {
		s := ShippedSettings("w", SeverityHigh)
		change(&s)
		if s.Check() == nil {
			t.Errorf("%s is allowed", name)
		}
	}
	l := ShippedLimits()
	l.BlastHard = l.BlastSoft - 1
	if l.Check() == nil {
		t.Error("the hard blast cap is below the soft one")
	}
}

func TestSettingsChangeTouchesOnlyWhatItNames(t *testing.T) {
	on := true
	before := ShippedSettings("w", SeverityHigh)
	after := SettingsChange{Gamebooks: &on}.Apply(before)
	if !after.Gamebooks || after.AutoClose || after.GatingMode != before.GatingMode || after.CeilingClean != before.CeilingClean {
		t.Errorf("%+v", after)
	}
}
