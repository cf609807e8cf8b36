package opsapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// ruleBody is a rule without the name that a path may give.
type ruleBody struct {
	Effect    string  `json:"effect" jsonschema:"enum=forbid,enum=require_approval,enum=permit"`
	When      string  `json:"when" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"A CEL expression over the facts that explain shows."`
	Need      int     `json:"need,omitempty" jsonschema:"minimum=1,maximum=2" jsonschema_description:"How many people a rule that asks for approval asks for; default 1."`
	Mode      string  `json:"mode" jsonschema:"enum=log_only,enum=enforce"`
	ExpiresAt *string `json:"expiresAt,omitempty" jsonschema:"maxLength=40"`
}

type newRuleInput struct {
	Body struct {
		Name string `json:"name" jsonschema:"minLength=1,maxLength=64"`
		ruleBody
	} `body:"json"`
}

type changeRuleInput struct {
	ID      string      `path:"id" jsonschema:"maxLength=64"`
	IfMatch web.IfMatch `header:"If-Match"`
	Body    ruleBody    `body:"json"`
}

type removeRuleInput struct {
	ID      string      `path:"id" jsonschema:"maxLength=64"`
	IfMatch web.IfMatch `header:"If-Match"`
}

type ruleLogInput struct {
	ID   string        `path:"id" jsonschema:"maxLength=64"`
	From *schemas.Time `query:"from"`
	To   *schemas.Time `query:"to"`
}

type rulesView struct {
	PolicyVersion int64            `json:"policyVersion"`
	Change        *changeView      `json:"change"`
	Rules         []soc.PolicyRule `json:"rules"`
}

// ruleOutcomeView is a gamebook that a rule would have decided otherwise.
type ruleOutcomeView struct {
	GamebookID string       `json:"gamebookId"`
	At         schemas.Time `json:"at"`
	Outcome    string       `json:"outcome"`
	Would      string       `json:"would"`
}

func (b ruleBody) rule(name string) soc.PolicyRule {
	return soc.PolicyRule{Name: name, Effect: b.Effect, When: b.When, Need: max(b.Need, 1), Mode: b.Mode, ExpiresAt: b.ExpiresAt}
}

// registerRules adds the rules of section 10 of the contract.
func (a *api) registerRules(read, edit web.Operation) {
	add(a, with(read, http.MethodGet, "/policy/rules", "list_rules", "The workspace's own rules."), a.listRules)
	add(a, with(read, http.MethodGet, "/policy/rules/{id}/log", "get_rule_log", "Gamebooks that a rule in log-only mode would have decided otherwise."), a.ruleLog)
	create := with(edit, http.MethodPost, "/policy/rules", "create_rule", "Add a rule.")
	create.Status, create.Also = http.StatusCreated, []int{http.StatusAccepted}
	add(a, create, a.createRule)
	add(a, with(edit, http.MethodPut, "/policy/rules/{id}", "change_rule", "Replace a rule."), a.changeRule)
	add(a, with(edit, http.MethodDelete, "/policy/rules/{id}", "remove_rule", "Remove a rule."), a.removeRule)
}

func (a *api) listRules(ctx context.Context, by soc.Actor, _ none) (web.Reply[rulesView], error) {
	facts, doc, err := a.whole(ctx, by)
	return web.Reply[rulesView]{Data: rulesView{PolicyVersion: facts.Version, Rules: append([]soc.PolicyRule{}, doc.Rules...)}, Revision: facts.Version}, err
}

func (a *api) ruleLog(ctx context.Context, by soc.Actor, in ruleLogInput) (web.Reply[[]ruleOutcomeView], error) {
	var from, to time.Time
	if in.From != nil {
		from = time.Time(*in.From)
	}
	if in.To != nil {
		to = time.Time(*in.To)
	}
	found, err := a.desk.RuleLog(ctx, by, in.ID, from, to)
	views := make([]ruleOutcomeView, len(found))
	for i, e := range found {
		views[i] = ruleOutcomeView{e.Gamebook, schemas.Time(e.At), e.Outcome, e.Would}
	}
	return web.OK(views), err
}

func (a *api) createRule(ctx context.Context, by soc.Actor, in newRuleInput) (web.Reply[rulesView], error) {
	rule := in.Body.rule(in.Body.Name)
	return a.editRules(ctx, by, rule.Name, http.StatusCreated, soc.IfMatch{}, func(rules []soc.PolicyRule) ([]soc.PolicyRule, error) {
		return append(rules, rule), nil
	})
}

func (a *api) changeRule(ctx context.Context, by soc.Actor, in changeRuleInput) (web.Reply[rulesView], error) {
	return a.editRules(ctx, by, in.ID, http.StatusOK, in.IfMatch.IfMatch, func(rules []soc.PolicyRule) ([]soc.PolicyRule, error) {
		at, err := ruleAt(rules, in.ID)
		if err == nil {
			rules[at] = in.Body.rule(in.ID)
		}
		return rules, err
	})
}

func (a *api) removeRule(ctx context.Context, by soc.Actor, in removeRuleInput) (web.Reply[rulesView], error) {
	return a.editRules(ctx, by, in.ID, http.StatusOK, in.IfMatch.IfMatch, func(rules []soc.PolicyRule) ([]soc.PolicyRule, error) {
		at, err := ruleAt(rules, in.ID)
		if err == nil {
			rules = slices.Delete(rules, at, at+1)
		}
		return rules, err
	})
}

func ruleAt(rules []soc.PolicyRule, name string) (int, error) {
	at := slices.IndexFunc(rules, func(r soc.PolicyRule) bool { return r.Name == name })
	if at < 0 {
		return 0, soc.NotFoundf("There is no such rule.").WithFix("List the rules and use a name as shown.")
	}
	return at, nil
}

func (a *api) editRules(ctx context.Context, by soc.Actor, name string, status int, match soc.IfMatch, edit func([]soc.PolicyRule) ([]soc.PolicyRule, error)) (web.Reply[rulesView], error) {
	draw := func(out soc.PolicyOutcome) web.Reply[rulesView] {
		reply := outcome(out, rulesView{PolicyVersion: out.Policy.Version, Change: a.waits(out), Rules: append([]soc.PolicyRule{}, out.Policy.Rules...)})
		if out.Change == nil {
			reply.Status = status
		}
		if status == http.StatusCreated && out.Change == nil {
			reply.Location = prefix + "/policy/rules"
		}
		return reply
	}
	out, err := a.desk.EditPolicy(ctx, web.Answering(by, draw), soc.PolicyEdit{
		Part: soc.PartRules, Event: "rule_changed", Target: soc.DisplayName(name), IfMatch: match,
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			rules, err := edit(slices.Clone(doc.Rules))
			doc.Rules = rules
			return doc, err
		},
	})
	if err != nil {
		return web.Reply[rulesView]{}, err
	}
	return draw(out), nil
}
