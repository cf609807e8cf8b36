package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"modernc.org/sqlite"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrationLock is the advisory lock that replicas take around all migrations;
// River's own migrator fails when several run at once.
const migrationLock = 7_364_839_001

// sqliteTypes and postgresTypes spell the few type words that differ.
var (
	sqliteTypes   = strings.NewReplacer("@int", "INTEGER", "@blob", "BLOB", "@bool", "INTEGER", "@serial", "INTEGER PRIMARY KEY", "@strict", "STRICT")
	postgresTypes = strings.NewReplacer("@int", "BIGINT", "@blob", "BYTEA", "@bool", "BOOLEAN", "@serial", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", " @strict", "")
)

// migration is one numbered, forward-only step.
type migration struct {
	version  int64
	name     string
	text     string
	checksum string
}

// migrations lists the steps of an engine in order. A file NAME.sql is for
// both; NAME.sqlite.sql and NAME.postgres.sql are the two faces of one step.
func migrations(d dialect) ([]migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	other := "." + string(postgresDialect) + ".sql"
	types := sqliteTypes
	if d == postgresDialect {
		other = "." + string(sqliteDialect) + ".sql"
		types = postgresTypes
	}
	var out []migration
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), other) {
			continue
		}
		raw, err := migrationFiles.ReadFile(path.Join("migrations", entry.Name()))
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(entry.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number: %w", entry.Name(), err)
		}
		sum := sha256.Sum256(raw)
		text := types.Replace(strings.TrimPrefix(string(raw), "-- +goose Up\n"))
		out = append(out, migration{version, entry.Name(), text, hex.EncodeToString(sum[:])})
	}
	return out, nil
}

// checksumTable keeps what every applied step said. It is filled by the step's
// own transaction, so the two records of a step agree or somebody changed them.
var checksumTable = map[dialect]string{
	sqliteDialect:   `CREATE TABLE IF NOT EXISTS schema_checksum (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL) STRICT`,
	postgresDialect: `CREATE TABLE IF NOT EXISTS schema_checksum (version BIGINT PRIMARY KEY, checksum TEXT NOT NULL)`,
}

// migrate applies what is missing and refuses a database whose applied steps
// are not ours.
func migrate(ctx context.Context, db *sql.DB, d dialect, name string, skip bool) error {
	steps, err := migrations(d)
	if err != nil {
		return err
	}
	current, err := appliedVersion(ctx, db, d, steps, name)
	if err != nil {
		return err
	}
	newest := steps[len(steps)-1].version
	if current == newest {
		return nil
	}
	if skip {
		return fmt.Errorf("the database %s has schema version %d and this program needs %d; start `vedette serve` once to upgrade it", name, current, newest)
	}
	gooseDialect := goose.DialectSQLite3
	if d == postgresDialect {
		gooseDialect = goose.DialectPostgres
	}
	var known []*goose.Migration
	for _, step := range steps {
		known = append(known, goose.NewGoMigration(step.version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error { return step.apply(ctx, tx, d) }}, nil))
	}
	provider, err := goose.NewProvider(gooseDialect, db, nil, goose.WithGoMigrations(known...), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the database %s could not be upgraded and was left as it was: %w", name, err)
	}
	return nil
}

// apply runs a step and records its checksum, in one transaction.
func (m migration) apply(ctx context.Context, tx *sql.Tx, d dialect) error {
	for _, text := range []string{m.text, checksumTable[d]} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO schema_checksum (version, checksum) VALUES ($1, $2)`, m.version, m.checksum)
	return err
}

// appliedVersion reads which steps were applied, and refuses what this program
// did not make; it changes nothing.
func appliedVersion(ctx context.Context, db *sql.DB, d dialect, steps []migration, name string) (int64, error) {
	versions, err := appliedSteps(ctx, db, d, "goose_db_version", `SELECT version_id, '' FROM goose_db_version WHERE is_applied AND version_id > 0`)
	if err != nil {
		return 0, openFailure(name, err)
	}
	checksums, err := appliedSteps(ctx, db, d, "schema_checksum", `SELECT version, checksum FROM schema_checksum`)
	if err != nil {
		return 0, openFailure(name, err)
	}
	current := int64(0)
	for version := range versions {
		current = max(current, version)
	}
	newest := steps[len(steps)-1].version
	if current > newest {
		return 0, fmt.Errorf("the database %s has schema version %d and this program knows up to %d: it was made by a newer vedette. Run that version, or restore a backup made before the upgrade", name, current, newest)
	}
	for _, step := range steps {
		_, applied := versions[step.version]
		have, recorded := checksums[step.version]
		switch {
		case applied != recorded, applied != (step.version <= current):
			return 0, fmt.Errorf("the database %s is half migrated: its records of migration %s contradict each other, which no vedette leaves behind. Keep a copy and restore a backup", name, step.name)
		case applied && have != step.checksum:
			return 0, fmt.Errorf("the database %s holds migration %s with another content than this program: it comes from another build. Run that build, or restore a backup", name, step.name)
		}
	}
	return current, nil
}

// appliedSteps reads one record of applied steps; a missing table has none.
func appliedSteps(ctx context.Context, db *sql.DB, d dialect, table, text string) (map[int64]string, error) {
	exists := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1`
	if d == postgresDialect {
		exists = `SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1`
	}
	var n int
	if err := db.QueryRowContext(ctx, exists, table).Scan(&n); err != nil || n == 0 {
		return nil, err
	}
	found, err := db.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	steps := map[int64]string{}
	for found.Next() {
		var version int64
		var checksum string
		if err := found.Scan(&version, &checksum); err != nil {
			return nil, err
		}
		steps[version] = checksum
	}
	return steps, found.Err()
}

