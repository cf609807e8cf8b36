package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

const inspectorProgram = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"

// inspectorExits are the Inspector's documented exit codes.
var inspectorExits = map[int]string{
	1: "an error", 4: "the server was unreachable", 5: "the tool answered with an error", 6: "a schema is not portable",
}

// checkInspector lists and calls tools as the Inspector does, with an agent's
// key: over stdio, and over HTTP on the old wire and the new one.
func checkInspector(h *house, ctx context.Context, j *journal) (err error) {
	c, err := h.installClients(ctx, j)
	if err != nil {
		return err
	}
	binary, err := h.build(ctx, j, "")
	if err != nil {
		return err
	}
	folder, remove, err := h.scratch("inspector")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	s, err := h.serveDemo(ctx, j, binary, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	found, err := s.demo()
	if err != nil {
		return err
	}
	settings := filepath.Join(folder, "mcp.json")
	if err := writeClientSettings(settings, s, found.Keys.Agent); err != nil {
		return err
	}
	var failures []error
	for _, run := range inspectorRuns(s, settings, found.Keys.Agent) {
		command := c.script(ctx, h, j, inspectorProgram, append([]string{"--cli"}, run.arguments...)...)
		err := command.Run()
		if err != nil {
			reason := inspectorExits[command.ProcessState.ExitCode()]
			failures = append(failures, fmt.Errorf("%s: %w (%s)", run.name, err, reason))
		}
	}
	failures = append(failures, inspectorLoad(ctx, h, j, c, s, found.Keys.Agent))
	return errors.Join(failures...)
}

type inspectorRun struct {
	name      string
	arguments []string
}

// inspectorRuns are the runs of mcp.md, section 9.
func inspectorRuns(s *server, settings, key string) []inspectorRun {
	http := []string{s.base + "/mcp", "--transport", "http", "--header", "Authorization: Bearer " + key, "--format", "json"}
	with := func(base []string, more ...string) []string { return append(append([]string(nil), base...), more...) }
	list := []string{"--method", "tools/list", "--strict", "-q"}
	call := []string{"--method", "tools/call", "--tool-name", "list_incidents", "--tool-args-json", `{"limit":5}`}
	return []inspectorRun{
		{"list over stdio", with([]string{"--config", settings, "--server", "vedette", "--format", "json"}, list...)},
		{"list on the old wire", with(http, list...)},
		{"list on the new wire", with(http, with(list, "--protocol-era", "modern")...)},
		{"call over stdio", with([]string{"--config", settings, "--server", "vedette", "--format", "json"}, call...)},
		{"call on the old wire", with(http, call...)},
		{"call on the new wire", with(http, with(call, "--protocol-era", "modern")...)},
	}
}

// loadRequests and loadConcurrency are above an agent's limits (120 calls a
// minute, 8 at once), on purpose.
const (
	loadRequests    = 500
	loadConcurrency = 20
)

// inspectorLoad sends more than an agent may and expects manners: every call is
// answered, the refused ones by a tool error that says when to come back, and
// none by a broken connection. The Inspector exits with 0 whatever it counted.
func inspectorLoad(ctx context.Context, h *house, j *journal, c clients, s *server, key string) error {
	command := c.script(ctx, h, j, inspectorProgram, "--cli", s.base+"/mcp", "--transport", "http",
		"--header", "Authorization: Bearer "+key, "--format", "json", "-q",
		"--method", "tools/call", "--tool-name", "list_incidents", "--tool-args-json", `{"limit":5}`,
		"--load", "--load-requests", strconv.Itoa(loadRequests), "--load-concurrency", strconv.Itoa(loadConcurrency))
	var output bytes.Buffer
	command.Stdout = &output
	err := command.Run()
	fmt.Fprint(j, output.String())
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	var counted struct {
		Result struct {
			Requests, OK, ToolErrors, Errors int
			ErrorMessages                    []string
		}
	}
	if err := json.Unmarshal(output.Bytes(), &counted); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	r := counted.Result
	if r.Requests != loadRequests || r.OK+r.ToolErrors != loadRequests || r.OK == 0 || r.Errors > 0 {
		return fmt.Errorf("load: of %d calls %d succeeded, %d were refused in words and %d broke: %q",
			r.Requests, r.OK, r.ToolErrors, r.Errors, r.ErrorMessages)
	}
	return nil
}

// writeClientSettings writes the README's stdio settings for this server.
func writeClientSettings(name string, s *server, key string) error {
	text, err := json.Marshal(map[string]any{"mcpServers": map[string]any{"vedette": map[string]any{
		"command": s.binary, "args": []string{"mcp"},
		"env": map[string]string{"VEDETTE_DB": s.database, "VEDETTE_KEY": key},
	}}})
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o600)
}
