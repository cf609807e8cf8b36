package console

import (
	"context"
	"net/http"
	"strings"

	"vedette/backend/soc"
)

// approvalsPerPage is how many rows of the queue one page shows.
const approvalsPerPage = 40

type approvalQueue struct {
	State    string `query:"state" enum:"pending,approved,executing,finished,denied,expired,cancelled"`
	Severity string `query:"severity" enum:"Informational,Low,Medium,High,Critical"`
	Class    string `query:"class" enum:"ReadOnly,Reversible,ExternallyReversible,Irreversible"`
	Playbook string `query:"playbook" max:"64"`
	Mine     bool   `query:"mine"`
	Flagged  bool   `query:"flagged"`
	Sort     string `query:"sort" enum:"approvalExpiresAt,-risk,requestedAt"`
	After    string `query:"after" max:"2000"`
}

type approvalsPage struct {
	Filter approvalQueue
	Rows   []soc.ApprovalRow
	Total  int
	Next   string
	// Batch is true where at least two rows may be approved together.
	Batch bool
}

// registerApprovals adds the queue, the card and what is decided on it.
func (c *Console) registerApprovals() {
	const queue, card = "/approvals", "/approvals/{gamebook}"
	page := Page{Method: http.MethodGet, Who: Member, Role: soc.RoleViewer, Section: queue}
	with := func(path, name string) Page { p := page; p.Path, p.Name = path, name; return p }
	list := with(queue, "approvals_page")
	list.Nav, list.Section = &Nav{Title: "Approvals", Key: "a", Order: 10}, ""
	add(c, list, c.approvals)
	add(c, with(card, "approval_page"), c.approval)
	add(c, with("/approvals/batch", "batch_page"), c.batchPage)

	form := func(path, name, back string, role soc.Role) Page {
		return Page{Method: http.MethodPost, Path: path, Name: name, Who: Member, Role: role, Back: back}
	}
	add(c, form(card+"/approve", "approve_gamebook", card, soc.RoleViewer), c.approve)
	add(c, form(card+"/deny", "deny_gamebook", card, soc.RoleViewer), c.deny)
	add(c, form(card+"/ask", "comment_on_approval", card, soc.RoleAnalyst), c.ask)
	add(c, form(card+"/say", "comment_on_approval", card, soc.RoleAnalyst), c.say)
	add(c, form(card+"/resubmit", "resubmit_gamebook", card, soc.RoleAnalyst), c.resubmit)
	add(c, form("/approvals/batch", "decide_batch", queue, soc.RoleViewer), c.decideBatch)
}

func (c *Console) approvals(ctx context.Context, by soc.Actor, in approvalQueue) (View, error) {
	filter := soc.ApprovalFilter{State: in.State, Playbook: in.Playbook, Mine: in.Mine, Sort: in.Sort, Limit: approvalsPerPage}
	filter.Severity, _ = soc.PortalSeverity.Core(in.Severity)
	filter.Class, _ = soc.PortalClass.Core(in.Class)
	if in.Flagged {
		filter.Flagged = &in.Flagged
	}
	var err error
	if filter.After, err = c.position(by, "approvals", in.After, in); err != nil {
		return View{}, err
	}
	found, err := c.desk.ListApprovals(ctx, by, filter)
	if err != nil {
		return View{}, err
	}
	page := approvalsPage{Filter: in, Rows: found.Rows, Total: found.Total, Batch: batchable(found.Rows)}
	page.Next, err = c.more(by, c.at(by, "/approvals"), "approvals", in, found.Next)
	return View{Template: "approvals", Title: "Approvals", Data: page}, err
}

// batchable reports whether two of the rows may be decided together.
func batchable(rows []soc.ApprovalRow) bool {
	seen := map[string]int{}
	for _, row := range rows {
		if row.BatchGroup != nil && row.You.MayApprove {
			seen[*row.BatchGroup]++
			if seen[*row.BatchGroup] > 1 {
				return true
			}
		}
	}
	return false
}

type batchPick struct {
	Pick []string `query:"pick" max:"64"`
}

type batchForm struct {
	Decision string   `form:"decision" enum:"approve,deny"`
	Item     []string `form:"item" max:"200"`
	Comment  string   `form:"reason" max:"4000"`
}

// mostPicked is how many cards one confirmation shows; the desk has the rule.
const mostPicked = 50

// batchPage shows what one confirmation would cover, each with its digest.
func (c *Console) batchPage(ctx context.Context, by soc.Actor, in batchPick) (View, error) {
	if len(in.Pick) < 2 || len(in.Pick) > mostPicked {
		return View{}, soc.InvalidField("pick", "must name 2 to %d gamebooks", mostPicked)
	}
	cards := make([]soc.Card, len(in.Pick))
	for i, id := range in.Pick {
		var err error
		if cards[i], err = c.desk.GetCard(ctx, by, id); err != nil {
			return View{}, err
		}
	}
	return View{Template: "batch", Title: "Decide together", Data: cards}, nil
}

// decideBatch takes items of a gamebook and the digest that its card showed.
func (c *Console) decideBatch(ctx context.Context, by soc.Actor, in batchForm) (View, error) {
	batch := soc.BatchDecision{Approve: in.Decision == "approve", Comment: in.Comment}
	for _, item := range in.Item {
		gamebook, digest, _ := strings.Cut(item, " ")
		batch.Items = append(batch.Items, soc.Decision{Workspace: by.Workspace, Gamebook: gamebook, Digest: digest})
	}
	_, err := c.desk.DecideBatch(ctx, by, batch)
	notice := "batch-denied"
	if batch.Approve {
		notice = "batch-approved"
	}
	return View{Redirect: c.at(by, "/approvals"), Notice: notice}, err
}
