package store

import (
	"context"
	"time"
)

// Reader reads rows: from the pool (Store.Read), from one snapshot
// (Store.View) or inside a write (Tx embeds it). It lives for one call.
type Reader struct {
	ctx     context.Context
	q       queryer
	dialect dialect
}

// dialect names the engine.
type dialect string

const (
	sqliteDialect   dialect = "sqlite"
	postgresDialect dialect = "postgres"
)

// pick returns the text for the engine at hand, for the few statements that
// differ.
func (r *Reader) pick(sqlite, postgres string) string {
	if r.dialect == postgresDialect {
		return postgres
	}
	return sqlite
}

// one scans a single row with scan; found is false when there is none.
func one[T any](r *Reader, scan func(row) (T, error), text string, args ...any) (value T, found bool, err error) {
	value, err = scan(r.q.queryRow(r.ctx, text, args...))
	if noRows(err) {
		var zero T
		return zero, false, nil
	}
	if err != nil {
		return value, false, failure(err)
	}
	return value, true, nil
}

// all scans every row with scan.
func all[T any](r *Reader, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	found, err := r.q.query(r.ctx, text, args...)
	return scanned(found, err, scan)
}

// allInOrder is all for a statement that an index gives in its order.
// PostgreSQL is told not to sort: while a table is young its statistics are
// missing or wrong, and it would read and sort a range of a million rows whose
// size it guesses as one.
func allInOrder[T any](r *Reader, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	view, ok := r.q.(pgReader)
	if !ok {
		return all(r, scan, text, args...)
	}
	found, err := view.queryInOrder(r.ctx, text, args...)
	return scanned(found, err, scan)
}

// scanned scans every row of an answer and closes it.
func scanned[T any](found rows, err error, scan func(row) (T, error)) ([]T, error) {
	if err != nil {
		return nil, failure(err)
	}
	defer found.Close()
	var out []T
	for found.Next() {
		value, err := scan(found)
		if err != nil {
			return nil, failure(err)
		}
		out = append(out, value)
	}
	return out, failure(found.Err())
}

// micros is how every time is stored: Unix microseconds, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros reads a stored time back, in UTC.
func fromMicros(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}
