package portalapi

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type commentsInput struct {
	incidentInput
	PageSize int    `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string `query:"continuationToken" jsonschema:"minLength=1,maxLength=4096"`
}

// comment is a note; message is the stored text, byte for byte.
type comment struct {
	ID                string       `json:"id"`
	Message           string       `json:"message"`
	CreatedTime       schemas.Time `json:"createdTime"`
	AuthorEmail       *string      `json:"authorEmail"`
	AuthorName        *string      `json:"authorName"`
	IsActivityComment bool         `json:"isActivityComment"`
	IsAgentComment    bool         `json:"isAgentComment"`
	AgentName         *string      `json:"agentName"`
	IsClosingComment  bool         `json:"isClosingComment"`
	TicketNoteID      *string      `json:"ticketNoteId"`
	TicketID          *string      `json:"ticketId"`
	// ExtensionID is the connector the comment came through.
	ExtensionID *string `json:"extensionId"`
}

const commentPage = 200

func (d *door) comments(ctx context.Context, by soc.Actor, in commentsInput) (web.Reply[[]comment], error) {
	b := binding(by, "comments", in.Source, in.Incident)
	after, err := d.after(b, in.Token)
	if err != nil {
		return web.Reply[[]comment]{}, err
	}
	if in.PageSize == 0 {
		in.PageSize = commentPage
	}
	comments, next, err := d.desk.Comments(ctx, by, in.ref(by), after, in.PageSize)
	if err != nil {
		return web.Reply[[]comment]{}, err
	}
	out := make([]comment, len(comments))
	for n, c := range comments {
		out[n] = drawComment(c)
	}
	page, err := d.page(b, next)
	return web.Reply[[]comment]{Data: out, Page: page}, err
}

type addCommentInput struct {
	incidentInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    newComment  `body:"json"`
}

type newComment struct {
	Content     string `json:"content" jsonschema:"minLength=1,maxLength=65536" jsonschema_description:"1 to 65536 bytes, kept byte for byte."`
	ExtensionID string `json:"extensionId,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"Id of the connector it comes through."`
}

func (d *door) addComment(ctx context.Context, by soc.Actor, in addCommentInput) (web.Reply[comment], error) {
	draw := func(c soc.Comment) web.Reply[comment] { return web.OK(drawComment(c)) }
	c, err := d.desk.AddComment(ctx, web.Answering(by, draw), in.ref(by), soc.NewComment{
		Body: in.Body.Content, Extension: in.Body.ExtensionID, IfMatch: in.IfMatch.IfMatch,
	})
	if err != nil {
		return web.Reply[comment]{}, renamed(err, "body", "content")
	}
	return draw(c), nil
}

func drawComment(c soc.Comment) comment {
	out := comment{
		ID: c.ID, Message: c.Body, CreatedTime: schemas.Time(c.CreatedAt), AuthorEmail: textOrNull(c.AuthorMail),
		AuthorName: textOrNull(c.AuthorName), IsActivityComment: c.Activity, IsClosingComment: c.Closing, TicketID: textOrNull(c.Ticket),
		ExtensionID: textOrNull(c.Extension),
	}
	if c.AuthorKind == soc.PrincipalAgent {
		out.IsAgentComment, out.AgentName = true, textOrNull(c.AuthorName)
	}
	return out
}
