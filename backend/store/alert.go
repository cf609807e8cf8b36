package store

import (
	"database/sql"
	"strconv"

	"vedette/backend/soc"
)

const alertColumns = `id, uid, workspace_id, source, external_id, format, incident_id, status, linked_to, duplicate_of, title, description, severity,
sent_severity, product, vendor, detector, detector_key, title_key, category, tactics, techniques, flags, vendor_verdict, asset, suppression,
enrichment, dismissal, repeat_count, started_at, ended_at, created_at, ingested_at, last_seen, payload_hash, content_key, version`

const alertRows = `SELECT ` + alertColumns + ` FROM alert`

func scanAlert(r row) (soc.Alert, error) {
	var a soc.Alert
	var incident, linked sql.NullString
	var tactics, techniques, flags, asset, suppression, enrichment, dismissal string
	var started, ended, created, ingested, last int64
	err := r.Scan(&a.ID, &a.UID, &a.Workspace, &a.Source, &a.ExternalID, &a.Format, &incident, &a.Status, &linked, &a.DuplicateOf, &a.Title, &a.Description, &a.Severity,
		&a.SentSeverity, &a.Product, &a.Vendor, &a.Detector, &a.DetectorKey, &a.TitleKey, &a.Category, &tactics, &techniques, &flags, &a.VendorVerdict, &asset, &suppression,
		&enrichment, &dismissal, &a.RepeatCount, &started, &ended, &created, &ingested, &last, &a.PayloadHash, &a.ContentKey, &a.Version)
	if err != nil {
		return a, err
	}
	a.Incident, a.LinkedTo = incident.String, linked.String
	a.StartedAt, a.EndedAt, a.CreatedAt, a.IngestedAt, a.LastSeen = fromMicros(started), fromMicros(ended), fromMicros(created), fromMicros(ingested), fromMicros(last)
	if dismissal != "" {
		a.Dismissal = &soc.Dismissal{}
		if err := decode(dismissal, a.Dismissal); err != nil {
			return a, err
		}
	}
	return a, decodeAll(tactics, &a.Tactics, techniques, &a.Techniques, flags, &a.Flags, asset, &a.Asset, suppression, &a.Suppression, enrichment, &a.Enrichment)
}

// AlertBySource finds an alert by its key.
func (r *Reader) AlertBySource(workspace, source, externalID string) (soc.Alert, bool, error) {
	return one(r, scanAlert, alertRows+` WHERE workspace_id = $1 AND source = $2 AND external_id = $3`, workspace, source, externalID)
}

// AlertsBySource finds the alerts of a source among external ids.
func (r *Reader) AlertsBySource(workspace, source string, externalIDs []string) ([]soc.Alert, error) {
	condition, values := r.among("external_id", "$3", externalIDs)
	return all(r, scanAlert, alertRows+` WHERE workspace_id = $1 AND source = $2 AND `+condition, workspace, source, values)
}

// among is a condition that a column is one of many texts, and the argument
// that holds them.
func (r *Reader) among(column, argument string, values []string) (condition string, value any) {
	if r.dialect == postgresDialect {
		return column + ` = ANY(` + argument + `::text[])`, values
	}
	if len(values) == 1 { // as most requests of a sensor are
		return column + ` = ` + argument, values[0]
	}
	return column + ` IN (SELECT value FROM json_each(` + argument + `))`, list(values)
}

// rowsOf is a table "each" with a column value that holds many texts, and the
// argument that brings them.
func (r *Reader) rowsOf(argument string, values []string) (table string, value any) {
	if r.dialect == postgresDialect {
		return `UNNEST(` + argument + `::text[]) AS each(value)`, values
	}
	return `json_each(` + argument + `) AS each`, list(values)
}

// IncidentAlerts lists the alerts of an incident, oldest first.
func (r *Reader) IncidentAlerts(workspace, incident string, after *soc.Keyset, limit int) ([]soc.Alert, error) {
	at, id := afterTime(after)
	return all(r, scanAlert, alertRows+` WHERE incident_id = $2 AND workspace_id = $1 AND (created_at, id) > ($3, $4) ORDER BY created_at, id LIMIT $5`,
		workspace, incident, at, id, limit)
}

// Alert finds an alert by its UID.
func (r *Reader) Alert(workspace, uid string) (soc.Alert, bool, error) {
	return one(r, scanAlert, alertRows+` WHERE workspace_id = $1 AND position = $2 AND uid = $3`, workspace, soc.ArrivalPosition(uid), uid)
}

