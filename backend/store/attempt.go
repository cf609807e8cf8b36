package store

import (
	"time"

	"vedette/backend/soc"
)

// The kinds of attempt: a grant is counted when a step may run without people,
// a dispatch whenever one is sent that has no grant of its own (S30).
const (
	attemptDispatch = "dispatch"
	attemptGrant    = "grant"
)

// LockActions lets one transaction at a time decide about the actions of a
// workspace, so that two replicas cannot both take the last place under a
// limit. SQLite has one writer anyway.
func (tx *Tx) LockActions(workspace string) error {
	if tx.dialect != postgresDialect {
		return nil
	}
	_, err := tx.update(`SELECT pg_advisory_xact_lock(hashtextextended('vedette actions ' || $1, 0))`, workspace)
	return err
}

// InsertGrant counts a step that may run without people.
func (tx *Tx) InsertGrant(id string, g soc.Gamebook, s soc.Step, at time.Time) error {
	return tx.insertAttempt(id, attemptGrant, g, s, at)
}

// InsertDispatch counts a step that is sent.
func (tx *Tx) InsertDispatch(id string, g soc.Gamebook, s soc.Step, at time.Time) error {
	return tx.insertAttempt(id, attemptDispatch, g, s, at)
}

func (tx *Tx) insertAttempt(id, kind string, g soc.Gamebook, s soc.Step, at time.Time) error {
	return tx.insert(`INSERT INTO attempt (id, workspace_id, kind, playbook_id, agent_id, incident_id, gamebook_id, step_id, entity_kind, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, g.Workspace, kind, s.Playbook, g.RequestedBy, g.Incident, g.ID, s.ID, string(s.EntityKind), micros(at))
}

// AttemptsOf counts the attempts at a playbook since a time, of one requester
// or (empty) of all, those of one gamebook left out.
func (r *Reader) AttemptsOf(workspace, playbook, requester, exceptGamebook string, since time.Time) (int, error) {
	return r.count(`SELECT COUNT(*) FROM attempt WHERE workspace_id = $1 AND playbook_id = $2 AND at > $3 AND gamebook_id <> $4 AND ($5 = '' OR agent_id = $5)`,
		workspace, playbook, micros(since), exceptGamebook, requester)
}

// AttemptsOn counts the attempts for an incident at any time.
func (r *Reader) AttemptsOn(incident, exceptGamebook string) (int, error) {
	return r.count(`SELECT COUNT(*) FROM attempt WHERE incident_id = $1 AND gamebook_id <> $2`, incident, exceptGamebook)
}

// AttemptsAt counts the attempts at entities of a kind since a time (S31).
func (r *Reader) AttemptsAt(workspace string, kind soc.EntityKind, exceptGamebook string, since time.Time) (int, error) {
	return r.count(`SELECT COUNT(*) FROM attempt WHERE workspace_id = $1 AND entity_kind = $2 AND at > $3 AND gamebook_id <> $4`,
		workspace, string(kind), micros(since), exceptGamebook)
}

// populationCap bounds how many entities a population is counted to. Beyond
// it the breaker stays as tight as for a population of this size.
const populationCap = 10_000

// Population counts the distinct entities of a kind that a workspace knows.
func (r *Reader) Population(workspace string, kind soc.EntityKind) (int, error) {
	return r.count(`SELECT COUNT(*) FROM (SELECT DISTINCT value_key FROM entity WHERE workspace_id = $1 AND kind = $2 LIMIT $3) known`,
		workspace, string(kind), populationCap)
}

// BreakerOpen reports whether the breaker of a population is open.
func (r *Reader) BreakerOpen(workspace string, population soc.EntityKind) (bool, error) {
	n, err := r.count(`SELECT COUNT(*) FROM breaker WHERE workspace_id = $1 AND population = $2`, workspace, string(population))
	return n > 0, err
}

// Breakers lists the open breakers of a workspace.
func (r *Reader) Breakers(workspace string) ([]soc.OpenBreaker, error) {
	return all(r, func(x row) (soc.OpenBreaker, error) {
		var b soc.OpenBreaker
		var at int64
		err := x.Scan(&b.Population, &at)
		b.OpenedAt = fromMicros(at)
		return b, err
	}, `SELECT population, opened_at FROM breaker WHERE workspace_id = $1 ORDER BY population`, workspace)
}

// OpenBreaker opens a breaker; it reports whether it was closed before.
func (tx *Tx) OpenBreaker(workspace string, population soc.EntityKind, at time.Time) (bool, error) {
	n, err := tx.update(`INSERT INTO breaker (workspace_id, population, opened_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, workspace, string(population), micros(at))
	return n == 1, err
}

// CloseBreaker closes a breaker; it reports whether it was open.
func (tx *Tx) CloseBreaker(workspace string, population soc.EntityKind) (bool, error) {
	n, err := tx.update(`DELETE FROM breaker WHERE workspace_id = $1 AND population = $2`, workspace, string(population))
	return n == 1, err
}

func (r *Reader) count(text string, args ...any) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, text, args...).Scan(&n)
	return n, failure(err)
}
