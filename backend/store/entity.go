package store

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"vedette/backend/soc"
)

const entityColumns = `id, workspace_id, incident_id, kind, value, display, properties, names, provenance, vendor_verdict, remediated, flags, first_seen, last_seen`

func scanEntity(r row) (soc.Entity, error) {
	var e soc.Entity
	var properties, names, flags string
	var first, last int64
	err := r.Scan(&e.ID, &e.Workspace, &e.Incident, &e.Kind, &e.Value, &e.Display, &properties, &names, &e.Provenance, &e.VendorVerdict, &e.Remediated, &flags, &first, &last)
	if err != nil {
		return e, err
	}
	e.FirstSeen, e.LastSeen = fromMicros(first), fromMicros(last)
	return e, decodeAll(properties, &e.Properties, names, &e.Names, flags, &e.Flags)
}

// valueKey is a value as an index key of fixed length: values may be long.
func valueKey(kind soc.EntityKind, value string) string {
	return indexKey(string(kind) + "\x00" + value)
}

// uniqueKey is one of soc.UniqueNames as such a key. No value, whoever wrote
// it, has the key of a unique name.
func uniqueKey(kind soc.EntityKind, name string) string {
	return indexKey(string(kind) + "\x01" + name)
}

func indexKey(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// Entity finds an entity of an incident. The incident is part of the key, so
// an entity of another incident is not found (S9).
func (r *Reader) Entity(workspace, incident, id string) (soc.Entity, bool, error) {
	return one(r, scanEntity, `SELECT `+entityColumns+` FROM entity WHERE id = $3 AND incident_id = $2 AND workspace_id = $1`, workspace, incident, id)
}

// EntityAnywhere finds an entity of the workspace by id, for find_related.
func (r *Reader) EntityAnywhere(workspace, id string) (soc.Entity, bool, error) {
	return one(r, scanEntity, `SELECT `+entityColumns+` FROM entity WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// IncidentEntities lists the entities of an incident by id.
func (r *Reader) IncidentEntities(workspace, incident, after string, limit int) ([]soc.Entity, error) {
	return all(r, scanEntity, `SELECT `+entityColumns+` FROM entity WHERE incident_id = $2 AND workspace_id = $1 AND id > $3 ORDER BY id LIMIT $4`, workspace, incident, after, limit)
}

// EntitiesNamed lists the entities of a workspace that have a value or another
// name of theirs, those of the newest incidents first; incident limits them to
// one, "" does not.
func (r *Reader) EntitiesNamed(workspace string, kind soc.EntityKind, value, incident string, limit int) ([]soc.Entity, error) {
	return all(r, scanEntity, `SELECT `+entityColumns+` FROM entity WHERE workspace_id = $1 AND id IN (SELECT id FROM (`+seenAs+`) named) AND ($4 = '' OR incident_id = $4)
AND (SELECT i.deleted_at FROM incident i WHERE i.id = entity.incident_id) = 0 ORDER BY incident_seq DESC, id LIMIT $5`, workspace, string(kind), valueKey(kind, value), incident, limit)
}

// EntityByValue finds an entity of an incident by its canonical value.
func (r *Reader) EntityByValue(workspace, incident string, kind soc.EntityKind, value string) (soc.Entity, bool, error) {
	return one(r, scanEntity, `SELECT `+entityColumns+` FROM entity WHERE incident_id = $2 AND workspace_id = $1 AND kind = $3 AND value_key = $4`,
		workspace, incident, string(kind), valueKey(kind, value))
}

// EntityByUniqueName finds an entity of an incident by one of soc.UniqueNames.
// Other names, which anybody may have written, identify nothing.
func (r *Reader) EntityByUniqueName(workspace, incident string, kind soc.EntityKind, name string) (soc.Entity, bool, error) {
	return one(r, scanEntity, `SELECT `+entityColumns+` FROM entity WHERE workspace_id = $1 AND incident_id = $2 AND id IN
(SELECT a.entity_id FROM entity_alias a JOIN incident i ON i.seq = a.incident_seq WHERE a.workspace_id = $1 AND a.kind = $3 AND a.alias_key = $4 AND i.id = $2) ORDER BY id LIMIT 1`,
		workspace, incident, string(kind), uniqueKey(kind, name))
}

var entityInsert = newBulk(`INSERT INTO entity (id, workspace_id, incident_id, incident_seq, kind, value, value_key, display, properties, names, provenance, vendor_verdict, remediated, flags, first_seen, last_seen)`, 16, ``)

// InsertEntity adds an entity, with its other identities as aliases.
func (tx *Tx) InsertEntity(e soc.Entity, incidentSeq int64) error {
	return tx.InsertEntities([]soc.Entity{e}, incidentSeq)
}

// InsertEntities adds entities of one incident, each with its other identities
// as aliases.
func (tx *Tx) InsertEntities(entities []soc.Entity, incidentSeq int64) error {
	values := make([]any, 0, len(entities)*entityInsert.columns)
	for _, e := range entities {
		values = append(values, e.ID, e.Workspace, e.Incident, incidentSeq, string(e.Kind), e.Value, valueKey(e.Kind, e.Value), e.Display, properties(e.Properties), list(e.Names), string(e.Provenance),
			e.VendorVerdict, e.Remediated, list(e.Flags), micros(e.FirstSeen), micros(e.LastSeen))
	}
	if err := tx.insertRows(entityInsert, values); err != nil {
		return err
	}
	var aliases []any
	for _, e := range entities {
		aliases = appendAliases(aliases, e, incidentSeq, aliasKeys(e))
	}
	return tx.insertRows(aliasInsert, aliases)
}

var aliasInsert = newBulk(`INSERT INTO entity_alias (workspace_id, kind, alias_key, incident_seq, entity_id)`, 5, `ON CONFLICT DO NOTHING`)

// aliasKeys are the keys of an entity's other identities.
func aliasKeys(e soc.Entity) []string {
	keys := make([]string, 0, len(e.Names)+4)
	for _, name := range e.Names {
		if name != e.Value {
			keys = append(keys, valueKey(e.Kind, name))
		}
	}
	for _, name := range soc.UniqueNames(e.Kind, e.Value, e.Properties) {
		keys = append(keys, uniqueKey(e.Kind, name))
	}
	return keys
}

// appendAliases appends the rows of keys, each once.
func appendAliases(rows []any, e soc.Entity, incidentSeq int64, keys []string) []any {
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		rows = append(rows, e.Workspace, string(e.Kind), key, incidentSeq, e.ID)
	}
	return rows
}

// InsertUniqueNames adds unique names that the entity was once known by and
// that do not follow from its properties any more.
func (tx *Tx) InsertUniqueNames(e soc.Entity, incidentSeq int64, names []string) error {
	derived := soc.UniqueNames(e.Kind, e.Value, e.Properties)
	var keys []string
	for _, name := range names {
		if !slices.Contains(derived, name) {
			keys = append(keys, uniqueKey(e.Kind, name))
		}
	}
	return tx.insertRows(aliasInsert, appendAliases(nil, e, incidentSeq, keys))
}

func properties(p map[string]string) string {
	if len(p) == 0 {
		return "{}"
	}
	return text(p)
}

// UpdateEntity stores what more sightings taught about an entity.
func (tx *Tx) UpdateEntity(e soc.Entity, incidentSeq int64) error {
	_, err := tx.update(`UPDATE entity SET display = $3, properties = $4, names = $5, provenance = $6, vendor_verdict = $7, remediated = $8, flags = $9, first_seen = $10, last_seen = $11 WHERE id = $2 AND workspace_id = $1`,
		e.Workspace, e.ID, e.Display, properties(e.Properties), list(e.Names), string(e.Provenance), e.VendorVerdict, e.Remediated, list(e.Flags), micros(e.FirstSeen), micros(e.LastSeen))
	if err != nil {
		return err
	}
	return tx.insertRows(aliasInsert, appendAliases(nil, e, incidentSeq, aliasKeys(e)))
}

// PromoteEntity makes an entity one that a sensor vouches for.
func (tx *Tx) PromoteEntity(workspace, id string) error {
	_, err := tx.update(`UPDATE entity SET provenance = 'sensor_asserted' WHERE id = $2 AND workspace_id = $1 AND provenance = 'parsed'`, workspace, id)
	return err
}

// InsertSighting adds one place an entity was seen.
func (tx *Tx) InsertSighting(s soc.Sighting, evidenceNumber int) error {
	return tx.InsertSightings([]soc.Sighting{s}, []int{evidenceNumber})
}

var sightingInsert = newBulk(`INSERT INTO sighting (entity_id, alert_id, evidence_number, workspace_id, incident_id, source, field, provenance, seen_at)`, 9, `ON CONFLICT DO NOTHING`)

// InsertSightings adds places where entities were seen, each with the number of
// the row of evidence, 0 for none.
func (tx *Tx) InsertSightings(sightings []soc.Sighting, evidenceNumbers []int) error {
	values := make([]any, 0, len(sightings)*sightingInsert.columns)
	for n, s := range sightings {
		values = append(values, s.Entity, s.Alert, evidenceNumbers[n], s.Workspace, s.Incident, s.Source, s.Field, string(s.Provenance), micros(s.SeenAt))
	}
	return tx.insertRows(sightingInsert, values)
}

// Sightings lists where an entity was seen, with provenance, oldest first.
func (r *Reader) Sightings(workspace, entity string, limit int) ([]soc.Sighting, error) {
	return all(r, func(x row) (soc.Sighting, error) {
		var s soc.Sighting
		var number, at int64
		err := x.Scan(&s.Workspace, &s.Entity, &s.Incident, &s.Alert, &number, &s.Source, &s.Field, &s.Provenance, &at)
		if number > 0 {
			s.Evidence = "E" + strconv.FormatInt(number, 10)
		}
		s.SeenAt = fromMicros(at)
		return s, err
	}, `SELECT workspace_id, entity_id, incident_id, alert_id, evidence_number, source, field, provenance, seen_at FROM sighting
WHERE entity_id = $2 AND workspace_id = $1 ORDER BY seen_at, alert_id, evidence_number, field LIMIT $3`, workspace, entity, limit)
}

// seenIn is the incidents in which a value occurs, under its identity or under
// any other name of it.
const seenIn = `SELECT incident_seq FROM entity WHERE workspace_id = $1 AND kind = $2 AND value_key = $3
UNION SELECT incident_seq FROM entity_alias WHERE workspace_id = $1 AND kind = $2 AND alias_key = $3`

// seenAs is the entities that have a value as their identity or as another
// name.
const seenAs = `SELECT id, first_seen, last_seen FROM entity WHERE workspace_id = $1 AND kind = $2 AND value_key = $3
UNION SELECT e.id, e.first_seen, e.last_seen FROM entity_alias a JOIN entity e ON e.id = a.entity_id WHERE a.workspace_id = $1 AND a.kind = $2 AND a.alias_key = $3`

// seenNewest is the newest of seenIn below a seq. Both indexes hold a value's
// incidents in order, so that no more is read than is asked for.
const seenNewest = `SELECT incident_seq FROM (SELECT incident_seq FROM entity WHERE workspace_id = $1 AND kind = $2 AND value_key = $3 AND incident_seq < $4 ORDER BY incident_seq DESC LIMIT $5) own
UNION SELECT incident_seq FROM (SELECT incident_seq FROM entity_alias WHERE workspace_id = $1 AND kind = $2 AND alias_key = $3 AND incident_seq < $4 ORDER BY incident_seq DESC LIMIT $5) other
ORDER BY 1 DESC LIMIT $5`

// Related lists the incidents in which a value was seen, newest first, and
// unless only rows are asked for counts them and the sightings, up to 10,000.
func (r *Reader) Related(q soc.RelatedQuery) (page soc.RelatedPage, err error) {
	page.Kind, page.Value = q.Kind, q.Value
	found, err := r.relatedRows(q)
	if err != nil {
		return page, err
	}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		last := found[len(found)-1]
		page.Next = &soc.Keyset{Value: strconv.FormatInt(last.Seq, 10), ID: last.ID}
	}
	page.Rows = found
	if q.RowsOnly {
		return page, nil
	}
	var first, last int64
	name := []any{q.Workspace, string(q.Kind), valueKey(q.Kind, q.Value)}
	err = r.q.queryRow(r.ctx, `SELECT COALESCE(MIN(NULLIF(first_seen, 0)), 0), COALESCE(MAX(last_seen), 0) FROM (SELECT first_seen, last_seen FROM (`+seenAs+`) e LIMIT 10000) times`, name...).Scan(&first, &last)
	if err != nil {
		return page, failure(err)
	}
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM (`+seenAs+`) e CROSS JOIN sighting s WHERE s.entity_id = e.id LIMIT 10000) counted`, name...).Scan(&page.Sightings)
	if err != nil {
		return page, failure(err)
	}
	page.FirstSeen, page.LastSeen = fromMicros(first), fromMicros(last)
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM (`+seenIn+`) seen LIMIT 10000) counted`, name...).Scan(&page.Incidents)
	return page, failure(err)
}

// relatedRows reads the incidents of a value in batches, newest first, until
// there is one more than a page that the rest of the query lets through.
func (r *Reader) relatedRows(q soc.RelatedQuery) (found []soc.Incident, err error) {
	low, high := timeBounds(q.Since, q.Until)
	before, batch := int64(1)<<62, 2*(q.Limit+1)
	if q.After != nil {
		before, _ = strconv.ParseInt(q.After.Value, 10, 64)
	}
	for len(found) <= q.Limit {
		seqs, err := allInOrder(r, func(x row) (seq int64, err error) {
			err = x.Scan(&seq)
			return seq, err
		}, seenNewest, q.Workspace, string(q.Kind), valueKey(q.Kind, q.Value), before, batch)
		if err != nil || len(seqs) == 0 {
			return found, err
		}
		l := &listQuery{}
		from := r.few(l, seqs)
		some, err := all(r, scanIncident, `SELECT `+incidentColumnsOf("i")+` FROM `+from+` WHERE i.workspace_id = `+l.arg(q.Workspace)+` AND i.deleted_at = 0 AND i.created_at >= `+l.arg(low)+` AND i.created_at <= `+l.arg(high)+
			` AND i.id <> `+l.arg(q.ExcludeIncident)+` AND (`+l.arg(q.Source)+` = '' OR i.source = `+l.arg(q.Source)+`) ORDER BY i.seq DESC LIMIT `+l.arg(q.Limit+1-len(found)), l.args...)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
		if len(seqs) < batch {
			return found, nil
		}
		before, batch = seqs[len(seqs)-1], min(4*batch, 2000)
	}
	return found, nil
}

// PriorVerdicts counts the standing verdicts of other incidents in which a
// value was seen since a time of activity, for the floor (triage.md T11).
func (r *Reader) PriorVerdicts(workspace string, kind soc.EntityKind, value, excludeIncident string, since int64) (map[soc.Verdict]int, error) {
	type count struct {
		verdict soc.Verdict
		n       int
	}
	counts, err := all(r, func(x row) (count, error) {
		var c count
		err := x.Scan(&c.verdict, &c.n)
		return c, err
	}, `SELECT verdict, COUNT(*) FROM (SELECT i.verdict FROM (`+seenIn+` ORDER BY 1 DESC LIMIT 200) seen CROSS JOIN incident i
WHERE i.seq = seen.incident_seq AND i.workspace_id = $1 AND i.deleted_at = 0 AND i.verdict <> '' AND (i.verdict_by = 'person' OR i.verdict_by = 'service' AND i.closed_by = '`+soc.BySource+`') AND i.id <> $4 AND CASE WHEN i.last_activity > 0 THEN i.last_activity ELSE i.updated_at END >= $5) v GROUP BY verdict`,
		workspace, string(kind), valueKey(kind, value), excludeIncident, since)
	out := map[soc.Verdict]int{}
	for _, c := range counts {
		out[c.verdict] = c.n
	}
	return out, err
}
