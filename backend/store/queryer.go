package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
)

// row, rows and queryer are the whole difference between database/sql and
// native pgx that the rest of the package sees.
type row interface{ Scan(dest ...any) error }

type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

type queryer interface {
	exec(ctx context.Context, text string, args ...any) (int64, error)
	query(ctx context.Context, text string, args ...any) (rows, error)
	queryRow(ctx context.Context, text string, args ...any) row
	// deferExec queues a statement whose result nobody needs. PostgreSQL sends
	// queued statements in one round trip before the next query; SQLite has
	// no round trips and runs it at once.
	deferExec(ctx context.Context, text string, args ...any) error
	// each runs one statement for every list of arguments and hands over the
	// one row that each gives, in their order. PostgreSQL gets all of them in
	// one round trip.
	each(ctx context.Context, text string, args [][]any, scan func(n int, r row) error) error
}

// eachAlone is each for an engine without round trips.
func eachAlone(ctx context.Context, q queryer, text string, args [][]any, scan func(n int, r row) error) error {
	for n := range args {
		if err := scan(n, q.queryRow(ctx, text, args[n]...)); err != nil {
			return err
		}
	}
	return nil
}

// noRows reports "no such row" for both drivers.
func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) || errors.Is(err, pgx.ErrNoRows) }

// sqlRows gives database/sql rows the shape of rows.
type sqlRows struct{ *sql.Rows }

func (r sqlRows) Close() { _ = r.Rows.Close() }

// failedRow carries an error that came before the row.
type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// errWriteOutside is what a statement that writes gets outside Write.
var errWriteOutside = errors.New("store: write outside Write")
