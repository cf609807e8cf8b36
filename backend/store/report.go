package store

import (
	"vedette/backend/soc"
)

func scanReport(r row) (soc.StoredReport, error) {
	var p soc.StoredReport
	var at int64
	err := r.Scan(&p.ID, &p.Workspace, &p.Incident, &p.Version, &p.SHA256, &p.Body, &at)
	p.CreatedAt = fromMicros(at)
	return p, err
}

// InsertReport adds a report.
func (tx *Tx) InsertReport(p soc.StoredReport) error {
	return tx.insert(`INSERT INTO report (id, workspace_id, incident_id, version, sha256, body, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		p.ID, p.Workspace, p.Incident, p.Version, p.SHA256, p.Body, micros(p.CreatedAt))
}

// Report finds a version of an incident's report, the latest for 0.
func (r *Reader) Report(workspace, incident string, version int) (soc.StoredReport, bool, error) {
	return one(r, scanReport, `SELECT id, workspace_id, incident_id, version, sha256, body, created_at FROM report
WHERE incident_id = $2 AND workspace_id = $1 AND ($3 = 0 OR version = $3) ORDER BY version DESC LIMIT 1`, workspace, incident, version)
}

// Timeline lists the entries of the record that timelines show of an incident,
// newest first, below a position (0: from the newest).
func (r *Reader) Timeline(workspace, incident string, before int64, limit int) ([]soc.AuditEntry, error) {
	if before <= 0 {
		before = 1<<62 - 1
	}
	q := &listQuery{}
	return all(r, scanAudit, auditColumns+` WHERE incident_id = `+q.arg(incident)+` AND incident_id <> '' AND substr(event, 1, 10) <> 'agent_call' AND workspace_id = `+q.arg(workspace)+
		` AND position < `+q.arg(before)+among(q, "event", soc.TimelineEvents())+` ORDER BY position DESC LIMIT `+q.arg(limit), q.args...)
}

// TimelineLength counts an incident's timeline, at most limit.
func (r *Reader) TimelineLength(workspace, incident string, limit int) (n int, err error) {
	q := &listQuery{}
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE incident_id = `+q.arg(incident)+` AND incident_id <> '' AND substr(event, 1, 10) <> 'agent_call' AND workspace_id = `+q.arg(workspace)+
		among(q, "event", soc.TimelineEvents())+` LIMIT `+q.arg(limit)+`) counted`, q.args...).Scan(&n)
	return n, failure(err)
}

// AuditRange is the first and the last entry of the record about an incident.
// The hash of the last vouches for everything before it (S55).
func (r *Reader) AuditRange(workspace, incident string) (first int64, last int64, hash string, err error) {
	type end struct {
		position int64
		hash     string
	}
	find := func(order string) (end, bool, error) {
		return one(r, func(x row) (end, error) {
			var e end
			return e, x.Scan(&e.position, &e.hash)
		}, `SELECT position, hash FROM audit WHERE incident_id = $2 AND incident_id <> '' AND workspace_id = $1 ORDER BY position`+order+` LIMIT 1`, workspace, incident)
	}
	from, _, err := find(``)
	if err != nil {
		return 0, 0, "", err
	}
	to, _, err := find(` DESC`)
	return from.position, to.position, to.hash, err
}

// SightingCounts counts the sightings of an incident's entities.
func (r *Reader) SightingCounts(workspace, incident string, limit int) (map[string]int, error) {
	type count struct {
		entity string
		n      int
	}
	found, err := all(r, func(x row) (count, error) {
		var c count
		return c, x.Scan(&c.entity, &c.n)
	}, `SELECT s.entity_id, COUNT(*) FROM (SELECT id FROM entity WHERE incident_id = $2 AND workspace_id = $1 ORDER BY id LIMIT $3) e JOIN sighting s ON s.entity_id = e.id WHERE s.workspace_id = $1 GROUP BY s.entity_id`,
		workspace, incident, limit)
	counts := map[string]int{}
	for _, c := range found {
		counts[c.entity] = c.n
	}
	return counts, err
}

// Cited are the ids of evidence that the investigations of an incident cite.
func (r *Reader) Cited(workspace, incident string, limit int) ([]string, error) {
	lists, err := all(r, func(x row) ([]string, error) {
		var text string
		var ids []string
		if err := x.Scan(&text); err != nil {
			return nil, err
		}
		err := decodeAll(text, &ids)
		return ids, err
	}, `SELECT cited FROM investigation WHERE incident_id = $2 AND workspace_id = $1 ORDER BY at, id LIMIT $3`, workspace, incident, limit)
	var cited []string
	for _, ids := range lists {
		cited = append(cited, ids...)
	}
	return cited, err
}
