package connectortest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Payload reads a file of payloads, unpacked if its name ends in .gz.
func Payload(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if raw, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return raw
}

// Items reads a file of payloads and splits it as the mapper does.
func Items(t testing.TB, name string, split func([]byte) ([][]byte, error)) [][]byte {
	t.Helper()
	items, err := split(Payload(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// Golden compares what a mapper made, as JSON, with a file, or writes the file.
func Golden(t testing.TB, file string, made any, update bool) {
	t.Helper()
	got, err := json.MarshalIndent(made, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(strings.TrimSpace(string(Payload(t, file))), string(got)); diff != "" {
		t.Errorf("%s:\n%s", file, diff)
	}
}
