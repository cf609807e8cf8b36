package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestBackupUnderWritesIsWhole copies a database that many write to. The copy
// holds a moment of it: whatever it has of the audit verifies, and each entry
// stands beside the organization that was inserted with it.
func TestBackupUnderWritesIsWhole(t *testing.T) {
	s := openSQLite(t)
	ctx, stop := context.WithCancel(context.Background())
	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				err := s.Write(ctx, func(tx *Tx) error {
					tx.Audit(soc.AuditEntry{At: time.UnixMicro(1), Event: "made"})
					return tx.InsertOrganization(soc.Organization{ID: fmt.Sprintf("%d-%d", n, i), Name: "o"})
				})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	waitFor(t, s, 200)
	path := filepath.Join(t.TempDir(), "copy.db")
	err := s.Backup(context.Background(), path)
	stop()
	writers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	found, err := CheckBackup(context.Background(), path)
	if err != nil || len(found.Problems) > 0 || found.Position < 200 {
		t.Fatalf("%+v, %v", found, err)
	}
	copied, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = copied.Close() }()
	organizations, err := copied.Read(context.Background()).Organizations()
	if err != nil || int64(len(organizations)) != found.Position {
		t.Errorf("%d organizations beside %d entries, %v", len(organizations), found.Position, err)
	}
	if err := s.Backup(context.Background(), path); err == nil {
		t.Error("a file that exists was overwritten")
	}
}

func waitFor(t *testing.T, s *Store, position int64) {
	t.Helper()
	for {
		at, _, err := s.Read(context.Background()).AuditHead()
		if err != nil {
			t.Fatal(err)
		}
		if at >= position {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestCheckBackupFindsDamage: changed rows, broken pages and files of others do
// not pass for a copy.
func TestCheckBackupFindsDamage(t *testing.T) {
	whole := func(t *testing.T) string {
		path := sqliteFile(t)
		s, err := Open(context.Background(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		for range 50 {
			write(t, s, func(tx *Tx) error {
				tx.Audit(soc.AuditEntry{At: time.UnixMicro(1), Event: "made", Detail: "a detail long enough to fill some pages of the file"})
				return nil
			})
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := s.Backup(context.Background(), copied); err != nil {
			t.Fatal(err)
		}
		return copied
	}
	t.Run("changed entry", func(t *testing.T) {
		path := whole(t)
		s, err := Open(context.Background(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.writerDB.Exec(`UPDATE audit SET entry = replace(entry, 'made', 'done') WHERE position = 30`); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		found, err := CheckBackup(context.Background(), path)
		if err != nil || len(found.Problems) != 1 {
			t.Errorf("%+v, %v", found, err)
		}
	})
	t.Run("broken page", func(t *testing.T) {
		path := whole(t)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		damage(t, path, info.Size()-4096, "XXXXXXXXXXXXXXXXXXXXXXXX")
		if found, err := CheckBackup(context.Background(), path); err == nil && len(found.Problems) == 0 {
			t.Error("passed")
		}
	})
	t.Run("missing", func(t *testing.T) {
		if _, err := CheckBackup(context.Background(), filepath.Join(t.TempDir(), "none.db")); err == nil {
			t.Error("passed")
		}
	})
}
