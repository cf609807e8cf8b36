package soc

import (
	"regexp"
	"slices"
	"time"
)

// The modes of a rule. One that only logs contributes nothing; what it would
// have said is kept beside the decision.
const (
	RuleEnforce = "enforce"
	RuleLogOnly = "log_only"
)

// MaxRules bounds the rules of a workspace, MaxRuleText the bytes of a
// condition: every gate decision evaluates all of them.
const (
	MaxRules    = 100
	MaxRuleText = 4096
)

// PolicyRule is a workspace's own rule: where its condition holds, it forbids,
// asks for people, or says that nothing speaks against it, which outweighs
// nothing (S59). Its name is its id.
type PolicyRule struct {
	Name   string `json:"name" loosens:"key"`
	Effect string `json:"effect" jsonschema:"enum=forbid,enum=require_approval,enum=permit" loosens:"keyed"`
	// When is a CEL expression over RuleFacts that says true or false.
	When string `json:"when" jsonschema:"minLength=1,maxLength=4096" loosens:"always"`
	// Need is how many people a rule that asks for approval asks for.
	Need int    `json:"need" jsonschema:"minimum=1,maximum=2" loosens:"down"`
	Mode string `json:"mode" jsonschema:"enum=log_only,enum=enforce" loosens:"keyed"`
	// ExpiresAt, RFC 3339, ends the rule; null never.
	ExpiresAt *string `json:"expiresAt" jsonschema:"maxLength=40" loosens:"keyed"`
}

// RuleFacts is what a condition may look at: facts of the gate's input, and
// nothing else, so that every phase and every replay sees the same.
type RuleFacts struct {
	Now        time.Time
	Severity   string
	Severities []string
	Source     string
	Trigger    string
	Taint      string
	Class      string
	Impact     string
	Entities   int
	Principal  RulePrincipal
	Steps      []RuleStep
}

// RulePrincipal is who asks.
type RulePrincipal struct {
	Kind string `cel:"kind"`
	Role string `cel:"role"`
	ID   string `cel:"id"`
}

// RuleStep is one step. Value is what the target is called, which may be an
// attacker's word where its provenance says so.
type RuleStep struct {
	Playbook   string `cel:"playbook"`
	Entity     string `cel:"entity"`
	Kind       string `cel:"kind"`
	Value      string `cel:"value"`
	Class      string `cel:"class"`
	Impact     string `cel:"impact"`
	Provenance string `cel:"provenance"`
	Protection string `cel:"protection"`
	Critical   bool   `cel:"critical"`
}

// RuleFactsOf are the facts of an input.
func RuleFactsOf(in GateInput) RuleFacts {
	f := gatherFacts(in)
	facts := RuleFacts{
		Now: in.At, Severity: string(f.severity), Source: in.Source, Trigger: string(f.trigger), Taint: string(f.taint), Class: string(f.class),
		Impact: string(f.impact), Entities: f.entities, Principal: RulePrincipal{string(in.Principal.Kind), string(in.Principal.Role), in.Requester},
	}
	for _, s := range in.Severities {
		facts.Severities = append(facts.Severities, string(s))
	}
	for _, s := range in.Steps {
		facts.Steps = append(facts.Steps, RuleStep{
			s.Playbook, s.Entity, string(s.Kind), s.Value, string(s.Class), string(s.impact()), string(s.Provenance), string(s.Protection), s.Critical,
		})
	}
	return facts
}

// Judge puts into an input what the rules say of it. holds evaluates a
// condition; one that cannot be evaluated holds, unless it permits.
func (p PolicyFacts) Judge(in GateInput, holds func(PolicyRule) (bool, error)) GateInput {
	in.Policy, in.Watched = nil, nil
	for _, rule := range p.Rules {
		if rule.expired(in.At) {
			continue
		}
		hit, err := holds(rule)
		effect := PolicyEffect(rule.Effect)
		if err != nil {
			hit = effect != EffectPermit
		}
		if !hit {
			continue
		}
		finding := PolicyFinding{Rule: rule.Name, Effect: effect, Two: effect == EffectRequireApproval && rule.Need > 1}
		if rule.Mode == RuleLogOnly {
			in.Watched = append(in.Watched, finding)
		} else {
			in.Policy = append(in.Policy, finding)
		}
	}
	return in
}

// GateWatched is what the gate would say if a rule that only logs were in force.
func GateWatched(in GateInput, watched PolicyFinding) GateResult {
	in.Policy = append(slices.Clone(in.Policy), watched)
	return Gate(in)
}

// RuleOutcome is what a rule in log-only mode would have made of a decision.
type RuleOutcome struct {
	Rule    string `json:"rule"`
	Outcome string `json:"outcome"`
	Would   string `json:"would"`
}

// WatchedOutcomes lists the rules in log-only mode under which the decision
// would have been another.
func WatchedOutcomes(in GateInput, result GateResult) []RuleOutcome {
	var differ []RuleOutcome
	for _, finding := range in.Watched {
		would := GateWatched(in, finding)
		if would.Outcome != result.Outcome || !StricterNeed(would.Need, result.Need).equal(result.Need) {
			differ = append(differ, RuleOutcome{finding.Rule, result.Outcome.String(), would.Outcome.String()})
		}
	}
	return differ
}

