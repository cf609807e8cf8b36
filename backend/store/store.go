package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// Store is one open database. Close it once; it may be used by many
// goroutines.
type Store struct {
	dialect dialect
	path    string // SQLite file
	jobs    *jobInserter

	// SQLite: one writer connection (shared with River, which is fair) and a
	// pool of readers that cannot write.
	writerDB      *sql.DB
	readerDB      *sql.DB
	writerStmts   *statements
	readerStmts   *statements
	pool          *pgxpool.Pool // PostgreSQL
	requests      chan *writeRequest
	observe       func(ctx context.Context) func(members int, err error)
	writerStopped chan struct{}
	closing       chan struct{}
	queries       chan struct{} // a place for each query that runs
	closeOnce     sync.Once
	careful       int // groups still to be kept apart; the writer's alone
	random        io.Reader
}

// Options adjust Open.
type Options struct {
	// Readers is the number of read connections, default 4.
	Readers int
	// SkipMigrations opens a database that must already be current; local
	// commands that only look use it.
	SkipMigrations bool
	// Random is the source of ids, default crypto/rand.
	Random io.Reader
	// Observe is called when a write begins to wait, and what it returns when
	// the write has ended: with how many members shared its transaction, 0 for
	// none, and the error. nil for nobody.
	Observe func(ctx context.Context) func(members int, err error)
}

// Open opens the database named by where: a file name or sqlite:path for the
// embedded engine, postgres://... for PostgreSQL. It brings the schema up to
// date. A corrupt, foreign or newer database is refused with an error that
// says how to repair it; nothing is changed then.
func Open(ctx context.Context, where string, options Options) (*Store, error) {
	if options.Readers <= 0 {
		options.Readers = 4
	}
	s := &Store{
		requests:      make(chan *writeRequest, 1024),
		observe:       options.Observe,
		writerStopped: make(chan struct{}),
		closing:       make(chan struct{}),
		queries:       make(chan struct{}, queriesAtOnce),
		random:        options.Random,
	}
	var err error
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		err = s.openPostgres(ctx, where, options)
	} else {
		err = s.openSQLite(ctx, strings.TrimPrefix(where, "sqlite:"), options)
	}
	if err != nil {
		s.closePools()
		return nil, err
	}
	go s.runWriter()
	return s, nil
}

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string { return string(s.dialect) }

func (s *Store) openSQLite(ctx context.Context, path string, options Options) error {
	if path == "" {
		return errors.New("the database path is empty; give a file name such as vedette.db")
	}
	s.dialect, s.path = sqliteDialect, path
	if dir := filepath.Dir(path); dir != "." {
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("the folder of the database %s does not exist; make it first: %w", path, err)
		}
	}
	if err := refuseForeign(ctx, path); err != nil {
		return err
	}
	// The pragmas stand in the DSN because a PRAGMA by Exec reaches one pooled
	// connection and is lost when that one is replaced.
	base := sqliteURL(path) + "?_busy_timeout=10000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1"
	// Savepoints keep the pages they may have to put back in a temporary
	// store; in memory that costs a copy, in a file a write for each page. The
	// cache (16 MB, filled only by large groups) keeps a group from being written
	// to the log and read back before its commit.
	if err := createPrivate(path); err != nil {
		return err
	}
	writer, err := sql.Open("sqlite", base+"&_txlock=immediate&_pragma=temp_store(memory)&_pragma=cache_size(-16000)")
	if err != nil {
		return openFailure(path, err)
	}
	writer.SetMaxOpenConns(1)
	writer.SetMaxIdleConns(1)
	s.writerDB = writer
	if err := writer.PingContext(ctx); err != nil {
		return openFailure(path, err)
	}
	if err := migrateSQLite(ctx, writer, path, options.SkipMigrations); err != nil {
		return err
	}
	reader, err := sql.Open("sqlite", base+"&_query_only=1")
	if err != nil {
		return openFailure(path, err)
	}
	reader.SetMaxOpenConns(options.Readers)
	reader.SetMaxIdleConns(options.Readers)
	s.readerDB = reader
	s.writerStmts, s.readerStmts = newStatements(writer), newStatements(reader)
	s.jobs, err = newSQLiteJobInserter(writer)
	return err
}

// createPrivate makes a missing database readable by its owner alone: it holds a
// security team's incidents. SQLite gives the files beside it the same mode.
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return unwritable(path, err)
	}
	if err != nil {
		return openFailure(path, err)
	}
	return file.Close()
}

// sqliteURL is the form of a path that takes parameters.
func sqliteURL(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

func (s *Store) openPostgres(ctx context.Context, where string, options Options) error {
	s.dialect = postgresDialect
	config, err := pgxpool.ParseConfig(where)
	if err != nil {
		return fmt.Errorf("the PostgreSQL URL cannot be read: %w", err)
	}
	// pgx's default follows the number of cores; replicas on small machines
	// still need room for readers, the writer and River. A size in the URL wins.
	if !strings.Contains(where, "pool_max_conns=") {
		config.MaxConns = max(config.MaxConns, 8)
	}
	// A replica that is frozen in the middle of a write must not hold the head
	// of the audit record, and with it every other replica, for ever.
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	// S26: an acknowledged write survives a crash whatever the server's default is.
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// Compiling a statement takes longer than any of ours runs.
	config.ConnConfig.RuntimeParams["jit"] = "off"
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("PostgreSQL cannot be reached: %w", err)
	}
	s.pool = pool
	if err := pool.Ping(ctx); err != nil {
		return fmt.Errorf("PostgreSQL cannot be reached; check the URL, that the server runs and that the role may connect: %w", err)
	}
	if err := migratePostgres(ctx, pool, options.SkipMigrations); err != nil {
		return err
	}
	s.jobs, err = newPostgresJobInserter(pool)
	return err
}

// Read reads single rows outside any transaction.
func (s *Store) Read(ctx context.Context) *Reader {
	if s.dialect == postgresDialect {
		return &Reader{ctx: ctx, q: pgReader{s.pool}, dialect: s.dialect}
	}
	return &Reader{ctx: ctx, q: sqliteReader{s.readerStmts}, dialect: s.dialect}
}

// View runs fn on one consistent snapshot.
func (s *Store) View(ctx context.Context, fn func(*Reader) error) error {
	if s.dialect == postgresDialect {
		tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return failure(err)
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		return fn(&Reader{ctx: ctx, q: pgReader{tx}, dialect: s.dialect})
	}
	tx, err := s.readerDB.BeginTx(ctx, nil)
	if err != nil {
		return failure(err)
	}
	defer s.readerStmts.warm(ctx)
	defer func() { _ = tx.Rollback() }()
	return fn(&Reader{ctx: ctx, q: &sqliteTx{tx: tx, prepared: s.readerStmts}, dialect: s.dialect})
}

// Pools hands the job worker what River's drivers need; exactly one is set.
func (s *Store) Pools() (*sql.DB, *pgxpool.Pool) { return s.writerDB, s.pool }

// Close stops the writer after what it has accepted and closes the pools.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.writerStopped
		s.closePools()
	})
	return nil
}

func (s *Store) closePools() {
	if s.readerDB != nil {
		_ = s.readerDB.Close()
	}
	if s.writerDB != nil {
		_ = s.writerDB.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
}
