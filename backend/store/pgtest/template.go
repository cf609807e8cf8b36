package pgtest

import (
	"context"
	"sync"
	"testing"

	"vedette/backend/store/pgcluster"
)

// Template is what many databases hold at the start: filled once in a process,
// then copied by the server, file by file. Its zero value is ready.
type Template struct {
	once  sync.Once
	url   string
	fault error
}

// Start is the package's Start for a database that holds what fill leaves in an
// empty one. fill must leave no connection open. On a server that is not this
// process's own every database is filled anew, so that none is left behind.
func (m *Template) Start(t testing.TB, fill func(url string) error) string {
	t.Helper()
	_ = administer(t)
	if server == nil {
		url := Start(t)
		if err := fill(url); err != nil {
			t.Fatalf("PostgreSQL for tests: %v", err)
		}
		return url
	}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	m.once.Do(func() {
		if m.url, m.fault = server.CreateDatabase(ctx); m.fault == nil {
			m.fault = fill(m.url)
		}
	})
	if m.fault != nil {
		t.Fatalf("PostgreSQL for tests: %v", m.fault)
	}
	database, err := server.CopyDatabase(ctx, m.url)
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	dropped(t, server.URL("postgres"), database)
	return database
}

// dropped drops a database when the test ends.
func dropped(t testing.TB, admin, database string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
		defer cancel()
		if err := pgcluster.DropDatabase(ctx, admin, database); err != nil {
			t.Errorf("PostgreSQL for tests: %v", err)
		}
	})
}
