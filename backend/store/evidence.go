package store

import (
	"strings"

	"vedette/backend/soc"
)

const evidenceColumns = `SELECT workspace_id, incident_id, number, alert_id, source, type, entities, text, fields, provenance, flags, at FROM evidence`

func scanEvidence(r row) (soc.Evidence, error) {
	var e soc.Evidence
	var entities, fields, flags string
	var at int64
	err := r.Scan(&e.Workspace, &e.Incident, &e.Number, &e.Alert, &e.Source, &e.Type, &entities, &e.Text, &fields, &e.Provenance, &flags, &at)
	if err != nil {
		return e, err
	}
	e.At = fromMicros(at)
	return e, decodeAll(entities, &e.Entities, fields, &e.Fields, flags, &e.Flags)
}

// InsertEvidence adds a row of proof.
func (tx *Tx) InsertEvidence(e soc.Evidence) error {
	return tx.InsertEvidenceRows([]soc.Evidence{e})
}

var evidenceInsert = newBulk(`INSERT INTO evidence (incident_id, number, workspace_id, alert_id, source, type, entities, text, fields, provenance, flags, at)`, 12, ``)

// InsertEvidenceRows adds rows of proof.
func (tx *Tx) InsertEvidenceRows(rows []soc.Evidence) error {
	values := make([]any, 0, len(rows)*evidenceInsert.columns)
	for _, e := range rows {
		values = append(values, e.Incident, e.Number, e.Workspace, e.Alert, e.Source, e.Type, list(e.Entities), e.Text, list(e.Fields), string(e.Provenance), list(e.Flags), micros(e.At))
	}
	return tx.insertRows(evidenceInsert, values)
}

// EvidenceByNumber reads rows of an incident by number, in number order.
func (r *Reader) EvidenceByNumber(workspace, incident string, numbers []int) ([]soc.Evidence, error) {
	q := &listQuery{}
	where := ` WHERE incident_id = ` + q.arg(incident) + ` AND workspace_id = ` + q.arg(workspace) + ` AND number IN (`
	parts := make([]string, len(numbers))
	for i, n := range numbers {
		parts[i] = q.arg(n)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return all(r, scanEvidence, evidenceColumns+where+strings.Join(parts, ", ")+`) ORDER BY number`, q.args...)
}

// EvidenceTypes counts the rows of an incident per type.
func (r *Reader) EvidenceTypes(workspace, incident string) (map[string]int, error) {
	type count struct {
		name string
		n    int
	}
	counts, err := all(r, func(x row) (count, error) {
		var c count
		err := x.Scan(&c.name, &c.n)
		return c, err
	}, `SELECT type, COUNT(*) FROM evidence WHERE incident_id = $2 AND workspace_id = $1 GROUP BY type`, workspace, incident)
	out := make(map[string]int, len(counts))
	for _, c := range counts {
		out[c.name] = c.n
	}
	return out, err
}

// LastEvidence is the highest evidence number of an incident, 0 for none.
func (r *Reader) LastEvidence(workspace, incident string) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT COALESCE(MAX(number), 0) FROM evidence WHERE incident_id = $2 AND workspace_id = $1`, workspace, incident).Scan(&n)
	return n, failure(err)
}

// AlertEvidence lists the rows that an alert brought to an incident.
func (r *Reader) AlertEvidence(workspace, incident, alert string) ([]soc.Evidence, error) {
	return all(r, scanEvidence, evidenceColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND alert_id = $3 ORDER BY number`, workspace, incident, alert)
}
