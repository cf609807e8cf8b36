package soc

import "time"

// Ticket links an incident to a ticket of a system that Vedette does not speak
// to: whoever linked it vouches for the id.
type Ticket struct {
	Workspace string
	Incident  string
	// ID is the other system's, 1 to 128 visible characters.
	ID       string
	LinkedBy string
	LinkedAt time.Time
}

// LinkedTicket is a ticket with its incident.
type LinkedTicket struct {
	Incident Incident
	Ticket   Ticket
}

// TicketLink asks to link a ticket. Number is the incident's, 0 for not stated.
type TicketLink struct {
	Incident IncidentRef
	Number   int64
	Ticket   string
}

// StatusChange is a change of status that may be noted on a linked ticket: with
// Note, on Ticket, or on the ticket linked last where that is empty.
type StatusChange struct {
	IncidentChange
	Note   bool
	Ticket string
}

// BulkItem is one of several changes that are judged alone. Fault is why the
// door could not read it, nil where it could.
type BulkItem struct {
	Workspace string
	Change    IncidentChange
	Fault     error
}
