package opsapi

import (
	"context"
	"net/http"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type explainInput struct {
	ID    string `path:"id" jsonschema:"maxLength=64"`
	Phase string `query:"phase" jsonschema:"enum=submit,enum=approve,enum=execute"`
}

type simulateInput struct {
	Body struct {
		IncidentID string                 `json:"incidentId" jsonschema:"minLength=1,maxLength=64"`
		Playbooks  []schemas.GamebookStep `json:"playbooks" jsonschema:"minItems=1,maxItems=50"`
		Trigger    string                 `json:"trigger,omitempty" jsonschema:"enum=OnQueue,enum=ManualInvestigateOnly,enum=ManualInvestigateAndRespond"`
		Envelope   *envelopeInput         `json:"envelope,omitempty"`
		Taint      string                 `json:"taint,omitempty" jsonschema:"enum=clean,enum=tainted,enum=flagged"`
		As         *asInput               `json:"as,omitempty"`
	} `body:"json"`
}

type envelopeInput struct {
	Class       string `json:"class" jsonschema:"enum=ReadOnly,enum=Reversible,enum=ExternallyReversible"`
	Impact      string `json:"impact" jsonschema:"enum=low,enum=high"`
	MaxEntities int    `json:"maxEntities" jsonschema:"minimum=1,maximum=10"`
}

type asInput struct {
	Kind string `json:"kind" jsonschema:"enum=person,enum=agent,enum=service"`
	Role string `json:"role" jsonschema:"enum=viewer,enum=analyst,enum=senior,enum=manager,enum=admin"`
}

type closeBreakerInput struct {
	Population string `path:"population" jsonschema:"enum=account,enum=host"`
	Body       struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

// judgedView is one answer of the gate with its facts.
type judgedView struct {
	Outcome       string             `json:"outcome"`
	Code          string             `json:"code"`
	Reasons       []string           `json:"reasons"`
	Need          judgedNeed         `json:"need"`
	Rules         []judgedRule       `json:"rules"`
	LogOnly       []logOnlyView      `json:"logOnly" jsonschema_description:"Rules in log-only mode under which the answer would be another."`
	PolicyVersion int64              `json:"policyVersion"`
	Facts         schemas.FreeObject `json:"facts" jsonschema_description:"Every fact the gate looked at, in its own words."`
}

type judgedNeed struct {
	Count int      `json:"count"`
	Roles []string `json:"roles"`
}

type judgedRule struct {
	ID      string  `json:"id"`
	Code    *string `json:"code"`
	Outcome string  `json:"outcome"`
	Policy  *string `json:"policy"`
	Text    *string `json:"text"`
}

type logOnlyView struct {
	Rule  string `json:"rule"`
	Would string `json:"would"`
}

type explainView struct {
	GamebookID string     `json:"gamebookId"`
	Recorded   judgedView `json:"recorded"`
	Now        judgedView `json:"now"`
}

type simulationView struct {
	judgedView
	Targets     []simulatedTarget  `json:"targets"`
	BlastRadius simulatedBlast     `json:"blastRadius"`
	Conflicts   []int              `json:"conflicts" jsonschema_description:"Places of steps that contradict each other, from 0."`
	Failures    []simulatedFailure `json:"failures"`
}

type simulatedTarget struct {
	PlaybookID  string  `json:"playbookId"`
	EntityID    string  `json:"entityId"`
	Kind        string  `json:"kind"`
	ConnectorID *string `json:"connectorId"`
	Protected   *string `json:"protected"`
}

type simulatedBlast struct {
	Entities int `json:"entities"`
}

type simulatedFailure struct {
	Index   int    `json:"index"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type breakerView struct {
	Population string       `json:"population"`
	OpenedAt   schemas.Time `json:"openedAt"`
}

// registerExplain adds explain and simulate of section 6 of the contract, and
// the breakers of S31.
func (a *api) registerExplain() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/gamebooks/{id}/explain", "explain_gamebook", "How the gate decided a gamebook, and how it would now."), a.explain)
	add(a, with(read, http.MethodGet, "/breakers", "list_breakers", "Populations whose breaker is open; none is all clear."), a.listBreakers)
	simulate := with(read, http.MethodPost, "/gamebooks/simulate", "simulate_gamebook", "What a submit would be answered; dispatches nothing.")
	simulate.MinRole, simulate.Rate, simulate.Write = soc.RoleAnalyst, "write", true
	add(a, simulate, a.simulate)
	shut := web.Operation{Who: web.Person, MinRole: soc.RoleManager, Fresh: true, Rate: "decide", Write: true, Errors: []soc.Code{soc.CodeLocked}}
	add(a, with(shut, http.MethodPost, "/breakers/{population}/close", "close_breaker", "Close the breaker of a population."), a.closeBreaker)
}

func (a *api) explain(ctx context.Context, by soc.Actor, in explainInput) (web.Reply[explainView], error) {
	out, err := a.desk.ExplainGamebook(ctx, by, in.ID, soc.Phase(in.Phase))
	if err != nil {
		return web.Reply[explainView]{}, err
	}
	return web.OK(explainView{out.Gamebook, drawJudged(out.Recorded), drawJudged(out.Now)}), nil
}

func (a *api) simulate(ctx context.Context, by soc.Actor, in simulateInput) (web.Reply[simulationView], error) {
	submit := schemas.GamebookRequest{Playbooks: in.Body.Playbooks, TriggerType: in.Body.Trigger}.Submit(soc.IncidentRef{Workspace: by.Workspace, ID: in.Body.IncidentID})
	order := soc.SimulateGamebook{Submit: submit, Taint: soc.Taint(in.Body.Taint)}
	if as := in.Body.As; as != nil {
		order.Kind, order.Role = soc.PrincipalKind(as.Kind), soc.Role(as.Role)
	}
	if e := in.Body.Envelope; e != nil {
		class, _ := soc.PortalClass.Core(e.Class)
		order.Envelope, order.EnvelopeEntities = &soc.Ceiling{Class: class, Impact: soc.Impact(e.Impact)}, e.MaxEntities
	}
	out, err := a.desk.SimulateGamebook(ctx, web.Answering(by, drawSimulation), order)
	if err != nil {
		return web.Reply[simulationView]{}, err
	}
	return drawSimulation(out), nil
}

func drawSimulation(out soc.Simulation) web.Reply[simulationView] {
	view := simulationView{judgedView: drawJudged(out.Judged), Targets: []simulatedTarget{}, Conflicts: []int{}, Failures: []simulatedFailure{}}
	seen := map[string]bool{}
	for i, t := range out.Targets {
		seen[t.Entity] = true
		view.Targets = append(view.Targets, simulatedTarget{
			t.Playbook, t.Entity, soc.PortalEntityKind.Word(t.Kind), textOrNull(t.Connector), textOrNull(string(t.Protection)),
		})
		if t.Conflicts {
			view.Conflicts = append(view.Conflicts, i)
		}
	}
	view.BlastRadius.Entities = len(seen)
	for _, f := range out.Report.Failures {
		view.Failures = append(view.Failures, simulatedFailure{f.Index, string(f.Code), soc.EscapeVisible(f.Message)})
	}
	return web.OK(view)
}

func drawJudged(j soc.Judged) judgedView {
	facts := j.Input
	facts.Steps = slices.Clone(facts.Steps)
	for i := range facts.Steps { // what others named is shown as inert text
		facts.Steps[i].Value = soc.EscapeVisible(facts.Steps[i].Value)
	}
	view := judgedView{
		Outcome: j.Result.Outcome.String(), Code: string(j.Result.Code), Reasons: []string{}, Rules: []judgedRule{}, LogOnly: []logOnlyView{},
		Need: judgedNeed{j.Result.Need.Count, []string{}}, PolicyVersion: j.PolicyVersion, Facts: schemas.FreeObject(facts.Text()),
	}
	for _, reason := range j.Result.Reasons {
		view.Reasons = append(view.Reasons, string(reason))
	}
	for _, role := range j.Result.Need.Roles {
		view.Need.Roles = append(view.Need.Roles, string(role))
	}
	for _, hit := range j.Result.Rules {
		view.Rules = append(view.Rules, judgedRule{hit.ID, textOrNull(string(hit.Code)), hit.Outcome, textOrNull(hit.Policy), textOrNull(soc.RuleText(hit.ID))})
	}
	for _, o := range j.LogOnly {
		view.LogOnly = append(view.LogOnly, logOnlyView{o.Rule, o.Would})
	}
	return view
}

func (a *api) listBreakers(ctx context.Context, by soc.Actor, _ none) (web.Reply[[]breakerView], error) {
	open, err := a.desk.ListBreakers(ctx, by)
	return drawBreakers(open), err
}

func drawBreakers(open []soc.OpenBreaker) web.Reply[[]breakerView] {
	views := make([]breakerView, len(open))
	for i, b := range open {
		views[i] = breakerView{string(b.Population), schemas.Time(b.OpenedAt)}
	}
	return web.OK(views)
}

func (a *api) closeBreaker(ctx context.Context, by soc.Actor, in closeBreakerInput) (web.Reply[[]breakerView], error) {
	open, err := a.desk.CloseBreaker(ctx, web.Answering(by, drawBreakers), soc.EntityKind(in.Population), in.Body.Reason)
	if err != nil {
		return web.Reply[[]breakerView]{}, err
	}
	return drawBreakers(open), nil
}
