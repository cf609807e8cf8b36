package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ticketBytes bounds the id of a ticket.
const ticketBytes = 128

// LinkTicket notes that an incident has a ticket in another system, and tells
// it among the comments. Linked already, it stays as it was.
func (d *Desk) LinkTicket(ctx context.Context, by soc.Actor, in soc.TicketLink) (linked soc.LinkedTicket, err error) {
	err = by.May(soc.ScopeIncidentsWrite, soc.RoleAnalyst)
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = checkTicket(in.Ticket)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			linked, err = d.linkTicket(tx, by, in)
			return err
		})
	}
	if err != nil {
		return soc.LinkedTicket{}, d.refused(ctx, by, "ticket_linked", err, nil)
	}
	return linked, nil
}

func checkTicket(id string) error {
	if id == "" || len(id) > ticketBytes || soc.EscapeVisible(id) != id {
		return soc.InvalidField("ticketId", "must be 1 to %d bytes of visible text", ticketBytes)
	}
	return nil
}

func (d *Desk) linkTicket(tx *store.Tx, by soc.Actor, in soc.TicketLink) (linked soc.LinkedTicket, err error) {
	if linked.Incident, err = d.incident(&tx.Reader, by, in.Incident); err != nil {
		return linked, err
	}
	i := linked.Incident
	if in.Number != 0 && in.Number != i.Number {
		return linked, soc.InvalidField("incident.number", "is not the number of this incident")
	}
	if err := d.unlocked(tx, i.Workspace); err != nil {
		return linked, err
	}
	if err := d.agentStopped(tx, by, i.Workspace); err != nil {
		return linked, err
	}
	var found bool
	if linked.Ticket, found, err = tx.Ticket(i.Workspace, i.ID, in.Ticket); err != nil || found {
		return linked, err
	}
	linked.Ticket = soc.Ticket{Workspace: i.Workspace, Incident: i.ID, ID: in.Ticket, LinkedBy: by.ID, LinkedAt: d.clock()}
	if err := tx.InsertTicket(linked.Ticket); err != nil {
		return linked, err
	}
	if err := d.noteTicket(tx, by, i, in.Ticket, "Ticket "+in.Ticket+" was linked."); err != nil {
		return linked, err
	}
	e := d.entry(by, "ticket_linked")
	e.Incident, e.Target = i.ID, in.Ticket
	tx.Audit(e)
	return linked, d.settleIdempotency(tx, by, linked)
}

// noteTicket tells among the comments of an incident what happened to a ticket.
func (d *Desk) noteTicket(tx *store.Tx, by soc.Actor, i soc.Incident, ticket, text string) error {
	_, err := d.keepComment(tx, by, soc.Comment{Workspace: i.Workspace, Incident: i.ID, Body: text, Activity: true, Ticket: ticket})
	return err
}
