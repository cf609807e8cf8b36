package soc

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a procedure (ops-api.md section 10).
const (
	MaxSOPBytes = 10 << 20
	MaxSOPName  = 128
	// MaxSOPDrafts is how many versions of a workspace may wait for people: each
	// is kept whole until then.
	MaxSOPDrafts = 10
	maxSOPWords  = 100
)

// SOPMatchRule says which incidents a procedure is for (MatchSOPs).
type SOPMatchRule struct {
	Sources       []string   `json:"sources" jsonschema:"maxItems=100"`
	Severities    []Severity `json:"severities" jsonschema:"maxItems=5"`
	IncidentTypes []string   `json:"incidentTypes" jsonschema:"maxItems=100"`
	Tactics       []string   `json:"tactics" jsonschema:"maxItems=100"`
	// PlaybookIDs are those its text speaks of.
	PlaybookIDs []string `json:"playbookIds" jsonschema:"maxItems=100"`
	// Priority orders matches, highest first.
	Priority int `json:"priority" jsonschema:"minimum=-1000,maximum=1000"`
}

// Rule is which incidents the procedure is for.
func (s SOP) Rule() SOPMatchRule {
	return SOPMatchRule{
		append([]string{}, s.Sources...), append([]Severity{}, s.Severities...), append([]string{}, s.IncidentTypes...),
		append([]string{}, s.Tactics...), append([]string{}, s.Playbooks...), s.Priority,
	}
}

// WithRule is the procedure for other incidents.
func (s SOP) WithRule(m SOPMatchRule) SOP {
	s.Sources, s.Severities, s.IncidentTypes, s.Tactics = sortedOnce(m.Sources), sortedOnce(m.Severities), sortedOnce(m.IncidentTypes), sortedOnce(m.Tactics)
	for i, word := range s.Tactics { // in any product's spelling
		if tactic, known := NormalTactic(word); known {
			s.Tactics[i] = tactic
		}
	}
	s.Tactics = sortedOnce(s.Tactics)
	s.Playbooks, s.Priority = sortedOnce(m.PlaybookIDs), m.Priority
	return s
}

// WithText is the procedure with another text.
func (s SOP) WithText(text string) SOP {
	s.Text, s.Size, s.Hash = text, len(text), DigestOf("vedette-sop-v1", []byte(text))
	return s
}

func sortedOnce[T ~string](list []T) []T {
	list = append([]T{}, list...)
	slices.Sort(list)
	return slices.Compact(list)
}

// Check refuses a procedure that is not whole, by field.
func (s SOP) Check() error {
	failure := Errorf(Invalid, CodeValidationError, "The procedure is not as it should be.")
	if s.Name == "" || s.Name != DisplayName(s.Name) || utf8.RuneCountInString(s.Name) > MaxSOPName {
		failure.WithField("name", "Must be 1 to 128 characters without control characters.")
	}
	if s.Kind != "classification" && s.Kind != "response" {
		failure.WithField("kind", "Must be classification or response.")
	}
	switch {
	case strings.TrimSpace(s.Text) == "":
		failure.WithField("file", "Must not be empty.")
	case len(s.Text) > MaxSOPBytes:
		failure.WithField("file", "Must be at most 10 MiB.")
	case !utf8.ValidString(s.Text) || strings.ContainsRune(s.Text, 0):
		failure.WithField("file", "Must be UTF-8 text without NUL.")
	}
	for _, severity := range s.Severities {
		if !slices.Contains(AllSeverities, severity) {
			failure.WithField("match.severities", "Must hold severities.")
		}
	}
	for _, word := range s.Tactics {
		if tactic, known := NormalTactic(word); !known || tactic != word {
			failure.WithField("match.tactics", "Must hold tactics of ATT&CK, such as initial-access.")
		}
	}
	for field, words := range map[string][]string{"match.sources": s.Sources, "match.incidentTypes": s.IncidentTypes, "match.playbookIds": s.Playbooks} {
		if len(words) > maxSOPWords || slices.ContainsFunc(words, func(w string) bool { return w == "" || len(w) > 128 || w != DisplayName(w) }) {
			failure.WithField(field, "Must hold at most 100 words of 1 to 128 characters without control characters.")
		}
	}
	if s.Priority < -1000 || s.Priority > 1000 {
		failure.WithField("match.priority", "Must be from -1000 to 1000.")
	}
	if len(failure.Fields) > 0 {
		return failure
	}
	return nil
}

