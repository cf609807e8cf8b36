package console

import (
	"context"
	"fmt"
	"strings"

	"vedette/backend/soc"
)

type approveForm struct {
	Gamebook string   `path:"gamebook" max:"64"`
	Digest   string   `form:"digest" max:"80"`
	View     string   `form:"view" max:"1024"`
	Comment  string   `form:"comment" max:"4000"`
	Opened   []string `form:"opened" max:"20"`
}

type denyForm struct {
	Gamebook string   `path:"gamebook" max:"64"`
	Digest   string   `form:"digest" max:"80"`
	View     string   `form:"view" max:"1024"`
	Reason   string   `form:"reason" max:"4000"`
	Opened   []string `form:"opened" max:"20"`
}

type askForm struct {
	Gamebook string `path:"gamebook" max:"64"`
	Question string `form:"question" max:"16000"`
	To       string `form:"to" max:"254"`
}

type sayForm struct {
	Gamebook string `path:"gamebook" max:"64"`
	Note     string `form:"note" max:"16000"`
	To       string `form:"to" max:"254"`
}

type reasonForm struct {
	Gamebook string   `path:"gamebook" max:"64"`
	Reason   string   `form:"reason" max:"4000"`
	Steps    []string `form:"step" max:"64"`
}

// segment is a piece of the bytes that a digest covers. Code names what cannot
// be seen, or would turn around what stands after it; the bytes stay.
type segment struct{ Text, Code string }

// cardPage is the card with the incident around it.
type cardPage struct {
	soc.Card
	Incident soc.Incident
	Status   soc.GamebookStatus
	Title    string
	// Covered are the exact bytes under the digest, in pieces.
	Covered []segment
	// Why says in words what Card.You.Why says by code, Next what to do then.
	Why, Next string
	// Stale is true where a new proof of identity is all that is missing.
	Stale bool
	// Deny, Again and Waiting are what the state allows.
	Deny, Again, Waiting bool
	DenyReason           string
	// Said is the conversation of the card, and History what became of it: the
	// first conversationRows of each, with More where there are others.
	Said    soc.ApprovalConversation
	History []soc.ApprovalEvent
	More    bool
}

// conversationRows is the most of each that the card shows; the ops API has
// the rest.
const conversationRows = 200

// digestPrefix stands before the canonical bytes under the digest (safety.md
// section 1.2).
const digestPrefix = "vedette-action-v1\n"

func (c *Console) approval(ctx context.Context, by soc.Actor, in oneGamebook) (View, error) {
	card, err := c.desk.GetCard(ctx, by, in.Gamebook)
	if err != nil {
		return View{}, err
	}
	detail, err := c.desk.GetGamebook(ctx, by, in.Gamebook, 0)
	if err != nil {
		return View{}, err
	}
	if card.View, err = c.seal.SealView(by, card, c.desk.Now()); err != nil {
		return View{}, err
	}
	g := detail.Gamebook
	page := cardPage{
		Card: card, Incident: detail.Incident, Status: g.Status, Title: soc.EscapeVisible(detail.Incident.Title), Covered: visible(digestPrefix + card.Canonical),
		Waiting: g.Status == soc.GamebookQueued && g.NeedsApproval, DenyReason: soc.EscapeVisible(g.DenyReason),
	}
	page.Deny = g.Status == soc.GamebookQueued && by.DecidingRole().AtLeast(soc.RoleAnalyst)
	if page.Said, err = c.desk.ApprovalComments(ctx, by, in.Gamebook, nil, conversationRows); err != nil {
		return View{}, err
	}
	history, more, err := c.desk.ApprovalHistory(ctx, by, in.Gamebook, 0, conversationRows)
	if err != nil {
		return View{}, err
	}
	page.History, page.More = history, more > 0 || page.Said.Next != nil
	switch g.Status {
	case soc.GamebookExpired, soc.GamebookRejected, soc.GamebookCancelled, soc.GamebookHalted, soc.GamebookFailed:
		page.Again = by.May("", soc.RoleAnalyst) == nil
	}
	if card.You != nil && card.You.Why != nil {
		meaning, _ := soc.MeaningOf(soc.Code(*card.You.Why))
		page.Why, page.Next = meaning.Meaning, meaning.Next
		page.Stale = *card.You.Why == string(soc.CodeHumanSessionRequired)
	}
	return View{Template: "card", Title: card.GamebookID, Data: page}, nil
}

