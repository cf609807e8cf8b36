package soc

import (
	"slices"
	"strconv"
)

// TriageCondition compares one typed fact of a triage. There are no templates,
// no expressions, and no text of an alert in it.
type TriageCondition struct {
	Field string `json:"field"`
	Op    string `json:"op"`
	// Values is one value, or for "in" one or more. A number is written with
	// two decimals at most.
	Values []string `json:"values"`
}

// The facts that a condition may compare.
const (
	FactVerdict    = "verdict"
	FactConfidence = "confidence"
	FactSeverity   = "severity"
	FactEntityKind = "entity.kind"
)

// AllTriageFacts lists them.
var AllTriageFacts = []string{FactVerdict, FactConfidence, FactSeverity, FactEntityKind}

// TriageOperators lists what a fact may be compared with: gt and lt only where
// its values have an order.
func TriageOperators(fact string) []string {
	switch fact {
	case FactConfidence:
		return []string{"eq", "ne", "gt", "lt"}
	case FactSeverity:
		return []string{"eq", "ne", "gt", "lt", "in"}
	}
	return []string{"eq", "ne", "in"}
}

// triageSeverities are the family's words in order of weight.
var triageSeverities = []string{"low", "medium", "high", "critical"}

// TriageFactWords are the values of a fact, nil for a number from 0 to 1.
func TriageFactWords(fact string) []string {
	switch fact {
	case FactVerdict:
		return AllTriageVerdicts()
	case FactSeverity:
		return slices.Clone(triageSeverities)
	case FactEntityKind:
		var words []string
		for _, kind := range AllEntityKinds {
			words = append(words, string(kind))
		}
		return words
	}
	return nil
}

// TriageFacts are what the conditions of a playbook are asked about.
type TriageFacts struct {
	Verdict    Verdict
	Score      int
	Confidence float64
	Severity   Severity
	// Entities of the incident; those that an agent added count for nothing.
	Entities []Entity
}

func (f TriageFacts) kinds() []string {
	var kinds []string
	for _, e := range f.Entities {
		if e.Provenance != ProvenanceAgentAdded && !slices.Contains(kinds, string(e.Kind)) {
			kinds = append(kinds, string(e.Kind))
		}
	}
	return kinds
}

// Holds reports whether the condition is met. Of the entities it is enough that
// one has the kind; "ne" says that none has it.
func (c *TriageCondition) Holds(f TriageFacts) bool {
	if c == nil {
		return true
	}
	switch c.Field {
	case FactVerdict:
		return c.word(TriageVerdict(f.Verdict, &f.Score, false), nil)
	case FactSeverity:
		return c.word(TriageSeverity.Word(f.Severity), triageSeverities)
	case FactConfidence:
		return c.number(f.Confidence)
	case FactEntityKind:
		some := slices.ContainsFunc(f.kinds(), func(kind string) bool { return slices.Contains(c.Values, kind) })
		return some != (c.Op == "ne")
	}
	return false
}

// word compares a word; order is that of its set, lowest first.
func (c *TriageCondition) word(have string, order []string) bool {
	switch c.Op {
	case "eq", "in":
		return slices.Contains(c.Values, have)
	case "ne":
		return !slices.Contains(c.Values, have)
	case "gt", "lt":
		at, bound := slices.Index(order, have), slices.Index(order, c.Values[0])
		return at >= 0 && bound >= 0 && (c.Op == "gt" && at > bound || c.Op == "lt" && at < bound)
	}
	return false
}

func (c *TriageCondition) number(have float64) bool {
	bound, err := strconv.ParseFloat(c.Values[0], 64)
	if err != nil {
		return false
	}
	switch c.Op {
	case "eq":
		return have == bound
	case "ne":
		return have != bound
	case "gt":
		return have > bound
	case "lt":
		return have < bound
	}
	return false
}

// RecommendBy are the actions of a playbook's steps that fit a triage: the
// condition holds, the action is offered, and the incident has an entity it acts
// on. A benign verdict recommends nothing that changes anything. offered finds
// an action that the workspace may use now.
func (d TriageDraft) RecommendBy(f TriageFacts, offered func(id string) (Playbook, bool)) []string {
	kinds := f.kinds()
	var actions []string
	for _, step := range d.Steps {
		p, found := offered(step.Action)
		if !found || !step.Condition.Holds(f) || slices.Contains(actions, p.ID) || f.Verdict.Benign() && p.Class != ClassReadOnly {
			continue
		}
		target := slices.ContainsFunc(p.EntityKinds, func(kind EntityKind) bool { return slices.Contains(kinds, string(kind)) })
		if target || p.Internal {
			actions = append(actions, p.ID)
		}
	}
	return actions
}
