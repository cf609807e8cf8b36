package store

import (
	"vedette/backend/soc"
)

// InsertEvent adds an event to the outbox; one that is there already stays as
// it is.
func (tx *Tx) InsertEvent(e soc.Event) error {
	return tx.insert(`INSERT INTO event (id, organization_id, workspace_id, type, facts, occurred_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		e.ID, e.Organization, e.Workspace, string(e.Type), text(e.Facts), micros(e.OccurredAt), micros(e.CreatedAt))
}

// eventColumns follow the delivery's in one row; the workspace's name is read
// with them.
const eventColumns = `e.id, e.organization_id, e.workspace_id, COALESCE((SELECT s.name FROM workspace s WHERE s.id = e.workspace_id), ''), e.type, e.facts, e.occurred_at, e.created_at`

// scannedEvent is where a row is scanned to, and the event it makes.
type scannedEvent struct {
	event             soc.Event
	facts             string
	occurred, created int64
}

func (s *scannedEvent) targets() []any {
	e := &s.event
	return []any{&e.ID, &e.Organization, &e.Workspace, &e.WorkspaceName, &e.Type, &s.facts, &s.occurred, &s.created}
}

func (s *scannedEvent) value() (soc.Event, error) {
	s.event.OccurredAt, s.event.CreatedAt = fromMicros(s.occurred), fromMicros(s.created)
	return s.event, decode(s.facts, &s.event.Facts)
}
