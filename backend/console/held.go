package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

const heldRows = 50

type heldQuery struct {
	After string `query:"after" max:"2000"`
}

type heldView struct {
	Rows        []soc.HeldVerdict
	Next, First string
}

// registerHeld adds the queue of verdicts that wait for a person. They are
// decided on the page of their incident, beside the evidence.
func (c *Console) registerHeld() {
	add(c, Page{
		Method: http.MethodGet, Path: "/held", Name: "held_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Held verdicts", Key: "h", Order: 30},
	}, c.heldQueue)
}

func (c *Console) heldQueue(ctx context.Context, by soc.Actor, in heldQuery) (View, error) {
	after, err := c.position(by, "held", in.After, in)
	if err != nil {
		return View{}, err
	}
	var view heldView
	if after != nil {
		view.First = c.at(by, "/held")
	}
	held, next, err := c.desk.ListHeld(ctx, by, after, heldRows)
	if err != nil {
		return View{}, err
	}
	view.Rows = held
	if view.Next, err = c.more(by, c.at(by, "/held"), "held", in, next); err != nil {
		return View{}, err
	}
	return View{Template: "held", Title: "Held verdicts", Data: view}, nil
}

// reason is a code as a page tells it: in words, with the one step that
// resolves it.
type reason struct {
	Code       soc.Code
	Text, Next string
}

func reasonsOf(codes []soc.Code) []reason {
	reasons := make([]reason, len(codes))
	for n, code := range codes {
		meaning, _ := soc.MeaningOf(code)
		reasons[n] = reason{code, meaning.Meaning, meaning.Next}
	}
	return reasons
}
