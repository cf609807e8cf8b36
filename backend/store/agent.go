package store

import (
	"time"

	"vedette/backend/soc"
)

const agentColumns = `SELECT id, organization_id, name, description, suspended_at, suspended_by, suspended_why, created_at FROM agent`

func scanAgent(r row) (soc.Agent, error) {
	var a soc.Agent
	var suspended, created int64
	err := r.Scan(&a.ID, &a.Organization, &a.Name, &a.Description, &suspended, &a.SuspendedBy, &a.SuspendedWhy, &created)
	a.SuspendedAt, a.CreatedAt = fromMicros(suspended), fromMicros(created)
	return a, err
}

// Agent finds an agent identity of an organization; an empty organization is
// for authentication and the host.
func (r *Reader) Agent(organization, id string) (soc.Agent, bool, error) {
	return one(r, scanAgent, agentColumns+` WHERE id = $2 AND ($1 = '' OR organization_id = $1)`, organization, id)
}

// Agents lists the agent identities of an organization, oldest first.
func (r *Reader) Agents(organization string) ([]soc.Agent, error) {
	return all(r, scanAgent, agentColumns+` WHERE $1 = '' OR organization_id = $1 ORDER BY created_at, id`, organization)
}

// InsertAgent adds an agent identity.
func (tx *Tx) InsertAgent(a soc.Agent) error {
	return tx.insert(`INSERT INTO agent (id, organization_id, name, description, suspended_at, suspended_by, suspended_why, created_at) VALUES ($1, $2, $3, $4, 0, '', '', $5)`,
		a.ID, a.Organization, a.Name, a.Description, micros(a.CreatedAt))
}

// DescribeAgent gives an agent of an organization another name and description.
func (tx *Tx) DescribeAgent(organization, id, name, description string) error {
	_, err := tx.update(`UPDATE agent SET name = $3, description = $4 WHERE id = $2 AND organization_id = $1`, organization, id, name, description)
	return err
}

// SuspendAgent suspends an agent; it reports whether it was in good standing.
func (tx *Tx) SuspendAgent(id, by, why string, at time.Time) (bool, error) {
	n, err := tx.update(`UPDATE agent SET suspended_at = $4, suspended_by = $2, suspended_why = $3 WHERE id = $1 AND suspended_at = 0`, id, by, why, micros(at))
	return n == 1, err
}

// UnsuspendAgent lifts a suspension and forgets the refusals that led to it.
func (tx *Tx) UnsuspendAgent(id string) (bool, error) {
	if err := tx.insert(`DELETE FROM refusal WHERE agent_id = $1`, id); err != nil {
		return false, err
	}
	n, err := tx.update(`UPDATE agent SET suspended_at = 0, suspended_by = '', suspended_why = '' WHERE id = $1 AND suspended_at <> 0`, id)
	return n == 1, err
}

// AddRefusal counts a hard refusal of an agent and returns how many there were
// since a time, this one included.
func (tx *Tx) AddRefusal(agent, id string, code soc.Code, at, since time.Time) (int, error) {
	err := tx.insert(`INSERT INTO refusal (agent_id, id, code, at) VALUES ($1, $2, $3, $4)`, agent, id, string(code), micros(at))
	if err != nil {
		return 0, err
	}
	return tx.Refusals(agent, since)
}

// Refusals counts the hard refusals of an agent since a time.
func (r *Reader) Refusals(agent string, since time.Time) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT count(*) FROM refusal WHERE agent_id = $1 AND at > $2`, agent, micros(since)).Scan(&n)
	return n, failure(err)
}

// ForgetRefusals removes refusals from before a time.
func (tx *Tx) ForgetRefusals(before time.Time) error {
	return tx.insert(`DELETE FROM refusal WHERE at < $1`, micros(before))
}
