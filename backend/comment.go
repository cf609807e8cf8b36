package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// commentBytes bounds a comment (portal-api.md sections 8 and 10).
const commentBytes = 64 << 10

// mentionLimit bounds the people one comment names (case-api.md section 5).
const mentionLimit = 50

// AddComment posts a note on an incident, stored byte for byte, on closed ones
// too. Only Mentions names people, never an @name in the text; where one of
// them may not look into the workspace nothing is posted. An engaged kill
// switch stops the comments of agents and of nobody else (S33).
func (d *Desk) AddComment(ctx context.Context, by soc.Actor, ref soc.IncidentRef, in soc.NewComment) (c soc.Comment, err error) {
	if err = mayComment(by); err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.checkComment(by, in)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			c, err = d.addComment(tx, by, ref, in)
			return err
		})
	}
	if err != nil {
		return soc.Comment{}, d.refused(ctx, by, "comment_added", err, nil)
	}
	return c, nil
}

// mayComment takes the scope of either family that posts comments.
func mayComment(by soc.Actor) error {
	scope := soc.ScopeIncidentsComments
	if !by.Has(scope) && by.Has(soc.ScopeCasesWrite) {
		scope = soc.ScopeCasesWrite
	}
	return by.May(scope, soc.RoleAnalyst)
}

// checkComment are the rules that need no row.
func (d *Desk) checkComment(by soc.Actor, in soc.NewComment) error {
	if strings.TrimSpace(in.Body) == "" || len(in.Body) > commentBytes {
		return soc.InvalidField("body", "must hold 1 to %d bytes of text", commentBytes)
	}
	if len(in.Mentions) > mentionLimit {
		return soc.InvalidField("mentions", "must name at most %d people", mentionLimit)
	}
	if in.Extension == "" {
		return nil
	}
	known := d.extensions(by.Workspace)
	switch {
	case slices.Contains(known, in.Extension):
		return nil
	case len(known) == 0:
		return soc.InvalidField("extensionId", "must be absent: no connector serves this workspace")
	}
	return soc.InvalidField("extensionId", "must be the id of a connector of this workspace: %s", strings.Join(known, ", "))
}

// extensions are the ids of the connectors that serve a workspace.
func (d *Desk) extensions(workspace string) []string {
	var ids []string
	for _, c := range d.ways() {
		if len(c.Workspaces) == 0 || slices.Contains(c.Workspaces, workspace) {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func (d *Desk) addComment(tx *store.Tx, by soc.Actor, ref soc.IncidentRef, in soc.NewComment) (soc.Comment, error) {
	i, err := d.incident(&tx.Reader, by, ref)
	if err != nil {
		return soc.Comment{}, err
	}
	if err := in.IfMatch.Check(i.Version); err != nil {
		return soc.Comment{}, err
	}
	c, err := d.commentOn(tx, by, i, in)
	if err != nil {
		return c, err
	}
	return c, d.settleIdempotency(tx, by, c)
}

// commentOn posts a comment with its audit entry; it settles no key.
func (d *Desk) commentOn(tx *store.Tx, by soc.Actor, i soc.Incident, in soc.NewComment) (c soc.Comment, err error) {
	if err := d.unlocked(tx, i.Workspace); err != nil {
		return c, err
	}
	if err := d.agentStopped(tx, by, i.Workspace); err != nil {
		return c, err
	}
	if in.Mentions, err = mentioned(&tx.Reader, i.Workspace, in.Mentions); err != nil {
		return c, err
	}
	c, err = d.keepComment(tx, by, soc.Comment{
		Workspace: i.Workspace, Incident: i.ID, Body: in.Body, Mentions: in.Mentions, Extension: in.Extension,
	})
	if err != nil {
		return c, err
	}
	e := d.entry(by, "comment_added")
	e.Incident, e.Target = i.ID, c.ID
	tx.Audit(e)
	return c, d.announceMentions(tx, by, i, c)
}

// announceMentions tells of the people that a comment names, if any.
func (d *Desk) announceMentions(tx *store.Tx, by soc.Actor, i soc.Incident, c soc.Comment) error {
	if len(c.Mentions) == 0 {
		return nil
	}
	told := caused(by, soc.NewEvent(soc.EventCaseMentioned, i, c.ID))
	told.Facts.Comment, told.Facts.Mentions, told.Facts.Verdict, told.Facts.Duplicate = c.ID, c.Mentions, i.Verdict, i.Duplicate
	return d.announce(tx, told)
}

// mentioned are the people named, each once, all of whom may look into the
// workspace.
func mentioned(r *store.Reader, workspace string, people []string) ([]string, error) {
	members, err := r.Members(workspace, people)
	if err != nil {
		return nil, err
	}
	var once []string
	for n, id := range people {
		if _, member := members[id]; !member {
			return nil, soc.InvalidField(fmt.Sprintf("mentions[%d]", n), "is nobody with access to this workspace")
		}
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once, nil
}

// postComment adds a comment of the actor in a transaction under way.
func (d *Desk) postComment(tx *store.Tx, by soc.Actor, i soc.Incident, body string, closing bool) (soc.Comment, error) {
	return d.keepComment(tx, by, soc.Comment{Workspace: i.Workspace, Incident: i.ID, Body: body, Closing: closing})
}

// keepComment stores a comment with its author and time.
func (d *Desk) keepComment(tx *store.Tx, by soc.Actor, c soc.Comment) (soc.Comment, error) {
	id, err := d.newUUID()
	if err != nil {
		return soc.Comment{}, err
	}
	c.ID, c.AuthorKind, c.AuthorID, c.AuthorName, c.CreatedAt = id, by.Kind, by.ID, by.Name, d.clock()
	if by.Kind == soc.PrincipalPerson {
		person, _, err := tx.Person(by.ID)
		if err != nil {
			return soc.Comment{}, err
		}
		c.AuthorMail = person.Email
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
