package opsapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type submitInput struct {
	Body struct {
		IncidentID string                 `json:"incidentId" jsonschema:"minLength=1,maxLength=64"`
		Playbooks  []schemas.GamebookStep `json:"playbooks" jsonschema:"minItems=1,maxItems=50"`
		Rationale  string                 `json:"rationale,omitempty" jsonschema:"maxLength=4000"`
	} `body:"json"`
}

type gamebookPage struct {
	Status   string        `query:"status" jsonschema:"enum=Queued,enum=Running,enum=Completed,enum=CompletedUnverified,enum=PartiallyCompleted,enum=Failed,enum=Halted,enum=Cancelled,enum=Rejected,enum=Expired,enum=RolledBack"`
	Incident string        `query:"incidentId" jsonschema:"maxLength=64"`
	Playbook string        `query:"playbookId" jsonschema:"maxLength=64"`
	Entity   string        `query:"entityId" jsonschema:"maxLength=64"`
	Agent    string        `query:"agentId" jsonschema:"maxLength=64"`
	From     *schemas.Time `query:"from"`
	To       *schemas.Time `query:"to"`
	PageSize schemas.Int   `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string        `query:"continuationToken"`
}

type oneGamebook struct {
	ID     string     `path:"id" jsonschema:"maxLength=64"`
	Prefer web.Prefer `header:"Prefer"`
}

type reasonInput struct {
	ID   string `path:"id" jsonschema:"maxLength=64"`
	Body struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

type resubmitInput struct {
	Gamebook string `path:"gamebook" jsonschema:"maxLength=64"`
	Body     struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

type rollbackInput struct {
	ID   string `path:"id" jsonschema:"maxLength=64"`
	Body struct {
		Reason string   `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
		Steps  []string `json:"steps,omitempty" jsonschema:"maxItems=50"`
	} `body:"json"`
}

// bareGamebook names a gamebook in a route without a body.
type bareGamebook struct {
	ID string `path:"id" jsonschema:"maxLength=64"`
}

// gamebookView is the portal's gamebook with its execution.
type gamebookView struct {
	schemas.Gamebook
	Steps        []stepView         `json:"steps"`
	Approvals    []soc.CardApproval `json:"approvals"`
	Locks        []lockView         `json:"locks"`
	AutoRevertAt *schemas.Time      `json:"autoRevertAt"`
}

type stepView struct {
	ActionID       string        `json:"actionId"`
	PlaybookID     string        `json:"playbookId"`
	EntityID       string        `json:"entityId"`
	Status         string        `json:"status"`
	IdempotencyKey string        `json:"idempotencyKey"`
	DispatchedAt   *schemas.Time `json:"dispatchedAt"`
	ReadBack       *readBackView `json:"readBack"`
	Error          *string       `json:"error"`
}

type readBackView struct {
	Probe    string       `json:"probe"`
	Expected string       `json:"expected"`
	Seen     string       `json:"seen"`
	At       schemas.Time `json:"at"`
}

type lockView struct {
	ConnectorID string       `json:"connectorId"`
	NativeID    string       `json:"nativeId"`
	At          schemas.Time `json:"at"`
}

// gamebookState is a gamebook after something was asked of it.
type gamebookState struct {
	GamebookID string `json:"gamebookId"`
	Status     string `json:"status"`
}

