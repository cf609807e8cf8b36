package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"vedette/agent/fakellm"
)

// ended waits until a run of the loop has ended in one of the states and gives
// its id.
func ended(t *testing.T, s *server, demo demoFile, states ...string) string {
	t.Helper()
	for range 600 {
		for _, state := range states {
			_, body := s.call("GET", "/api/ops/v1/runs?state="+state, "", map[string]string{"Authorization": "Bearer " + demo.Keys.OpsAdmin})
			var list struct {
				Data []struct {
					RunID string `json:"runId"`
				} `json:"data"`
			}
			if err := json.Unmarshal([]byte(body), &list); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if len(list.Data) > 0 {
				return list.Data[0].RunID
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no run ended as %v", states)
	return ""
}

// TestServeInvestigatesWithAModel: the binary with a model's address works its
// queue, and reaches no address that was not named (S50).
func TestServeInvestigatesWithAModel(t *testing.T) {
	llm := fakellm.New(fakellm.Analyst{Verdict: "TruePositive", Check: "TruePositive", Score: 90}.Answer)
	defer llm.Close()
	host := strings.TrimSuffix(strings.TrimPrefix(llm.URL, "http://"), "/v1")
	folder := t.TempDir()
	s := startServer(t, folder, "--demo", "--model-url", llm.URL, "--model-name", "scripted", "--model-key", "sk-serve-0123456789abcdef", "--egress-allow", host)
	demo := readDemoFile(t, folder)
	ended(t, s, demo, "Done")
	for _, r := range llm.Requests() {
		if r.Header.Get("Authorization") != "Bearer sk-serve-0123456789abcdef" || r.Model != "scripted" {
			t.Fatalf("%s with %q", r.Model, r.Header.Get("Authorization"))
		}
		for _, m := range r.Messages {
			if strings.Contains(m.Content, "sk-serve") || strings.Contains(m.Content, "vdr_") {
				t.Fatal("a credential is in a prompt")
			}
		}
	}
	s.stop()
}
