package store

import (
	"context"
	"strings"
)

// guarded stands between a member of a group and its transaction. After a
// failed statement it lets no other through: on SQLite some errors end the
// transaction, and a later statement would commit by itself; PostgreSQL
// refuses them anyway.
type guarded struct {
	tx *Tx
	q  queryer
}

// note remembers the first error of a statement. "No such row" is an answer
// and no error.
func (g guarded) note(err error) error {
	if err == nil || noRows(err) {
		return err
	}
	if g.tx.failed == nil {
		g.tx.failed = err
	}
	if g.tx.fatal == nil && (endsTransaction(err) || g.tx.group.lost()) {
		g.tx.fatal = err
	}
	return err
}

// see remembers that the member may have written. Only what begins as a plain
// SELECT certainly has not.
func (g guarded) see(text string) {
	if !strings.HasPrefix(text, "SELECT ") {
		g.tx.wrote = true
	}
}

func (g guarded) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if g.tx.failed != nil {
		return 0, g.tx.failed
	}
	g.tx.wrote = true
	n, err := g.q.exec(ctx, text, args...)
	return n, g.note(err)
}

func (g guarded) deferExec(ctx context.Context, text string, args ...any) error {
	if g.tx.failed != nil {
		return g.tx.failed
	}
	g.tx.wrote = true
	return g.note(g.q.deferExec(ctx, text, args...))
}

func (g guarded) query(ctx context.Context, text string, args ...any) (rows, error) {
	if g.tx.failed != nil {
		return nil, g.tx.failed
	}
	g.see(text)
	r, err := g.q.query(ctx, text, args...)
	if err != nil {
		return nil, g.note(err)
	}
	return guardedRows{r, g}, nil
}

func (g guarded) queryRow(ctx context.Context, text string, args ...any) row {
	if g.tx.failed != nil {
		return failedRow{g.tx.failed}
	}
	g.see(text)
	return guardedRow{g.q.queryRow(ctx, text, args...), g}
}

func (g guarded) insertEach(ctx context.Context, text, serial string, args [][]any) ([]int64, error) {
	if g.tx.failed != nil {
		return nil, g.tx.failed
	}
	g.tx.wrote = true
	numbers, err := g.q.insertEach(ctx, text, serial, args)
	return numbers, g.note(err)
}

// guardedRows notes an error that comes in the middle of an answer.
type guardedRows struct {
	rows
	g guarded
}

func (r guardedRows) Scan(dest ...any) error { return r.g.note(r.rows.Scan(dest...)) }

func (r guardedRows) Err() error { return r.g.note(r.rows.Err()) }

type guardedRow struct {
	r row
	g guarded
}

func (r guardedRow) Scan(dest ...any) error { return r.g.note(r.r.Scan(dest...)) }
