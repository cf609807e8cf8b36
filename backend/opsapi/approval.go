package opsapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type approvalPage struct {
	State         string        `query:"state" jsonschema:"enum=pending,enum=approved,enum=executing,enum=finished,enum=denied,enum=expired,enum=cancelled"`
	Severity      string        `query:"severity" jsonschema:"enum=Informational,enum=Low,enum=Medium,enum=High,enum=Critical"`
	Class         string        `query:"class" jsonschema:"enum=ReadOnly,enum=Reversible,enum=ExternallyReversible,enum=Irreversible"`
	Reason        string        `query:"reason" jsonschema:"maxLength=64,pattern=^[A-Z_]+$"`
	Playbook      string        `query:"playbookId" jsonschema:"maxLength=64"`
	Incident      string        `query:"incidentId" jsonschema:"maxLength=64"`
	Agent         string        `query:"agentId" jsonschema:"maxLength=64"`
	Flagged       *bool         `query:"flagged"`
	Mine          bool          `query:"mine"`
	ExpiresBefore *schemas.Time `query:"expiresBefore"`
	Sort          string        `query:"sort" jsonschema:"enum=approvalExpiresAt,enum=-risk,enum=requestedAt"`
	PageSize      schemas.Int   `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token         string        `query:"continuationToken"`
}

type oneApproval struct {
	Gamebook string `path:"gamebook" jsonschema:"maxLength=64"`
}

type approveInput struct {
	Gamebook string      `path:"gamebook" jsonschema:"maxLength=64"`
	IfMatch  web.IfMatch `header:"If-Match"`
	Body     struct {
		Digest  string   `json:"digest" jsonschema:"minLength=1,maxLength=80" jsonschema_description:"The digest the card showed."`
		Comment string   `json:"comment,omitempty" jsonschema:"maxLength=1000"`
		View    string   `json:"view,omitempty" jsonschema:"maxLength=1024" jsonschema_description:"The card's view, which proves what was shown."`
		Opened  []string `json:"opened,omitempty" jsonschema:"maxItems=200"`
	} `body:"json"`
}

type denyInput struct {
	Gamebook string `path:"gamebook" jsonschema:"maxLength=64"`
	Body     struct {
		Reason string   `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
		Digest string   `json:"digest,omitempty" jsonschema:"maxLength=80"`
		View   string   `json:"view,omitempty" jsonschema:"maxLength=1024"`
		Opened []string `json:"opened,omitempty" jsonschema:"maxItems=200"`
	} `body:"json"`
}

