// Package storetest gives a test a database of its own that has the current
// schema and holds nothing. The schema is made once in a process and copied: to
// run every migration anew costs more than what most tests then do. Only test
// files import it; a test of the migrations takes an empty file or pgtest.
package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"vedette/backend/store"
	"vedette/backend/store/pgtest"
)

var (
	schema      sync.Once
	schemaBytes []byte
	postgres    pgtest.Template
)

// File returns the name of an SQLite database, removed when the test ends.
func File(t testing.TB) string {
	t.Helper()
	schema.Do(func() {
		where := filepath.Join(t.TempDir(), "vedette.db")
		must(t, migrate(where)) // closed, it is one file
		var err error
		schemaBytes, err = os.ReadFile(where)
		must(t, err)
	})
	if schemaBytes == nil {
		t.Fatal("no schema; the first test that asked says why")
	}
	where := filepath.Join(t.TempDir(), "vedette.db")
	must(t, os.WriteFile(where, schemaBytes, 0o600))
	return where
}

// Postgres returns the URL of a PostgreSQL database, dropped when the test
// ends. Without PostgreSQL it does what pgtest.Start does.
func Postgres(t testing.TB) string {
	t.Helper()
	return postgres.Start(t, migrate)
}

func migrate(where string) error {
	s, err := store.Open(context.Background(), where, store.Options{})
	if err != nil {
		return err
	}
	return s.Close()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