// visible cuts text where something stands in it that a screen does not show as
// it is: controls, and marks that change the direction. Nothing is lost: the
// pieces together are the text.
func visible(text string) []segment {
	var pieces []segment
	plain := 0
	for i, r := range text {
		if r == '\n' || soc.EscapeVisible(string(r)) == string(r) {
			continue
		}
		if plain < i {
			pieces = append(pieces, segment{Text: text[plain:i]})
		}
		pieces = append(pieces, segment{Text: string(r), Code: fmt.Sprintf("U+%04X", r)})
		plain = i + len(string(r))
	}
	return append(pieces, segment{Text: text[plain:]})
}

func (c *Console) decision(by soc.Actor, gamebook, digest, view, comment string, opened []string) (soc.Decision, error) {
	d := soc.Decision{Workspace: by.Workspace, Gamebook: gamebook, Digest: digest, Comment: comment, Opened: opened}
	return d, c.seal.ProveView(by, &d, view, c.desk.Now())
}

func (c *Console) approve(ctx context.Context, by soc.Actor, in approveForm) (View, error) {
	d, err := c.decision(by, in.Gamebook, in.Digest, in.View, in.Comment, in.Opened)
	if err == nil {
		_, err = c.desk.Approve(ctx, by, d)
	}
	return View{Redirect: c.at(by, "/approvals", in.Gamebook), Notice: "approved"}, err
}

func (c *Console) deny(ctx context.Context, by soc.Actor, in denyForm) (View, error) {
	d, err := c.decision(by, in.Gamebook, in.Digest, in.View, in.Reason, in.Opened)
	if err == nil {
		_, err = c.desk.Deny(ctx, by, d)
	}
	return View{Redirect: c.at(by, "/approvals", in.Gamebook), Notice: "denied"}, err
}

// ask puts a question on the card, which stands on the incident too, where
// whoever asked for the gamebook, agent or person, reads and answers.
func (c *Console) ask(ctx context.Context, by soc.Actor, in askForm) (View, error) {
	_, err := c.desk.CommentOnApproval(ctx, by, in.Gamebook, soc.ApprovalComment{
		Body: strings.TrimSpace(in.Question), Kind: soc.CommentQuestion, ToEmail: in.To,
	})
	return View{Redirect: c.at(by, "/approvals", in.Gamebook), Notice: "commented"}, err
}

// say puts a note on the card, such as the answer to a question.
func (c *Console) say(ctx context.Context, by soc.Actor, in sayForm) (View, error) {
	_, err := c.desk.CommentOnApproval(ctx, by, in.Gamebook, soc.ApprovalComment{Body: strings.TrimSpace(in.Note), Kind: soc.CommentNote, ToEmail: in.To})
	return View{Redirect: c.at(by, "/approvals", in.Gamebook), Notice: "commented"}, err
}

func (c *Console) resubmit(ctx context.Context, by soc.Actor, in reasonForm) (View, error) {
	return c.received(by, "resubmitted")(c.desk.ResubmitGamebook(ctx, by, soc.GamebookOrder{Gamebook: in.Gamebook, Reason: in.Reason}))
}

// received leads to the gamebook that was made; what policy said no to is a
// refusal with what was wrong with each step.
func (c *Console) received(by soc.Actor, notice string) func(soc.GamebookReceipt, error) (View, error) {
	return func(r soc.GamebookReceipt, err error) (View, error) {
		if err != nil {
			return View{}, err
		}
		if r.Success {
			return View{Redirect: c.at(by, "/approvals", r.GamebookID), Notice: notice}, nil
		}
		refusal := soc.Errorf(soc.Refused, r.Code, "%s", r.Summary).WithFix("%s", r.Fix)
		refusal.Rule = r.Rule
		for _, failure := range r.Failures {
			refusal.WithField(fmt.Sprintf("step %d", failure.Index+1), "%s: %s", failure.Code, failure.Message)
		}
		return View{}, refusal
	}
}