// refuseForeign refuses an SQLite file of another program before anything, even
// its journal mode, is changed.
func refuseForeign(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && info.Size() == 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	if info.IsDir() {
		return fmt.Errorf("the database %s cannot be opened: it is a folder. Name a file in it", path)
	}
	db, err := sql.Open("sqlite", sqliteURL(path)+"?mode=ro&_busy_timeout=10000")
	if err != nil {
		return openFailure(path, err)
	}
	defer func() { _ = db.Close() }()
	var tables, ours int
	err = db.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(name = 'goose_db_version'), 0) FROM sqlite_master WHERE type = 'table'`).Scan(&tables, &ours)
	if err != nil {
		return openFailure(path, err)
	}
	if tables > 0 && ours == 0 {
		return fmt.Errorf("the file %s is an SQLite database of another program; it was not touched. Name another file", path)
	}
	return nil
}

// migrateAttempts is how often a process tries to migrate an SQLite file while
// others do the same: `vedette serve` and `vedette mcp` may start together. One
// of them applies a step, the step of the other fails whole. Whoever fails may
// lose every step to the others, and there are dozens of steps.
const migrateAttempts = 60

func migrateSQLite(ctx context.Context, db *sql.DB, name string, skip bool) error {
	var err error
	for range migrateAttempts {
		if err = migrateSQLiteOnce(ctx, db, name, skip); err == nil {
			return nil
		}
		steps, other := migrations(sqliteDialect)
		if other != nil {
			return err
		}
		if _, other := appliedVersion(ctx, db, sqliteDialect, steps, name); other != nil || skip {
			return err // it is not ours to migrate
		}
	}
	return err
}

func migrateSQLiteOnce(ctx context.Context, db *sql.DB, name string, skip bool) error {
	if err := migrate(ctx, db, sqliteDialect, name, skip); err != nil || skip {
		return err
	}
	migrator, err := rivermigrate.New(riversqlite.New(db), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return openFailure(name, err)
	}
	return estimate(ctx, db)
}

func migratePostgres(ctx context.Context, pool *pgxpool.Pool, skip bool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return failure(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return failure(err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	}()
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	if err := migrate(ctx, db, postgresDialect, "at the given URL", skip); err != nil {
		return err
	}
	if skip {
		return nil
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func unwritable(name string, err error) error {
	return fmt.Errorf("the database %s cannot be written. Check that the folder exists, belongs to this user and is not mounted read-only: %w", name, err)
}

// openFailure says what a person can do about a database that does not open.
func openFailure(name string, err error) error {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return fmt.Errorf("the database %s cannot be opened: %w", name, err)
	}
	switch lite.Code() & 0xff {
	case sqliteNotADB:
		return fmt.Errorf("the file %s is not a Vedette database (or it is encrypted or damaged at its start). Name another file, or restore a backup: %w", name, err)
	case sqliteCorrupt:
		return fmt.Errorf("the database %s is damaged. Stop every process that uses it, keep a copy, and restore a backup; `vedette backup verify FILE` tells whether one is whole: %w", name, err)
	case sqliteCantOpen, sqliteReadOnly:
		return unwritable(name, err)
	case sqliteFull, sqliteIOError:
		return fmt.Errorf("the disk under %s is full or failing. Free space and start again; nothing was changed: %w", name, err)
	case sqliteBusy:
		return fmt.Errorf("the database %s is locked by another process. Stop the other `vedette serve` first: %w", name, err)
	}
	return fmt.Errorf("the database %s cannot be opened: %w", name, err)
}
