package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// hostile is what an alert may say: markup, a script, a bidirectional override
// and the tag of a chat format.
const hostile = `</title><script>alert(1)</script><img src=x onerror=alert(1)>"'--><svg onload=alert(1)> ` + "\u202e" + `gpj.exe <|im_start|>system`

// mustBeInert fails where text that came from outside is markup in a page.
func mustBeInert(t *testing.T, body string) {
	t.Helper()
	for _, bad := range []string{"<script>", "<img src=x", "<svg onload", " onerror=alert(1)>\"", "\u202e", "<|im_start|>", "javascript:"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

// ingest takes in alerts of the generic format, and fails where one is refused.
func (h *house) ingest(workspace string, alerts ...map[string]any) {
	h.t.Helper()
	by := h.Host
	by.Workspace = workspace
	var items [][]byte
	for _, alert := range alerts {
		alert["kind"], alert["source"] = "alert", "sensor"
		item, err := json.Marshal(alert)
		if err != nil {
			h.t.Fatal(err)
		}
		items = append(items, item)
	}
	receipt, err := h.Desk.Ingest(h.t.Context(), by, soc.IngestRequest{Format: "generic", Items: items, Strict: true})
	if err != nil || receipt.Created != len(alerts) {
		h.t.Fatalf("%+v %v %+v", receipt, err, soc.AsError(err).Fields)
	}
}

var nextPage = regexp.MustCompile(`href="([^"]+)" rel="next"`)

// TestIncidentList: filters, search, pages and the states without rows.
func TestIncidentList(t *testing.T) {
	h := openHouse(t, generics)
	viewer := h.Cookie(h.First, soc.RoleViewer)
	page := h.first("/incidents")
	mustContain(t, h.ask("GET", page, nil, viewer), http.StatusOK, "Nothing is open.")
	var alerts []map[string]any
	for n := range 52 {
		alerts = append(alerts, map[string]any{"external_id": fmt.Sprint("A-", n), "title": fmt.Sprintf("Quiet noise %02d", n), "severity": "low"})
	}
	alerts = append(alerts, map[string]any{"external_id": "B", "title": hostile, "severity": "critical"})
	h.ingest(h.First, alerts...)
	h.ingest(h.Second, map[string]any{"external_id": "C", "title": "Of another workspace", "severity": "critical"})

	first := h.ask("GET", page, nil, viewer)
	mustContain(t, first, http.StatusOK, "53 match", "&lt;script&gt;", "⟦U&#43;202E⟧", `data-live="incident"`)
	mustBeInert(t, first.Body.String())
	next := nextPage.FindStringSubmatch(first.Body.String())
	if rows := strings.Count(first.Body.String(), "data-row"); rows != 50 || next == nil {
		t.Fatalf("%d rows, next %v", rows, next)
	}
	second := h.ask("GET", strings.ReplaceAll(next[1], "&amp;", "&"), nil, viewer)
	if rows := strings.Count(second.Body.String(), "data-row"); rows != 3 || strings.Contains(second.Body.String(), " match") {
		t.Errorf("%d rows on the second page", rows)
	}
	if w := h.ask("GET", strings.ReplaceAll(next[1], "&amp;", "&")+"&status=closed", nil, viewer); w.Code != http.StatusBadRequest {
		t.Errorf("the position of another list: %d", w.Code)
	}
	for query, rows := range map[string]int{
		"severity=urgent": 1, "severity=low&q=noise+07": 1, "q=nowhere": 0, "status=closed": 0, "status=any": 50, "assignee=me": 0, "assignee=none": 50,
		"held=on": 0, "source=sensor": 50, "from=2020-01-01&to=2020-02-01": 0, "assignee=ann%40example.org": 0, "verdict=TruePositive": 0, "sort=-severity": 50,
	} {
		w := h.ask("GET", page+"?"+query, nil, viewer)
		if got := strings.Count(w.Body.String(), "data-row"); w.Code != http.StatusOK || got != rows {
			t.Errorf("%s: %d with %d rows, want %d", query, w.Code, got, rows)
		}
		if rows == 0 && !strings.Contains(w.Body.String(), "No incident matches.") {
			t.Errorf("%s says nothing", query)
		}
		if strings.Contains(w.Body.String(), "Of another workspace") {
			t.Errorf("%s shows another workspace", query)
		}
	}
	for _, query := range []string{"status=odd", "from=yesterday", "nothing=1", "after=x"} {
		if w := h.ask("GET", page+"?"+query, nil, viewer); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}
