package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

type changeQuery struct {
	State string `query:"state" enum:"pending,applied,rejected,expired,stale"`
	After string `query:"after" max:"2000"`
}

type oneChange struct {
	Change string `path:"change" max:"64"`
}

type confirmForm struct {
	Change  string `path:"change" max:"64"`
	Digest  string `form:"digest" max:"128"`
	Comment string `form:"comment" max:"1000"`
}

type rejectForm struct {
	Change string `path:"change" max:"64"`
	Reason string `form:"reason" max:"1000"`
}

type changeList struct {
	State string
	Rows  []soc.PolicyChange
	Next  string
}

// changePage is a change, and how it stands now.
type changePage struct {
	soc.PolicyChange
	Now soc.ChangeState
	// Mine says that the person asked for it, Given that they confirmed it.
	Mine, Given bool
	// Collect says that the change made a key whose secret may wait for whoever
	// looks.
	Collect bool
}

// registerChanges adds what waits for a second person.
func (c *Console) registerChanges() {
	add(c, Page{
		Method: http.MethodGet, Path: "/changes", Name: "changes_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Changes", Key: "c", Order: 72},
	}, c.changes)
	add(c, Page{Method: http.MethodGet, Path: "/changes/{change}", Name: "change_page", Who: Member, Role: soc.RoleViewer, Section: "/changes"}, c.change)
	add(c, Page{
		Method: http.MethodPost, Path: "/changes/{change}/confirm", Name: "confirm_change", Who: Member, Role: soc.RoleManager, Fresh: true, Back: "/changes/{change}",
	}, c.confirmChange)
	add(c, Page{Method: http.MethodPost, Path: "/changes/{change}/reject", Name: "reject_change", Who: Member, Role: soc.RoleAnalyst, Back: "/changes/{change}"}, c.rejectChange)
}

func (c *Console) changes(ctx context.Context, by soc.Actor, in changeQuery) (View, error) {
	after, err := c.position(by, "changes", in.After, in)
	if err != nil {
		return View{}, err
	}
	found, next, err := c.desk.ListChanges(ctx, by, soc.ChangeFilter{State: soc.ChangeState(in.State), After: after, Limit: policyRows})
	if err != nil {
		return View{}, err
	}
	list := changeList{State: in.State, Rows: found}
	list.Next, err = c.more(by, c.at(by, "/changes"), "changes", in, next)
	return View{Template: "changes", Title: "Changes", Data: list}, err
}

func (c *Console) change(ctx context.Context, by soc.Actor, in oneChange) (View, error) {
	change, err := c.desk.GetChange(ctx, by, in.Change)
	if err != nil {
		return View{}, err
	}
	page := changePage{PolicyChange: change, Now: change.StateAt(c.desk.Now()), Mine: change.By == by.ID}
	for _, given := range change.Confirmations {
		page.Given = page.Given || given.Person == by.ID
	}
	page.Collect = page.Mine && change.Kind == soc.PartKey && page.Now == soc.ChangeApplied && !c.desk.Now().After(change.DecidedAt.Add(soc.CollectFor))
	return View{Template: "change", Title: "Change", Data: page}, nil
}

func (c *Console) confirmChange(ctx context.Context, by soc.Actor, in confirmForm) (View, error) {
	_, err := c.desk.DecideChange(ctx, by, soc.ChangeDecision{ID: in.Change, Digest: in.Digest, Comment: in.Comment, Confirm: true})
	return View{Redirect: c.at(by, "/changes", in.Change), Notice: "change-confirmed"}, err
}

func (c *Console) rejectChange(ctx context.Context, by soc.Actor, in rejectForm) (View, error) {
	_, err := c.desk.DecideChange(ctx, by, soc.ChangeDecision{ID: in.Change, Comment: in.Reason})
	return View{Redirect: c.at(by, "/changes", in.Change), Notice: "change-rejected"}, err
}
