package console

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"vedette/backend/soc"
)

// maxProcedureForm is the most bytes of a form with a procedure's text; longer
// ones come through the operations API.
const maxProcedureForm = 512 << 10

type procedureDiffQuery struct {
	Procedure string `path:"procedure" max:"64"`
	From      int    `query:"from"`
	To        int    `query:"to"`
	// Change is one that waits: what it asks for beside what stands.
	Change string `query:"change" max:"64"`
}

type newProcedureForm struct {
	Name   string `form:"name" max:"512"`
	Kind   string `form:"kind" enum:"classification,response"`
	Text   string `form:"text" max:"400000"`
	Reason string `form:"reason" max:"1000"`
}

type procedureVersionForm struct {
	Procedure string `path:"procedure" max:"64"`
	Text      string `form:"text" max:"400000"`
	Reason    string `form:"reason" max:"1000"`
}

type procedureReasonForm struct {
	Procedure string `path:"procedure" max:"64"`
	Reason    string `form:"reason" max:"1000"`
}

type procedureMatchForm struct {
	Procedure  string   `path:"procedure" max:"64"`
	Sources    string   `form:"sources"`
	Severities []string `form:"severities"`
	Types      string   `form:"types"`
	Tactics    string   `form:"tactics"`
	Playbooks  string   `form:"playbooks"`
	Priority   int      `form:"priority"`
}

// procedurePage is a procedure with its newest versions.
type procedurePage struct {
	soc.SOP
	Rule     soc.SOPMatchRule
	Versions []soc.SOP
	// Severities are the words that a form offers.
	Severities []soc.Severity
}

// procedureDiffPage is what differs between two versions, or what a change asks for.
type procedureDiffPage struct {
	soc.SOPDiff
	Procedure, Change string
}

const procedureVersions = 20

// registerProcedures adds procedures: their versions, what differs, and asking for
// others. A text waits for a second person, at registerChanges.
func (c *Console) registerProcedures() {
	section := func(p Page) Page { p.Who, p.Section = Member, "/playbooks"; return p }
	one := "/procedures/{procedure}"
	add(c, section(Page{Method: http.MethodGet, Path: one, Name: "procedure_page", Role: soc.RoleViewer}), c.procedure)
	add(c, section(Page{Method: http.MethodGet, Path: one + "/diff", Name: "procedure_diff_page", Role: soc.RoleViewer}), c.procedureDiff)
	add(c, section(Page{Method: http.MethodGet, Path: "/procedure-new", Name: "new_procedure_page", Role: soc.RoleManager}), c.newProcedurePage)
	add(c, section(Page{
		Method: http.MethodPost, Path: "/procedure-new", Name: "create_procedure", Role: soc.RoleManager, Back: "/procedure-new", MaxBody: maxProcedureForm,
	}), c.newProcedure)
	add(c, section(Page{Method: http.MethodPost, Path: one + "/versions", Name: "create_procedure_version", Role: soc.RoleManager, Back: one, MaxBody: maxProcedureForm}), c.newProcedureVersion)
	add(c, section(Page{Method: http.MethodPost, Path: one + "/match", Name: "change_procedure_match", Role: soc.RoleManager, Back: one}), c.procedureMatch)
	add(c, section(Page{Method: http.MethodPost, Path: one + "/disable", Name: "disable_procedure", Role: soc.RoleManager, Back: one}), c.disableProcedure)
}

// procedure shows a procedure's text as it was stored: Markdown is not drawn, so
// nothing in it can be more than text.
func (c *Console) procedure(ctx context.Context, by soc.Actor, in oneProcedure) (View, error) {
	s, err := c.desk.GetSOP(ctx, by, in.Procedure, 0)
	if err != nil {
		return View{}, err
	}
	page := procedurePage{SOP: s, Rule: s.Rule(), Severities: soc.AllSeverities}
	page.Versions, _, err = c.desk.ListSOPVersions(ctx, by, in.Procedure, 0, procedureVersions)
	return View{Template: "procedure", Title: s.Name, Data: page}, err
}

