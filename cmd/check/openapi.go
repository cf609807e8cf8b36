package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// openapiFiles is where the linter and the client generator are listed and
// locked, with their settings.
const openapiFiles = "backend/web/openapi/testdata/client"

// families have a document each, beside that of all.
var families = []string{"portal", "case", "triage", "ops"}

// installOpenAPI installs the readers of the documents. They run on the Node
// that the MCP clients brought.
func (h *house) installOpenAPI(ctx context.Context, j *journal) (clients, error) {
	c, err := h.installClients(ctx, j)
	if err != nil {
		return clients{}, err
	}
	return h.installPackages(ctx, j, openapiFiles, "openapi", c.node)
}

// withServer runs work beside a demonstration server.
func (h *house) withServer(ctx context.Context, j *journal, name string, work func(s *server, found demo) error, flags ...string) (err error) {
	binary, err := h.build(ctx, j, "")
	if err != nil {
		return err
	}
	folder, remove, err := h.scratch(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	start := h.serveDemo
	if h.database != "" {
		start = func(ctx context.Context, j *journal, binary, folder string, flags ...string) (*server, error) {
			return h.serveDemoOn(ctx, j, binary, folder, h.database, flags...)
		}
	}
	s, err := start(ctx, j, binary, folder, flags...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	found, err := s.demo()
	if err != nil {
		return err
	}
	return work(s, found)
}

// checkOpenAPI lints what a running server serves, the whole and each family.
func checkOpenAPI(h *house, ctx context.Context, j *journal) error {
	c, err := h.installOpenAPI(ctx, j)
	if err != nil {
		return err
	}
	if err := h.copyFiles(openapiFiles, c.folder, "redocly.yaml"); err != nil {
		return err
	}
	return h.withServer(ctx, j, "openapi", func(s *server, _ demo) error {
		arguments := []string{"lint", "--config", "redocly.yaml"}
		for _, path := range documentPaths() {
			name := filepath.Join(c.folder, filepath.Base(path))
			if err := fetch(ctx, s.base+path, name); err != nil {
				return err
			}
			arguments = append(arguments, name)
		}
		lint := c.script(ctx, h, j, "node_modules/@redocly/cli/bin/cli.js", arguments...)
		lint.Env = append(lint.Env, "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
		if err := lint.Run(); err != nil {
			return fmt.Errorf("redocly lint: %w", err)
		}
		return nil
	})
}

func documentPaths() []string {
	paths := []string{"/openapi.json"}
	for _, family := range families {
		paths = append(paths, "/openapi/"+family+".json")
	}
	return paths
}

// fetch stores what a URL answers with 200.
func fetch(ctx context.Context, url, name string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return os.WriteFile(name, body, 0o644)
}

// checkClient generates a client from the document of a running server,
// compiles it under TypeScript's strictest rules, and uses it.
func checkClient(h *house, ctx context.Context, j *journal) error {
	c, err := h.installOpenAPI(ctx, j)
	if err != nil {
		return err
	}
	if err := h.copyFiles(openapiFiles, c.folder, "client.ts", "tsconfig.json", "redocly.yaml"); err != nil {
		return err
	}
	return h.withServer(ctx, j, "client", func(s *server, found demo) error {
		if err := fetch(ctx, s.base+"/openapi.json", filepath.Join(c.folder, "openapi.json")); err != nil {
			return err
		}
		credentials, err := json.Marshal(found)
		if err != nil {
			return err
		}
		for _, step := range [][]string{
			{"node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.d.ts"},
			{"node_modules/typescript/bin/tsc", "-p", "."},
			{"built/client.js", s.base, string(credentials)},
		} {
			if err := c.script(ctx, h, j, step[0], step[1:]...).Run(); err != nil {
				return fmt.Errorf("%s: %w", step[0], err)
			}
		}
		return nil
	})
}
