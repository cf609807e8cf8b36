package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestS56LogLinesAreInert: whatever a request says, each line of the log is one
// JSON object without a control character, holds no credential, and no word of
// the request can begin a line of its own.
func TestS56LogLinesAreInert(t *testing.T) {
	h := sessionHouse(t)
	const opsPath = "/api/ops/v1/approvals"
	payloads := []string{
		"\r\n{\"level\":\"INFO\",\"msg\":\"forged\"}", "\x1b[2J\x1b]0;title\x07", "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "\tTAB", "\u202ereversed", "\u2028line",
		"';DROP TABLE audit;--", "%", "_%_", `"},{"x":"`, "<script>alert(1)</script>", "\x00", "\xff\xfe", strings.Repeat("A", 4000), "MATCH * NEAR(", "${jndi:ldap://x}",
	}
	for _, p := range payloads {
		for _, path := range []string{opsPath + "?" + url.QueryEscape(p) + "=1", opsPath + "?x=" + url.QueryEscape(p), "/" + url.PathEscape(p), opsPath + url.PathEscape(p)} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com"+path, strings.NewReader(p))
			r.RemoteAddr = "192.0.2.1:1234"
			r.Header["Authorization"] = []string{"Bearer " + tokenRight}
			for _, name := range []string{"X-Request-Id", "User-Agent", "X-Forwarded-For", "Origin", "Vedette-Workspace", "Referer"} {
				r.Header[name] = []string{p}
			}
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			if w.Code >= http.StatusInternalServerError {
				t.Errorf("%q: %d", path, w.Code)
			}
		}
	}
	lines := 0
	for line := range bytes.Lines(h.log.Bytes()) {
		lines++
		line = bytes.TrimSuffix(line, []byte("\n"))
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil || entry["msg"] == "forged" {
			t.Errorf("%q: %v", line, err)
		}
		if bytes.ContainsFunc(line, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			t.Errorf("a control character in %q", line)
		}
		if bytes.Contains(line, []byte(tokenRight)) {
			t.Errorf("a credential in %q", line)
		}
	}
	if lines < 4*len(payloads) {
		t.Errorf("%d lines for %d requests", lines, 4*len(payloads))
	}
}
