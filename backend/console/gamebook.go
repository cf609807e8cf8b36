package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

// gamebookPage is a gamebook with its execution.
type gamebookPage struct {
	soc.GamebookDetail
	Approvals []soc.CardApproval
	Class     string
	// What may be done with it in its state, by this person.
	Cancel, Verify, Undo bool
}

// registerGamebooks adds the page of what was decided: how it runs, and undo.
func (c *Console) registerGamebooks() {
	const one = "/gamebooks/{gamebook}"
	add(c, Page{Method: http.MethodGet, Path: one, Name: "gamebook_page", Who: Member, Role: soc.RoleViewer, Section: "/approvals"}, c.gamebook)
	add(c, Page{Method: http.MethodGet, Path: one + "/receipt", Name: "get_receipt", Who: Member, Role: soc.RoleViewer, Section: "/approvals"}, c.receipt)
	form := func(verb, name string) Page {
		return Page{Method: http.MethodPost, Path: one + verb, Name: name, Who: Member, Role: soc.RoleAnalyst, Back: one}
	}
	add(c, form("/rollback", "roll_back_gamebook"), c.rollBack)
	add(c, form("/cancel", "cancel_gamebook"), c.cancel)
	add(c, form("/verify", "verify_gamebook"), c.verify)
}

func (c *Console) gamebook(ctx context.Context, by soc.Actor, in oneGamebook) (View, error) {
	detail, err := c.desk.GetGamebook(ctx, by, in.Gamebook, 0)
	if err != nil {
		return View{}, err
	}
	g := detail.Gamebook
	page := gamebookPage{GamebookDetail: detail, Approvals: soc.CardApprovals(g.Approvals), Class: soc.PortalClass.Word(g.Class)}
	if by.May("", soc.RoleAnalyst) == nil {
		page.Cancel = !g.Status.Ended()
		for _, s := range g.Steps {
			done := s.Status == soc.StepConfirmed || s.Status == soc.StepUnconfirmed
			page.Undo = page.Undo || g.Status.Ended() && done
			page.Verify = page.Verify || g.Status.Ended() && (s.Status == soc.StepUnconfirmed || s.Status == soc.StepUnknown)
		}
	}
	return View{Template: "gamebook", Title: g.ID, Data: page}, nil
}

// receipt is the file that verifies offline: the RFC 8785 form of the document.
func (c *Console) receipt(ctx context.Context, by soc.Actor, in oneGamebook) (View, error) {
	signed, err := c.desk.GetReceipt(ctx, by, in.Gamebook)
	if err != nil {
		return View{}, err
	}
	body, err := soc.CanonicalRecord(signed)
	return View{File: &File{Name: "receipt-" + in.Gamebook + ".json", Media: "application/json", Body: body}}, err
}

func (c *Console) rollBack(ctx context.Context, by soc.Actor, in reasonForm) (View, error) {
	return c.received(by, "rolled-back")(c.desk.RollBackGamebook(ctx, by, soc.GamebookOrder{Gamebook: in.Gamebook, Reason: in.Reason, Steps: in.Steps}))
}

func (c *Console) cancel(ctx context.Context, by soc.Actor, in reasonForm) (View, error) {
	_, err := c.desk.CancelGamebook(ctx, by, soc.GamebookOrder{Gamebook: in.Gamebook, Reason: in.Reason})
	return View{Redirect: c.at(by, "/gamebooks", in.Gamebook), Notice: "cancelled"}, err
}

func (c *Console) verify(ctx context.Context, by soc.Actor, in oneGamebook) (View, error) {
	_, err := c.desk.VerifyGamebook(ctx, by, in.Gamebook)
	return View{Redirect: c.at(by, "/gamebooks", in.Gamebook), Notice: "verifying"}, err
}
