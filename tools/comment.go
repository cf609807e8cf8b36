package tools

import (
	"context"

	"vedette/backend/soc"
	"vedette/schemas"
)

type commentAnswer struct {
	Summary   string `json:"summary"`
	CommentID string `json:"comment_id"`
}

func addComment(ctx context.Context, r *request, in schemas.AddComment) (any, error) {
	if err := incidentIDs.check("incident_id", in.IncidentID); err != nil {
		return nil, err
	}
	return once(ctx, r, write[soc.Comment]{
		do: func(ctx context.Context, by soc.Actor) (soc.Comment, error) {
			return r.server.desk.AddComment(ctx, by, r.ref(in.IncidentID), soc.NewComment{Body: in.Body})
		},
		draw: func(c soc.Comment) any {
			return commentAnswer{Summary: "Comment posted on " + in.IncidentID + ".", CommentID: c.ID}
		},
	})
}
