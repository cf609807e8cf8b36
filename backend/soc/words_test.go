package soc_test

import (
	"slices"
	"testing"

	"vedette/backend/soc"
)

// roundTrip: every core word has a word, every word reads back to a core word
// that is spelled the same, unknown words are refused.
func roundTrip[T ~string](t *testing.T, name string, w soc.Words[T], all []T, oneToOne bool) {
	t.Helper()
	for _, core := range all {
		word := w.Word(core)
		back, ok := w.Core(word)
		if word == "" || !ok || w.Word(back) != word || oneToOne && back != core || !slices.Contains(w.Cores(word), core) {
			t.Errorf("%s: %q is %q is %q %v", name, core, word, back, ok)
		}
	}
	for _, bad := range []string{"", "?", "high ", "HIGH"} {
		if _, ok := w.Core(bad); ok || len(w.Cores(bad)) != 0 {
			t.Errorf("%s reads %q", name, bad)
		}
	}
	if w.Word("?") != "" || oneToOne && len(w.All()) != len(all) {
		t.Errorf("%s: %v", name, w.All())
	}
}

func TestCoreWordTablesRoundTrip(t *testing.T) {
	roundTrip(t, "portal severity", soc.PortalSeverity, soc.AllSeverities, true)
	roundTrip(t, "portal status", soc.PortalStatus, soc.AllStatuses, false)
	roundTrip(t, "portal provenance", soc.PortalProvenance, soc.AllProvenances, true)
	roundTrip(t, "portal class", soc.PortalClass, soc.AllClasses, true)
	roundTrip(t, "portal impact", soc.PortalImpact, soc.AllImpacts, true)
	roundTrip(t, "portal role", soc.PortalRole, soc.AllRoles, true)
	roundTrip(t, "portal entity kind", soc.PortalEntityKind, soc.AllEntityKinds, true)
	roundTrip(t, "case status", soc.CaseStatus, soc.AllStatuses, true)
	roundTrip(t, "case entity kind", soc.CaseEntityKind, soc.AllEntityKinds, true)
	roundTrip(t, "triage severity", soc.TriageSeverity, soc.AllSeverities, false)
	roundTrip(t, "triage run state", soc.TriageRunState, soc.AllRunStates, false)
	if got := soc.PortalStatus.Cores("Active"); !slices.Equal(got, soc.OpenStatuses[1:]) {
		t.Errorf("Active filters %v", got)
	}
	if got, _ := soc.TriageSeverity.Core("low"); got != soc.SeverityLow || len(soc.TriageSeverity.Cores("low")) != 2 {
		t.Errorf("low is %s", got)
	}
	for _, word := range []string{"Ip", "IP", "ip", "iP"} {
		if got, ok := soc.PortalEntityKind.CoreFold(word); !ok || got != soc.KindIP {
			t.Errorf("%s: %s", word, got)
		}
	}
	if _, ok := soc.PortalEntityKind.CoreFold("Iр"); ok { // Cyrillic
		t.Error("a look-alike passes")
	}
}

func TestSourcesRoundTrip(t *testing.T) {
	for _, source := range append(slices.Clone(soc.KnownSources), "wazuh", "email_gateway") {
		if got := soc.FromFamilySource(soc.FamilySource(source)); got != source {
			t.Errorf("%s became %s", source, got)
		}
	}
	if soc.FamilySource("DefenderXDR") != "defenderxdr" {
		t.Error(soc.FamilySource("DefenderXDR"))
	}
}

func TestTriageStatusWords(t *testing.T) {
	for _, s := range soc.AllStatuses {
		for _, verdict := range []bool{true, false} {
			want := map[bool]string{true: "triaged", false: "open"}[verdict]
			if s == soc.StatusClosed {
				want = "resolved"
			}
			if got := soc.TriageStatus(s, verdict); got != want {
				t.Errorf("%s %v: %s", s, verdict, got)
			}
		}
	}
	seen := map[string]bool{}
	for _, g := range soc.AllGamebookStatuses {
		for _, s := range soc.AllStepStatuses {
			for _, needs := range []bool{true, false} {
				word := soc.TriageStepStatus(g, needs, s)
				seen[word] = true
				if s == soc.StepConfirmed && word != "completed" || word == "completed" && s != soc.StepConfirmed {
					t.Errorf("%s %s: %s (completed means confirmed)", g, s, word)
				}
			}
		}
	}
	if len(seen) != 11 {
		t.Errorf("%d words: %v", len(seen), seen)
	}
	if got := soc.TriageStepStatus(soc.GamebookQueued, true, soc.StepQueued); got != "pending_approval" {
		t.Error(got)
	}
}

