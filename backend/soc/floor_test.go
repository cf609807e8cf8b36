package soc

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// noisy is an incident like 62 before it: 61 FalsePositive, 1 BenignPositive.
func noisy() FloorInput {
	last := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const fp, bp = VerdictFalsePositive, VerdictBenignPositive
	return FloorInput{
		IncidentType: "network", IngestSeverity: SeverityMedium,
		GateSeverities: []Severity{SeverityMedium}, CloseSeverities: []Severity{SeverityLow, SeverityMedium},
		Types: []AlertType{{
			TitleKey: "aa", DetectorKey: "id|wazuh|5710", KeyVersion: 1, Evidence: []string{"E1"},
			Levels: []LevelCounts{
				{Level: LevelTitle, Counts: VerdictCounts{0, 1, 61}, Last: last, Newest: []Verdict{fp, fp, bp, fp, fp}},
				{Level: LevelDetector, Counts: VerdictCounts{0, 1, 63}, Last: last},
				{Level: LevelWorkspace, Counts: VerdictCounts{20, 30, 80}, Last: last},
			},
		}},
		Alerts: []AlertFact{{Severity: SeverityMedium, Evidence: []string{"E1"}}},
		Entities: []EntityFact{
			{Kind: KindIP, Provenance: ProvenanceSensorAsserted, Evidence: []string{"E5", "E4"}, Lists: []ListMatch{{"microsoft-office365-ip", ListReputation}}},
			{Kind: KindHost, Provenance: ProvenanceSensorAsserted, Evidence: []string{"E2"}},
		},
		Playbooks: []string{"isolate_host", "scan_host", "disable_user", "revoke_sessions", "block_ip"},
	}
}

// attack is an incident in a workspace without history whose content decides.
func attack() FloorInput {
	return FloorInput{
		IngestSeverity: SeverityHigh, GateSeverities: []Severity{SeverityHigh},
		Types: []AlertType{{TitleKey: "bb", DetectorKey: "id|sentinel|x", KeyVersion: 1, Evidence: []string{"E1", "E2"}}},
		Alerts: []AlertFact{
			{Severity: SeverityHigh, Tactics: []string{"credential-access"}, Evidence: []string{"E1"}},
			{Severity: SeverityMedium, Techniques: []Technique{{"T1021", []string{"lateral-movement"}}, {"T1078", []string{"defense-evasion", "persistence", "privilege-escalation", "initial-access"}}}, Evidence: []string{"E2"}},
		},
		Entities: []EntityFact{
			{Kind: KindFileHash, Provenance: ProvenanceSensorAsserted, Evidence: []string{"E3"}, VendorVerdict: "malicious"},
			{Kind: KindHost, Provenance: ProvenanceSensorAsserted, Evidence: []string{"E2"}},
			{Kind: KindAccount, Provenance: ProvenanceSensorAsserted, Evidence: []string{"E1"}},
		},
		Playbooks: []string{"isolate_host", "scan_host", "disable_user", "revoke_sessions", "block_ip"},
	}
}

