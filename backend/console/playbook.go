package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

type oneProcedure struct {
	Procedure string `path:"procedure" max:"64"`
}

// playbookPage is what may be done and what triage goes by.
type playbookPage struct {
	Offers     []soc.PlaybookOffer
	Triage     []soc.TriagePlaybook
	Procedures []soc.SOPMatch
}

// registerPlaybooks adds the catalogue, the triage playbooks and the procedures.
func (c *Console) registerPlaybooks() {
	add(c, Page{
		Method: http.MethodGet, Path: "/playbooks", Name: "playbooks_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Playbooks", Key: "b", Order: 70},
	}, c.playbooks)
	add(c, Page{Method: http.MethodGet, Path: "/procedures/{procedure}", Name: "procedure_page", Who: Member, Role: soc.RoleViewer, Section: "/playbooks"}, c.procedure)
}

func (c *Console) playbooks(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	var page playbookPage
	var err error
	if page.Offers, err = c.desk.ListPlaybooks(ctx, by, soc.PlaybookQuery{Workspace: by.Workspace}); err != nil {
		return View{}, err
	}
	if page.Triage, err = c.desk.ListTriagePlaybooks(ctx, by); err != nil {
		return View{}, err
	}
	page.Procedures, err = c.desk.GetSOPs(ctx, by, soc.IncidentRef{}, "")
	return View{Template: "playbooks", Title: "Playbooks", Data: page}, err
}

// procedure shows a procedure's text as it was stored: Markdown is not drawn, so
// nothing in it can be more than text.
func (c *Console) procedure(ctx context.Context, by soc.Actor, in oneProcedure) (View, error) {
	found, err := c.desk.GetSOPs(ctx, by, soc.IncidentRef{}, in.Procedure)
	if err != nil {
		return View{}, err
	}
	return View{Template: "procedure", Title: found[0].SOP.Name, Data: found[0].SOP}, nil
}
