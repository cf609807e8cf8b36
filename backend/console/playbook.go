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
	Entries    []soc.CatalogueEntry
	Findings   []playbookFinding
	Triage     []soc.TriagePlaybook
	Procedures []soc.SOPMatch
}

// playbookFinding is what the catalogue may be but should not be.
type playbookFinding struct{ Playbook, Message string }

// catalogueRows is every playbook there may be on one page.
const catalogueRows = 200

// registerPlaybooks adds the catalogue, the triage playbooks and the procedures.
func (c *Console) registerPlaybooks() {
	add(c, Page{
		Method: http.MethodGet, Path: "/playbooks", Name: "playbooks_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Playbooks", Key: "b", Order: 70},
	}, c.playbooks)
	c.registerSwitches()
	c.registerProcedures()
}

func (c *Console) playbooks(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	var page playbookPage
	var err error
	if page.Entries, _, err = c.desk.ListCatalogue(ctx, by, soc.CatalogueFilter{Limit: catalogueRows}); err != nil {
		return View{}, err
	}
	findings, err := c.desk.LintCatalogue(ctx, by)
	if err != nil {
		return View{}, err
	}
	for _, f := range findings {
		page.Findings = append(page.Findings, playbookFinding{f.Playbook, f.Message})
	}
	if page.Triage, err = c.desk.ListTriagePlaybooks(ctx, by); err != nil {
		return View{}, err
	}
	page.Procedures, _, err = c.desk.ListSOPs(ctx, by, soc.SOPFilter{Limit: catalogueRows})
	return View{Template: "playbooks", Title: "Playbooks", Data: page}, err
}
