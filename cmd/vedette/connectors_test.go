package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vedette/backend/connector/simrange"
)

// TestConnectorsCheckSaysWhatWorks: against a product that answers, and with a
// secret that it does not take.
func TestConnectorsCheckSaysWhatWorks(t *testing.T) {
	folder := t.TempDir()
	simulation, err := simrange.New(simrange.Config{Path: filepath.Join(folder, "range.jsonl"), Token: "the right range token", ControlToken: "another control token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = simulation.Close() })
	product := httptest.NewServer(simulation)
	t.Cleanup(product.Close)
	address := product.Listener.Addr().String()

	vedette := func(in string, arguments ...string) (code int, out, stderr string) {
		var stdout, errors bytes.Buffer
		arguments = append([]string{"--db", filepath.Join(folder, "vedette.db")}, arguments...)
		code = run(t.Context(), arguments, strings.NewReader(in), &stdout, &errors)
		return code, stdout.String(), errors.String()
	}
	if code, _, stderr := vedette("", "workspaces", "create", "Main", "--organization", "Acme"); code != 0 {
		t.Fatal(stderr)
	}
	if code, _, stderr := vedette("token: the right range token", "connectors", "add", "range", "drill", "--base-url", product.URL, "--egress-allow", address, "--secrets-stdin"); code != 0 {
		t.Fatal(stderr)
	}
	code, out, stderr := vedette("", "connectors", "check", "--egress-allow", address)
	if code != 0 || !strings.Contains(out, "drill") || strings.Contains(out, "FAILS") {
		t.Errorf("%d: %s%s", code, out, stderr)
	}
	if code, out, _ := vedette("", "connectors", "check"); code != 1 || !strings.Contains(out, "FAILS") {
		t.Errorf("an address nobody named was called (S50): %d: %s", code, out)
	}
	if code, _, stderr := vedette("token: wr0ng", "connectors", "secrets", "drill", "--egress-allow", address, "--secrets-stdin"); code != 0 {
		t.Fatal(stderr)
	}
	code, out, stderr = vedette("", "connectors", "check", "drill", "--json", "--egress-allow", address)
	if code != 1 || !strings.Contains(out, `"ok": false`) || !strings.Contains(out, "401") || strings.Contains(out+stderr, "wr0ng") {
		t.Errorf("%d: %s%s", code, out, stderr)
	}
	for _, name := range []string{"vedette.db", "vedette.db-wal"} { // S53: sealed
		if raw, err := os.ReadFile(filepath.Join(folder, name)); err == nil && bytes.Contains(raw, []byte("wr0ng")) {
			t.Errorf("a secret stands in %s", name)
		}
	}
}
