package portalapi

import (
	"context"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type ticketInput struct {
	Body ticketBody `body:"json"`
}

type ticketBody struct {
	TicketID string         `json:"ticketId" jsonschema:"minLength=1,maxLength=128"`
	Incident ticketIncident `json:"incident"`
}

type ticketIncident struct {
	ID          string      `json:"id" jsonschema:"minLength=1,maxLength=256"`
	Source      string      `json:"source" jsonschema:"minLength=1,maxLength=63"`
	WorkspaceID string      `json:"workspaceId,omitempty" jsonschema:"maxLength=64" jsonschema_description:"The workspace of the path, if stated."`
	Number      schemas.Int `json:"number,omitempty" jsonschema_description:"0 or absent: not stated."`
}

// ticket is a link to a ticket of another system.
type ticket struct {
	TicketID   string               `json:"ticketId"`
	Incident   ticketIncidentAnswer `json:"incident"`
	LinkedBy   string               `json:"linkedBy"`
	LinkedTime schemas.Time         `json:"linkedTime"`
}

type ticketIncidentAnswer struct {
	ID          string `json:"id"`
	Source      string `json:"source"`
	WorkspaceID string `json:"workspaceId"`
	Number      int64  `json:"number"`
}

func (d *door) linkTicket(ctx context.Context, by soc.Actor, in ticketInput) (web.Reply[ticket], error) {
	of := in.Body.Incident
	known, err := d.desk.Sources(ctx, by)
	if err != nil {
		return web.Reply[ticket]{}, err
	}
	if !slices.Contains(known, of.Source) {
		return web.Reply[ticket]{}, soc.InvalidField("incident.source", "must be one of %s", strings.Join(known, ", "))
	}
	if of.WorkspaceID != "" && !strings.EqualFold(of.WorkspaceID, by.Workspace) {
		return web.Reply[ticket]{}, soc.NotFoundf("There is no such incident.").WithFix("The incident must be one of the workspace of the path.")
	}
	draw := func(l soc.LinkedTicket) web.Reply[ticket] {
		return web.OK(ticket{
			TicketID: l.Ticket.ID, LinkedBy: l.Ticket.LinkedBy, LinkedTime: schemas.Time(l.Ticket.LinkedAt),
			Incident: ticketIncidentAnswer{ID: l.Incident.ExternalID, Source: l.Incident.Source, WorkspaceID: l.Incident.Workspace, Number: l.Incident.Number},
		})
	}
	linked, err := d.desk.LinkTicket(ctx, web.Answering(by, draw), soc.TicketLink{
		Incident: soc.IncidentRef{Workspace: by.Workspace, Source: of.Source, ExternalID: of.ID}, Number: int64(of.Number), Ticket: in.Body.TicketID,
	})
	if err != nil {
		return web.Reply[ticket]{}, err
	}
	return draw(linked), nil
}
