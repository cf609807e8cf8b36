package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"vedette/agent"
	"vedette/backend/connector/egress"
	"vedette/backend/soc"
	"vedette/prompts"
	"vedette/tools"
)

// modelFlags say where the model of the built-in loop is. Without a URL there is
// none, and triage is the deterministic one's alone.
type modelFlags struct {
	ModelURL          string            `name:"model-url" help:"Investigate with a model behind this OpenAI-compatible endpoint, such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1 (default: none)." placeholder:"URL"`
	ModelName         string            `name:"model-name" help:"Model to ask for; on Azure the deployment." placeholder:"MODEL"`
	ModelKey          string            `name:"model-key" help:"Key of the endpoint; better in the environment, where other users do not see it." placeholder:"KEY"`
	ModelHeader       map[string]string `name:"model-header" help:"More headers for the endpoint." placeholder:"NAME=VALUE;..."`
	ModelAzureVersion string            `name:"model-azure-version" help:"API version of an Azure OpenAI resource, such as 2024-10-21; the URL is then the resource's." placeholder:"DATE"`
	ModelStage        map[string]string `name:"model-stage" help:"Other models for stages: hypotheses, select, extract, verdict, self_check, respond." placeholder:"STAGE=MODEL;..."`
	ModelPriceIn      float64           `name:"model-price-in" help:"Price of a million input tokens in US dollars; with it, budgets bound money too." placeholder:"USD"`
	ModelPriceOut     float64           `name:"model-price-out" help:"Price of a million output tokens in US dollars." placeholder:"USD"`
	ModelContext      int               `name:"model-context" default:"128000" help:"Size of the model's context." placeholder:"TOKENS"`
	ModelAtOnce       int               `name:"model-at-once" default:"2" help:"Investigations at once."`
}

// modelAnswer bounds the answer of an endpoint.
const modelAnswer = 8 << 20

// priceMost bounds a price, so that no sum overflows.
const priceMost = 1e6

func (f *modelFlags) price() soc.LoopPrice {
	return soc.LoopPrice{In: int64(math.Round(f.ModelPriceIn * 1e6)), Out: int64(math.Round(f.ModelPriceOut * 1e6))}
}

// check refuses what cannot be meant.
func (f *modelFlags) check() error {
	bad := func(v float64) bool { return !(v >= 0 && v <= priceMost) }
	switch {
	case f.ModelURL != "" && f.ModelName == "":
		return errors.New("--model-url needs --model-name")
	case f.ModelURL == "" && f.ModelName != "":
		return errors.New("--model-name needs --model-url")
	case bad(f.ModelPriceIn) || bad(f.ModelPriceOut):
		return fmt.Errorf("--model-price-in and --model-price-out must be from 0 to %g", priceMost)
	case f.ModelContext < 0 || f.ModelContext > 0 && f.ModelContext < 8000:
		return errors.New("--model-context must be at least 8000")
	case f.ModelAtOnce < 0 || f.ModelAtOnce > 64:
		return errors.New("--model-at-once must be from 1 to 64")
	}
	for stage := range f.ModelStage {
		if !slices.ContainsFunc(prompts.Stages(), func(p prompts.Stage) bool { return p.Name == stage }) {
			return fmt.Errorf("--model-stage: %q is no stage that a model fills", stage)
		}
	}
	return nil
}

// model makes the model, reached through the one way out (S50).
func (f *modelFlags) model(allowed *egress.Policy, secrets ...string) (*agent.Model, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := allowed.Check(f.ModelURL); err != nil {
		return nil, fmt.Errorf("--model-url: %w (name the target with --egress-allow if it is yours)", err)
	}
	endpoint, err := agent.NewEndpoint(agent.Settings{
		BaseURL: f.ModelURL, Key: f.ModelKey, Headers: f.ModelHeader, AzureVersion: f.ModelAzureVersion,
		Client: allowed.Client(egress.Options{Timeout: agent.CallTimeout, MaxBody: modelAnswer}),
	})
	if err != nil {
		return nil, err
	}
	m := &agent.Model{Endpoint: endpoint, Name: f.ModelName, Provider: f.provider(), Stages: map[soc.Stage]string{}, Context: f.ModelContext, Concurrent: 2 * f.ModelAtOnce, Secrets: append(secrets, f.ModelKey)}
	for stage, name := range f.ModelStage {
		m.Stages[soc.Stage(stage)] = name
	}
	for _, value := range f.ModelHeader {
		m.Secrets = append(m.Secrets, value)
	}
	return m, nil
}

// provider is the model's as OpenTelemetry names it: by the dialect it speaks.
func (f *modelFlags) provider() string {
	if f.ModelAzureVersion != "" {
		return "azure.ai.openai"
	}
	return "openai"
}

// loopSettings are how this server sets up the built-in investigation, whoever
// asks the model: itself or `vedette agent`.
func (c *serveCommand) loopSettings() (*soc.Loop, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.LoopDayTokens < 0 || !(c.LoopDayCost >= 0 && c.LoopDayCost <= priceMost) || c.LoopRuns < 0 {
		return nil, errors.New("--loop-day-tokens, --loop-day-cost and --loop-runs must not be negative")
	}
	loop := &soc.Loop{
		Hash: prompts.LoopHash(), Budget: soc.ShippedLoopBudget, Price: c.price(), Local: c.ModelURL != "", FloorMayCloseAlone: c.FloorMayCloseAlone,
		Day: soc.LoopDay{Tokens: c.LoopDayTokens, CostMicros: int64(math.Round(c.LoopDayCost * 1e6))}, Concurrent: max(c.LoopRuns, 1),
	}
	if err := c.loopBudgets(loop); err != nil {
		return nil, err
	}
	for _, p := range prompts.Stages() {
		loop.Prompts = append(loop.Prompts, soc.LoopPrompt{Name: p.Name, SHA256: p.SHA256, Text: p.System, Schema: p.Schema})
	}
	return loop, nil
}

// loopBudgets takes in what the operator states: for all first, then for a
// severity.
func (c *serveCommand) loopBudgets(loop *soc.Loop) error {
	stated := slices.SortedFunc(maps.Keys(c.LoopBudget), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Index(b, "all."), strings.Index(a, "all.")), cmp.Compare(a, b))
	})
	for _, key := range stated {
		whose, member, _ := strings.Cut(key, ".")
		severity := soc.Severity(whose)
		budget := loop.BudgetFor(severity)
		if whose != "all" && !slices.Contains(soc.AllSeverities, severity) {
			return fmt.Errorf("--loop-budget: %q is no severity; write all.%s or one of %v", whose, member, soc.AllSeverities)
		}
		if !budget.Set(member, c.LoopBudget[key]) {
			return fmt.Errorf("--loop-budget: %s=%d is no limit; see --help for the members", key, c.LoopBudget[key])
		}
		if whose == "all" {
			loop.Budget = budget
			continue
		}
		if loop.Severities == nil {
			loop.Severities = map[soc.Severity]soc.LoopBudget{}
		}
		loop.Severities[severity] = budget
	}
	return nil
}

// toolsDigest names the definitions that a loop is given (S43).
func toolsDigest(table []tools.Tool) (string, error) {
	type definition struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Schema      string `json:"schema"`
	}
	var all []definition
	for _, t := range table {
		all = append(all, definition{t.Name, t.Description, string(t.Schema)})
	}
	canonical, err := soc.CanonicalRecord(all)
	return soc.DigestOf("vedette-loop-tools-v1", canonical), err
}
