package webtest

import (
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"vedette/backend"
	"vedette/backend/store/storetest"
)

// Snapshot is a house as it stood when it was filled for the first test that
// asked. Every test works on a copy of its own of the database: to ingest the
// demonstration data anew for each costs far more than what most of them ask.
// Its zero value is ready; one stands for one way of filling.
type Snapshot struct {
	once     sync.Once
	house    *House // filled and closed
	database []byte
}

// Open makes a house on a copy of the filled one: its rows, ids, clock and
// credentials are those that fill left, and its doors are its own. doors must
// register the same ones each time and start them.
func (s *Snapshot) Open(t testing.TB, change func(*backend.Config), doors, fill func(*House)) *House {
	t.Helper()
	s.once.Do(func() {
		where := storetest.File(t)
		h := OpenAt(t, where, change)
		doors(h)
		fill(h)
		h.must(h.Store.Close()) // the log is folded into the file
		database, err := os.ReadFile(where)
		h.must(err)
		s.house, s.database = h, database
	})
	if s.house == nil {
		t.Fatal("the house could not be filled; the first test that asked says why")
	}
	url := filepath.Join(t.TempDir(), "vedette.db")
	if err := os.WriteFile(url, s.database, 0o600); err != nil {
		t.Fatal(err)
	}
	h := &House{
		t: t, clock: s.house.Now(), drawn: &counter{next: s.house.drawn.next}, First: s.house.First, Second: s.house.Second, Foreign: s.house.Foreign,
		organizations: s.house.organizations, secrets: maps.Clone(s.house.secrets),
	}
	h.settle(url, change)
	doors(h)
	return h
}

// counter is a source of bytes that counts in base 32: ids of the house are in
// the order in which they were drawn, so goldens hold as long as that order
// does. Nothing that must be secret is drawn from it.
type counter struct {
	mu   sync.Mutex
	next uint64
}

func (c *counter) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	rest := c.next
	for i := len(p) - 1; i >= 0; i-- {
		p[i] = byte(rest & 31)
		rest >>= 5
	}
	return len(p), nil
}
