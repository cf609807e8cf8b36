package store

import "vedette/backend/soc"

// sopMatch is the part of an SOP that says when it applies.
type sopMatch struct {
	Sources       []string       `json:"sources,omitempty"`
	Severities    []soc.Severity `json:"severities,omitempty"`
	IncidentTypes []string       `json:"incident_types,omitempty"`
	Tactics       []string       `json:"tactics,omitempty"`
	Playbooks     []string       `json:"playbooks,omitempty"`
	Priority      int            `json:"priority"`
}

const sopColumns = `SELECT s.id, s.workspace_id, s.version, s.name, s.kind, s.hash, s.text, s.match, s.created_at FROM sop s`

// newestSOP keeps one version of each procedure.
const newestSOP = ` AND s.version = (SELECT MAX(v.version) FROM sop v WHERE v.workspace_id = s.workspace_id AND v.id = s.id)`

func scanSOP(r row) (soc.SOP, error) {
	var s soc.SOP
	var match string
	var created int64
	if err := r.Scan(&s.ID, &s.Workspace, &s.Version, &s.Name, &s.Kind, &s.Hash, &s.Text, &match, &created); err != nil {
		return s, err
	}
	var m sopMatch
	err := decode(match, &m)
	s.Sources, s.Severities, s.IncidentTypes, s.Tactics, s.Playbooks, s.Priority = m.Sources, m.Severities, m.IncidentTypes, m.Tactics, m.Playbooks, m.Priority
	s.CreatedAt = fromMicros(created)
	return s, err
}

// SOPs lists the newest version of each procedure of a workspace, by id.
func (r *Reader) SOPs(workspace string) ([]soc.SOP, error) {
	return all(r, scanSOP, sopColumns+` WHERE s.workspace_id = $1`+newestSOP+` ORDER BY s.id`, workspace)
}

// SOP finds the newest version of a procedure.
func (r *Reader) SOP(workspace, id string) (soc.SOP, bool, error) {
	return one(r, scanSOP, sopColumns+` WHERE s.workspace_id = $1 AND s.id = $2`+newestSOP, workspace, id)
}

// InsertSOP adds a version of a procedure.
func (tx *Tx) InsertSOP(s soc.SOP) error {
	return tx.insert(`INSERT INTO sop (id, workspace_id, version, name, kind, hash, text, match, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.ID, s.Workspace, s.Version, s.Name, s.Kind, s.Hash, s.Text, text(sopMatch{s.Sources, s.Severities, s.IncidentTypes, s.Tactics, s.Playbooks, s.Priority}), micros(s.CreatedAt))
}
