package caseapi

import (
	"context"
	"errors"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type transitionInput struct {
	caseInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    struct {
		To      string `json:"to" jsonschema:"enum=open,enum=investigating,enum=contained,enum=eradicated,enum=recovered,enum=resolved"`
		Comment string `json:"comment,omitempty" jsonschema:"maxLength=4000"`
	} `body:"json"`
}

func (d *door) transition(ctx context.Context, by soc.Actor, in transitionInput) (web.Reply[caseItem], error) {
	none := web.Reply[caseItem]{}
	if in.Body.To == "resolved" {
		return none, soc.InvalidField("to", "cannot be resolved: that takes a verdict, at POST %s/resolve", prefix+"/cases/{id}")
	}
	draw := func(c soc.IncidentChanged) web.Reply[caseItem] {
		return web.Reply[caseItem]{Data: drawCaseItem(c.Incident), Revision: c.Incident.Version}
	}
	c, err := d.desk.ChangeIncident(ctx, web.Answering(by, draw), soc.IncidentChange{
		Incident: in.ref(by), IfMatch: in.IfMatch.IfMatch, Statuses: soc.CaseStatus.Cores(in.Body.To), Comment: in.Body.Comment, Explain: true,
	})
	if err != nil {
		return none, inCaseWords(err)
	}
	return draw(c), nil
}

type resolveInput struct {
	caseInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    struct {
		Verdict     string `json:"verdict" jsonschema:"enum=true_positive,enum=false_positive,enum=benign,enum=duplicate"`
		RootCause   string `json:"root_cause" jsonschema:"minLength=1,maxLength=4000"`
		Narrative   string `json:"narrative,omitempty" jsonschema:"maxLength=65536"`
		DuplicateOf string `json:"duplicate_of,omitempty" jsonschema:"maxLength=64"`
	} `body:"json"`
}

type resolved struct {
	ID              string               `json:"id"`
	Status          string               `json:"status"`
	Verdict         *string              `json:"verdict"`
	ProposedVerdict *string              `json:"proposed_verdict"`
	ResolvedAt      *schemas.SecondsTime `json:"resolved_at"`
	ResolvedBy      *string              `json:"resolved_by"`
	Held            bool                 `json:"held"`
	HoldReasons     []string             `json:"hold_reasons"`
	Report          *caseReport          `json:"report"`
}

func drawResolved(c soc.IncidentChanged) web.Reply[resolved] {
	i := c.Incident
	out := resolved{
		ID: soc.CaseID(soc.CasePrefixCase, i.ID), Status: soc.CaseStatus.Word(i.Status), Verdict: textOrNull(soc.CaseVerdict(i.Verdict, i.Duplicate)),
		ProposedVerdict: textOrNull(proposedWord(i)), ResolvedAt: schemas.SecondsOrNull(i.ClosedAt), Held: i.Held, HoldReasons: []string{},
	}
	if !i.Open() {
		by := principal(i.ClosedBy)
		out.ResolvedBy = &by
	}
	for _, code := range c.HoldReasons {
		out.HoldReasons = append(out.HoldReasons, string(code))
	}
	if c.Report != nil {
		out.Report = drawReport(*c.Report)
	}
	reply := web.Reply[resolved]{Data: out, Revision: i.Version}
	if c.Held {
		reply.Status = http.StatusAccepted
	}
	return reply
}

func (d *door) resolve(ctx context.Context, by soc.Actor, in resolveInput) (web.Reply[resolved], error) {
	none := web.Reply[resolved]{}
	verdict, duplicate, _ := soc.FromCaseVerdict(in.Body.Verdict)
	change := soc.VerdictChange{Verdict: verdict, Duplicate: duplicate}
	if in.Body.DuplicateOf != "" {
		if !duplicate {
			return none, soc.InvalidField("duplicate_of", "is given with the verdict duplicate only")
		}
		change.DuplicateOf = uuidOf(soc.CasePrefixCase, in.Body.DuplicateOf)
	}
	c, err := d.desk.ChangeIncident(ctx, web.Answering(by, drawResolved), soc.IncidentChange{
		Incident: in.ref(by), IfMatch: in.IfMatch.IfMatch, Statuses: []soc.Status{soc.StatusClosed}, Verdict: &change,
		Closing: &soc.ClosingText{Text: in.Body.Narrative, RootCause: in.Body.RootCause},
	})
	if err != nil {
		return none, inCaseWords(err)
	}
	if c.Report == nil && !c.Held { // it was resolved so already
		report, err := d.desk.GetReport(ctx, by, in.ref(by), 0)
		if err == nil {
			c.Report = &report
		} else if soc.KindOf(err) != soc.NotFound { // its source closed it: there is none
			return none, err
		}
	}
	return drawResolved(c), nil
}

// inCaseWords says what the desk said in the words of the family.
func inCaseWords(err error) error {
	known := (*soc.Error)(nil)
	if !errors.As(err, &known) {
		return err
	}
	told := *known
	switch {
	case known.Code == soc.CodeOpenActions:
		return web.WithDetails(err, map[string]any{"gamebook_ids": known.Hints})
	case known.Code == soc.CodeInvalidState && known.Target != "":
		told.Target = soc.CaseStatus.Word(soc.Status(known.Target))
	case known.Fields["resolution"] != nil:
		return renamed(err, "resolution", "narrative")
	}
	return &told
}

// renamed gives the fault of a member the name that the family has for it.
func renamed(err error, from, to string) error {
	known := (*soc.Error)(nil)
	if !errors.As(err, &known) || known.Fields[from] == nil {
		return err
	}
	told := *known
	told.Fields = map[string][]string{}
	for name, messages := range known.Fields {
		if name == from {
			name = to
		}
		told.Fields[name] = messages
	}
	return &told
}
