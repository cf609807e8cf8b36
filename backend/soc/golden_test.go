package soc_test

import (
	"flag"
	"os"
	"testing"
)

// update rewrites the goldens of this package: go test ./backend/soc -update.
var update = flag.Bool("update", false, "rewrite golden files")

// golden compares got with the file and says how to accept a change.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs from what the code says; read the difference, then go test -update\ngot:\n%s", path, got)
	}
}
