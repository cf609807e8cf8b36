package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// announce prints where to go. Programs read it with --json; people get what
// they can paste.
func (w *wiring) announce() error {
	started := map[string]any{
		"base_url": w.publicURL, "console_url": w.publicURL + "/console", "mcp_url": w.publicURL + "/mcp", "version": versionText(),
	}
	if w.demo != nil {
		started["demo_file"] = w.demoPath()
		started["mcp_clients"] = map[string]any{"http": w.httpClient(), "stdio": w.stdioClient()}
	}
	if w.environment.program.JSON {
		return json.NewEncoder(w.environment.out).Encode(started)
	}
	out := &strings.Builder{}
	fmt.Fprintf(out, "Vedette %s\n\n  Console  %s/console\n  MCP      %s/mcp\n  REST     %s/api/v2, /api/incidents, /api/ops/v1\n",
		versionText(), w.publicURL, w.publicURL, w.publicURL)
	if w.demo != nil {
		w.announceDemo(out)
	}
	out.WriteString("\nCtrl-C stops the server.\n")
	_, err := w.environment.out.Write([]byte(out.String()))
	return err
}

func (w *wiring) announceDemo(out *strings.Builder) {
	out.WriteString("\nThis is a demonstration: response goes to a simulated range, and nothing real is touched.\n")
	for _, client := range []struct {
		title    string
		settings any
	}{
		{"MCP client over HTTP", w.httpClient()}, {stdioTitle(), w.stdioClient()},
	} {
		body, err := json.MarshalIndent(client.settings, "  ", "  ")
		if err != nil {
			continue // texts only
		}
		fmt.Fprintf(out, "\n%s:\n\n  %s\n", client.title, body)
	}
	keys := w.demo.Keys
	out.WriteString("\nKeys (Authorization: Bearer ...):\n\n")
	for _, key := range [][2]string{
		{"agent", keys.Agent},
		{"agent_readonly", keys.AgentReadonly},
		{"other_workspace_agent", keys.OtherWorkspaceAgent},
		{"case", keys.Case},
		{"triage", keys.Triage},
		{"ops_admin", keys.OpsAdmin},
	} {
		fmt.Fprintf(out, "  %-22s %s\n", key[0], key[1])
	}
	fmt.Fprintf(out, "\nService account (HTTP Basic):\n\n  %s : %s\n", w.demo.ServiceAccount.ClientID, w.demo.ServiceAccount.ClientSecret)
	out.WriteString("\nWorkspaces:\n\n")
	for _, workspace := range w.demo.Workspaces {
		fmt.Fprintf(out, "  %s  %s\n", workspace.ID, workspace.Name)
	}
	out.WriteString("\nOperators (POST /api/ops/v1/session):\n\n")
	for _, operator := range w.demo.Operators {
		fmt.Fprintf(out, "  %-22s %s  %s\n", operator.Email, operator.Password, operator.Role)
	}
	fmt.Fprintf(out, "\nAll of this stands in %s.\n", w.demoPath())
}

func (w *wiring) demoPath() string { return database(w.environment.program.DB).file() + ".demo.json" }

// httpClient is the setting most MCP clients take for a server over HTTP.
func (w *wiring) httpClient() any {
	return map[string]any{"mcpServers": map[string]any{"vedette": map[string]any{
		"type": "http", "url": w.publicURL + "/mcp", "headers": map[string]string{"Authorization": "Bearer " + w.demo.Keys.Agent},
	}}}
}

// stdioClient starts `vedette mcp` on the same database.
func (w *wiring) stdioClient() any {
	db := w.environment.program.DB
	if !database(db).postgres() {
		if path, err := filepath.Abs(database(db).file()); err == nil {
			db = path
		}
	}
	return map[string]any{"mcpServers": map[string]any{"vedette": map[string]any{
		"command": programPath(), "args": []string{"mcp", "--db", db}, "env": map[string]string{"VEDETTE_KEY": w.demo.Keys.Agent},
	}}}
}

// stdioTitle tells who started it with `go run` that the client needs a program
// to start.
func stdioTitle() string {
	if programPath() == "vedette" {
		return "MCP client over stdio (needs the program: `go install ./cmd/vedette`, or `go build ./cmd/vedette` and its path as command)"
	}
	return "MCP client over stdio"
}

// programPath is this program, unless `go run` built it for one run only.
func programPath() string {
	path, err := os.Executable()
	if err != nil || strings.HasPrefix(path, os.TempDir()) || strings.Contains(path, "go-build") {
		return "vedette"
	}
	return path
}
