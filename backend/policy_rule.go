package backend

import (
	"reflect"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"vedette/backend/soc"
)

// Bounds of a rule's condition: what one evaluation may cost, and how many
// compiled conditions are kept. A condition over budget is an error, and an
// error counts as a hit: a rule that cannot be judged must not let pass.
const (
	ruleCost     = 20_000
	rulesCompile = 1_000
)

// conditions compiles and keeps the conditions of rules. A condition is its
// text, so no version of a policy can find the program of another one.
type conditions struct {
	once     sync.Once
	env      *cel.Env
	failure  error
	mu       sync.Mutex
	programs map[string]cel.Program
}

// environment declares soc.RuleFacts, so that a misspelt fact or a comparison
// of two kinds fails when the rule is written, not when it is needed.
func (c *conditions) environment() (*cel.Env, error) {
	c.once.Do(func() {
		text, texts := cel.StringType, cel.ListType(cel.StringType)
		c.env, c.failure = cel.NewEnv(
			ext.NativeTypes(ext.ParseStructTags(true), reflect.TypeFor[soc.RulePrincipal](), reflect.TypeFor[soc.RuleStep]()),
			cel.Variable("now", cel.TimestampType), cel.Variable("severity", text), cel.Variable("severities", texts),
			cel.Variable("source", text), cel.Variable("trigger", text), cel.Variable("taint", text), cel.Variable("class", text),
			cel.Variable("impact", text), cel.Variable("entities", cel.IntType),
			cel.Variable("principal", cel.ObjectType("soc.RulePrincipal")), cel.Variable("steps", cel.ListType(cel.ObjectType("soc.RuleStep"))),
		)
	})
	return c.env, c.failure
}

// program compiles a condition, or finds it compiled.
func (c *conditions) program(when string) (cel.Program, error) {
	c.mu.Lock()
	known := c.programs[when]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	env, err := c.environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(when)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, soc.InvalidField("when", "Does not compile at line %d, column %d: %s", first.Location.Line(), first.Location.Column()+1, soc.EscapeVisible(first.Message))
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, soc.InvalidField("when", "Must say true or false, and says %s.", ast.OutputType())
	}
	program, err := env.Program(ast, cel.CostLimit(ruleCost))
	if err != nil {
		return nil, soc.InvalidField("when", "Cannot be evaluated: %s", soc.EscapeVisible(err.Error()))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.programs == nil || len(c.programs) >= rulesCompile {
		c.programs = map[string]cel.Program{}
	}
	c.programs[when] = program
	return program, nil
}

// judge evaluates the rules of a policy on an input.
func (c *conditions) judge(p soc.PolicyFacts, in soc.GateInput) soc.GateInput {
	var facts map[string]any // made once, and only where there is a rule
	return p.Judge(in, func(rule soc.PolicyRule) (bool, error) {
		program, err := c.program(rule.When)
		if err != nil {
			return false, err
		}
		if facts == nil {
			facts = activation(soc.RuleFactsOf(in))
		}
		out, _, err := program.Eval(facts)
		if err != nil {
			return false, err
		}
		return out.Value() == true, nil
	})
}

func activation(f soc.RuleFacts) map[string]any {
	return map[string]any{
		"now": f.Now, "severity": f.Severity, "severities": append([]string{}, f.Severities...), "source": f.Source, "trigger": f.Trigger,
		"taint": f.Taint, "class": f.Class, "impact": f.Impact, "entities": f.Entities, "principal": f.Principal,
		"steps": append([]soc.RuleStep{}, f.Steps...),
	}
}

// rulesCompiled refuses rules whose condition does not compile.
func (d *Desk) rulesCompiled(rules []soc.PolicyRule) error {
	for _, rule := range rules {
		if _, err := d.conditions.program(rule.When); err != nil {
			return err
		}
	}
	return nil
}