func (c *Console) procedureDiff(ctx context.Context, by soc.Actor, in procedureDiffQuery) (View, error) {
	found, err := c.desk.CompareSOPVersions(ctx, by, in.Procedure, in.From, in.To, in.Change)
	return View{Template: "procedure-diff", Title: "What differs", Data: procedureDiffPage{found, in.Procedure, in.Change}}, err
}

func (c *Console) newProcedurePage(context.Context, soc.Actor, struct{}) (View, error) {
	return View{Template: "procedure-new", Title: "New procedure"}, nil
}

func (c *Console) newProcedure(ctx context.Context, by soc.Actor, in newProcedureForm) (View, error) {
	return c.editedProcedure(by)(c.desk.EditSOP(ctx, by, soc.SOPEdit{New: true, Event: "sop_uploaded", Reason: in.Reason, Edit: func(s soc.SOP) soc.SOP {
		s.Name, s.Kind = in.Name, in.Kind
		return s.WithText(lines(in.Text))
	}}))
}

func (c *Console) newProcedureVersion(ctx context.Context, by soc.Actor, in procedureVersionForm) (View, error) {
	return c.editedProcedure(by)(c.desk.EditSOP(ctx, by, soc.SOPEdit{ID: in.Procedure, Event: "sop_uploaded", Reason: in.Reason, Edit: func(s soc.SOP) soc.SOP {
		s.Enabled = true
		return s.WithText(lines(in.Text))
	}}))
}

// lines ends the lines of a form's text as files do.
func lines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func (c *Console) procedureMatch(ctx context.Context, by soc.Actor, in procedureMatchForm) (View, error) {
	rule := soc.SOPMatchRule{Sources: listed(in.Sources), IncidentTypes: listed(in.Types), Tactics: listed(in.Tactics), PlaybookIDs: listed(in.Playbooks), Priority: in.Priority}
	for _, word := range in.Severities {
		rule.Severities = append(rule.Severities, soc.Severity(word))
	}
	return c.editedProcedure(by)(c.desk.EditSOP(ctx, by, soc.SOPEdit{ID: in.Procedure, Event: "sop_changed", Edit: func(s soc.SOP) soc.SOP { return s.WithRule(rule) }}))
}

// listed are the words of a field, between commas.
func listed(text string) []string {
	words := []string{}
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}

func (c *Console) disableProcedure(ctx context.Context, by soc.Actor, in procedureReasonForm) (View, error) {
	if in.Reason == "" {
		return View{}, soc.InvalidField("reason", "must hold 1 to 1000 characters")
	}
	return c.editedProcedure(by)(c.desk.EditSOP(ctx, by, soc.SOPEdit{ID: in.Procedure, Event: "sop_changed", Reason: in.Reason, Edit: func(s soc.SOP) soc.SOP {
		s.Enabled = false
		return s
	}}))
}

// editedProcedure leads on after an edit: to the change that waits, or to the
// procedure.
func (c *Console) editedProcedure(by soc.Actor) func(soc.SOPOutcome, error) (View, error) {
	return func(out soc.SOPOutcome, err error) (View, error) {
		switch {
		case err != nil:
			return View{}, err
		case out.Change != nil:
			return View{Redirect: c.at(by, "/changes", out.Change.ID), Notice: "change-asked"}, nil
		case !out.Made:
			return View{Redirect: c.at(by, "/procedures", out.SOP.ID), Notice: "procedure-same"}, nil
		}
		return View{Redirect: c.at(by, "/procedures", out.SOP.ID), Notice: "procedure-changed"}, nil
	}
}

func init() {
	maps.Copy(notices, map[string]string{
		"procedure-changed": "The procedure is changed.",
		"procedure-same":    "That is the procedure already; nothing was changed.",
	})
}
