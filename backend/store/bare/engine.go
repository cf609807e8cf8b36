package bare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// Engine is one connection to a database that the store has migrated. It is not
// safe for concurrent use: one connection is what it stands for.
type Engine struct {
	db   *sql.DB
	lite *sql.Conn
	pg   *pgx.Conn
	// prepared statements of SQLite; pgx keeps its own.
	prepared map[string]*sql.Stmt
}

// Open connects to the database named by where, as store.Open names it, with
// the same durability: write-ahead log and synchronous=FULL, or
// synchronous_commit=on.
func Open(ctx context.Context, where string) (*Engine, error) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		config, err := pgx.ParseConfig(where)
		if err != nil {
			return nil, err
		}
		config.RuntimeParams["synchronous_commit"] = "on"
		config.RuntimeParams["timezone"] = "UTC"
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return nil, err
		}
		return &Engine{pg: conn}, nil
	}
	path := strings.TrimPrefix(where, "sqlite:")
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_busy_timeout=10000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Engine{db: db, lite: conn, prepared: map[string]*sql.Stmt{}}, nil
}

// Close ends the connection.
func (e *Engine) Close() error {
	if e.pg != nil {
		return e.pg.Close(context.Background())
	}
	var failures []error
	for _, statement := range e.prepared {
		failures = append(failures, statement.Close())
	}
	return errors.Join(append(failures, e.lite.Close(), e.db.Close())...)
}

// statement prepares a text once.
func (e *Engine) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := e.prepared[text]; s != nil {
		return s, nil
	}
	s, err := e.lite.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	e.prepared[text] = s
	return s, nil
}

// query runs a statement and hands over every row. The values are valid during
// the call only.
func (e *Engine) query(ctx context.Context, each func(values []any) error, text string, args ...any) error {
	if e.pg != nil {
		rows, err := e.pg.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				return err
			}
			if err := each(values); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	s, err := e.statement(ctx, text)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := each(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Check asks the engine whether its own structures are whole: SQLite's
// integrity_check and foreign_key_check. PostgreSQL checks pages as it reads
// them and has no such question; its tables are read through instead.
func (e *Engine) Check(ctx context.Context) error {
	if e.pg != nil {
		_, err := e.Counts(ctx)
		return err
	}
	var found []string
	note := func(values []any) error {
		if said := fmt.Sprint(values...); said != "ok" {
			found = append(found, said)
		}
		return nil
	}
	for _, text := range []string{`PRAGMA integrity_check`, `PRAGMA foreign_key_check`} {
		if err := e.query(ctx, note, text); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("the database is damaged: %s", strings.Join(found, "; "))
	}
	return nil
}

// Settle does at once what the engine would do by itself some time after a bulk
// load: statistics and pending index entries on PostgreSQL, the write-ahead log
// on SQLite.
func (e *Engine) Settle(ctx context.Context) error {
	if e.pg != nil {
		return e.exec(ctx, `VACUUM (ANALYZE)`)
	}
	return e.query(ctx, func([]any) error { return nil }, `PRAGMA wal_checkpoint(TRUNCATE)`)
}

// Begin takes a snapshot: what is read until End is of one moment.
func (e *Engine) Begin(ctx context.Context) error {
	if e.pg != nil {
		return e.exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`)
	}
	return e.exec(ctx, `BEGIN`)
}

// End lets go of the snapshot.
func (e *Engine) End(ctx context.Context) error { return e.exec(ctx, `COMMIT`) }