// LinkedAlerts lists the alerts that are context of an incident, oldest first.
func (r *Reader) LinkedAlerts(workspace, incident string, limit int) ([]soc.Alert, error) {
	return all(r, scanAlert, alertRows+` WHERE linked_to = $2 AND workspace_id = $1 ORDER BY created_at, id LIMIT $3`, workspace, incident, limit)
}

// InsertAlert adds an alert with its payload. UID is its place in the order of
// arrival: one that another alert has makes it a Duplicate.
func (tx *Tx) InsertAlert(a soc.Alert) error {
	err := tx.insert(`INSERT INTO alert (id, uid, position, workspace_id, source, external_id, format, incident_id, status, linked_to, duplicate_of, title, description,
severity, severity_rank, sent_severity, product, vendor, detector, detector_key, title_key, category, tactics, techniques, flags, vendor_verdict, asset, suppression,
enrichment, dismissal, repeat_count, started_at, ended_at, created_at, ingested_at, last_seen, payload_hash, content_key, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
$31, $32, $33, $34, $35, $36, $37, $38, $39)`,
		a.ID, a.UID, soc.ArrivalPosition(a.UID), a.Workspace, a.Source, a.ExternalID, a.Format, nullable(a.Incident), string(a.Status), nullable(a.LinkedTo), a.DuplicateOf, a.Title, a.Description,
		string(a.Severity), a.Severity.Rank(), string(a.SentSeverity), a.Product, a.Vendor, a.Detector, a.DetectorKey, a.TitleKey, a.Category, list(a.Tactics), list(a.Techniques), list(a.Flags), a.VendorVerdict, text(a.Asset), text(a.Suppression),
		text(a.Enrichment), dismissal(a), a.RepeatCount, micros(a.StartedAt), micros(a.EndedAt), micros(a.CreatedAt), micros(a.IngestedAt), micros(a.LastSeen), a.PayloadHash, a.ContentKey, a.Version)
	if err != nil {
		return err
	}
	if err := tx.insert(`INSERT INTO alert_payload (alert_id, raw) VALUES ($1, $2)`, a.ID, a.Raw); err != nil {
		return err
	}
	return tx.indexAlert(soc.Alert{}, a)
}

// nullable is a reference that may be missing.
func nullable(id string) any {
	if id == "" {
		return nil
	}
	return id
}

func dismissal(a soc.Alert) string {
	if a.Dismissal == nil {
		return ""
	}
	return text(a.Dismissal)
}

// ReplaceAlert stores a newer payload of the same alert; before is the alert as
// it was, which is kept as a revision.
func (tx *Tx) ReplaceAlert(before, a soc.Alert) error {
	if err := tx.keepRevision(before, a.LastSeen); err != nil {
		return err
	}
	_, err := tx.update(`UPDATE alert SET title = $3, description = $4, severity = $5, severity_rank = $6, sent_severity = $7, product = $8, vendor = $9, detector = $10,
detector_key = $11, title_key = $12, category = $13, tactics = $14, techniques = $15, flags = $16, vendor_verdict = $17, asset = $18, enrichment = $19,
started_at = $20, ended_at = $21, last_seen = $22, payload_hash = $23, content_key = $24, format = $25, version = version + 1
WHERE id = $2 AND workspace_id = $1`, a.Workspace, a.ID, a.Title, a.Description, string(a.Severity), a.Severity.Rank(), string(a.SentSeverity), a.Product, a.Vendor, a.Detector,
		a.DetectorKey, a.TitleKey, a.Category, list(a.Tactics), list(a.Techniques), list(a.Flags), a.VendorVerdict, text(a.Asset), text(a.Enrichment),
		micros(a.StartedAt), micros(a.EndedAt), micros(a.LastSeen), a.PayloadHash, a.ContentKey, a.Format)
	if err != nil {
		return err
	}
	_, err = tx.update(`UPDATE alert_payload SET raw = $3 WHERE alert_id = (SELECT id FROM alert WHERE id = $2 AND workspace_id = $1)`, a.Workspace, a.ID, a.Raw)
	if err != nil || sameAlertWords(before, a) {
		return err
	}
	return tx.indexAlert(before, a)
}

// AlertPayload reads the raw payload of an alert of the workspace.
func (r *Reader) AlertPayload(workspace, alert string) ([]byte, bool, error) {
	return one(r, scanBytes, `SELECT p.raw FROM alert a JOIN alert_payload p ON p.alert_id = a.id WHERE a.workspace_id = $1 AND a.id = $2`, workspace, alert)
}

