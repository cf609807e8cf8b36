package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestS54SelftestFindsASecretInAnyFile: `selftest redteam` searches everything
// that the server left behind; this is that the search finds.
func TestS54SelftestFindsASecretInAnyFile(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	secrets := map[string]string{"a key": "vdt_agent_canary", "none": ""}
	write("vedette.db.demo.json", `{"agent":"vdt_agent_canary"}`)
	write("vedette.db", "rows")
	if found, err := leaked(t.Context(), folder, secrets); err != nil || found != "" {
		t.Errorf("%q %v", found, err)
	}
	for _, name := range []string{"vedette.db-wal", "serve.log", "deeper/export.csv"} {
		write(name, "\x00..vdt_agent_canary\xff")
		if found, err := leaked(t.Context(), folder, secrets); err != nil || found == "" {
			t.Errorf("%s: %q %v", name, found, err)
		}
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
}
