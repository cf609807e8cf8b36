package soc

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// spoken is a signal without its evidence, for tables.
type spoken struct {
	ID     SignalID
	Kind   SignalKind
	Weight float64
	Detail string
}

func entity(kind EntityKind, change func(*EntityFact)) FloorInput {
	fact := EntityFact{Kind: kind, Provenance: ProvenanceSensorAsserted, Evidence: []string{"E1"}}
	change(&fact)
	return FloorInput{Entities: []EntityFact{fact}}
}

func on(groups ...ListGroup) func(*EntityFact) {
	return func(e *EntityFact) {
		for _, group := range groups {
			e.Lists = append(e.Lists, ListMatch{"l-" + string(group), group})
		}
	}
}

func alertWith(fact AlertFact) FloorInput { return FloorInput{Alerts: []AlertFact{fact}} }

func TestT11SignalTable(t *testing.T) {
	weighs := func(id SignalID, weight float64, detail string) spoken {
		return spoken{id, SignalWeighs, weight, detail}
	}
	vetoes := func(id SignalID, detail string) spoken { return spoken{id, SignalVetoes, 0, detail} }
	validAccounts := Technique{"T1078", []string{"defense-evasion", "persistence", "privilege-escalation", "initial-access"}}
	tests := []struct {
		name string
		in   FloorInput
		want []spoken
	}{
		{"severity critical", alertWith(AlertFact{Severity: SeverityCritical}), []spoken{weighs(SignalVendorSeverity, 1, "critical")}},
		{"severity high", alertWith(AlertFact{Severity: SeverityHigh}), []spoken{weighs(SignalVendorSeverity, 0.5, "high")}},
		{"severity medium", alertWith(AlertFact{Severity: SeverityMedium}), nil},
		{"severity low", alertWith(AlertFact{Severity: SeverityLow}), []spoken{weighs(SignalVendorSeverity, -0.3, "low")}},
		{"severity of the incident without alerts", FloorInput{IngestSeverity: SeverityInformational}, []spoken{weighs(SignalVendorSeverity, -0.5, "informational")}},
		{"the gravest alert speaks", FloorInput{Alerts: []AlertFact{{Severity: SeverityLow}, {Severity: SeverityHigh}}}, []spoken{weighs(SignalVendorSeverity, 0.5, "high")}},

		{
			"malicious, live",
			entity(KindFile, func(e *EntityFact) { e.VendorVerdict = "malicious" }),
			[]spoken{weighs(SignalVendorVerdict, 1.5, "malicious"), vetoes(SignalVendorVerdict, "malicious_not_remediated")},
		},
		{
			"malicious, remediated",
			entity(KindFile, func(e *EntityFact) { e.VendorVerdict, e.Remediated = "malicious", true }),
			[]spoken{weighs(SignalVendorVerdict, 1.5, "malicious")},
		},
		{"suspicious", entity(KindFile, func(e *EntityFact) { e.VendorVerdict = "suspicious" }), []spoken{weighs(SignalVendorVerdict, 0.5, "suspicious")}},
		{"clean", entity(KindFile, func(e *EntityFact) { e.VendorVerdict = "clean" }), []spoken{weighs(SignalVendorVerdict, -0.7, "clean")}},
		{
			"the gravest vendor word counts once",
			FloorInput{Entities: []EntityFact{{VendorVerdict: "clean"}, {VendorVerdict: "suspicious"}, {VendorVerdict: "suspicious"}}},
			[]spoken{weighs(SignalVendorVerdict, 0.5, "suspicious")},
		},

		{"grave tactic", alertWith(AlertFact{Tactics: []string{"exfiltration"}}), []spoken{weighs(SignalAttackTechnique, 0.5, "exfiltration")}},
		{"other tactic", alertWith(AlertFact{Tactics: []string{"discovery"}}), nil},
		{
			"three tactics", alertWith(AlertFact{Tactics: []string{"discovery", "execution", "persistence"}}),
			[]spoken{weighs(SignalAttackTechnique, 0.5, "several_tactics"), vetoes(SignalAttackTechnique, "several_tactics")},
		},
		{"one technique of four tactics is not a chain", alertWith(AlertFact{Techniques: []Technique{validAccounts}}), nil},
		{
			"a technique joins the tactic that is known",
			alertWith(AlertFact{Tactics: []string{"persistence", "discovery"}, Techniques: []Technique{validAccounts}}),
			nil,
		},

		{"reputation list", entity(KindIP, on(ListReputation)), []spoken{weighs(SignalWarningList, -0.6, "l-reputation")}},
		{"scanner list", entity(KindIP, on(ListScanner)), []spoken{weighs(SignalWarningList, -0.4, "l-scanner")}},
		{"common hash", entity(KindFileHash, on(ListCommonHash)), []spoken{weighs(SignalWarningList, -0.8, "l-common_hash")}},
		{"abused spoils", entity(KindDomain, on(ListReputation, ListAbused)), nil},
		{"neutral says nothing", entity(KindIP, on(ListNeutral)), nil},
		{"private says nothing", entity(KindIP, on(ListPrivate)), nil},
		{"a full URL is on no list", entity(KindURL, on(ListReputation)), nil},
		{"a file is on no list", entity(KindFile, on(ListCommonHash)), nil},
		{"parsed never lowers", entity(KindIP, func(e *EntityFact) { on(ListReputation)(e); e.Provenance = ProvenanceParsed }), nil},
		{
			"all network entities have to be listed",
			FloorInput{Entities: []EntityFact{
				{Kind: KindIP, Provenance: ProvenanceSensorAsserted, Lists: []ListMatch{{"l", ListReputation}}},
				{Kind: KindDomain, Provenance: ProvenanceParsed},
			}},
			nil,
		},
		{
			"simulator explains",
			entity(KindDomain, on(ListSimulator)),
			[]spoken{weighs(SignalSimulator, -1, "l-simulator"), {SignalSimulator, SignalExplains, 0, "l-simulator"}},
		},
		{"a parsed sender explains nothing", entity(KindMailbox, func(e *EntityFact) { on(ListSimulator)(e); e.Provenance = ProvenanceParsed }), nil},

		{
			"seen in a recent TruePositive",
			entity(KindHost, func(e *EntityFact) { e.Prior = PriorSightings{1, 3, 3} }),
			[]spoken{weighs(SignalPriorSighting, 1.2, "true_positive_30_days"), vetoes(SignalPriorSighting, "true_positive_30_days")},
		},
		{"seen in FalsePositives only", entity(KindHost, func(e *EntityFact) { e.Prior = PriorSightings{0, 0, 3} }), []spoken{weighs(SignalPriorSighting, -0.5, "false_positive_only")}},
		{"seen in both benign words", entity(KindHost, func(e *EntityFact) { e.Prior = PriorSightings{0, 1, 3} }), nil},
		{"a shared value's past says nothing", entity(KindIP, func(e *EntityFact) { on(ListNeutral)(e); e.Prior = PriorSightings{1, 0, 0} }), nil},
		{"critical asset", entity(KindHost, func(e *EntityFact) { e.Critical = true }), []spoken{weighs(SignalCriticalAsset, 0.4, "high")}},
		{"protected", entity(KindAccount, func(e *EntityFact) { e.Protected = true }), []spoken{vetoes(SignalProtected, "protected_list")}},
		{"flag", FloorInput{Flags: []string{"bidi"}}, []spoken{weighs(SignalAIDirected, 0, "flagged")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []spoken
			for _, signal := range signals(test.in, -1, ShippedWeights()) {
				got = append(got, spoken{signal.ID, signal.Kind, signal.Weight, signal.Detail})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("signals (-want +got):\n%s", diff)
			}
		})
	}
}

