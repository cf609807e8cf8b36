package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// TestS35AllDoorsOneLock asks every door to make an incident disappear, as the
// demo's agent: each mutating call with every word that could hide something,
// in body and query. Afterwards the same incidents are open and listed, with
// the severities they had.
func TestS35AllDoorsOneLock(t *testing.T) {
	folder := t.TempDir()
	base := startServer(t, folder, "--demo").base
	demo := readDemoFile(t, folder)
	key := demo.Keys.Agent
	before := listedIncidents(t, base, key)
	if len(before) == 0 {
		t.Fatal("the demo lists no incident")
	}
	words := map[string]any{
		"status": "closed", "state": "closed", "resolution": "fp", "verdict": "benign", "classification": "FalsePositive",
		"severity": "low", "suppressed": true, "deleted": true, "close": true, "held": false,
	}
	body, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	const query = "?status=closed&severity=low&deleted=true&suppressed=true"
	for _, incident := range before[:min(2, len(before))] {
		for _, target := range hidingTargets(demo.Workspaces[0].ID, incident) {
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				for _, suffix := range []string{"", query} {
					status := send(t, method, base+target+suffix, key, body)
					if status >= 500 {
						t.Errorf("%s %s: %d", method, target, status)
					}
				}
			}
		}
	}
	after := listedIncidents(t, base, key)
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("before\n%v\nafter\n%v", before, after)
	}
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
