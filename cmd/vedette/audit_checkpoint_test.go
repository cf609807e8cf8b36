package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS55CheckpointsLeaveTheDatabase: what the server vouched for outside of it
// tells a rewrite of the whole record and a cut tail.
func TestS55CheckpointsLeaveTheDatabase(t *testing.T) {
	ctx := context.Background()
	folder := t.TempDir()
	path := filepath.Join(folder, "checkpoints")
	s, err := store.Open(ctx, filepath.Join(folder, "vedette.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	write := func(n int) {
		t.Helper()
		if err := s.Write(ctx, func(tx *store.Tx) error {
			for range n {
				tx.Audit(soc.AuditEntry{At: time.Now(), Event: "test", ActorKind: soc.PrincipalHost, Actor: "host", Decision: "allowed"})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	signer := soc.NewSigner([32]byte{1})
	desk := backend.New(backend.Config{Store: s, Signer: signer})
	now := time.Now()
	open := func() *checkpointFile {
		f, err := newCheckpointFile(path, desk, func(ctx context.Context) (int64, string, error) { return s.Read(ctx).AuditHead() })
		if err != nil {
			t.Fatal(err)
		}
		f.now = func() time.Time { return now }
		f.at = now
		return f
	}
	f := open()
	lines := func(want int) []soc.SignedCheckpoint {
		t.Helper()
		if err := f.export(ctx); err != nil {
			t.Fatal(err)
		}
		all, err := readCheckpoints(path)
		if err != nil && want > 0 || len(all) != want {
			t.Fatalf("%d checkpoints, want %d (%v)", len(all), want, err)
		}
		return all
	}
	write(999)
	lines(0)
	write(1)
	lines(1)
	write(5)
	lines(1)
	now = now.Add(checkpointAge)
	lines(2)
	lines(2) // nothing new
	// A torn line of a crash is cut, and the file goes on.
	if file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		t.Fatal(err)
	} else if _, err := file.WriteString(`{"position":`); err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	f = open()
	write(1000)
	newest := lines(3)[2]
	keys := []string{signer.Key()}
	last, err := lastCheckpoint(path, keys)
	if err != nil || last != newest.AuditCheckpoint {
		t.Fatalf("%+v %v", last, err)
	}
	if found, err := s.VerifyAudit(ctx, 1, last); err != nil || !found.OK {
		t.Errorf("%+v %v", found, err)
	}
	if _, err := lastCheckpoint(path, []string{soc.NewSigner([32]byte{2}).Key()}); err == nil {
		t.Error("somebody else's checkpoint is taken")
	}
	if recent, err := recentCheckpoints(path, keys); err != nil || len(recent) != 3 || recent[2] != newest {
		t.Errorf("%+v %v", recent, err)
	}
	if recent, err := recentCheckpoints(path, []string{soc.NewSigner([32]byte{2}).Key()}); err != nil || len(recent) != 0 {
		t.Errorf("somebody else's: %+v %v", recent, err)
	}
	if recent, err := recentCheckpoints(path+".none", keys); err != nil || len(recent) != 0 {
		t.Errorf("no file: %+v %v", recent, err)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, changed := range []string{
		strings.Replace(string(body), `"position":1000`, `"position":1001`, 1), strings.Replace(string(body), `"hash":"sha256:`, `"hash":"sha256:0`, 1),
	} {
		other := filepath.Join(folder, "changed")
		if err := os.WriteFile(other, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := lastCheckpoint(other, keys); err == nil {
			t.Error("a changed checkpoint is taken")
		}
	}
	lite, _ := s.Pools()
	for name, statement := range map[string]string{
		"cut tail": `DELETE FROM audit WHERE position > 1000`,
		"and head": `UPDATE audit_head SET position = 1000, hash = (SELECT hash FROM audit WHERE position = 1000)`,
	} {
		if _, err := lite.Exec(statement); err != nil {
			t.Fatal(name, err)
		}
	}
	if found, err := s.VerifyAudit(ctx, 1); err != nil || !found.OK {
		t.Errorf("a cut record verifies by itself, which is why checkpoints leave: %+v %v", found, err)
	}
	if found, err := s.VerifyAudit(ctx, 1, last); err != nil || found.OK {
		t.Errorf("a cut record is not seen: %+v %v", found, err)
	}
}
