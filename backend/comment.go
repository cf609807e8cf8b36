package backend

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// commentBytes bounds a comment (portal-api.md sections 8 and 10).
const commentBytes = 64 << 10

// AddComment posts a note on an incident, stored byte for byte.
func (d *Desk) AddComment(ctx context.Context, by soc.Actor, ref soc.IncidentRef, body string) (c soc.Comment, err error) {
	if err := by.May(soc.ScopeIncidentsComments, soc.RoleAnalyst); err != nil {
		return c, d.refused(ctx, by, "comment_added", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return c, err
	}
	if strings.TrimSpace(body) == "" || len(body) > commentBytes {
		return c, soc.InvalidField("body", "must hold 1 to %d bytes of text", commentBytes)
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		i, err := d.incident(&tx.Reader, by, ref)
		if err != nil {
			return err
		}
		if c, err = d.postComment(tx, by, i, body, false); err != nil {
			return err
		}
		e := d.entry(by, "comment_added")
		e.Incident, e.Target = i.ID, c.ID
		tx.Audit(e)
		return d.settleIdempotency(tx, by, c)
	})
	return c, err
}

// postComment adds a comment in a transaction under way.
func (d *Desk) postComment(tx *store.Tx, by soc.Actor, i soc.Incident, body string, closing bool) (soc.Comment, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return soc.Comment{}, err
	}
	c := soc.Comment{
		ID: id.String(), Workspace: i.Workspace, Incident: i.ID, Body: body, AuthorKind: by.Kind, AuthorID: by.ID,
		AuthorName: by.Name, Closing: closing, CreatedAt: d.clock(),
	}
	return c, tx.InsertComment(c)
}

// Comments lists the comments of an incident, oldest first.
func (d *Desk) Comments(ctx context.Context, by soc.Actor, ref soc.IncidentRef, after *soc.Keyset, limit int) (comments []soc.Comment, next *soc.Keyset, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	limit = min(max(limit, 1), listLimit)
	var i soc.Incident
	err = d.store.View(ctx, func(r *store.Reader) error {
		if i, err = d.incident(r, by, ref); err != nil {
			return err
		}
		comments, err = r.Comments(by.Workspace, i.ID, after, limit+1)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if len(comments) > limit {
		comments = comments[:limit]
		next = store.AfterTime(comments[limit-1])
	}
	return comments, next, serve(by, i, len(comments), len(comments) > 0, false)
}
