package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"vedette/backend/soc"
)

// ErrBackupElsewhere tells that the engine has tools of its own for copies.
var ErrBackupElsewhere = errors.New("a PostgreSQL database is copied by PostgreSQL's own tools: pg_dump --format=custom URL > FILE, and pg_restore")

// Backup writes a consistent copy of the database, as of one moment, to a file
// that does not exist yet; the server may run meanwhile. The copy is on disk when
// Backup returns, or there is none.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.dialect != sqliteDialect {
		return ErrBackupElsewhere
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s exists already; name a new file", path), err)
	}
	partial := path + ".partial"
	if err := os.Remove(partial); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := s.vacuumInto(ctx, partial); err != nil {
		_ = os.Remove(partial)
		return fmt.Errorf("the copy could not be written: %w", err)
	}
	return settleFile(partial, path)
}

// vacuumInto has a connection of its own, because those of the pools may either
// not write or are the writer's.
func (s *Store) vacuumInto(ctx context.Context, path string) error {
	if err := createPrivate(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", sqliteURL(s.path)+"?mode=ro&_busy_timeout=10000")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, path)
	return err
}

// settleFile makes a whole file appear under its name, on disk.
func settleFile(partial, path string) error {
	file, err := os.OpenFile(partial, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// CheckBackup reads a copy whole: its pages and references (SQLite's own
// checks), its schema, and the hash chain of its audit. It changes nothing. What
// is wrong with the copy stands in its Problems; the error is for a file that
// cannot be read as a database of ours at all.
func CheckBackup(ctx context.Context, path string) (soc.Backup, error) {
	b := soc.Backup{Path: path}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return b, fmt.Errorf("%s is in use or was not closed: its newest changes stand in %s-wal. Make a copy with `vedette backup create`", path, path)
	}
	if _, err := os.Stat(path); err != nil {
		return b, err
	}
	if err := refuseForeign(ctx, path); err != nil {
		return b, err
	}
	var err error
	if b.Bytes, b.SHA256, err = fileHash(path); err != nil {
		return b, err
	}
	db, err := sql.Open("sqlite", sqliteURL(path)+"?mode=ro&immutable=1")
	if err != nil {
		return b, openFailure(path, err)
	}
	defer func() { _ = db.Close() }()
	return b, checkCopy(ctx, db, &b)
}

func checkCopy(ctx context.Context, db *sql.DB, b *soc.Backup) error {
	steps, err := migrations(sqliteDialect)
	if err != nil {
		return err
	}
	if b.Schema, err = appliedVersion(ctx, db, sqliteDialect, steps, b.Path); err != nil {
		return err
	}
	for _, check := range []string{`PRAGMA integrity_check(20)`, `SELECT "table" || ' row ' || COALESCE(rowid, 0) || ' refers to nothing in ' || parent FROM pragma_foreign_key_check LIMIT 20`} {
		if err := findProblems(ctx, db, check, b); err != nil {
			return openFailure(b.Path, err)
		}
	}
	copied := &Store{dialect: sqliteDialect, path: b.Path, readerDB: db, readerStmts: newStatements(db)}
	audit, err := copied.VerifyAudit(ctx, 1)
	if err != nil {
		return err
	}
	if bad := audit.FirstBad; bad != nil {
		b.Problems = append(b.Problems, fmt.Sprintf("audit position %d: %s", bad.Position, bad.Reason))
	}
	b.Position, b.Hash, err = copied.Read(ctx).AuditHead()
	return err
}

func findProblems(ctx context.Context, db *sql.DB, check string, b *soc.Backup) error {
	found, err := db.QueryContext(ctx, check)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		var problem string
		if err := found.Scan(&problem); err != nil {
			return err
		}
		if problem != "ok" {
			b.Problems = append(b.Problems, problem)
		}
	}
	return found.Err()
}

func fileHash(path string) (int64, string, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	return n, hex.EncodeToString(sum.Sum(nil)), err
}

// RestoreFile puts a checked copy in the place of a database that nobody has
// open. What stood there is kept under the name it returns, empty if nothing did.
func RestoreFile(backup, path string, at time.Time) (kept string, err error) {
	partial := path + ".restoring"
	if err := copyPrivate(backup, partial); err != nil {
		_ = os.Remove(partial)
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		kept = path + ".before-" + at.UTC().Format("20060102T150405Z")
		for _, suffix := range []string{"-wal", "-shm", ""} { // the file last: it is what says that the rest moved
			if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return kept, err
			}
		}
	}
	return kept, settleFile(partial, path)
}

func copyPrivate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// EndEverySession removes all sessions of people and ends all run tokens, of the
// whole installation: after a restore, nobody is who an older moment says.
func (tx *Tx) EndEverySession(at time.Time) error {
	if err := tx.insert(`DELETE FROM session WHERE id <> ''`); err != nil {
		return err
	}
	return tx.insert(`UPDATE run SET expires_at = $1 WHERE implicit = FALSE AND expires_at > $1`, micros(at))
}
