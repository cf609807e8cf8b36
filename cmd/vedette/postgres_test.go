package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"vedette/backend/store/pgtest"
)

// The demo is the same on the many-machine engine; its files stand in the
// working directory, and replicas may share the database.
func TestDemoOnPostgres(t *testing.T) {
	url, folder := pgtest.Start(t), t.TempDir()
	if _, err := makeKeyRing(filepath.Join(folder, "vedette.db.key")); err != nil { // never made on the way here (S53)
		t.Fatal(err)
	}
	one := startServer(t, folder, "--demo", "--db", url)
	file := readDemoFile(t, folder)
	checkDemoFile(t, folder, file, one.base)
	two := startServer(t, folder, "--db", url)
	for _, s := range []*server{one, two} {
		if status := s.status("GET", "/api/ops/v1/session", "", map[string]string{"Authorization": "Bearer " + file.Keys.Agent}); status != http.StatusOK {
			t.Errorf("%s: %d", s.base, status)
		}
	}
	for _, s := range []*server{two, one} {
		if err := s.terminate(); err != nil {
			t.Error(err, s.stderr.String())
		}
	}
}
