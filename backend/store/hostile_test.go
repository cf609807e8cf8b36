package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vedette/backend/soc"
)

// sqliteFile makes a database with one organization and closes it.
func sqliteFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vedette.db")
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, organization("first"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// edit runs statements on a file that no store has open.
func edit(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// damage writes bytes into a file.
func damage(t *testing.T, path string, offset int64, bytes string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteAt([]byte(bytes), offset); err != nil {
		t.Fatal(err)
	}
}

// TestOpenRefusesWhatIsNotItsDatabase: every broken, foreign or half-made file
// is refused with words on what to do, and is byte for byte what it was.
func TestOpenRefusesWhatIsNotItsDatabase(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T) string
		says []string
	}{
		"not a database": {func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "notes.txt")
			if err := os.WriteFile(path, []byte(strings.Repeat("dear diary ", 500)), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, []string{"not a Vedette database", "restore a backup"}},
		"damaged header": {func(t *testing.T) string { path := sqliteFile(t); damage(t, path, 0, "XXXXXXXXXXXXXXXX"); return path }, []string{"not a Vedette database", "restore a backup"}},
		"damaged schema page": {func(t *testing.T) string {
			path := sqliteFile(t)
			damage(t, path, 100, strings.Repeat("\xff", 2000))
			return path
		}, []string{"damaged", "restore a backup"}},
		"cut in half": {func(t *testing.T) string {
			path := sqliteFile(t)
			if err := os.Truncate(path, 8192); err != nil {
				t.Fatal(err)
			}
			return path
		}, []string{"damaged", "restore a backup"}},
		"another program's": {func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "history")
			edit(t, path, `CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT)`, `INSERT INTO urls (url) VALUES ('https://example.com')`)
			return path
		}, []string{"another program", "another file"}},
		"newer": {func(t *testing.T) string {
			path := sqliteFile(t)
			edit(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, 1)`)
			return path
		}, []string{"newer vedette", "9000"}},
		"another build's": {func(t *testing.T) string {
			path := sqliteFile(t)
			edit(t, path, `UPDATE schema_checksum SET checksum = 'x' WHERE version = 1`)
			return path
		}, []string{"another build", "restore a backup"}},
		"a step not on record": {func(t *testing.T) string {
			path := sqliteFile(t)
			edit(t, path, `DELETE FROM goose_db_version WHERE version_id = 2`)
			return path
		}, []string{"half migrated", "restore a backup"}},
		"a first step missing": {func(t *testing.T) string {
			path := sqliteFile(t)
			edit(t, path, `DELETE FROM goose_db_version WHERE version_id = 1`)
			return path
		}, []string{"half migrated", "restore a backup"}},
		"no checksum": {func(t *testing.T) string {
			path := sqliteFile(t)
			edit(t, path, `DELETE FROM schema_checksum WHERE version = 2`)
			return path
		}, []string{"half migrated", "restore a backup"}},
		"a directory": {func(t *testing.T) string { return t.TempDir() }, []string{"cannot be"}},
		"no folder":   {func(t *testing.T) string { return filepath.Join(t.TempDir(), "absent", "vedette.db") }, []string{"folder", "does not exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.make(t)
			before, _ := os.ReadFile(path)
			for _, skip := range []bool{false, true} {
				s, err := Open(context.Background(), path, Options{SkipMigrations: skip})
				if err == nil {
					_ = s.Close()
					t.Fatal("it was opened")
				}
				for _, words := range append(c.says, path) {
					if !strings.Contains(err.Error(), words) {
						t.Errorf("%q does not say %q", err, words)
					}
				}
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestOpenWithoutMigrationsNeedsACurrentDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vedette.db")
	if s, err := Open(context.Background(), path, Options{SkipMigrations: true}); err == nil || !strings.Contains(err.Error(), "vedette serve") {
		_ = s.Close()
		t.Errorf("an empty file: %v", err)
	}
	s, err := Open(context.Background(), sqliteFile(t), Options{SkipMigrations: true})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

// TestPathsMayHoldAnything: a path is a path, not a part of a URL.
func TestPathsMayHoldAnything(t *testing.T) {
	for _, name := range []string{"a b?mode=memory.db", "percent%20.db", "hash#.db", "ü&_query_only=1.db"} {
		path := filepath.Join(t.TempDir(), name)
		s, err := Open(context.Background(), "sqlite:"+path, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		write(t, s, organization("x"))
		_ = s.Close()
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestProcessesMayOpenAnEmptyFileAtOnce: one migrates, the others find it done.
func TestProcessesMayOpenAnEmptyFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vedette.db")
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			s, err := Open(context.Background(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			write(t, s, organization(fmt.Sprint(n)))
			_ = s.Close()
		})
	}
	wg.Wait()
}

// TestADamagedPageIsAnErrorAndNoAnswer overwrites the pages of one table: reads
// of it fail, writes that touch it fail, others go on, and nothing is invented.
func TestADamagedPageIsAnErrorAndNoAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vedette.db")
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := insertIncident(t, s, newIncident(makeWorkspace(t, s)))
	write(t, s, func(tx *Tx) error { return tx.InsertEvidence(proof(i, 1, "row", strings.Repeat("x", 20_000))) })
	root, err := all(s.Read(context.Background()), func(x row) (int64, error) {
		var n int64
		err := x.Scan(&n)
		return n, err
	}, `SELECT rootpage FROM sqlite_master WHERE name = 'evidence'`)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	damage(t, path, (root[0]-1)*4096, strings.Repeat("\xa5", 4096))
	if s, err = Open(context.Background(), path, Options{}); err != nil {
		return // refused at once: as good
	}
	t.Cleanup(func() { _ = s.Close() })
	if rows, _, err := s.Read(context.Background()).SearchEvidence(soc.EvidenceFilter{Workspace: i.Workspace, Incident: i.ID, Limit: 5}); err == nil {
		t.Errorf("read %d rows of a damaged page", len(rows))
	}
	results := inOneGroup(t, s, organization("before"), func(tx *Tx) error { return tx.InsertEvidence(proof(i, 2, "row", "x")) }, organization("after"))
	if results[0] != nil || results[1] == nil || results[2] != nil {
		t.Errorf("answers %v", results)
	}
}

// TestAFullDiskLosesNothingAcknowledged bounds the pages of the file: writes
// are refused as Unavailable, whole, and go on when there is room again.
func TestAFullDiskLosesNothingAcknowledged(t *testing.T) {
	s := openSQLite(t)
	pages := func(pragma string) {
		t.Helper()
		if _, err := s.writerDB.Exec(pragma); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s, organization("first"))
	pages(`PRAGMA max_page_count = 1`) // the least it takes is what is used
	big := strings.Repeat("x", 200_000)
	full := func(id string) func(*Tx) error {
		return func(tx *Tx) error {
			tx.Audit(hostAudit("test"))
			return tx.InsertOrganization(soc.Organization{ID: id, Name: big, CreatedAt: fixtureTime})
		}
	}
	for i, err := range inOneGroup(t, s, full("a"), full("b"), full("c")) {
		if soc.KindOf(err) != soc.Unavailable || !diskFull(err) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if got := stored(t, s); len(got) != 1 {
		t.Errorf("stored %v", got)
	}
	pages(`PRAGMA max_page_count = 1000000`)
	write(t, s, full("later"))
	again := reopen(t, s)
	if got := stored(t, again); len(got) != 2 || !got["first"] || !got["later"] {
		t.Errorf("stored %v", got)
	}
	if v, err := again.VerifyAudit(context.Background(), 1); err != nil || !v.OK || v.Rows != 2 {
		t.Errorf("%+v (%v)", v, err)
	}
}

// TestTheLogStaysSmall watches the write-ahead log over 20,000 writes, and that
// a reader only delays the checkpoint.
func TestTheLogStaysSmall(t *testing.T) {
	s := openSQLite(t)
	const writes, writers = 20_000, 32
	var wg sync.WaitGroup
	most := make([]int64, writers)
	for w := range writers {
		wg.Go(func() {
			for n := range writes / writers {
				err := s.Write(context.Background(), func(tx *Tx) error { return tx.SetInstallation(fmt.Sprintf("%d-%d", w, n), "value") })
				if err != nil {
					t.Error(err)
					return
				}
				most[w] = max(most[w], s.walSize())
			}
		})
	}
	wg.Wait()
	for _, size := range most {
		// A thousand pages before the checkpoint, and one group more.
		if size > 16<<20 {
			t.Fatalf("the log grew to %d bytes", size)
		}
	}
	err := s.View(context.Background(), func(r *Reader) error {
		if _, _, err := r.Installation("0-0"); err != nil {
			return err
		}
		write(t, s, organization("while a reader looks"))
		size, err := s.Checkpoint(context.Background())
		if size == 0 {
			t.Error("the log was emptied under a reader")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size, err := s.Checkpoint(context.Background()); size != 0 || err != nil {
		t.Errorf("%d bytes are left (%v)", size, err)
	}
	var timeout int
	if err := s.writerDB.QueryRow(`PRAGMA busy_timeout`).Scan(&timeout); err != nil || timeout != 10_000 {
		t.Errorf("the writer waits %d ms for others now (%v)", timeout, err)
	}
}
