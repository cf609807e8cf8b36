package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type approvalPart struct {
	Gamebook string      `path:"gamebook" jsonschema:"maxLength=64"`
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type approvalCommentInput struct {
	Gamebook string `path:"gamebook" jsonschema:"maxLength=64"`
	Body     struct {
		Body string `json:"body" jsonschema:"minLength=1,maxLength=4000"`
		Kind string `json:"kind,omitempty" jsonschema:"enum=note,enum=question" jsonschema_description:"The default is note."`
		To   string `json:"to,omitempty" jsonschema:"maxLength=36" jsonschema_description:"The id of a person of the workspace, who is told of it."`
	} `body:"json"`
}

// approvalCommentView is what a person put on a card.
type approvalCommentView struct {
	ID   string          `json:"id"`
	Kind soc.CommentKind `json:"kind" jsonschema:"enum=note,enum=question"`
	Body string          `json:"body"`
	By   approvalActor   `json:"by"`
	To   *approvalNamed  `json:"to"`
	At   schemas.Time    `json:"at"`
}

type approvalActor struct {
	Kind soc.PrincipalKind `json:"kind"`
	ID   string            `json:"id"`
	Name string            `json:"name"`
}

// approvalNamed is a person; the name is empty of one who may no longer look in.
type approvalNamed struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// approvalEventView is one happening of a gamebook.
type approvalEventView struct {
	At        schemas.Time          `json:"at"`
	Kind      soc.ApprovalEventKind `json:"kind" jsonschema:"enum=submitted,enum=notice,enum=decision,enum=voided,enum=step,enum=state"`
	Event     string                `json:"event" jsonschema_description:"The record's own word, such as step_finished."`
	By        approvalActor         `json:"by"`
	Step      *string               `json:"actionId"`
	Operation *string               `json:"operation"`
	State     *string               `json:"state" jsonschema_description:"What the gamebook, or the step, was afterwards."`
	Code      *string               `json:"code"`
	Digest    *string               `json:"digest"`
}

// registerApprovalComments adds the conversation and the history of section 5.
func (a *api) registerApprovalComments() {
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: peopleAndServices}
	add(a, with(read, http.MethodGet, "/approvals/{gamebook}/comments", "list_approval_comments", "What was said on the card, oldest first."), a.approvalComments)
	add(a, with(read, http.MethodGet, "/approvals/{gamebook}/history", "get_approval_history", "What became of the gamebook, oldest first."), a.approvalHistory)
	say := web.Operation{Who: web.Person, MinRole: soc.RoleAnalyst, Rate: "write", Write: true, Status: http.StatusCreated, Errors: []soc.Code{soc.CodeLocked}}
	add(a, with(say, http.MethodPost, "/approvals/{gamebook}/comments", "comment_on_approval", "Put a note or a question on the card; it stops no clock."), a.commentOnApproval)
}

func (a *api) approvalComments(ctx context.Context, by soc.Actor, in approvalPart) (web.Reply[[]approvalCommentView], error) {
	binding := web.Binding{Endpoint: "ops approval comments", Principal: by.ID, Workspace: by.Workspace, Filters: in.Gamebook}
	after, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]approvalCommentView]{}, err
	}
	page, err := a.desk.ApprovalComments(ctx, by, in.Gamebook, after, pageSize(in.PageSize))
	if err != nil {
		return web.Reply[[]approvalCommentView]{}, err
	}
	views := make([]approvalCommentView, len(page.Comments))
	for n, c := range page.Comments {
		views[n] = drawApprovalComment(c, page.People)
	}
	reply := web.OK(views)
	reply.Page, err = a.page(binding, page.Next)
	return reply, err
}

func (a *api) commentOnApproval(ctx context.Context, by soc.Actor, in approvalCommentInput) (web.Reply[approvalCommentView], error) {
	draw := func(said soc.ApprovalConversation) web.Reply[approvalCommentView] {
		c := said.Comments[0]
		return web.Reply[approvalCommentView]{
			Data: drawApprovalComment(c, said.People), Status: http.StatusCreated, Location: prefix + "/approvals/" + c.Gamebook + "/comments",
		}
	}
	said, err := a.desk.CommentOnApproval(ctx, web.Answering(by, draw), in.Gamebook, soc.ApprovalComment{
		Body: in.Body.Body, Kind: soc.CommentKind(in.Body.Kind), To: in.Body.To,
	})
	if err != nil {
		return web.Reply[approvalCommentView]{}, err
	}
	return draw(said), nil
}

func drawApprovalComment(c soc.Comment, people map[string]soc.Person) approvalCommentView {
	view := approvalCommentView{
		ID: c.ID, Kind: c.Kind, Body: c.Body, By: approvalActor{c.AuthorKind, c.AuthorID, soc.EscapeVisible(c.AuthorName)}, At: schemas.Time(c.CreatedAt),
	}
	for _, id := range c.Mentions {
		view.To = &approvalNamed{id, soc.EscapeVisible(people[id].Name)}
	}
	return view
}

func (a *api) approvalHistory(ctx context.Context, by soc.Actor, in approvalPart) (web.Reply[[]approvalEventView], error) {
	binding := web.Binding{Endpoint: "ops approval history", Principal: by.ID, Workspace: by.Workspace, Filters: in.Gamebook}
	var position int64
	if in.Token != "" {
		if err := a.seal.OpenJSON(binding, in.Token, &position); err != nil {
			return web.Reply[[]approvalEventView]{}, err
		}
	}
	events, next, err := a.desk.ApprovalHistory(ctx, by, in.Gamebook, position, pageSize(in.PageSize))
	if err != nil {
		return web.Reply[[]approvalEventView]{}, err
	}
	views := make([]approvalEventView, len(events))
	for n, e := range events {
		views[n] = approvalEventView{
			At: schemas.Time(e.At), Kind: e.Kind, Event: e.Event, By: approvalActor{e.ByKind, e.By, soc.EscapeVisible(e.ByName)},
			Step: textOrNull(e.Step), Operation: textOrNull(e.Operation), State: textOrNull(e.State), Code: textOrNull(string(e.Code)), Digest: textOrNull(e.Digest),
		}
	}
	reply := web.Reply[[]approvalEventView]{Data: views, Page: &web.Page{}}
	if next > 0 {
		reply.Page.Next, err = a.seal.SealJSON(binding, next)
	}
	return reply, err
}
