package store

import "vedette/backend/soc"

func scanTicket(r row) (soc.Ticket, error) {
	var t soc.Ticket
	var at int64
	err := r.Scan(&t.Workspace, &t.Incident, &t.ID, &t.LinkedBy, &at)
	t.LinkedAt = fromMicros(at)
	return t, err
}

const ticketColumns = `SELECT workspace_id, incident_id, ticket_id, linked_by, linked_at FROM ticket`

// Ticket finds a ticket linked to an incident; with an empty id the one linked
// last.
func (r *Reader) Ticket(workspace, incident, id string) (soc.Ticket, bool, error) {
	return one(r, scanTicket, ticketColumns+` WHERE workspace_id = $1 AND incident_id = $2 AND ($3 = '' OR ticket_id = $3) ORDER BY linked_at DESC, ticket_id LIMIT 1`, workspace, incident, id)
}

// InsertTicket links a ticket; linked already it stays as it is.
func (tx *Tx) InsertTicket(t soc.Ticket) error {
	return tx.insert(`INSERT INTO ticket (workspace_id, incident_id, ticket_id, linked_by, linked_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		t.Workspace, t.Incident, t.ID, t.LinkedBy, micros(t.LinkedAt))
}
