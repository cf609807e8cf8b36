package store

import (
	"math"
	"strings"
	"time"

	"vedette/backend/soc"
)

// sopMatch is the part of an SOP that says when it applies.
type sopMatch struct {
	Sources       []string       `json:"sources,omitempty"`
	Severities    []soc.Severity `json:"severities,omitempty"`
	IncidentTypes []string       `json:"incident_types,omitempty"`
	Tactics       []string       `json:"tactics,omitempty"`
	Playbooks     []string       `json:"playbooks,omitempty"`
	Priority      int            `json:"priority"`
}

const (
	sopColumns = `SELECT s.id, s.workspace_id, s.version, s.name, s.kind, s.enabled, s.hash, s.size, s.match, s.by_kind, s.by_id, s.by_name, s.reason, s.created_at`
	// withText reads the text too; lists do not.
	withText = sopColumns + `, t.text FROM sop s JOIN sop_text t ON t.workspace_id = s.workspace_id AND t.hash = s.hash WHERE s.workspace_id = $1 AND s.id = $2`
	noText   = sopColumns + `, '' FROM sop s WHERE s.workspace_id = $1`
)

func scanSOP(r row) (soc.SOP, error) {
	var s soc.SOP
	var match string
	var created int64
	if err := r.Scan(&s.ID, &s.Workspace, &s.Version, &s.Name, &s.Kind, &s.Enabled, &s.Hash, &s.Size, &match, &s.ByKind, &s.By, &s.ByName, &s.Reason, &created, &s.Text); err != nil {
		return s, err
	}
	var m sopMatch
	err := decode(match, &m)
	s.Sources, s.Severities, s.IncidentTypes, s.Tactics, s.Playbooks, s.Priority = m.Sources, m.Severities, m.IncidentTypes, m.Tactics, m.Playbooks, m.Priority
	s.CreatedAt = fromMicros(created)
	return s, err
}

// SOPs lists the version of each procedure of a workspace that was followed at a
// time, by id and without texts; the zero time is now.
func (r *Reader) SOPs(workspace string, at time.Time) ([]soc.SOP, error) {
	return all(r, scanSOP, noText+` AND s.enabled AND s.version = (SELECT MAX(v.version) FROM sop v
WHERE v.workspace_id = s.workspace_id AND v.id = s.id AND v.created_at <= $2) ORDER BY s.id`, workspace, until(at))
}

// SOP finds the version of a procedure that was the newest at a time, with its
// text; the zero time is now.
func (r *Reader) SOP(workspace, id string, at time.Time) (soc.SOP, bool, error) {
	return one(r, scanSOP, withText+` AND s.version = (SELECT MAX(v.version) FROM sop v
WHERE v.workspace_id = s.workspace_id AND v.id = s.id AND v.created_at <= $3)`, workspace, id, until(at))
}

// SOPVersion finds one version of a procedure, with its text.
func (r *Reader) SOPVersion(workspace, id string, version int) (soc.SOP, bool, error) {
	return one(r, scanSOP, withText+` AND s.version = $3`, workspace, id, version)
}

// until is a bound on times: that of a time, or none.
func until(at time.Time) int64 {
	if at.IsZero() {
		return math.MaxInt64
	}
	return micros(at)
}

// SOPVersions lists the versions of a procedure before one, newest first and
// without texts; 0 begins at the newest.
func (r *Reader) SOPVersions(workspace, id string, before int64, limit int) ([]soc.SOP, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return all(r, scanSOP, noText+` AND s.id = $2 AND s.version < $3 ORDER BY s.version DESC LIMIT $4`, workspace, id, before, limit)
}

// ListSOPs lists the newest version of each procedure, also of what is switched
// off, by id and without texts.
func (r *Reader) ListSOPs(f soc.SOPFilter) ([]soc.SOP, error) {
	return all(r, scanSOP, noText+` AND s.id > $2 AND ($3 = '' OR s.kind = $3) AND ($4 = '' OR LOWER(s.name) LIKE $4 ESCAPE '\')
AND s.version = (SELECT MAX(v.version) FROM sop v WHERE v.workspace_id = s.workspace_id AND v.id = s.id) ORDER BY s.id LIMIT $5`,
		f.Workspace, f.After, f.Kind, containing(f.Query), f.Limit)
}

// containing is the pattern of what holds a text, in lower case; none for none.
func containing(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text)) + "%"
}

// InsertSOP adds a version of a procedure. Its hash is its text's.
func (tx *Tx) InsertSOP(s soc.SOP) error {
	if err := tx.insert(`INSERT INTO sop_text (workspace_id, hash, text) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, hash) DO NOTHING`, s.Workspace, s.Hash, s.Text); err != nil {
		return err
	}
	match := text(sopMatch{s.Sources, s.Severities, s.IncidentTypes, s.Tactics, s.Playbooks, s.Priority})
	return tx.insert(`INSERT INTO sop (id, workspace_id, version, name, kind, enabled, hash, size, match, by_kind, by_id, by_name, reason, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		s.ID, s.Workspace, s.Version, s.Name, s.Kind, s.Enabled, s.Hash, len(s.Text), match, string(s.ByKind), s.By, s.ByName, s.Reason, micros(s.CreatedAt))
}

// SaveSOPDraft keeps the version that a change asks for.
func (tx *Tx) SaveSOPDraft(change string, s soc.SOP) error {
	return tx.insert(`INSERT INTO sop_draft (change_id, workspace_id, record) VALUES ($1, $2, $3) ON CONFLICT (change_id) DO NOTHING`, change, s.Workspace, text(s))
}

// SOPDraft is the version that a change asks for.
func (r *Reader) SOPDraft(workspace, change string) (soc.SOP, bool, error) {
	return one(r, func(x row) (s soc.SOP, err error) {
		var record string
		if err = x.Scan(&record); err == nil {
			err = decode(record, &s)
		}
		return s, err
	}, `SELECT record FROM sop_draft WHERE workspace_id = $1 AND change_id = $2`, workspace, change)
}

// SOPDrafts counts the versions that wait, after those of ended changes are gone.
func (tx *Tx) SOPDrafts(workspace string) (int, error) {
	err := tx.insert(`DELETE FROM sop_draft WHERE workspace_id = $1
AND NOT EXISTS (SELECT 1 FROM policy_change c WHERE c.id = sop_draft.change_id AND c.state = 'pending')`, workspace)
	if err != nil {
		return 0, err
	}
	var n int
	err = tx.q.queryRow(tx.ctx, `SELECT count(*) FROM sop_draft WHERE workspace_id = $1`, workspace).Scan(&n)
	return n, failure(err)
}
