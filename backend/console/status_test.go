package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/console"
)

func TestPages(t *testing.T) {
	pages := console.Status(console.Facts{PublicURL: "https://vedette.example", Demo: true, Simulation: true})
	for _, tt := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/", 200, "Simulation."},
		{"GET", "/console", 200, "https://vedette.example/mcp"},
		{"GET", "/console?gamebook=GB-7K2M9Q01", 200, "https://vedette.example/api/ops/v1/approvals/GB-7K2M9Q01/approve"},
		{"GET", "/console/gamebooks/GB-7K2M9Q01", 404, ""},
		{"GET", "/console?gamebook=%3Cscript%3E", 200, "The server is running."},
		{"GET", "/favicon.ico", 404, ""},
		{"POST", "/console", 405, ""},
		{"POST", "/console?gamebook=GB-7K2M9Q01", 405, ""},
	} {
		recorder := httptest.NewRecorder()
		pages.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody))
		if recorder.Code != tt.status || !strings.Contains(recorder.Body.String(), tt.says) {
			t.Errorf("%s %s: %d\n%s", tt.method, tt.path, recorder.Code, recorder.Body)
		}
		if recorder.Code == http.StatusOK && strings.Contains(recorder.Body.String(), "<script") {
			t.Errorf("%s %s holds a script", tt.method, tt.path)
		}
	}
}
