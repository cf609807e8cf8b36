package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type runFilter struct {
	State    string `query:"state" jsonschema:"enum=Queued,enum=Leased,enum=Investigating,enum=Submitting,enum=Done,enum=Held,enum=Failed,enum=Cancelled,enum=BudgetExhausted"`
	Trigger  string `query:"trigger" jsonschema:"enum=ManualInvestigateOnly,enum=OnQueue,enum=ManualInvestigateAndRespond"`
	Agent    string `query:"agentId" jsonschema:"maxLength=64"`
	Incident string `query:"incidentId" jsonschema:"maxLength=64"`
	Taint    string `query:"taint" jsonschema:"enum=clean,enum=tainted,enum=flagged"`
	Flagged  *bool  `query:"flagged"`
}

type runPage struct {
	runFilter
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type oneRun struct {
	ID string `path:"id" jsonschema:"maxLength=64"`
}

type startRunInput struct {
	Body struct {
		IncidentID string       `json:"incidentId" jsonschema:"minLength=1,maxLength=64"`
		Trigger    string       `json:"trigger" jsonschema:"enum=ManualInvestigateOnly,enum=OnQueue,enum=ManualInvestigateAndRespond" jsonschema_description:"OnQueue is the server's alone."`
		AgentID    string       `json:"agentId,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Default the built-in triage, which only investigates."`
		Envelope   *runEnvelope `json:"envelope,omitempty"`
		Minutes    schemas.Int  `json:"minutes,omitempty" jsonschema:"minimum=1,maximum=120" jsonschema_description:"Default 30."`
		Reason     string       `json:"reason,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

// runEnvelope is what a respond run may do without an approval; what is left
// out is Reversible, high, 5.
type runEnvelope struct {
	Class       string      `json:"class,omitempty" jsonschema:"enum=ReadOnly,enum=Reversible,enum=ExternallyReversible,enum=Irreversible"`
	Impact      string      `json:"impact,omitempty" jsonschema:"enum=low,enum=high"`
	MaxEntities schemas.Int `json:"maxEntities,omitempty" jsonschema:"minimum=1,maximum=10"`
}

type cancelRunInput struct {
	oneRun
	Body struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

// runView is a run. Its token stands only in the answer that made it.
type runView struct {
	RunID      string          `json:"runId"`
	TriageID   *string         `json:"triageId"`
	IncidentID string          `json:"incidentId"`
	AgentID    string          `json:"agentId"`
	AgentName  string          `json:"agentName"`
	Trigger    string          `json:"trigger"`
	Envelope   *shownEnvelope  `json:"envelope"`
	StartedBy  *string         `json:"startedBy"`
	State      string          `json:"state"`
	Stage      *string         `json:"stage" jsonschema_description:"The next stage of a run of the loop; null for any other run."`
	Waiting    *shownWait      `json:"waiting" jsonschema_description:"Why nobody works on a queued run of the loop."`
	Budget     *shownBudget    `json:"budget"`
	Model      *string         `json:"model"`
	Taint      string          `json:"taint"`
	Hashes     *shownRunHashes `json:"hashes"`
	CreatedAt  schemas.Time    `json:"createdAt"`
	UpdatedAt  *schemas.Time   `json:"updatedAt"`
	ExpiresAt  *schemas.Time   `json:"expiresAt"`
	LeaseEnds  *schemas.Time   `json:"leaseExpiresAt"`
	EndedAt    *schemas.Time   `json:"endedAt"`
	Error      *string         `json:"error" jsonschema_description:"Why a run of the loop ended without a verdict of its own."`
}

type shownWait struct {
	Reason string       `json:"reason" jsonschema:"enum=kill_switch,enum=agent_suspended,enum=day_budget,enum=model_unavailable,enum=no_worker,enum=busy,enum=turn"`
	Text   string       `json:"text"`
	Since  schemas.Time `json:"since"`
}

type shownBudget struct {
	Limit soc.LoopBudget `json:"limit"`
	Used  soc.LoopUsage  `json:"used"`
}

type shownEnvelope struct {
	Class       string `json:"class"`
	Impact      string `json:"impact"`
	MaxEntities int    `json:"maxEntities"`
}

type shownRunHashes struct {
	Catalogue     string `json:"catalogue"`
	SOPs          string `json:"sops"`
	PolicyVersion int64  `json:"policyVersion"`
	Prompts       string `json:"prompts"`
	Tools         string `json:"tools"`
}

// startedRun is the answer of starting one. runToken is null where an equal run
// was open, and for the built-in triage, which needs none.
type startedRun struct {
	runView
	RunToken *string `json:"runToken"`
}

// registerRuns adds section 8.1 of the contract: runs, for people.
func (a *api) registerRuns() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: peopleAndServices}
	add(a, with(read, http.MethodGet, "/runs", "list_runs", "Runs, newest first."), a.listRuns)
	add(a, with(read, http.MethodGet, "/runs/{id}", "get_run", "One run."), a.getRun)
	start := web.Operation{
		Who: web.Person, MinRole: soc.RoleAnalyst, Rate: "decide", Write: true, Secret: true, Status: http.StatusCreated, Also: []int{http.StatusOK},
		Errors: []soc.Code{soc.CodeConflict, soc.CodeLocked, soc.CodeAgentSuspended, soc.CodeKillSwitchEngaged, soc.CodeAgentDisabled, soc.CodeIncidentClosed},
	}
	add(a, with(start, http.MethodPost, "/runs", "start_run", "Start a run of an agent on an incident."), a.startRun)
	cancel := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleAnalyst, Rate: "decide", Write: true, Kinds: peopleAndServices,
		Errors: []soc.Code{soc.CodeInvalidState},
	}
	add(a, with(cancel, http.MethodPost, "/runs/{id}/cancel", "cancel_run", "End a run; its token opens nothing any more."), a.cancelRun)
}

// peopleAndServices keeps agents out of what is operated.
var peopleAndServices = []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}

func (a *api) listRuns(ctx context.Context, by soc.Actor, in runPage) (web.Reply[[]runView], error) {
	none := web.Reply[[]runView]{}
	bound := web.Binding{Endpoint: "runs", Principal: by.ID, Workspace: by.Workspace, Filters: in.runFilter}
	f := soc.RunFilter{
		State: soc.RunState(in.State), Trigger: soc.Trigger(in.Trigger), Agent: in.Agent, Incident: in.Incident, Taint: soc.Taint(in.Taint), Flagged: in.Flagged,
		Limit: int(in.PageSize),
	}
	if f.Limit == 0 {
		f.Limit = 50
	}
	if in.Token != "" {
		var after soc.Keyset
		if err := a.seal.OpenJSON(bound, in.Token, &after); err != nil {
			return none, err
		}
		f.Before = after.ID
	}
	runs, next, err := a.desk.ListRuns(ctx, by, f)
	if err != nil {
		return none, err
	}
	views := make([]runView, len(runs))
	for i, v := range runs {
		views[i] = drawRun(v)
	}
	page := &web.Page{PerPage: f.Limit}
	if next != "" {
		page.Next, err = a.seal.SealJSON(bound, soc.Keyset{ID: next})
	}
	return web.Reply[[]runView]{Data: views, Page: page}, err
}

// runDetail is one run with what it came to.
type runDetail struct {
	runView
	Position *soc.LoopPosition `json:"position" jsonschema_description:"The whole position of a run of the loop (T33): hypotheses and what became of them, the rationale beside its facts, confidence with its three factors, the floor beside the model, what speaks against it, what would change it, what was not answered, cost. The model's words are escaped."`
}

func (a *api) getRun(ctx context.Context, by soc.Actor, in oneRun) (web.Reply[runDetail], error) {
	v, err := a.desk.GetRun(ctx, by, in.ID)
	if err != nil {
		return web.Reply[runDetail]{}, err
	}
	return web.OK(runDetail{drawRun(v), v.Position}), nil
}

func (a *api) startRun(ctx context.Context, by soc.Actor, in startRunInput) (web.Reply[startedRun], error) {
	b := in.Body
	ask := soc.NewRun{
		Incident: soc.IncidentRef{Workspace: by.Workspace, ID: b.IncidentID}, Trigger: soc.Trigger(b.Trigger), Agent: b.AgentID, Minutes: int(b.Minutes), Reason: b.Reason,
	}
	if e := b.Envelope; e != nil {
		class, _ := soc.PortalClass.Core(e.Class)
		ask.Envelope = &soc.RunEnvelope{Class: class, Impact: soc.Impact(e.Impact), Entities: int(e.MaxEntities)}
	}
	draw := func(v soc.RunView) web.Reply[startedRun] {
		reply := web.Reply[startedRun]{Status: http.StatusCreated, Location: prefix + "/runs/" + v.ID, Data: startedRun{runView: drawRun(v)}}
		if v.Joined {
			reply.Status = http.StatusOK
		}
		if v.Token != "" {
			reply.Data.RunToken = &v.Token
		}
		return reply
	}
	v, err := a.desk.StartRun(ctx, web.Answering(by, draw), ask)
	if err != nil {
		return web.Reply[startedRun]{}, err
	}
	return draw(v), nil
}

func (a *api) cancelRun(ctx context.Context, by soc.Actor, in cancelRunInput) (web.Reply[runView], error) {
	draw := func(v soc.RunView) web.Reply[runView] { return web.OK(drawRun(v)) }
	v, err := a.desk.CancelRun(ctx, web.Answering(by, draw), in.ID, in.Body.Reason)
	if err != nil {
		return web.Reply[runView]{}, err
	}
	return draw(v), nil
}

func drawRun(v soc.RunView) runView {
	view := runView{
		RunID: v.ID, IncidentID: v.IncidentShortID, AgentID: v.Agent, AgentName: soc.EscapeVisible(v.AgentName), Trigger: string(v.Trigger), State: string(v.State),
		Taint: string(v.Taint), CreatedAt: schemas.Time(v.CreatedAt), UpdatedAt: schemas.TimeOrNull(v.UpdatedAt), ExpiresAt: schemas.TimeOrNull(v.ExpiresAt),
	}
	if v.Triage != "" {
		view.TriageID = &v.Triage
	}
	if v.StartedBy != "" {
		view.StartedBy = &v.StartedBy
	}
	if v.EnvelopeClass != "" {
		view.Envelope = &shownEnvelope{soc.PortalClass.Word(v.EnvelopeClass), string(v.EnvelopeImpact), v.EnvelopeEntities}
	}
	if v.Hashes.Catalogue != "" {
		view.Hashes = &shownRunHashes{v.Hashes.Catalogue, v.Hashes.SOPs, v.Hashes.Policy, v.Hashes.Prompts, v.Hashes.Tools}
	}
	if v.Work != nil {
		drawRunWork(&view, v)
	}
	return view
}

func drawRunWork(view *runView, v soc.RunView) {
	w := v.Work
	stage := string(w.Stage)
	view.Budget = &shownBudget{w.Budget, w.Used}
	view.EndedAt = schemas.TimeOrNull(w.FinishedAt)
	if w.FinishedAt.IsZero() {
		view.Stage, view.LeaseEnds = &stage, schemas.TimeOrNull(w.LeaseExpires)
	}
	if v.Wait != "" {
		view.Waiting = &shownWait{string(v.Wait), v.Wait.Text(), schemas.Time(w.QueuedAt)}
		view.LeaseEnds = nil
	}
	if w.Model != "" {
		model := soc.EscapeVisible(w.Model)
		view.Model = &model
	}
	if w.Error != "" {
		code := string(w.Error)
		view.Error = &code
	}
}
