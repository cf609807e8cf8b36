package soc

import (
	"cmp"
	"slices"
	"strings"
)

// SOPFacts are what SOPs are matched against.
type SOPFacts struct {
	Source       string
	Severity     Severity
	IncidentType string
	Tactics      []string // any spelling; unknown words are ignored
}

// SOPMatch is an SOP that fits an incident and why.
type SOPMatch struct {
	SOP SOP
	// Why are sentences, the strongest first.
	Why []string
	// points order matches: type, then tactics, then source, then severity.
	points int
}

// Weights of the four ways to match; a procedure for the incident's type beats
// any number of shared tactics.
const (
	sopTypePoints     = 100
	sopTacticPoints   = 10
	sopSourcePoints   = 5
	sopSeverityPoints = 1
)

// MatchSOPs returns the SOPs that fit, best first. Sources and severities
// narrow: an SOP that lists some fits no other. Types and tactics attract: an
// SOP that lists any fits if one of them does; one that lists neither is
// general and fits every incident. Order: points, then priority, then id.
func MatchSOPs(sops []SOP, facts SOPFacts) []SOPMatch {
	tactics := map[string]bool{}
	for _, word := range facts.Tactics {
		if tactic, known := NormalTactic(word); known {
			tactics[tactic] = true
		}
	}
	var matches []SOPMatch
	for _, sop := range sops {
		if match, fits := matchSOP(sop, facts, tactics); fits {
			matches = append(matches, match)
		}
	}
	slices.SortStableFunc(matches, func(a, b SOPMatch) int {
		return cmp.Or(
			cmp.Compare(b.points, a.points),
			cmp.Compare(b.SOP.Priority, a.SOP.Priority),
			cmp.Compare(a.SOP.ID, b.SOP.ID),
		)
	})
	return matches
}

func matchSOP(sop SOP, facts SOPFacts, tactics map[string]bool) (SOPMatch, bool) {
	match := SOPMatch{SOP: sop}
	because := func(points int, why string) {
		match.points += points
		match.Why = append(match.Why, why)
	}
	if facts.IncidentType != "" && slices.Contains(sop.IncidentTypes, facts.IncidentType) {
		because(sopTypePoints, "it is for incidents of type "+facts.IncidentType)
	}
	var shared []string
	for _, tactic := range sop.Tactics {
		if tactics[tactic] {
			shared = append(shared, tactic)
		}
	}
	if len(shared) > 0 {
		because(sopTacticPoints*len(shared), "the incident shows "+strings.Join(shared, ", "))
	}
	if len(match.Why) == 0 {
		if len(sop.IncidentTypes) > 0 || len(sop.Tactics) > 0 {
			return SOPMatch{}, false
		}
		match.Why = append(match.Why, "it is general")
	}
	if len(sop.Sources) > 0 {
		if !slices.Contains(sop.Sources, facts.Source) {
			return SOPMatch{}, false
		}
		because(sopSourcePoints, "it is for source "+facts.Source)
	}
	if len(sop.Severities) > 0 {
		if !slices.Contains(sop.Severities, facts.Severity) {
			return SOPMatch{}, false
		}
		because(sopSeverityPoints, "it is for severity "+string(facts.Severity))
	}
	return match, true
}