// DiffSOP lists what differs between two versions of a procedure, each with its
// direction (S60). A text tells people and agents what to do and nobody can judge
// it by rule, so every change of it loosens, and so does a procedure that was not
// there. Applying to fewer incidents tightens.
func DiffSOP(before, after SOP) []PolicyDifference {
	path := func(member string) string { return "/" + after.ID + "/" + member }
	var diff []PolicyDifference
	add := func(member string, from, to any, same bool, direction Direction) {
		if before.Version == 0 {
			from, direction = nil, DirectionLoosening
		}
		if !same || before.Version == 0 {
			diff = append(diff, PolicyDifference{path(member), from, to, direction})
		}
	}
	add("text", before.Hash, after.Hash, before.Hash == after.Hash, DirectionLoosening)
	add("name", before.Name, after.Name, before.Name == after.Name, DirectionLoosening)
	add("kind", before.Kind, after.Kind, before.Kind == after.Kind, DirectionLoosening)
	add("enabled", before.Enabled, after.Enabled, before.Enabled == after.Enabled, looserBy("true", before.Enabled, after.Enabled))
	from, to := before.WithRule(before.Rule()).Rule(), after.WithRule(after.Rule()).Rule() // in one order
	add("match/sources", from.Sources, to.Sources, slices.Equal(from.Sources, to.Sources), narrower(from.Sources, to.Sources))
	add("match/severities", from.Severities, to.Severities, slices.Equal(from.Severities, to.Severities), narrower(from.Severities, to.Severities))
	// Types and tactics attract together: one that names neither is for every incident.
	general := func(m SOPMatchRule) bool { return len(m.IncidentTypes)+len(m.Tactics) == 0 }
	attracts := func(was, is []string) Direction {
		switch {
		case general(to) && !general(from):
			return DirectionLoosening
		case general(from), subset(is, was):
			return DirectionTightening
		}
		return DirectionLoosening
	}
	add("match/incidentTypes", from.IncidentTypes, to.IncidentTypes, slices.Equal(from.IncidentTypes, to.IncidentTypes), attracts(from.IncidentTypes, to.IncidentTypes))
	add("match/tactics", from.Tactics, to.Tactics, slices.Equal(from.Tactics, to.Tactics), attracts(from.Tactics, to.Tactics))
	playbooks := DirectionLoosening
	if subset(to.PlaybookIDs, from.PlaybookIDs) {
		playbooks = DirectionTightening
	}
	add("match/playbookIds", from.PlaybookIDs, to.PlaybookIDs, slices.Equal(from.PlaybookIDs, to.PlaybookIDs), playbooks)
	add("match/priority", from.Priority, to.Priority, from.Priority == to.Priority, looserBy("up", from.Priority, to.Priority))
	return diff
}

// narrower is the direction of a list that narrows, where an empty one lets
// everything through.
func narrower[T comparable](was, is []T) Direction {
	if len(is) > 0 && (len(was) == 0 || subset(is, was)) {
		return DirectionTightening
	}
	return DirectionLoosening
}

func subset[T comparable](a, b []T) bool {
	return !slices.ContainsFunc(a, func(x T) bool { return !slices.Contains(b, x) })
}

// SOPFilter selects procedures. Zero members do not filter.
type SOPFilter struct {
	Workspace string
	Kind      string
	// Query is part of the name.
	Query string
	// Incident keeps those that fit it, best first, with why.
	Incident IncidentRef
	// After is the id behind which the page begins; ids rise.
	After string
	Limit int
}

// SOPEdit asks for another version of a procedure, or with New for a first one.
type SOPEdit struct {
	ID     string
	New    bool
	Event  string
	Reason string
	Edit   func(SOP) SOP
}

// SOPOutcome is a procedure after an edit, of version 0 where there is none yet,
// and the change that waits for a second person, nil for one in force.
type SOPOutcome struct {
	SOP    SOP
	Change *PolicyChange
	Made   bool
}

// SOPDiff is what differs between two versions: members, and the lines of the
// text as a unified diff.
type SOPDiff struct {
	From, To    int
	Differences []PolicyDifference
	Lines       string
}