func TestT13FloorStates(t *testing.T) {
	w := ShippedWeights()
	tests := []struct {
		name  string
		in    FloorInput
		class Verdict
		check func(t *testing.T, r FloorResult)
	}{
		{"long benign history closes", noisy(), VerdictFalsePositive, func(t *testing.T, r FloorResult) {
			if !r.Closable || r.ColdStart || r.Confidence < 0.97 || r.Actions != nil {
				t.Errorf("closable %v cold %v confidence %v actions %v", r.Closable, r.ColdStart, r.Confidence, r.Actions)
			}
		}},
		{"decisive content in a cold start", attack(), VerdictTruePositive, func(t *testing.T, r FloorResult) {
			// logit(1/3) + 0.5 severity + 0.5 tactic + 1.5 vendor = 1.807
			if r.Confidence != 0.86 || r.Score != 86 || !r.ColdStart || !r.Vetoed || r.Category != "lateral_movement" {
				t.Errorf("%+v", r)
			}
			if want := []string{"scan_host", "isolate_host", "revoke_sessions", "disable_user"}; !slices.Equal(r.Actions, want) {
				t.Errorf("actions %v, want %v", r.Actions, want)
			}
		}},
		{"nothing known", FloorInput{Evidence: []string{"E1"}}, VerdictUndetermined, func(t *testing.T, r FloorResult) {
			if r.Confidence != 0.67 || r.Category != "" || !slices.Equal(r.EvidenceIDs, []string{"E1"}) {
				t.Errorf("%+v", r)
			}
		}},
		{"no evidence at all", func() FloorInput {
			in := noisy()
			in.Types[0].Evidence, in.Alerts, in.Entities = nil, nil, nil
			return in
		}(), VerdictUndetermined, func(t *testing.T, r FloorResult) {
			if len(r.EvidenceIDs) != 0 || !strings.Contains(r.Reasoning, "No evidence row exists") {
				t.Errorf("%+v", r)
			}
		}},
		{"a flag holds and changes nothing", func() FloorInput {
			in := noisy()
			in.Flags, in.FlaggedEvidence = []string{"imperative"}, []string{"E9"}
			return in
		}(), VerdictFalsePositive, func(t *testing.T, r FloorResult) {
			if r.Closable || !slices.Equal(r.HoldReasons, []Code{CodeRunFlagged}) || !slices.Contains(r.EvidenceIDs, "E9") {
				t.Errorf("closable %v, held by %v, cites %v", r.Closable, r.HoldReasons, r.EvidenceIDs)
			}
		}},
		{"severity not enabled", func() FloorInput {
			in := noisy()
			in.GateSeverities = append(in.GateSeverities, SeverityHigh)
			return in
		}(), VerdictFalsePositive, func(t *testing.T, r FloorResult) {
			if r.Closable || !slices.Equal(r.HoldReasons, []Code{CodeAutoCloseOff}) {
				t.Errorf("closable %v, held by %v", r.Closable, r.HoldReasons)
			}
		}},
		{"a second, new alert type decides", func() FloorInput {
			in := noisy()
			in.Types = append(in.Types, AlertType{
				TitleKey: "zz", DetectorKey: "id|wazuh|1", Evidence: []string{"E8"},
				Levels: []LevelCounts{in.Types[0].Levels[2]},
			})
			return in
		}(), VerdictUndetermined, func(t *testing.T, r FloorResult) {
			if r.Closable || !slices.Contains(r.EvidenceIDs, "E8") {
				t.Errorf("closable %v, cites %v", r.Closable, r.EvidenceIDs)
			}
		}},
		{"one TruePositive ever holds the close", func() FloorInput {
			in := noisy()
			in.Types[0].Levels[0].Counts.TruePositive = 1
			return in
		}(), VerdictFalsePositive, func(t *testing.T, r FloorResult) {
			if r.Closable || !slices.Equal(r.HoldReasons, []Code{CodeHistoryThin}) {
				t.Errorf("closable %v, held by %v", r.Closable, r.HoldReasons)
			}
		}},
		{"nine decisions are too few", func() FloorInput {
			in := noisy()
			in.Types[0].Levels[0].Counts = VerdictCounts{0, 0, 9}
			return in
		}(), VerdictFalsePositive, func(t *testing.T, r FloorResult) {
			if r.Closable {
				t.Error("closable with nine decisions")
			}
		}},
		{"drift", func() FloorInput {
			in := noisy()
			const tp, fp = VerdictTruePositive, VerdictFalsePositive
			in.Types[0].Levels[0].Newest = []Verdict{tp, tp, tp, fp, fp}
			return in
		}(), VerdictUndetermined, func(t *testing.T, r FloorResult) {
			if !strings.Contains(r.Reasoning, "contradict") {
				t.Errorf("reasoning %q", r.Reasoning)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Floor(test.in, w)
			if r.Classification != test.class {
				t.Fatalf("%s, want %s: %s", r.Classification, test.class, r.Rationale)
			}
			test.check(t, r)
		})
	}
}

// FloorGoldenInputs are the incidents of the rationale goldens.
var FloorGoldenInputs = map[string]FloorInput{
	"benign": noisy(), "attack": attack(), "cold": {IngestSeverity: SeverityLow, Evidence: []string{"E1"}},
}

// drawnInput draws any incident the facts allow.
func drawnInput(t *rapid.T) FloorInput {
	evidence := func(label string) []string {
		return rapid.SliceOfN(rapid.Map(rapid.IntRange(1, 30), func(n int) string { return evidenceID(Evidence{Number: n}) }), 1, 3).Draw(t, label)
	}
	severity := rapid.SampledFrom(AllSeverities)
	in := FloorInput{
		IngestSeverity:  severity.Draw(t, "severity"),
		CloseSeverities: AllSeverities, Evidence: []string{"E1"},
		Playbooks: []string{"scan_host", "isolate_host", "block_ip"},
	}
	in.GateSeverities = []Severity{in.IngestSeverity}
	for i := range rapid.IntRange(0, 3).Draw(t, "types") {
		levels := levelSet(t, rapid.Bool().Draw(t, "pooled"))
		for j := range levels {
			levels[j].Newest = rapid.SliceOfN(rapid.SampledFrom(AllVerdicts), 0, LastVerdicts).Draw(t, "newest")
		}
		in.Types = append(in.Types, AlertType{
			TitleKey: string(rune('a' + i)), DetectorKey: rapid.SampledFrom([]string{"d1", "d2", "d3"}).Draw(t, "detector"),
			Evidence: evidence("type rows"), Levels: levels,
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "alerts") {
		in.Alerts = append(in.Alerts, AlertFact{
			Severity: severity.Draw(t, "alert severity"), Evidence: evidence("alert rows"),
			Tactics: rapid.SliceOfN(rapid.SampledFrom(AllTactics), 0, 3).Draw(t, "tactics"),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "entities") {
		entity := EntityFact{
			Kind:       rapid.SampledFrom(AllEntityKinds).Draw(t, "kind"),
			Provenance: rapid.SampledFrom(AllProvenances[:2]).Draw(t, "provenance"),
			Evidence:   evidence("entity rows"), VendorVerdict: rapid.SampledFrom([]string{"", "clean", "suspicious", "malicious"}).Draw(t, "vendor"),
			Remediated: rapid.Bool().Draw(t, "remediated"), Critical: rapid.Bool().Draw(t, "critical"),
			Protected: rapid.IntRange(0, 9).Draw(t, "protected") == 0,
			Prior:     PriorSightings{rapid.IntRange(0, 1).Draw(t, "prior tp"), rapid.IntRange(0, 1).Draw(t, "prior bp"), rapid.IntRange(0, 3).Draw(t, "prior fp")},
		}
		if group := rapid.SampledFrom(append([]ListGroup{""}, AllListGroups...)).Draw(t, "group"); group != "" {
			entity.Lists = []ListMatch{{"list-" + string(group), group}}
		}
		in.Entities = append(in.Entities, entity)
	}
	if rapid.IntRange(0, 4).Draw(t, "flagged") == 0 {
		in.Flags, in.FlaggedEvidence = []string{"bidi"}, []string{"E2"}
	}
	return in
}

func TestT13FloorProperties(t *testing.T) {
	w := ShippedWeights()
	rapid.Check(t, func(t *rapid.T) {
		in := drawnInput(t)
		r := Floor(in, w)
		benign := r.Classification.Benign()
		switch {
		case benign && r.Vetoed:
			t.Fatalf("T11: %s in spite of a veto", r.Classification)
		case r.Closable && (!benign || r.Vetoed || len(r.Flags) > 0 || r.ColdStart || r.Confidence < closeAt-0.005):
			t.Fatalf("T16: closable %+v", r)
		case benign && r.ColdStart:
			t.Fatalf("T15: %s in a cold start", r.Classification)
		case r.Classification != VerdictUndetermined && r.Confidence < abstainBelow-0.005 && !r.ColdStart:
			t.Fatalf("T15: %s at %v", r.Classification, r.Confidence)
		case len(r.EvidenceIDs) == 0:
			t.Fatal("a verdict without a citation")
		case r.Closable != (benign && len(r.HoldReasons) == 0):
			t.Fatalf("closable %v with hold reasons %v", r.Closable, r.HoldReasons)
		}
		history := strings.Contains(string(r.Rationale), `"level":"pooled`)
		if history && (r.Closable || r.Confidence > pooledConfidence || !r.ColdStart) {
			t.Fatalf("T10: pooled history alone gives %s %v closable %v", r.Classification, r.Confidence, r.Closable)
		}
		for _, signal := range r.Signals {
			if len(signal.Evidence) == 0 {
				t.Fatalf("%s rests on no evidence", signal.ID)
			}
		}
	})
}

func TestT17SameInputSameBytes(t *testing.T) {
	w := ShippedWeights()
	rapid.Check(t, func(t *rapid.T) {
		in := drawnInput(t)
		first := Floor(in, w)
		if again := Floor(in, w); !bytes.Equal(first.Rationale, again.Rationale) || first.Reasoning != again.Reasoning {
			t.Fatal("two runs differ")
		}
		in.Types = slices.Clone(in.Types)
		slices.Reverse(in.Types)
		in.Entities = slices.Clone(in.Entities)
		slices.Reverse(in.Entities)
		if moved := Floor(in, w); moved.Classification != first.Classification || moved.Score != first.Score {
			t.Fatalf("the order of rows changes %s %d to %s %d", first.Classification, first.Score, moved.Classification, moved.Score)
		}
	})
}

func TestS40FlagChangesNoClass(t *testing.T) {
	w := ShippedWeights()
	rapid.Check(t, func(t *rapid.T) {
		in := drawnInput(t)
		in.Flags, in.FlaggedEvidence = nil, nil
		plain := Floor(in, w)
		in.Flags, in.FlaggedEvidence = []string{"chat_token"}, []string{"E1"}
		flagged := Floor(in, w)
		if flagged.Classification != plain.Classification || flagged.Confidence != plain.Confidence || flagged.Score != plain.Score {
			t.Fatalf("a flag changes %s %v to %s %v", plain.Classification, plain.Confidence, flagged.Classification, flagged.Confidence)
		}
		if flagged.Closable {
			t.Fatal("flagged and closable")
		}
	})
}

func TestT11ListsNeverSufficeAlone(t *testing.T) {
	w := ShippedWeights()
	rapid.Check(t, func(t *rapid.T) {
		in := drawnInput(t)
		with := Floor(in, w)
		in.Entities = slices.Clone(in.Entities)
		for i := range in.Entities {
			if group := in.Entities[i].Lists; len(group) > 0 && slices.Contains([]ListGroup{ListReputation, ListScanner, ListCommonHash, ListSimulator}, group[0].Group) {
				in.Entities[i].Lists = nil
			}
		}
		without := Floor(in, w)
		if with.Classification.Benign() && !without.Classification.Benign() && !without.Vetoed {
			t.Fatalf("lists alone turn %s into %s\n%s\n%s", without.Classification, with.Classification, without.Reasoning, with.Reasoning)
		}
		if with.Closable && !without.Closable && !without.Vetoed {
			t.Fatal("lists alone make it closable")
		}
	})
}

func BenchmarkFloor(b *testing.B) {
	in, w := attack(), ShippedWeights()
	for range 20 {
		in.Alerts = append(in.Alerts, in.Alerts[:2]...)
		in.Entities = append(in.Entities, in.Entities[:3]...)
	}
	b.ReportAllocs()
	for b.Loop() {
		Floor(in, w)
	}
}
