package backend

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// approvalCommentChars bounds a comment on a card (ops-api.md section 5).
const approvalCommentChars = 4000

// CommentOnApproval puts a note or a question on the approval card of a
// gamebook, by a person who is at least an analyst there. It stands on the
// incident too and tells whoever it is addressed to; it stops no clock and is
// no part of what the digest covers.
func (d *Desk) CommentOnApproval(ctx context.Context, by soc.Actor, gamebook string, in soc.ApprovalComment) (said soc.ApprovalConversation, err error) {
	const event = "approval_commented"
	if err = maySession(by); err == nil {
		err = by.May("", soc.RoleAnalyst)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = checkApprovalComment(&in)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			said, err = d.commentOnApproval(tx, by, event, gamebook, in)
			return err
		})
	}
	if err != nil {
		return soc.ApprovalConversation{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Gamebook = soc.DisplayName(gamebook) })
	}
	return said, nil
}

func checkApprovalComment(in *soc.ApprovalComment) error {
	if n := utf8.RuneCountInString(in.Body); strings.TrimSpace(in.Body) == "" || n > approvalCommentChars {
		return soc.InvalidField("body", "must hold 1 to %d characters of text", approvalCommentChars)
	}
	switch in.Kind {
	case "":
		in.Kind = soc.CommentNote
	case soc.CommentNote, soc.CommentQuestion:
	default:
		return soc.InvalidField("kind", "must be note or question")
	}
	return nil
}

func (d *Desk) commentOnApproval(tx *store.Tx, by soc.Actor, event, gamebook string, in soc.ApprovalComment) (said soc.ApprovalConversation, err error) {
	g, err := findGamebook(&tx.Reader, by.Workspace, gamebook)
	if err != nil {
		return said, err
	}
	i, found, err := tx.Incident(g.Workspace, g.Incident)
	if err != nil {
		return said, err
	}
	if !found {
		return said, soc.NotFoundf("There is no such incident.")
	}
	if err := d.unlocked(tx, g.Workspace); err != nil {
		return said, err
	}
	if said.People, err = addressee(&tx.Reader, g.Workspace, in); err != nil {
		return said, err
	}
	c, err := d.keepComment(tx, by, soc.Comment{
		Workspace: g.Workspace, Incident: i.ID, Body: in.Body, Mentions: slices.Collect(maps.Keys(said.People)), Gamebook: g.ID, Kind: in.Kind,
	})
	if err != nil {
		return said, err
	}
	said.Comments = []soc.Comment{c}
	e := d.gamebookEntry(by, event, g)
	e.Target = c.ID
	tx.Audit(e)
	if err := d.announceMentions(tx, by, i, c); err != nil {
		return said, err
	}
	return said, d.settleIdempotency(tx, by, said)
}

// addressee is whom a comment is for: nobody, or one who may look into the
// workspace. A stranger and somebody without a role here are the same answer.
func addressee(r *store.Reader, workspace string, in soc.ApprovalComment) (people map[string]soc.Person, err error) {
	switch {
	case in.To != "":
		people, err = r.Members(workspace, []string{in.To})
	case in.ToEmail != "":
		email, _ := soc.NormalEmail(in.ToEmail)
		person, found, err := r.MemberByEmail(workspace, email)
		if err != nil {
			return nil, err
		}
		if found {
			people = map[string]soc.Person{person.ID: person}
		}
	default:
		return nil, nil
	}
	if err == nil && len(people) == 0 {
		err = soc.InvalidField("to", "is nobody with access to this workspace")
	}
	return people, err
}

// findGamebook finds a gamebook of a workspace by the id that people see.
func findGamebook(r *store.Reader, workspace, id string) (soc.Gamebook, error) {
	unknown := soc.NotFoundf("There is no such gamebook.")
	if !soc.CheckID(soc.PrefixGamebook, id) {
		return soc.Gamebook{}, unknown
	}
	g, found, err := r.Gamebook(workspace, id)
	if err == nil && !found {
		err = unknown
	}
	return g, err
}

// ApprovalComments lists what was said on the approval card of a gamebook,
// oldest first, with the people it names by id.
func (d *Desk) ApprovalComments(ctx context.Context, by soc.Actor, gamebook string, after *soc.Keyset, limit int) (page soc.ApprovalConversation, err error) {
	if err := mayReadOps(by); err != nil {
		return page, err
	}
	limit = min(max(limit, 1), approvalPage)
	err = d.store.View(ctx, func(r *store.Reader) error {
		g, err := findGamebook(r, by.Workspace, gamebook)
		if err != nil {
			return err
		}
		if page.Comments, err = r.GamebookComments(by.Workspace, g.ID, after, limit+1); err != nil {
			return err
		}
		if len(page.Comments) > limit {
			page.Comments = page.Comments[:limit]
			page.Next = store.AfterTime(page.Comments[limit-1])
		}
		var named []string
		for _, c := range page.Comments {
			named = append(named, c.Mentions...)
		}
		page.People, err = r.Members(by.Workspace, named)
		return err
	})
	return page, err
}

// ApprovalHistory lists what became of a gamebook, oldest first, from behind a
// position of the record; next is 0 at the end.
func (d *Desk) ApprovalHistory(ctx context.Context, by soc.Actor, gamebook string, after int64, limit int) (events []soc.ApprovalEvent, next int64, err error) {
	if err := mayReadOps(by); err != nil {
		return nil, 0, err
	}
	limit = min(max(limit, 1), approvalPage)
	err = d.store.View(ctx, func(r *store.Reader) error {
		g, err := findGamebook(r, by.Workspace, gamebook)
		if err != nil {
			return err
		}
		for {
			entries, err := r.AuditOfGamebook(by.Workspace, g.ID, after, auditPage)
			if err != nil {
				return err
			}
			for _, e := range entries {
				event, shown := soc.ReadApprovalEvent(e)
				if shown && len(events) == limit {
					next = events[limit-1].Position
					return nil
				}
				if shown {
					events = append(events, event)
				}
			}
			if len(entries) < auditPage {
				return nil
			}
			after = entries[len(entries)-1].Position
		}
	})
	return events, next, err
}