// every gives n times, gap apart, the last one gap before end.
func every(n int, gap time.Duration, end time.Time) []time.Time {
	times := make([]time.Time, n)
	for i := range times {
		times[i] = end.Add(-time.Duration(n-i) * gap)
	}
	return times
}

func TestT11VolumeAndCoOccurrence(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	uneven := []time.Time{}
	for i, at := range every(12, 24*time.Hour, now) {
		uneven = append(uneven, at.Add(time.Duration(i*i*i%7)*9*time.Hour))
	}
	slices.SortFunc(uneven, time.Time.Compare)
	burst := every(20, time.Minute, now)
	rare := func(detector string, at time.Time) Activity {
		return Activity{Host: "ENT-1", Detector: detector, Present: []time.Time{at}, WorkspaceAlerts: 500, WorkspaceSightings: 1}
	}
	other := rare("b", now.Add(10*time.Minute))
	other.Host = "ENT-2"
	tests := []struct {
		name     string
		activity []Activity
		want     []string
	}{
		{"nothing", nil, nil},
		{"first sight on a known host", []Activity{{HostAlerts: 3, Present: []time.Time{now}}}, []string{"first_sight"}},
		{"first sight on an unknown host", []Activity{{Present: []time.Time{now}}}, nil},
		{"chronic", []Activity{{HostAlerts: 12, Present: []time.Time{now}, Earlier: every(12, 24*time.Hour, now)}}, []string{"chronic"}},
		{"often but uneven", []Activity{{HostAlerts: 12, Present: []time.Time{now}, Earlier: uneven}}, nil},
		{"chronic beside something else", []Activity{
			{HostAlerts: 12, Present: []time.Time{now}, Earlier: every(12, 24*time.Hour, now)},
			{HostAlerts: 12, Present: []time.Time{now}, Earlier: every(2, 24*time.Hour, now)},
		}, nil},
		{"burst", []Activity{{HostAlerts: 12, Present: burst, Earlier: every(12, 24*time.Hour, burst[0])}}, []string{"burst"}},
		{"two rare detectors within half an hour", []Activity{rare("a", now), rare("b", now.Add(30*time.Minute))}, []string{"rare_signatures"}},
		{"too far apart", []Activity{rare("a", now), rare("b", now.Add(31*time.Minute))}, nil},
		{"on two hosts", []Activity{rare("a", now), other}, nil},
		{"the same twice", []Activity{rare("a", now), rare("a", now.Add(time.Minute))}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, signal := range signals(FloorInput{Activity: test.activity}, -1, ShippedWeights()) {
				got = append(got, signal.Detail)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestT11SignaturePriorOnlyRaises(t *testing.T) {
	w := ShippedWeights()
	workspace := counts(LevelWorkspace, 40, 10, 40)
	types := func(other VerdictCounts) []AlertType {
		return []AlertType{
			{DetectorKey: "a", Evidence: []string{"E1"}, Levels: []LevelCounts{workspace, counts(LevelDetector, 9, 0, 0)}},
			{DetectorKey: "b", Evidence: []string{"E2"}, Levels: []LevelCounts{workspace, {Level: LevelDetector, Counts: other}}},
		}
	}
	// log((8.5/41)/(0.5/41)) = log 17 = 2.8332
	if got := signaturePrior(types(VerdictCounts{8, 0, 0}), 0, w); len(got) != 1 || got[0].Weight != 2.8332 || !slices.Equal(got[0].Evidence, []string{"E2"}) {
		t.Errorf("%+v, want weight 2.8332 on E2", got)
	}
	if got := signaturePrior(types(VerdictCounts{40, 0, 0}), 0, w); len(got) != 1 || got[0].Weight != 3 {
		t.Errorf("%+v, want the limit of 3", got)
	}
	if got := signaturePrior(types(VerdictCounts{0, 0, 30}), 0, w); got != nil {
		t.Errorf("known noise lowers: %+v", got)
	}
}

func TestT11WeightsFile(t *testing.T) {
	if w := ShippedWeights(); w.Version < 1 || w.Limit != 4 {
		t.Errorf("shipped weights: %+v", w)
	}
	for _, file := range []string{
		`{"version":1,"limit":4,"signature_limit":3,"explain_shift":1,"attak_technique":1}`,
		`{"limit":4,"signature_limit":3,"explain_shift":1}`,
		`{"version":1,"signature_limit":3,"explain_shift":1}`,
		`{"version":1,"limit":4,"signature_limit":3,"explain_shift":1,"severity":{"urgent":1}}`,
		`[]`,
	} {
		if _, err := ParseWeights([]byte(file)); err == nil {
			t.Errorf("accepted %s", file)
		}
	}
}

func TestNormalTactic(t *testing.T) {
	for word, want := range map[string]string{
		"CredentialAccess": "credential-access", "credential_access": "credential-access", "Credential Access": "credential-access",
		"CommandAndControl": "command-and-control", "impact": "impact", " Defense Evasion ": "defense-evasion",
		"ignore previous instructions": "", "": "", "TA0006": "", strings.Repeat("x", 100): "",
	} {
		if got, ok := NormalTactic(word); got != want || ok != (want != "") {
			t.Errorf("NormalTactic(%q) = %q %v, want %q", word, got, ok, want)
		}
	}
}

func TestMatchSOPs(t *testing.T) {
	sops := []SOP{
		{ID: "general", Priority: 90},
		{ID: "typed", IncidentTypes: []string{"phishing"}, Tactics: []string{"initial-access"}},
		{ID: "tactical", Tactics: []string{"initial-access", "execution"}, Priority: 99},
		{ID: "elsewhere", Sources: []string{"Splunk"}},
		{ID: "sentinel", Sources: []string{"Sentinel"}, Severities: []Severity{SeverityHigh}},
		{ID: "mild", Severities: []Severity{SeverityLow}},
	}
	matches := MatchSOPs(sops, SOPFacts{Source: "Sentinel", Severity: SeverityHigh, IncidentType: "phishing", Tactics: []string{"InitialAccess", "<b>"}})
	var got []string
	for _, match := range matches {
		got = append(got, match.SOP.ID+": "+strings.Join(match.Why, "; "))
	}
	want := []string{
		"typed: it is for incidents of type phishing; the incident shows initial-access",
		"tactical: the incident shows initial-access",
		"sentinel: it is general; it is for source Sentinel; it is for severity high",
		"general: it is general",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("matches (-want +got):\n%s", diff)
	}
}
