// Package pgtest gives a test a fresh database on a real PostgreSQL. Only test
// files import it; programs that need a throw-away server use pgcluster.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"vedette/backend/store/pgcluster"
)

// ServerVariable names the environment variable that holds the URL of a
// PostgreSQL to test against, of a role that may create databases. Unset, each
// test process starts a server of its own.
const ServerVariable = "VEDETTE_TEST_POSTGRES"

// databaseTimeout bounds the making and the dropping of one database.
const databaseTimeout = 60 * time.Second

var (
	own sync.Once
	// server is the one server of this process. It is kept to the end: the keeper
	// of pgcluster stops it when the process is gone, however it went.
	server      *pgcluster.Cluster
	serverError error
)

// Start returns the URL of a new, empty database, dropped when the test ends.
// Without PostgreSQL the test is skipped, except in CI (VEDETTE_CI=1 or
// CI=true), where it fails: there a missing engine is a broken build.
func Start(t testing.TB) string {
	t.Helper()
	admin := administer(t)
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	database, err := pgcluster.CreateDatabase(ctx, admin)
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	dropped(t, admin, database)
	return database
}

// administer is administrator, or the end of the test.
func administer(t testing.TB) string {
	t.Helper()
	admin, err := administrator()
	if errors.Is(err, pgcluster.ErrNotInstalled) {
		Lacking(t, fmt.Errorf("%w; install it or set %s", err, ServerVariable))
	}
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return admin
}

func administrator() (string, error) {
	if given := os.Getenv(ServerVariable); given != "" {
		return given, nil
	}
	own.Do(func() { server, serverError = pgcluster.Start(context.Background(), pgcluster.Options{}) })
	if serverError != nil {
		return "", serverError
	}
	return server.URL("postgres"), nil
}

// Lacking ends a test for which the machine lacks something: skipped on a
// laptop, failed in CI (VEDETTE_CI=1 or CI=true).
func Lacking(t testing.TB, what error) {
	t.Helper()
	if inCI() {
		t.Fatal(what)
	}
	t.Skip(what)
}

func inCI() bool { return os.Getenv("VEDETTE_CI") == "1" || os.Getenv("CI") == "true" }