// TestPortal8Normalisation is the table of portal-api.md section 8.
func TestPortal8Normalisation(t *testing.T) {
	allowed := map[soc.Verdict][]string{
		soc.VerdictTruePositive:   {"Malware", "Phishing", "Other"},
		soc.VerdictFalsePositive:  {"InaccurateData", "IncorrectAlertLogic", "Other"},
		soc.VerdictBenignPositive: {"Other"},
		soc.VerdictUndetermined:   {"Other"},
	}
	applied := map[string]soc.Verdict{
		"TruePositive": soc.VerdictTruePositive, "PolicyViolation": soc.VerdictTruePositive,
		"FalsePositive": soc.VerdictFalsePositive, "QradarFalsePositive": soc.VerdictFalsePositive,
		"BenignPositive": soc.VerdictBenignPositive, "InformationalExpectedActivity": soc.VerdictBenignPositive, "NonIssue": soc.VerdictBenignPositive,
		"Undetermined": soc.VerdictUndetermined, "Unknown": soc.VerdictUndetermined, "Undefined": soc.VerdictUndetermined,
	}
	if len(soc.AllClassifications()) != len(applied)+1 || len(soc.AllReasons()) != 19 {
		t.Fatalf("%d classifications, %d reasons", len(soc.AllClassifications()), len(soc.AllReasons()))
	}
	for word, verdict := range applied {
		for _, reason := range append(soc.AllReasons(), "") {
			want := "Other"
			if slices.Contains(allowed[verdict], reason) {
				want = reason
			}
			got, err := soc.NormaliseVerdict(word, reason, soc.SourceSentinel)
			if err != nil || got.Verdict != verdict || got.Reason != want || got.Normalised != (string(verdict) != word || want != reason) {
				t.Errorf("%s/%s: %+v %v", word, reason, got, err)
			}
		}
	}
	if got, err := soc.NormaliseVerdict("", "Malware", ""); err != nil || got != (soc.NormalisedVerdict{Normalised: true}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := soc.NormaliseVerdict("Suspicious", "Other", soc.SourceSentinelOne); err != nil || got.Verdict != soc.VerdictSuspicious || got.Reason != "" || !got.Normalised {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := soc.NormaliseVerdict("Suspicious", "", soc.SourceSentinel); soc.AsError(err) == nil || soc.AsError(err).Code != soc.CodeClassificationNotSupported {
		t.Error(err)
	}
	for _, bad := range [][2]string{{"truepositive", ""}, {"TruePositive", "malware"}, {"Benign", ""}, {"", "x"}} {
		if _, err := soc.NormaliseVerdict(bad[0], bad[1], ""); soc.KindOf(err) != soc.Invalid {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestFamilyVerdictWordsRoundTrip(t *testing.T) {
	for _, word := range soc.AllCaseVerdicts() {
		if v, dup, ok := soc.FromCaseVerdict(word); !ok || soc.CaseVerdict(v, dup) != word {
			t.Errorf("%s: %s %v %v", word, v, dup, ok)
		}
	}
	if _, _, ok := soc.FromCaseVerdict(""); ok {
		t.Error("no word is read")
	}
	for _, source := range soc.KnownSources {
		for _, word := range soc.AllTriageVerdicts() {
			v, least, ok := soc.FromTriageVerdict(word, source)
			if !ok || soc.TriageVerdict(v, &least, false) != word || (v == soc.VerdictSuspicious) != (word == "suspicious" && source == soc.SourceSentinelOne) {
				t.Errorf("%s on %s: %s %d %v", word, source, v, least, ok)
			}
		}
	}
	score := func(n int) *int { return &n }
	for _, c := range []struct {
		v         soc.Verdict
		score     *int
		duplicate bool
		want      string
	}{
		{soc.VerdictUndetermined, nil, false, "inconclusive"},
		{soc.VerdictUndetermined, score(49), false, "inconclusive"},
		{soc.VerdictUndetermined, score(50), false, "suspicious"},
		{soc.VerdictUndetermined, score(99), true, "inconclusive"},
		{soc.VerdictSuspicious, nil, false, "suspicious"},
		{soc.VerdictFalsePositive, score(99), false, "benign"},
		{"", nil, false, ""},
	} {
		if got := soc.TriageVerdict(c.v, c.score, c.duplicate); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	for _, c := range []struct {
		word  string
		score *int
		want  float64
	}{
		{"malicious", score(92), 0.92},
		{"suspicious", score(7), 0.07},
		{"benign", score(8), 0.92},
		{"inconclusive", score(33), 0.66},
		{"inconclusive", score(67), 0.66},
		{"inconclusive", score(50), 1},
		{"malicious", nil, 0},
		{"malicious", score(101), 0},
		{"", score(5), 0},
	} {
		if got := soc.TriageConfidence(c.word, c.score); got != c.want {
			t.Errorf("%s: %v, want %v", c.word, got, c.want)
		}
	}
}
