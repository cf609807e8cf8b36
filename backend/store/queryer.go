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
	// insertEach runs an INSERT for every list of arguments and returns the
	// numbers the engine gave the rows, which stand in the column serial.
	// PostgreSQL gets all of them in one round trip; SQLite knows the number of
	// its last row without RETURNING, which would cost a table of its own.
	insertEach(ctx context.Context, text, serial string, args [][]any) ([]int64, error)
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
