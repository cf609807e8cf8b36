package declared

import (
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRequestKeepsItsShape renders a request with any value and reads it as a
// server would: whatever a value holds, host, method, path, names of the query,
// headers and structure of the body are the declaration's (S12).
func FuzzRequestKeepsItsShape(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.7", "", ".", "..", "..;", "/", `\`, "%2e%2e%2fadmin", "a/../b", "?x=1", "#x", "&x=1", "@evil.example", "//evil.example", "http://evil.example/",
		`","admin":true,"x":"`, "\\\"}", "{target}", "{{key}}", "\r\nHost: evil.example", "\x00", "\xff", "é\u2028\u202e", "a b+c", " ", "<script>", "${x}", "%s%n",
	} {
		f.Add(seed, int64(24), true)
	}
	segment := func(text string) template {
		t, err := parse(text)
		if err != nil {
			f.Fatal(err)
		}
		return t
	}
	left := maxNodes
	body, err := grow(map[string]any{
		"entry": map[string]any{"address": "{target}", "note": "for {target}!", "hours": "{hours}", "on": "{on}"}, "list": []any{"{target}", 7, "{{x}}"},
	}, 0, &left)
	if err != nil {
		f.Fatal(err)
	}
	shape := compiledRequest{
		method: "POST", segments: []template{segment("v1"), segment("{target}"), segment("ip-{target}"), segment("end")},
		query: map[string]template{"q": segment("{target}"), "n": segment("a{target}b")}, headers: map[string]string{"X-Client": "vedette"}, body: &body,
	}
	f.Fuzz(func(t *testing.T, value string, hours int64, on bool) {
		req, err := shape.build(t.Context(), "https://fw.example:8443/api", values{"target": value, "hours": hours, "on": on})
		if err != nil {
			if utf8.ValidString(value) && value != "" && !strings.ContainsAny(value, "./\\%; ") && len(value) < longestValue && !strings.ContainsFunc(value, func(r rune) bool { return r < 0xa0 }) {
				t.Fatalf("%q is refused: %v", value, err)
			}
			return
		}
		// As it goes over the wire.
		read, err := url.ParseRequestURI("https://" + req.URL.Host + req.URL.RequestURI())
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		segments := strings.Split(read.EscapedPath(), "/")
		if req.Method != "POST" || req.URL.Scheme != "https" || read.Host != "fw.example:8443" || read.User != nil || read.Fragment != "" || (req.Host != "" && req.Host != read.Host) {
			t.Fatalf("%q went to %s %s", value, req.Method, read)
		}
		if len(segments) != 6 || segments[1] != "api" || segments[2] != "v1" || segments[5] != "end" || strings.Count(read.Path, "/") != 5 {
			t.Fatalf("%q made the path %s", value, read.EscapedPath())
		}
		for _, raw := range segments[3:5] {
			if once, err := url.PathUnescape(raw); err != nil || once == ".." || strings.ContainsAny(once, `/\%`) {
				t.Fatalf("%q made the segment %s", value, raw)
			}
		}
		query, err := url.ParseQuery(read.RawQuery)
		if err != nil || len(query) != 2 || len(query["q"]) != 1 || query.Get("q") != value || query.Get("n") != "a"+value+"b" {
			t.Fatalf("%q made the query %s", value, read.RawQuery)
		}
		if len(req.Header) != 3 || req.Header.Get("X-Client") != "vedette" || req.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%q made the headers %v", value, req.Header)
		}
		sent, err := io.ReadAll(req.Body)
		if err != nil {
			t.Fatal(err)
		}
		checkBody(t, sent, value, hours, on)
	})
}

func checkBody(t *testing.T, sent []byte, value string, hours int64, on bool) {
	t.Helper()
	document, err := decode(sent)
	if err != nil {
		t.Fatalf("%q made the body %s: %v", value, sent, err)
	}
	root, ok := document.(map[string]any)
	entry, there := root["entry"].(map[string]any)
	list, listed := root["list"].([]any)
	if !ok || !there || !listed || len(root) != 2 || len(entry) != 4 || len(list) != 3 {
		t.Fatalf("%q made the body %s", value, sent)
	}
	number, _ := entry["hours"].(json.Number)
	if whole, err := number.Int64(); err != nil || whole != hours || entry["on"] != on || entry["address"] != value || entry["note"] != "for "+value+"!" || list[0] != value || list[2] != "{x}" {
		t.Fatalf("%q made the body %s", value, sent)
	}
}
