package caseapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

func (d *door) registerComments() {
	add := writing("POST", "/cases/{id}/comments", "add_comment", "Post a comment; it names people by mentions only.", soc.ScopeCasesWrite, soc.RoleAnalyst)
	add.Status, add.Errors = http.StatusCreated, []soc.Code{soc.CodeLocked, soc.CodeKillSwitchEngaged}
	web.Register(d.registry, d.family, add, d.addComment)
}

type comment struct {
	ID         string              `json:"id"`
	CaseID     string              `json:"case_id"`
	Body       string              `json:"body"`
	Author     string              `json:"author"`
	AuthorKind string              `json:"author_kind" jsonschema:"enum=person,enum=service,enum=agent,enum=system,enum=host"`
	Mentions   []string            `json:"mentions"`
	CreatedAt  schemas.SecondsTime `json:"created_at"`
}

func drawComment(c soc.Comment) comment {
	out := comment{
		ID: soc.CaseID(soc.CasePrefixComment, c.ID), CaseID: soc.CaseID(soc.CasePrefixCase, c.Incident), Body: c.Body,
		Author: principal(c.AuthorID), AuthorKind: string(c.AuthorKind), Mentions: []string{}, CreatedAt: schemas.SecondsTime(c.CreatedAt),
	}
	for _, person := range c.Mentions {
		out.Mentions = append(out.Mentions, soc.CaseID(soc.CasePrefixUser, person))
	}
	return out
}

type addCommentInput struct {
	caseInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    newComment  `body:"json"`
}

type newComment struct {
	Body     string   `json:"body" jsonschema:"minLength=1,maxLength=65536" jsonschema_description:"Markdown of 1 to 65536 bytes, kept byte for byte."`
	Mentions []string `json:"mentions,omitempty" jsonschema:"maxItems=50" jsonschema_description:"Ids of people with access to the workspace."`
}

func (d *door) addComment(ctx context.Context, by soc.Actor, in addCommentInput) (web.Reply[comment], error) {
	draw := func(c soc.Comment) web.Reply[comment] { return web.OK(drawComment(c)) }
	mentions := make([]string, len(in.Body.Mentions))
	for n, id := range in.Body.Mentions {
		mentions[n] = uuidOf(soc.CasePrefixUser, id)
	}
	c, err := d.desk.AddComment(ctx, web.Answering(by, draw), in.ref(by), soc.NewComment{
		Body: in.Body.Body, Mentions: mentions, IfMatch: in.IfMatch.IfMatch,
	})
	if err != nil {
		return web.Reply[comment]{}, err
	}
	return draw(c), nil
}
