package soc

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawTriageDraft(t *rapid.T) TriageDraft {
	step := rapid.Custom(func(t *rapid.T) TriageStep {
		s := TriageStep{Action: rapid.SampledFrom([]string{"scan_host", "block_ip", "disable_user"}).Draw(t, "action")}
		if rapid.Bool().Draw(t, "conditional") {
			fact := rapid.SampledFrom(AllTriageFacts).Draw(t, "fact")
			words := TriageFactWords(fact)
			if words == nil {
				words = []string{"0", "0.5", "1"}
			}
			s.Condition = &TriageCondition{fact, rapid.SampledFrom(TriageOperators(fact)).Draw(t, "op"), []string{rapid.SampledFrom(words).Draw(t, "value")}}
		}
		return s
	})
	some := func(name string, words ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 2, func(s string) string { return s }).Draw(t, name)
	}
	d := TriageDraft{
		Sources: some("sources", "wazuh", SourceSentinel), Types: some("types", "phishing", "malware"),
		Steps: rapid.SliceOfN(step, 1, 4).Draw(t, "steps"), Enabled: rapid.Bool().Draw(t, "enabled"),
	}
	for _, s := range some("severities", "high", "low") {
		d.Severities = append(d.Severities, Severity(s))
	}
	return d
}

// TestS60WhatDoesNotLoosenRecommendsNoMore: whatever the incident and verdict, a
// change that one person may make alone adds no recommendation.
func TestS60WhatDoesNotLoosenRecommendsNoMore(t *testing.T) {
	offered := func(id string) (Playbook, bool) {
		kinds := map[string]EntityKind{"scan_host": KindHost, "block_ip": KindIP, "disable_user": KindAccount}
		return Playbook{ID: id, Class: ClassReversible, EntityKinds: []EntityKind{kinds[id]}}, true
	}
	tightened := 0
	rapid.Check(t, func(t *rapid.T) {
		before := drawTriageDraft(t)
		after := drawTriageDraft(t)
		if rapid.Bool().Draw(t, "cut") { // a change that often tightens
			after = before
			after.Steps = slices.Clone(before.Steps)
			n := rapid.IntRange(0, len(after.Steps)-1).Draw(t, "step")
			after.Steps = slices.Delete(after.Steps, n, n+1)
			if len(after.Sources) > 1 {
				after.Sources = after.Sources[:1]
			}
		}
		if LoosensTriage(before, after) {
			return
		}
		tightened++
		i := Incident{
			Source: rapid.SampledFrom([]string{"wazuh", SourceSentinel}).Draw(t, "source"), Type: rapid.SampledFrom([]string{"phishing", "malware"}).Draw(t, "type"),
			HighestSeverity: rapid.SampledFrom([]Severity{SeverityLow, SeverityHigh}).Draw(t, "severity"),
		}
		f := TriageFacts{
			Verdict: rapid.SampledFrom(AllVerdicts).Draw(t, "verdict"), Score: rapid.IntRange(0, 100).Draw(t, "score"), Confidence: rapid.SampledFrom([]float64{0, 0.5, 0.7, 1}).Draw(t, "confidence"),
			Severity: i.HighestSeverity, Entities: []Entity{{Kind: KindHost}, {Kind: KindIP}, {Kind: KindAccount, Provenance: ProvenanceAgentAdded}},
		}
		recommended := func(d TriageDraft) []string {
			if !d.TriggersOn(i) {
				return nil
			}
			return d.RecommendBy(f, offered)
		}
		had := recommended(before)
		for _, action := range recommended(after) {
			if !slices.Contains(had, action) {
				t.Fatalf("recommends %s, which it did not before", action)
			}
			if action == "disable_user" {
				t.Fatal("recommends acting on an entity that only an agent named")
			}
		}
	})
	if tightened == 0 {
		t.Error("no change of all these tightens")
	}
}
