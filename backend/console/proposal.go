package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"vedette/backend/soc"
)

type proposalQuery struct {
	Incident string `path:"incident" max:"64"`
	Playbook string `query:"playbook" max:"64"`
}

// proposalForm is a response as a person puts it together. P0 and on are the
// parameters of the playbook, in its order.
type proposalForm struct {
	Incident  string   `path:"incident" max:"64"`
	Playbook  string   `form:"playbook" max:"64"`
	Entities  []string `form:"entity" max:"64"`
	P0        string   `form:"p0" max:"1000"`
	P1        string   `form:"p1" max:"1000"`
	P2        string   `form:"p2" max:"1000"`
	P3        string   `form:"p3" max:"1000"`
	Rationale string   `form:"rationale" max:"4000"`
	Step      string   `form:"step" enum:"simulate,submit"`
}

type proposalPage struct {
	Incident soc.Incident
	// Offers are what could be asked for here; Chosen is the one being filled in,
	// nil while none is.
	Offers    []soc.PlaybookOffer
	Chosen    *soc.PlaybookOffer
	Ticked    []string
	Given     []string
	Rationale string
	// Simulated is what policy answers now, nil until it was asked.
	Simulated *soc.Simulation
	Reasons   []reason
}

// Field is what was filled in for the parameter at a place.
func (p proposalPage) Field(n int) string {
	if n < len(p.Given) {
		return p.Given[n]
	}
	return ""
}

// Picked reports whether an entity is ticked.
func (p proposalPage) Picked(entity string) bool { return slices.Contains(p.Ticked, entity) }

// registerProposal adds the form that asks for a response: choose, see what
// policy would say, and only then submit.
func (c *Console) registerProposal() {
	const one = "/incidents/{incident}/propose"
	add(c, Page{Method: http.MethodGet, Path: one, Name: "propose_page", Who: Member, Role: soc.RoleAnalyst, Section: "/incidents"}, c.proposalPage)
	add(c, Page{Method: http.MethodPost, Path: one, Name: "propose_gamebook", Who: Member, Role: soc.RoleAnalyst, Back: one, Section: "/incidents"}, c.propose)
}

func (c *Console) proposalPage(ctx context.Context, by soc.Actor, in proposalQuery) (View, error) {
	page, err := c.offersFor(ctx, by, in.Incident, in.Playbook)
	return View{Template: "propose", Title: "Propose a response", Data: page}, err
}

// offersFor are the playbooks that fit an entity of the incident, those that
// this workspace can carry out.
func (c *Console) offersFor(ctx context.Context, by soc.Actor, incident, playbook string) (page proposalPage, err error) {
	if page.Incident, err = c.desk.FindIncident(ctx, by, soc.IncidentRef{ID: incident}); err != nil {
		return page, err
	}
	offers, err := c.desk.ListPlaybooks(ctx, by, soc.PlaybookQuery{Incident: page.Incident.ShortID, Playbook: playbook})
	if err != nil {
		return page, err
	}
	for _, offer := range offers {
		if offer.Enabled && len(offer.Targets) > 0 && (offer.Playbook.Internal || len(offer.Connectors) > 0) {
			page.Offers = append(page.Offers, offer)
		}
	}
	if playbook == "" {
		return page, nil
	}
	if len(page.Offers) == 0 {
		return page, soc.NotFoundf("This playbook has nothing to act on here.").WithFix("Choose one of those listed for the incident.")
	}
	page.Chosen = &page.Offers[0]
	// The gate names only what a sensor vouches for. A person chooses among all
	// of them, so each is shown by its value.
	detail, err := c.desk.GetIncident(ctx, by, soc.IncidentRef{ID: page.Incident.ID}, soc.IncidentParts{Entities: true, Limit: soc.CaseObservables})
	if err != nil {
		return page, err
	}
	for n := range page.Chosen.Targets {
		for _, e := range detail.Entities {
			if target := &page.Chosen.Targets[n]; e.ID == target.Entity && target.Name == "" {
				target.Name = e.Value
			}
		}
	}
	return page, nil
}

// submission is what the form comes down to, one step for each entity.
func (in proposalForm) submission(chosen soc.Playbook) (soc.SubmitGamebook, error) {
	submit := soc.SubmitGamebook{Incident: soc.IncidentRef{ID: in.Incident}, Rationale: in.Rationale}
	if len(in.Entities) == 0 {
		return submit, soc.InvalidField("entity", "must name at least one target")
	}
	parameters, err := in.parameters(chosen)
	if err != nil {
		return submit, err
	}
	for _, entity := range in.Entities {
		submit.Steps = append(submit.Steps, soc.SubmitStep{Playbook: in.Playbook, Entity: entity, Parameters: parameters})
	}
	return submit, nil
}

// fields are the values of the parameters by their place.
func (in proposalForm) fields() []string { return []string{in.P0, in.P1, in.P2, in.P3} }

// parameters reads the fields as the types that the playbook states; what the
// values may be is the desk's to judge.
func (in proposalForm) parameters(p soc.Playbook) (map[string]any, error) {
	fields, values := in.fields(), map[string]any{}
	for n, parameter := range p.Parameters {
		if n >= len(fields) || fields[n] == "" {
			continue
		}
		switch parameter.Type {
		case "integer":
			number, err := strconv.ParseInt(fields[n], 10, 64)
			if err != nil {
				return nil, soc.InvalidField(parameter.Name, "must be a whole number")
			}
			values[parameter.Name] = number
		case "boolean":
			values[parameter.Name] = fields[n] == "true"
		default:
			values[parameter.Name] = fields[n]
		}
	}
	return values, nil
}

// propose simulates the response, or submits it. Either is judged by the same
// gate; a submit that is refused is a refusal with its code.
func (c *Console) propose(ctx context.Context, by soc.Actor, in proposalForm) (View, error) {
	page, err := c.offersFor(ctx, by, in.Incident, in.Playbook)
	if err != nil {
		return View{}, err
	}
	if page.Chosen == nil {
		return View{}, soc.InvalidField("playbook", "must be one of those listed")
	}
	submit, err := in.submission(page.Chosen.Playbook)
	if err != nil {
		return View{}, err
	}
	if in.Step == "submit" {
		receipt, err := c.desk.SubmitGamebook(ctx, by, submit)
		if err != nil {
			return View{}, err
		}
		if !receipt.Success {
			return View{}, refusedProposal(receipt)
		}
		where := "/gamebooks"
		if receipt.QueuedForApproval {
			where = "/approvals"
		}
		return View{Redirect: c.at(by, where, receipt.GamebookID), Notice: "proposed"}, nil
	}
	simulated, err := c.desk.SimulateGamebook(ctx, by, soc.SimulateGamebook{Submit: submit})
	if err != nil {
		return View{}, err
	}
	page.Ticked, page.Given, page.Rationale = in.Entities, in.fields(), in.Rationale
	page.Simulated, page.Reasons = &simulated, reasonsOf(simulated.Result.Reasons)
	return View{Template: "propose", Title: "Propose a response", Data: page}, nil
}

// refusedProposal is a refusal of the gate as an error page tells it.
func refusedProposal(receipt soc.GamebookReceipt) error {
	e := soc.Errorf(soc.Refused, receipt.Code, "%s", receipt.Summary).WithFix("%s", receipt.Fix)
	e.Rule = receipt.Rule
	for _, failure := range receipt.Failures {
		e.WithField("target "+strconv.Itoa(failure.Index+1), "%s (%s)", failure.Message, failure.Code)
	}
	return e
}