type batchInput struct {
	Body struct {
		Decision string `json:"decision" jsonschema:"enum=approve,enum=deny"`
		Items    []struct {
			Gamebook string `json:"gamebookId" jsonschema:"maxLength=64"`
			Digest   string `json:"digest" jsonschema:"maxLength=80"`
		} `json:"items" jsonschema:"minItems=2,maxItems=50"`
		Comment string `json:"comment,omitempty" jsonschema:"maxLength=1000"`
		Reason  string `json:"reason,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

// decisionView is what became of a decision.
type decisionView struct {
	GamebookID         string        `json:"gamebookId"`
	State              string        `json:"state"`
	Approvals          givenView     `json:"approvals"`
	Missing            []string      `json:"missing"`
	ExecutionExpiresAt *schemas.Time `json:"executionExpiresAt"`
}

type givenView struct {
	Given    int `json:"given"`
	Required int `json:"required"`
}

// registerApprovals adds section 5 of the contract.
func (a *api) registerApprovals() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}}
	add(a, with(read, http.MethodGet, "/approvals", "list_approvals", "Gamebooks that wait for people, or did."), a.listApprovals)
	add(a, with(read, http.MethodGet, "/approvals/{gamebook}", "get_approval", "The approval card of a gamebook."), a.getApproval)
	decide := web.Operation{Who: web.Person, MinRole: soc.RoleViewer, Rate: "decide", Write: true, Errors: []soc.Code{
		soc.CodeInsufficientApprovalLevel, soc.CodeRequesterCannotApprove, soc.CodeInvalidState, soc.CodeApprovalExpired, soc.CodeDigestMismatch, soc.CodeConflict, soc.CodeRefused,
	}}
	add(a, with(decide, http.MethodPost, "/approvals/{gamebook}/approve", "approve_gamebook", "Approve what the card shows."), a.approve)
	add(a, with(decide, http.MethodPost, "/approvals/{gamebook}/deny", "deny_gamebook", "Reject it for good."), a.deny)
	add(a, with(decide, http.MethodPost, "/approvals/batch", "decide_batch", "Decide harmless gamebooks of one playbook together."), a.decideBatch)
	resubmit := with(decide, http.MethodPost, "/approvals/{gamebook}/resubmit", "resubmit_gamebook", "Ask again for what ended without running.")
	resubmit.MinRole, resubmit.Rate, resubmit.Status, resubmit.Also = soc.RoleAnalyst, "write", http.StatusCreated, []int{http.StatusOK}
	add(a, resubmit, a.resubmit)
	a.registerApprovalComments()
}

func (a *api) listApprovals(ctx context.Context, by soc.Actor, in approvalPage) (web.Reply[[]soc.ApprovalRow], error) {
	filter := soc.ApprovalFilter{
		State: in.State, Incident: in.Incident, Playbook: in.Playbook, Agent: in.Agent, Reason: soc.Code(in.Reason), Flagged: in.Flagged,
		Mine: in.Mine, Sort: in.Sort, Limit: pageSize(in.PageSize),
	}
	filter.Severity, _ = soc.PortalSeverity.Core(in.Severity)
	filter.Class, _ = soc.PortalClass.Core(in.Class)
	if in.ExpiresBefore != nil {
		filter.ExpiresBefore = time.Time(*in.ExpiresBefore)
	}
	stated := in
	stated.Token, stated.PageSize = "", 0
	binding := web.Binding{Endpoint: "ops approvals", Principal: by.ID, Workspace: by.Workspace, Filters: stated, Sort: in.Sort}
	var err error
	if filter.After, err = a.after(binding, in.Token); err != nil {
		return web.Reply[[]soc.ApprovalRow]{}, err
	}
	found, err := a.desk.ListApprovals(ctx, by, filter)
	if err != nil {
		return web.Reply[[]soc.ApprovalRow]{}, err
	}
	reply := web.OK(append([]soc.ApprovalRow{}, found.Rows...))
	if reply.Page, err = a.page(binding, found.Next); err != nil {
		return web.Reply[[]soc.ApprovalRow]{}, err
	}
	reply.Page.Total = &found.Total
	return reply, nil
}

// pageSize is what was asked for, 50 where nothing was.
func pageSize(asked schemas.Int) int {
	if asked == 0 {
		return 50
	}
	return int(asked)
}

// after opens the position of a page token; nil for the first page.
func (a *api) after(b web.Binding, token string) (*soc.Keyset, error) {
	if token == "" {
		return nil, nil
	}
	var position soc.Keyset
	if err := a.seal.OpenJSON(b, token, &position); err != nil {
		return nil, err
	}
	return &position, nil
}

// page seals where a list continues.
func (a *api) page(b web.Binding, next *soc.Keyset) (*web.Page, error) {
	if next == nil {
		return &web.Page{}, nil
	}
	token, err := a.seal.SealJSON(b, next)
	return &web.Page{Next: token}, err
}

func (a *api) getApproval(ctx context.Context, by soc.Actor, in oneApproval) (web.Reply[soc.Card], error) {
	card, err := a.desk.GetCard(ctx, by, in.Gamebook)
	if err != nil {
		return web.Reply[soc.Card]{}, err
	}
	if card.View, err = a.seal.SealView(by, card, a.desk.Now()); err != nil {
		return web.Reply[soc.Card]{}, err
	}
	return web.Reply[soc.Card]{Data: card, Revision: card.Revision}, nil
}

// seen adds to a decision what its view proves.
func (a *api) seen(by soc.Actor, d *soc.Decision, view string, opened []string) error {
	d.Opened = opened
	return a.seal.ProveView(by, d, view, a.desk.Now())
}

func (a *api) approve(ctx context.Context, by soc.Actor, in approveInput) (web.Reply[decisionView], error) {
	d := soc.Decision{Workspace: by.Workspace, Gamebook: in.Gamebook, Digest: in.Body.Digest, Comment: in.Body.Comment, IfMatch: in.IfMatch.IfMatch}
	if err := a.seen(by, &d, in.Body.View, in.Body.Opened); err != nil {
		return web.Reply[decisionView]{}, err
	}
	return decided(a.desk.Approve(ctx, web.Answering(by, drawDecision), d))
}

func (a *api) deny(ctx context.Context, by soc.Actor, in denyInput) (web.Reply[decisionView], error) {
	d := soc.Decision{Workspace: by.Workspace, Gamebook: in.Gamebook, Digest: in.Body.Digest, Comment: in.Body.Reason}
	if err := a.seen(by, &d, in.Body.View, in.Body.Opened); err != nil {
		return web.Reply[decisionView]{}, err
	}
	return decided(a.desk.Deny(ctx, web.Answering(by, drawDecision), d))
}

func decided(receipt soc.DecisionReceipt, err error) (web.Reply[decisionView], error) {
	if err != nil {
		return web.Reply[decisionView]{}, err
	}
	return drawDecision(receipt), nil
}

func (a *api) decideBatch(ctx context.Context, by soc.Actor, in batchInput) (web.Reply[[]decisionView], error) {
	batch := soc.BatchDecision{Approve: in.Body.Decision == "approve", Comment: in.Body.Comment}
	if !batch.Approve {
		batch.Comment = in.Body.Reason
	}
	for _, item := range in.Body.Items {
		batch.Items = append(batch.Items, soc.Decision{Workspace: by.Workspace, Gamebook: item.Gamebook, Digest: item.Digest})
	}
	draw := func(receipts []soc.DecisionReceipt) web.Reply[[]decisionView] {
		views := make([]decisionView, len(receipts))
		for i, r := range receipts {
			views[i] = drawDecision(r).Data
		}
		return web.OK(views)
	}
	receipts, err := a.desk.DecideBatch(ctx, web.Answering(by, draw), batch)
	if err != nil {
		return web.Reply[[]decisionView]{}, err
	}
	return draw(receipts), nil
}

func drawDecision(r soc.DecisionReceipt) web.Reply[decisionView] {
	view := decisionView{
		GamebookID: r.GamebookID, State: r.State, Approvals: givenView{r.Given, r.Required}, Missing: []string{},
		ExecutionExpiresAt: schemas.TimeOrNull(r.ExecutionExpires),
	}
	for _, role := range r.Missing {
		view.Missing = append(view.Missing, string(role))
	}
	return web.OK(view)
}
