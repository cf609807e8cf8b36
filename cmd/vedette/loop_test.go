package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
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

// TestS68InvestigationsAreTracedWithoutContent: the binary with a model's address
// works its queue, reaches no address that was not named (S50), and tells a
// collector of each run in one trace, in names and numbers alone.
func TestS68InvestigationsAreTracedWithoutContent(t *testing.T) {
	llm := fakellm.New(fakellm.Analyst{Verdict: "TruePositive", Check: "TruePositive", Score: 90}.Answer)
	defer llm.Close()
	host := strings.TrimSuffix(strings.TrimPrefix(llm.URL, "http://"), "/v1")
	folder, collector := t.TempDir(), startCollector(t)
	s := startServer(t, folder, "--demo", "--model-url", llm.URL, "--model-name", "scripted", "--model-key", "sk-serve-0123456789abcdef", "--egress-allow", host, "--trace-endpoint", collector.URL)
	demo := readDemoFile(t, folder)
	id := ended(t, s, demo, "Done")
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
	if err := s.terminate(); err != nil { // which sends what is left
		t.Errorf("the server ended with %v", err)
	}
	collector.mu.Lock()
	defer collector.mu.Unlock()
	word := regexp.MustCompile(`^[A-Za-z0-9_.:/{}-]{0,64}$`)
	operations, traces := map[string]int{}, map[string]bool{}
	for _, s := range collector.spans {
		operation := s.attributes["gen_ai.operation.name"]
		if operation == "" || s.attributes["gen_ai.conversation.id"] != id {
			continue
		}
		operations[operation]++
		traces[fmt.Sprintf("%x", s.trace)] = true
		if s.attributes["gen_ai.provider.name"] != "openai" || s.attributes["gen_ai.request.model"] != "scripted" {
			t.Errorf("%s: %v", s.name, s.attributes)
		}
		for key, value := range s.attributes {
			if !word.MatchString(value) {
				t.Errorf("%s: %s holds %q", s.name, key, value)
			}
		}
	}
	if operations["invoke_agent"] != 1 || operations["chat"] < 4 || operations["execute_tool"] < 3 || len(traces) != 1 || !traces[strings.ReplaceAll(id, "-", "")] {
		t.Errorf("%v in the traces %v, of the run %s", operations, traces, id)
	}
}

// TestS62AgentInItsOwnProcess: a server without a model queues runs for the
// identity of a key that may work on them, and `vedette agent` with that key
// alone investigates over HTTP and MCP.
func TestS62AgentInItsOwnProcess(t *testing.T) {
	analyst := fakellm.Analyst{Verdict: "TruePositive", Check: "TruePositive", Score: 90, Calls: []fakellm.Call{{Name: "no_such_tool", Arguments: "{"}}}
	llm := fakellm.New(analyst.Answer)
	defer llm.Close()
	host := strings.TrimSuffix(strings.TrimPrefix(llm.URL, "http://"), "/v1")
	folder := t.TempDir()
	cli := func(arguments ...string) string {
		t.Helper()
		command := exec.Command("vedette", append(arguments, "--json")...)
		command.Dir = folder
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %v %s", arguments, err, out)
		}
		return string(out)
	}
	cli("workspaces", "create", "Main")
	key := func(arguments ...string) string {
		var made struct{ Key, Secret string }
		if err := json.Unmarshal([]byte(cli(append([]string{"keys", "create"}, arguments...)...)), &made); err != nil {
			t.Fatal(err)
		}
		return made.Key + made.Secret
	}
	agent := key("investigator", "--workspace", "Main", "--role", "senior", "--scope", "incidents:read,agent-tools:read,agent-tools:execute,runs:work")
	admin := key("admin", "--kind", "service", "--workspace", "Main", "--role", "admin", "--scope", "ops:read,alerts:write")
	s := startServer(t, folder)
	start := func() {
		worker := exec.Command("vedette", "agent", "--url", s.base, "--model-url", llm.URL, "--model-name", "scripted", "--egress-allow", host)
		worker.Dir, worker.Env = t.TempDir(), append(os.Environ(), "VEDETTE_KEY="+agent)
		worker.Stderr = os.Stderr
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = worker.Process.Kill(); _ = worker.Wait() })
	}
	header := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + admin}
	if got := s.status("POST", "/api/ops/v1/ingest/generic", `{"external_id":"one","source":"odd","title":"A shell out of a document","severity":"high",
"entities":[{"ref":"h","kind":"host","value":"WS-1","provenance":"sensor_asserted"}],"evidence":[{"type":"process","refs":["h"],"fields":{"command_line":"powershell -enc aaa"}}]}`, header); got != 200 {
		t.Fatal(got)
	}
	var demo demoFile
	demo.Keys.OpsAdmin = admin
	start()
	id := ended(t, s, demo, "Done", "Held")
	var transcript struct {
		Data struct {
			Chain  string
			Stages []struct {
				Stage string
				Error *string
			}
		}
	}
	_, body := s.call("GET", "/api/ops/v1/runs/"+id+"/transcript", "", header)
	if err := json.Unmarshal([]byte(body), &transcript); err != nil || transcript.Data.Chain != "ok" || len(transcript.Data.Stages) != 9 {
		t.Errorf("%v: %.2000s", err, body)
	}
	if _, ledger := s.call("GET", "/api/ops/v1/runs/"+id+"/ledger", "", header); !strings.Contains(ledger, "search_evidence") || strings.Contains(body+ledger, agent) || strings.Contains(body, "vdr_") {
		t.Errorf("%.1000s", ledger)
	}
	if err := s.terminate(); err != nil {
		t.Fatal(err)
	}
	if out := cli("eval", "replay", id); !strings.Contains(out, `"differences": []`) && !strings.Contains(out, `"differences":[]`) {
		t.Error(out)
	}
}
