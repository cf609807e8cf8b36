package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes spans by OTLP over real HTTP.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
}

type span struct {
	name, trace, parent string
	attributes          map[string]string
}

func startCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var sent tracepb.ExportTraceServiceRequest
		if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
			http.Error(w, "not OTLP", http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, r := range sent.ResourceSpans {
			for _, scope := range r.ScopeSpans {
				for _, s := range scope.Spans {
					got := span{s.Name, string(s.TraceId), string(s.ParentSpanId), map[string]string{}}
					for _, a := range s.Attributes {
						got.attributes[a.Key] = a.Value.GetStringValue()
					}
					c.spans = append(c.spans, got)
				}
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func TestTracesLeaveByOTLP(t *testing.T) {
	folder, collector := t.TempDir(), startCollector(t)
	s := startServer(t, folder, "--demo", "--trace-endpoint", collector.URL)
	demo := readDemoFile(t, folder)
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	header := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + demo.Keys.OpsAdmin, "Traceparent": parent}
	if got := s.status("POST", "/api/ops/v1/ingest/generic", `{"external_id":"traced","source":"odd","title":"secret-title","severity":"high"}`, header); got != 200 {
		t.Fatal(got)
	}
	if err := s.terminate(); err != nil { // which sends what is left
		t.Fatal(err)
	}
	collector.mu.Lock()
	defer collector.mu.Unlock()
	names := map[string]int{}
	for _, s := range collector.spans {
		names[s.name]++
		if s.name == "POST /api/ops/v1/ingest/{format}" && (s.attributes["vedette.door"] != "ops" || s.parent == "") {
			t.Errorf("the request's span is %+v", s)
		}
		for key, value := range s.attributes {
			if strings.Contains(value, "secret-title") || strings.Contains(value, demo.Keys.OpsAdmin) {
				t.Errorf("attribute %s holds what a caller wrote", key)
			}
		}
	}
	if names["POST /api/ops/v1/ingest/{format}"] != 1 || names["write"] == 0 {
		t.Errorf("spans: %v", names)
	}
}

func TestFiguresTellWhatTheServerDid(t *testing.T) {
	folder := t.TempDir()
	s := startServer(t, folder, "--demo")
	demo := readDemoFile(t, folder)
	header := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + demo.Keys.OpsAdmin}
	s.status("POST", "/api/ops/v1/ingest/generic", `{"external_id":"odd-external","source":"odd-source","title":"odd-title","severity":"high"}`, header)
	s.status("GET", "/api/incidents/none", "", header)
	s.status("GET", "/readyz", "", nil)
	_, text := s.call("GET", "/metrics", "", nil)
	for _, line := range []string{
		`vedette_http_requests_total{door="ops",method="POST",route="/api/ops/v1/ingest/{format}",status="200"} 1`,
		`vedette_http_requests_total{door="none",method="GET",route="/readyz",status="200"}`,
		`vedette_http_failures_total{code="INSUFFICIENT_SCOPE",door="triage"} 1`,
		`vedette_http_request_seconds_count{door="ops",method="POST",route="/api/ops/v1/ingest/{format}"} 1`,
		`vedette_write_seconds_count{result="ok"}`, `vedette_write_group_members_count`, `vedette_writes_waiting`,
		`vedette_deliveries_pending 0`, `vedette_sessions_live 0`, `vedette_build_info{engine="sqlite"`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("/metrics has no %s", line)
		}
	}
	for _, word := range []string{"odd-source", "odd-title", "odd-external", "none\"}", demo.Workspaces[0].ID} {
		if strings.Contains(text, word) {
			t.Errorf("/metrics tells %s", word)
		}
	}
	if id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-`).FindString(text); id != "" {
		t.Errorf("/metrics tells an id: %s", id)
	}
	if got := s.status("POST", "/metrics", "", nil); got != 405 {
		t.Errorf("POST: %d", got)
	}
}

func TestMetricsBehindAProxyNeedAKey(t *testing.T) {
	folder := t.TempDir()
	s := startServer(t, folder, "--demo", "--trusted-proxy", "10.0.0.1")
	demo := readDemoFile(t, folder)
	for credential, want := range map[string]int{
		"": 401, "Bearer wrong": 401, "Bearer " + demo.Keys.Triage: 403, "Bearer " + demo.Keys.OpsAdmin: 200,
	} {
		header := map[string]string{}
		if credential != "" {
			header["Authorization"] = credential
		}
		if got := s.status("GET", "/metrics", "", header); got != want {
			t.Errorf("%.12s: %d, want %d", credential, got, want)
		}
	}
}
