package store

import (
	"math"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
)

// AddObservables adds the values of alerts. A value that its alert has already
// stays as it is, but for becoming a declared one.
func (tx *Tx) AddObservables(workspace string, observables []soc.Observable) error {
	values := make([]any, 0, len(observables)*observableInsert.columns)
	for _, o := range eachOnce(observables) {
		values = append(values, o.Alert, o.Number, workspace, soc.ArrivalPosition(o.AlertUID), string(o.Kind), o.Value, valueKey(o.Kind, o.Value), o.Valid, o.Declared, string(o.Provenance), o.Field, o.Sent, micros(o.SeenAt))
	}
	return tx.insertRows(observableInsert, values)
}

// eachOnce leaves out values that an alert names twice: one statement may touch a
// row once.
func eachOnce(observables []soc.Observable) []soc.Observable {
	type key struct {
		alert, value string
		kind         soc.EntityKind
	}
	place := make(map[key]int, len(observables))
	out := make([]soc.Observable, 0, len(observables))
	for _, o := range observables {
		k := key{o.Alert, o.Value, o.Kind}
		if at, known := place[k]; known {
			out[at].Declared = out[at].Declared || o.Declared
			continue
		}
		place[k] = len(out)
		out = append(out, o)
	}
	return out
}

var observableInsert = newBulk(`INSERT INTO alert_observable (alert_id, number, workspace_id, position, kind, value, value_key, valid, declared, provenance, field, sent, seen_at)`, 13,
	`ON CONFLICT (alert_id, value_key) DO UPDATE SET declared = excluded.declared
WHERE excluded.declared = TRUE AND alert_observable.declared = FALSE AND alert_observable.workspace_id = excluded.workspace_id`)

// AlertObservables lists the values of an alert in their order.
func (r *Reader) AlertObservables(workspace, alert string, limit int) ([]soc.Observable, error) {
	return all(r, func(x row) (soc.Observable, error) {
		var o soc.Observable
		var at int64
		err := x.Scan(&o.Workspace, &o.Alert, &o.Number, &o.Kind, &o.Value, &o.Valid, &o.Declared, &o.Provenance, &o.Field, &o.Sent, &at)
		o.SeenAt = fromMicros(at)
		return o, err
	}, `SELECT workspace_id, alert_id, number, kind, value, valid, declared, provenance, field, sent, seen_at FROM alert_observable
WHERE alert_id = $2 AND workspace_id = $1 ORDER BY number, value_key LIMIT $3`, workspace, alert, limit)
}

// AlertsWith lists the alerts that hold a value, newest received first, before
// a place in the order of arrival (0: from the newest).
func (r *Reader) AlertsWith(workspace string, kind soc.EntityKind, value string, before int64, limit int) ([]soc.Alert, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return allInOrder(r, scanAlert, `SELECT `+columnsOf("a", alertColumns)+` FROM (SELECT position FROM alert_observable
WHERE workspace_id = $1 AND value_key = $2 AND position < $3 ORDER BY position DESC LIMIT `+strconv.Itoa(roundLimit(limit))+`) page `+
		r.pick(`CROSS JOIN alert a ON a.workspace_id = $1 AND a.position = page.position`,
			`CROSS JOIN LATERAL (SELECT * FROM alert WHERE workspace_id = $1 AND position = page.position OFFSET 0) a`)+` ORDER BY a.position DESC`,
		workspace, valueKey(kind, value), before)
}

// SightingsOfValue counts the alerts that hold a value, up to 10,000, and tells
// when the first and last of those saw it.
func (r *Reader) SightingsOfValue(workspace string, kind soc.EntityKind, value string) (s soc.ObservableSighting, err error) {
	var first, last int64
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*), COALESCE(MIN(seen_at), 0), COALESCE(MAX(seen_at), 0) FROM
(SELECT seen_at FROM alert_observable WHERE workspace_id = $1 AND value_key = $2 ORDER BY position DESC LIMIT 10000) seen`, workspace, valueKey(kind, value)).Scan(&s.Alerts, &first, &last)
	s.FirstSeen, s.LastSeen = fromMicros(first), fromMicros(last)
	return s, failure(err)
}

// KindsHolding tells under which of several kinds a value was seen, given the
// value that a text has in each.
func (r *Reader) KindsHolding(workspace string, values map[soc.EntityKind]string) ([]soc.EntityKind, error) {
	q := &listQuery{}
	where := `workspace_id = ` + q.arg(workspace)
	var parts []string
	for _, kind := range soc.AllEntityKinds {
		value, asked := values[kind]
		if !asked {
			value = "" // the text stays one
		}
		key, word := q.arg(valueKey(kind, value)), string(kind)
		parts = append(parts, `SELECT '`+word+`' WHERE EXISTS (SELECT 1 FROM alert_observable WHERE `+where+` AND value_key = `+key+`)
OR EXISTS (SELECT 1 FROM entity WHERE `+where+` AND kind = '`+word+`' AND value_key = `+key+`)`)
	}
	return all(r, func(x row) (kind soc.EntityKind, err error) { return kind, x.Scan(&kind) }, strings.Join(parts, ` UNION ALL `), q.args...)
}

// AlertsDeclaring counts the alerts received since a moment that declare a
// value, of one source or (”) of all, up to 10,000.
func (r *Reader) AlertsDeclaring(workspace string, kind soc.EntityKind, value, source string, since time.Time) (n int, err error) {
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM alert_observable o JOIN alert a ON a.id = o.alert_id
WHERE o.workspace_id = $1 AND o.value_key = $2 AND o.declared = TRUE AND a.ingested_at >= $3 AND ($4 = '' OR a.source = $4) LIMIT 10000) counted`,
		workspace, valueKey(kind, value), micros(since), source).Scan(&n)
	return n, failure(err)
}

// KnownAsset finds the newest entity that a sensor vouched for with a value: what
// is known here of an asset.
func (r *Reader) KnownAsset(workspace string, kind soc.EntityKind, value string) (soc.Entity, bool, error) {
	return one(r, scanEntity, `SELECT `+entityColumns+` FROM entity WHERE workspace_id = $1 AND kind = $2 AND value_key = $3 AND provenance = 'sensor_asserted' ORDER BY incident_seq DESC LIMIT 1`,
		workspace, string(kind), valueKey(kind, value))
}