// registerGamebooks adds section 6 of the contract.
func (a *api) registerGamebooks() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/gamebooks", "list_gamebooks", "Gamebooks, newest request first."), a.listGamebooks)
	add(a, with(read, http.MethodGet, "/gamebooks/{id}", "get_gamebook", "A gamebook with its execution."), a.getGamebook)
	receipt := with(read, http.MethodGet, "/gamebooks/{id}/receipt", "get_receipt", "The signed document of an ended gamebook; its RFC 8785 form is the file that verifies offline.")
	receipt.Errors = []soc.Code{soc.CodeInvalidState, soc.CodeServiceUnavailable}
	add(a, receipt, a.getReceipt)
	ask := web.Operation{Who: web.Person, MinRole: soc.RoleAnalyst, Rate: "write", Write: true, Status: http.StatusCreated, Also: []int{http.StatusOK}, Errors: []soc.Code{soc.CodeRefused, soc.CodeInvalidState}}
	add(a, with(ask, http.MethodPost, "/gamebooks", "submit_gamebook", "Ask for a response."), a.submitGamebook)
	add(a, with(ask, http.MethodPost, "/gamebooks/{id}/rollback", "roll_back_gamebook", "Ask for what undoes a gamebook."), a.rollBack)
	tighten := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleAnalyst, Rate: "write", Write: true, Kinds: kinds, Errors: []soc.Code{soc.CodeInvalidState}}
	add(a, with(tighten, http.MethodPost, "/gamebooks/{id}/cancel", "cancel_gamebook", "Take it back, or stop it before its next step."), a.cancelGamebook)
	verify := with(tighten, http.MethodPost, "/gamebooks/{id}/verify", "verify_gamebook", "Read back once more what is unproven.")
	verify.Status = http.StatusAccepted
	add(a, verify, a.verifyGamebook)
}

func (a *api) submitGamebook(ctx context.Context, by soc.Actor, in submitInput) (web.Reply[schemas.GamebookReceipt], error) {
	submit := schemas.GamebookRequest{Playbooks: in.Body.Playbooks}.Submit(soc.IncidentRef{Workspace: by.Workspace, ID: in.Body.IncidentID})
	submit.Rationale = in.Body.Rationale
	return received(a.desk.SubmitGamebook(ctx, web.Answering(by, drawReceipt), submit))
}

func (a *api) resubmit(ctx context.Context, by soc.Actor, in resubmitInput) (web.Reply[schemas.GamebookReceipt], error) {
	return received(a.desk.ResubmitGamebook(ctx, web.Answering(by, drawReceipt), soc.GamebookOrder{Gamebook: in.Gamebook, Reason: in.Body.Reason}))
}

func (a *api) rollBack(ctx context.Context, by soc.Actor, in rollbackInput) (web.Reply[schemas.GamebookReceipt], error) {
	return received(a.desk.RollBackGamebook(ctx, web.Answering(by, drawReceipt), soc.GamebookOrder{Gamebook: in.ID, Reason: in.Body.Reason, Steps: in.Body.Steps}))
}

// received answers a submit: what policy said no to is 422 here, with what was
// wrong with each entry.
func received(r soc.GamebookReceipt, err error) (web.Reply[schemas.GamebookReceipt], error) {
	if err != nil {
		return web.Reply[schemas.GamebookReceipt]{}, err
	}
	if r.Success {
		return drawReceipt(r), nil
	}
	refusal := soc.Errorf(soc.Refused, r.Code, "%s", r.Summary).WithFix("%s", r.Fix)
	refusal.Rule = r.Rule
	for _, failure := range r.Failures {
		refusal.WithField(fmt.Sprintf("playbooks[%d]", failure.Index), "%s: %s", failure.Code, failure.Message)
	}
	return web.Reply[schemas.GamebookReceipt]{}, refusal
}

func drawReceipt(r soc.GamebookReceipt) web.Reply[schemas.GamebookReceipt] {
	reply := web.OK(schemas.DrawGamebookReceipt(r))
	if r.Code == soc.CodeDuplicateGamebook {
		reply.Status = http.StatusOK
		return reply
	}
	reply.Location = prefix + "/gamebooks/" + r.GamebookID
	return reply
}

