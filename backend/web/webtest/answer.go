package webtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/web"
)

// CodeOf reads the code out of any family's error body.
func CodeOf(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	if !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%d %q is not JSON", w.Code, w.Body)
	}
	return web.CodeIn(w.Body.Bytes())
}

// Decode reads an answer that must be of a status.
func Decode[T any](t testing.TB, w *httptest.ResponseRecorder, status int) (out T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("got %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return out
}

var (
	uuids   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	minted  = regexp.MustCompile(`("(?:requestId|request_id)": ?)"[A-Z0-9]+"`)
	handles = regexp.MustCompile(`\b(INC|ENT|ALR|GB|ACT|act|triage)-[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{8}(?:[0-9a-hjkmnp-tv-z]{2})?\b`)
	family  = regexp.MustCompile(`\b(alert|case|user|obs|cmt|att|rpt|sup|evt)_[0-7][0-9A-HJKMNP-TV-Z]{25}\b`)
	report  = regexp.MustCompile(`("id": "\(rpt \d+\)",\s+"sha256": )"[0-9a-f]{64}"`) // holds ids
	digest  = regexp.MustCompile(`"sha256:[0-9a-f]{64}"`)
	runs    = regexp.MustCompile(`\bvdr_[A-Za-z0-9_-]{70}`)
	sealed  = regexp.MustCompile(`("(?:continuationToken|next_cursor)": ?)"[A-Za-z0-9_-]+"`)
)

// Masked is the body of an answer, indented, without what differs from one run
// to the next: request ids, page tokens, digests, and ids, which are numbered.
func Masked(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var value any
	decoder := json.NewDecoder(strings.NewReader(w.Body.String()))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	text := indent(t, value, "\n") + "\n"
	text = minted.ReplaceAllString(text, `$1"(minted)"`)
	text = digest.ReplaceAllString(text, `"sha256:(digest)"`)
	text = sealed.ReplaceAllString(runs.ReplaceAllString(text, "vdr_(token)"), `$1"(sealed)"`)
	text = numbered(text, family, func(id string) string { return id[:strings.IndexByte(id, '_')] })
	text = report.ReplaceAllString(text, `$1"(digest)"`)
	text = numbered(text, uuids, func(string) string { return "uuid" })
	return numbered(text, handles, func(id string) string { return id[:strings.IndexByte(id, '-')] })
}

// numbered replaces what matches by its kind and a number, the same for the
// same.
func numbered(text string, pattern *regexp.Regexp, kind func(string) string) string {
	seen, count := map[string]string{}, map[string]int{}
	return pattern.ReplaceAllStringFunc(text, func(id string) string {
		if seen[id] == "" {
			count[kind(id)]++
			seen[id] = fmt.Sprintf("(%s %d)", kind(id), count[kind(id)])
		}
		return seen[id]
	})
}

// indent writes a value with sorted members, one to a line; a list of plain
// values stays on one line.
func indent(t testing.TB, value any, newline string) string {
	var parts []string
	open, end := "{", "}"
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, plain(t, name)+": "+indent(t, value[name], newline+" "))
		}
	case []any:
		open, end = "[", "]"
		flat := !slices.ContainsFunc(value, func(item any) bool {
			_, object := item.(map[string]any)
			_, list := item.([]any)
			return object || list
		})
		if flat {
			return plain(t, value)
		}
		for _, item := range value {
			parts = append(parts, indent(t, item, newline+" "))
		}
	default:
		return plain(t, value)
	}
	if len(parts) == 0 {
		return open + end
	}
	return open + newline + " " + strings.Join(parts, ","+newline+" ") + newline + end
}

func plain(t testing.TB, value any) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// Golden compares status and masked body with testdata/name, which is written
// only where update is set; a missing file fails. Members are in sorted order:
// what is fixed is which there are and what they hold.
func Golden(t *testing.T, update bool, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	got := fmt.Sprintf("%d %s\n%s", w.Code, w.Header().Get("Content-Type"), Masked(t, w))
	path := filepath.Join("testdata", name)
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
