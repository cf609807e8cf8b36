package store

import (
	"strconv"

	"vedette/backend/soc"
)

// HeldIncidents lists the incidents with a verdict that waits for a person,
// the longest unchanged first.
func (r *Reader) HeldIncidents(workspace string, after *soc.Keyset, limit int) ([]soc.Incident, error) {
	at, id := afterTime(after)
	return all(r, scanIncident, `SELECT `+incidentColumns+` FROM incident WHERE workspace_id = $1 AND held = TRUE AND deleted_at = 0 AND (updated_at, id) > ($2, $3)
ORDER BY updated_at, id LIMIT $4`, workspace, at, id, limit)
}

// HeldPosition is the keyset position behind an incident of HeldIncidents.
func HeldPosition(i soc.Incident) *soc.Keyset {
	return &soc.Keyset{Value: strconv.FormatInt(micros(i.UpdatedAt), 10), ID: i.ID}
}