func (a *api) listGamebooks(ctx context.Context, by soc.Actor, in gamebookPage) (web.Reply[[]schemas.Gamebook], error) {
	filter := soc.GamebookFilter{
		Status: soc.GamebookStatus(in.Status), Incident: in.Incident, Playbook: in.Playbook, Entity: in.Entity, Agent: in.Agent, Limit: pageSize(in.PageSize),
	}
	if in.From != nil {
		filter.From = time.Time(*in.From)
	}
	if in.To != nil {
		filter.To = time.Time(*in.To)
	}
	stated := in
	stated.Token, stated.PageSize = "", 0
	binding := web.Binding{Endpoint: "ops gamebooks", Principal: by.ID, Workspace: by.Workspace, Filters: stated}
	var err error
	if filter.After, err = a.after(binding, in.Token); err != nil {
		return web.Reply[[]schemas.Gamebook]{}, err
	}
	found, next, err := a.desk.ListGamebooks(ctx, by, filter)
	if err != nil {
		return web.Reply[[]schemas.Gamebook]{}, err
	}
	views := make([]schemas.Gamebook, len(found))
	for i, record := range found {
		if views[i], err = schemas.DrawGamebook(record); err != nil {
			return web.Reply[[]schemas.Gamebook]{}, err
		}
	}
	reply := web.OK(views)
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) getGamebook(ctx context.Context, by soc.Actor, in oneGamebook) (web.Reply[gamebookView], error) {
	detail, err := a.desk.GetGamebook(ctx, by, in.ID, in.Prefer.Wait)
	if err != nil {
		return web.Reply[gamebookView]{}, err
	}
	view, err := drawGamebook(detail)
	return web.Reply[gamebookView]{Data: view, Revision: int64(detail.Gamebook.Version)}, err
}

func (a *api) getReceipt(ctx context.Context, by soc.Actor, in bareGamebook) (web.Reply[soc.SignedReceipt], error) {
	signed, err := a.desk.GetReceipt(ctx, by, in.ID)
	return web.OK(signed), err
}

func drawGamebook(detail soc.GamebookDetail) (view gamebookView, err error) {
	if view.Gamebook, err = schemas.DrawGamebook(detail.GamebookRecord); err != nil {
		return view, err
	}
	view.Approvals, view.Locks, view.AutoRevertAt = soc.CardApprovals(detail.Gamebook.Approvals), []lockView{}, schemas.TimeOrNull(detail.AutoRevertAt)
	for _, lock := range detail.Locks {
		view.Locks = append(view.Locks, lockView{lock.Connector, soc.EscapeVisible(lock.NativeID), schemas.Time(lock.At)})
	}
	view.Steps = make([]stepView, len(detail.Gamebook.Steps))
	for i, s := range detail.Gamebook.Steps {
		view.Steps[i] = stepView{
			ActionID: s.ID, PlaybookID: s.Playbook, EntityID: s.Entity, Status: string(s.Status), IdempotencyKey: s.IdempotencyKey,
			DispatchedAt: schemas.TimeOrNull(s.DispatchedAt), Error: textOrNull(s.Error),
		}
		if s.ReadBack != nil {
			view.Steps[i].ReadBack = &readBackView{s.ReadBack.Probe, s.ReadBack.Expected, s.ReadBack.Seen, schemas.Time(s.ReadBack.At)}
		}
	}
	return view, nil
}

func (a *api) cancelGamebook(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[gamebookState], error) {
	g, err := a.desk.CancelGamebook(ctx, web.Answering(by, drawState), soc.GamebookOrder{Gamebook: in.ID, Reason: in.Body.Reason})
	if err != nil {
		return web.Reply[gamebookState]{}, err
	}
	return drawState(g), nil
}

func (a *api) verifyGamebook(ctx context.Context, by soc.Actor, in bareGamebook) (web.Reply[gamebookState], error) {
	draw := func(g soc.Gamebook) web.Reply[gamebookState] {
		reply := drawState(g)
		reply.Location = prefix + "/gamebooks/" + g.ID
		return reply
	}
	g, err := a.desk.VerifyGamebook(ctx, web.Answering(by, draw), in.ID)
	if err != nil {
		return web.Reply[gamebookState]{}, err
	}
	return draw(g), nil
}

func drawState(g soc.Gamebook) web.Reply[gamebookState] {
	return web.OK(gamebookState{g.ID, string(g.Status)})
}
