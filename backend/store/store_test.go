package store

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vedette/backend/soc"
)

// openSQLite opens a fresh database file.
func openSQLite(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "vedette.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestGroupedWritesKeepEachCallersOutcome(t *testing.T) {
	s := openSQLite(t)
	refused := errors.New("refused by the caller")
	var wg sync.WaitGroup
	var kept atomic.Int64
	for i := range 200 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err := s.Write(context.Background(), func(tx *Tx) error {
				tx.Audit(soc.AuditEntry{At: time.Now(), Event: "test", ActorKind: soc.PrincipalHost})
				if i%5 == 0 {
					return refused
				}
				return nil
			})
			if i%5 == 0 != errors.Is(err, refused) {
				t.Errorf("caller %d: %v", i, err)
			}
			if err == nil {
				kept.Add(1)
			}
		}()
	}
	wg.Wait()
	position, _, err := s.Read(context.Background()).AuditHead()
	if err != nil || position != kept.Load() {
		t.Fatalf("audit has %d entries, %d writes were kept (%v)", position, kept.Load(), err)
	}
}
