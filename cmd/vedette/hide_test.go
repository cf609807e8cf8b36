package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// TestS35AllDoorsOneLock asks every door to make an incident disappear: each
// mutating call with every word that could hide something, in body and query.
// Each door is asked by an agent of its own, since one that was refused so often
// is suspended (S63) and would be refused for that at the next. Afterwards the
// same incidents are open and listed, with the severities they had.
func TestS35AllDoorsOneLock(t *testing.T) {
	folder := t.TempDir()
	base := startServer(t, folder, "--demo").base
	demo := readDemoFile(t, folder)
	before := listedIncidents(t, base, demo.Keys.Triage)
	if len(before) == 0 {
		t.Fatal("the demo lists no incident")
	}
	body, err := json.Marshal(map[string]any{
		"status": "closed", "state": "closed", "resolution": "fp", "verdict": "benign", "classification": "FalsePositive",
		"severity": "low", "suppressed": true, "deleted": true, "close": true, "held": false,
	})
	if err != nil {
		t.Fatal(err)
	}
	incident := before[len(before)/2]
	for n, target := range hidingTargets(demo.Workspaces[0].ID, incident) {
		key := newAgent(t, folder, fmt.Sprintf("hider %d", n))
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			for _, suffix := range []string{"", "?status=closed&severity=low&deleted=true&suppressed=true"} {
				if status := send(t, method, base+target+suffix, key, body); status >= 500 {
					t.Errorf("%s %s: %d", method, target, status)
				}
			}
		}
	}
	after := listedIncidents(t, base, demo.Keys.Triage)
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("before\n%v\nafter\n%v", before, after)
	}
}

// newAgent makes an agent with everything that an agent may hold and returns its
// key.
func newAgent(t *testing.T, folder, name string) string {
	t.Helper()
	var scopes []string
	for _, scope := range agentScopes {
		scopes = append(scopes, string(scope))
	}
	create := exec.Command("vedette", "keys", "create", name, "--workspace", "Demo", "--role", "senior", "--scope", strings.Join(scopes, ","), "--json")
	create.Dir = folder
	out, err := create.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var made struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(out, &made); err != nil || made.Secret == "" {
		t.Fatalf("%v: %s", err, out)
	}
	return made.Secret
}

// listed is an incident as the list shows it.
type listed struct{ ID, ShortID, Severity string }

func hidingTargets(workspaceID string, i listed) []string {
	workspace := "/api/v2/workspaces/" + workspaceID
	return []string{
		"/api/incidents/" + i.ID, "/api/incidents/" + i.ID + "/resolve", "/api/incidents/" + i.ID + "/close",
		workspace + "/incidents/Sentinel/" + i.ShortID, workspace + "/incidents/Sentinel/" + i.ShortID + "/status",
		workspace + "/agent/tools/incidents/Sentinel/" + i.ShortID + "/investigation",
		"/api/ops/v1/incidents/" + i.ShortID + "/verdict", "/api/ops/v1/incidents/" + i.ShortID + "/reopen",
		"/api/ops/v1/held/" + i.ID + "/accept", "/api/ops/v1/held/" + i.ID + "/reject",
		"/api/v1/alerts/" + i.ID + "/dismiss", "/api/v1/cases/" + i.ID + "/resolve",
	}
}

func listedIncidents(t *testing.T, base, key string) (out []listed) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/incidents?per_page=100&sort=incident_number&status=open,triaged", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s %v", response.StatusCode, text, err)
	}
	var page struct {
		Data []struct {
			ID       string `json:"id"`
			ShortID  string `json:"short_id"`
			Severity string `json:"severity"`
		} `json:"data"`
	}
	if err := json.Unmarshal(text, &page); err != nil {
		t.Fatal(err)
	}
	for _, one := range page.Data {
		out = append(out, listed{one.ID, one.ShortID, one.Severity})
	}
	return out
}

func send(t *testing.T, method, url, key string, body []byte) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}