// FirstAlertPayload reads the raw payload of an incident's first alert.
func (r *Reader) FirstAlertPayload(workspace, incident string) ([]byte, bool, error) {
	return one(r, scanBytes, `SELECT p.raw FROM alert a JOIN alert_payload p ON p.alert_id = a.id WHERE a.workspace_id = $1 AND a.incident_id = $2 ORDER BY a.created_at, a.id LIMIT 1`, workspace, incident)
}

func scanBytes(r row) ([]byte, error) {
	var b []byte
	err := r.Scan(&b)
	return b, err
}

// EscalateAlert puts an alert under an incident, wherever it stood before.
func (tx *Tx) EscalateAlert(workspace, alert, incident string) error {
	_, err := tx.update(`UPDATE alert SET incident_id = $3, status = 'escalated', linked_to = NULL, dismissal = '', version = version + 1 WHERE id = $2 AND workspace_id = $1`, workspace, alert, incident)
	return err
}

// InsertAlertReference keeps what a source's incident says its alerts are.
func (tx *Tx) InsertAlertReference(workspace, externalID, incident string, position int) error {
	return tx.insert(`INSERT INTO alert_reference (workspace_id, alert_external_id, incident_id, position) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, alert_external_id, incident_id) DO UPDATE SET position = excluded.position`, workspace, externalID, incident, position)
}

// AlertReferences lists the alert ids an incident's source named, in its order.
func (r *Reader) AlertReferences(workspace, incident string) ([]string, error) {
	return all(r, scanString, `SELECT alert_external_id FROM alert_reference WHERE workspace_id = $1 AND incident_id = $2 ORDER BY position`, workspace, incident)
}

// ReferencingIncidents finds the incidents of the same source that named
// alerts before they came: incident ids by the alerts' external ids. Of several
// the oldest counts.
func (r *Reader) ReferencingIncidents(workspace, source string, externalIDs []string) (map[string]string, error) {
	condition, values := r.among("a.alert_external_id", "$3", externalIDs)
	type reference struct{ alert, incident string }
	found, err := all(r, func(x row) (reference, error) {
		var f reference
		err := x.Scan(&f.alert, &f.incident)
		return f, err
	}, `SELECT a.alert_external_id, a.incident_id FROM alert_reference a CROSS JOIN incident i
WHERE a.workspace_id = $1 AND `+condition+` AND i.id = a.incident_id AND i.source = $2 AND i.deleted_at = 0 ORDER BY i.seq DESC`, workspace, source, values)
	out := make(map[string]string, len(found))
	for _, f := range found {
		out[f.alert] = f.incident
	}
	return out, err
}

func scanString(r row) (string, error) {
	var s string
	err := r.Scan(&s)
	return s, err
}

// InsertIncidentPayload keeps the raw row of a source's incident.
func (tx *Tx) InsertIncidentPayload(workspace, incident, hash string, raw []byte) error {
	return tx.insert(`INSERT INTO incident_payload (incident_id, hash, raw) SELECT id, $3, $4 FROM incident WHERE id = $2 AND workspace_id = $1
ON CONFLICT (incident_id) DO UPDATE SET hash = excluded.hash, raw = excluded.raw`, workspace, incident, hash, raw)
}

// IncidentPayload reads the raw row of a source's incident and its hash.
func (r *Reader) IncidentPayload(workspace, incident string) (hash string, raw []byte, found bool, err error) {
	type payload struct {
		hash string
		raw  []byte
	}
	p, found, err := one(r, func(x row) (payload, error) {
		var p payload
		err := x.Scan(&p.hash, &p.raw)
		return p, err
	}, `SELECT p.hash, p.raw FROM incident i JOIN incident_payload p ON p.incident_id = i.id WHERE i.id = $2 AND i.workspace_id = $1`, workspace, incident)
	return p.hash, p.raw, found, err
}

// IncidentWorkedOn reports whether anybody left a trace on an incident beyond
// its ingest: a comment, a gamebook, a submitted investigation.
func (r *Reader) IncidentWorkedOn(workspace, incident string) (bool, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT (SELECT COUNT(*) FROM comment WHERE incident_id = $2 AND workspace_id = $1)
+ (SELECT COUNT(*) FROM gamebook WHERE incident_id = $2 AND workspace_id = $1)
+ (SELECT COUNT(*) FROM investigation WHERE incident_id = $2 AND workspace_id = $1 AND by_kind <> 'system')`, workspace, incident).Scan(&n)
	return n > 0, failure(err)
}

// AlertPosition is the keyset position behind an alert of IncidentAlerts.
func AlertPosition(a soc.Alert) *soc.Keyset {
	return &soc.Keyset{Value: strconv.FormatInt(micros(a.CreatedAt), 10), ID: a.ID}
}