// RuleLogEntry is one gamebook of a rule's log.
type RuleLogEntry struct {
	Gamebook       string
	At             time.Time
	Outcome, Would string
}

func (r PolicyRule) expired(now time.Time) bool {
	if r.ExpiresAt == nil {
		return false
	}
	at, err := time.Parse(time.RFC3339, *r.ExpiresAt)
	return err == nil && !now.Before(at)
}

// contributes reports whether a rule can make an answer stricter.
func (r PolicyRule) contributes() bool {
	return r.Mode != RuleLogOnly && PolicyEffect(r.Effect) != EffectPermit
}

var ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// checkRules refuses rules that could not be judged; whether a condition
// compiles only the desk knows.
func checkRules(rules []PolicyRule) error {
	if len(rules) > MaxRules {
		return InvalidField("rules", "Must be at most %d.", MaxRules)
	}
	for i, r := range rules {
		var expires error
		if r.ExpiresAt != nil {
			_, expires = time.Parse(time.RFC3339, *r.ExpiresAt)
		}
		switch {
		case !ruleName.MatchString(r.Name):
			return InvalidField("name", "Must be 1 to 64 of a-z, 0-9, _ and -, such as no-isolation-at-night.")
		case slices.ContainsFunc(rules[:i], func(o PolicyRule) bool { return o.Name == r.Name }):
			return InvalidField("name", "There is a rule %s already.", r.Name)
		case !slices.Contains(AllPolicyEffects, PolicyEffect(r.Effect)):
			return InvalidField("effect", "Must be forbid, require_approval or permit.")
		case r.Mode != RuleEnforce && r.Mode != RuleLogOnly:
			return InvalidField("mode", "Must be log_only or enforce.")
		case r.Need != 1 && r.Need != 2:
			return InvalidField("need", "Must be 1 or 2 people.")
		case r.When == "" || len(r.When) > MaxRuleText:
			return InvalidField("when", "Must be 1 to %d bytes.", MaxRuleText)
		case expires != nil:
			return InvalidField("expiresAt", "Must be a time such as 2026-05-01T00:00:00Z, or null.")
		}
	}
	return nil
}

// diffRules compares rules by name: more of them, enforced, tighten.
func diffRules(before, after []PolicyRule) []PolicyDifference {
	var diff []PolicyDifference
	named := func(list []PolicyRule, name string) (PolicyRule, bool) {
		at := slices.IndexFunc(list, func(o PolicyRule) bool { return o.Name == name })
		if at < 0 {
			return PolicyRule{}, false
		}
		return list[at], true
	}
	for _, was := range before {
		is, stays := named(after, was.Name)
		switch {
		case !stays && was.contributes():
			diff = append(diff, PolicyDifference{"/rules/" + was.Name, was, nil, DirectionLoosening})
		case !stays:
			diff = append(diff, PolicyDifference{"/rules/" + was.Name, was, nil, DirectionNeither})
		default:
			diff = append(diff, changedRule(was, is)...)
		}
	}
	for _, is := range after {
		if _, stood := named(before, is.Name); stood {
			continue
		}
		direction := DirectionNeither
		if is.contributes() {
			direction = DirectionTightening
		}
		diff = append(diff, PolicyDifference{"/rules/" + is.Name, nil, is, direction})
	}
	return diff
}

// changedRule judges a rule as a whole where it begins or ends to count, and
// member by member where it counts before and after.
func changedRule(was, is PolicyRule) []PolicyDifference {
	path := "/rules/" + was.Name
	diff := []PolicyDifference{
		{path + "/effect", was.Effect, is.Effect, looserEffect(was.Effect, is.Effect)},
		{path + "/when", was.When, is.When, DirectionLoosening},
		{path + "/need", was.Need, is.Need, looserBy("down", was.Need, is.Need)},
		{path + "/mode", was.Mode, is.Mode, DirectionNeither},
		{path + "/expiresAt", textValue(was.ExpiresAt), textValue(is.ExpiresAt), looserExpiry(was.ExpiresAt, is.ExpiresAt)},
	}
	whole := DirectionNeither
	switch {
	case was.contributes() && is.contributes():
		return diff
	case was.contributes():
		whole = DirectionLoosening
	case is.contributes():
		whole = DirectionTightening
	}
	for i := range diff {
		diff[i].Direction = whole
	}
	return diff
}

func looserEffect(from, to string) Direction {
	if PolicyEffect(from) == EffectRequireApproval && PolicyEffect(to) == EffectForbid {
		return DirectionTightening
	}
	return DirectionLoosening
}

// looserExpiry: a rule that ends earlier protects for less long.
func looserExpiry(from, to *string) Direction {
	if to == nil {
		return DirectionTightening
	}
	if from == nil {
		return DirectionLoosening
	}
	was, first := time.Parse(time.RFC3339, *from)
	is, second := time.Parse(time.RFC3339, *to)
	if first != nil || second != nil || !is.After(was) {
		return DirectionLoosening
	}
	return DirectionTightening
}

func textValue(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
