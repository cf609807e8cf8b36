package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const suite = "node_modules/@modelcontextprotocol/conformance/dist/index.js"

// baseline lists scenarios that fail for a proven defect of the library. It
// does not exist while there is none; the suite fails on a stale entry.
const baseline = "tools/testdata/conformance/baseline.yml"

// revisions are the protocol revisions we speak, each with the scenarios that
// need no fixture tools, and so can be asked of the product itself.
var revisions = []struct {
	version   string
	scenarios []string
}{
	{"2026-07-28", []string{
		"tools-list", "server-sse-multiple-streams", "dns-rebinding-protection", "http-header-validation", "caching",
		"resources-list", "prompts-list", "completion-complete", "sep-2164-resource-not-found",
		"input-required-result-unsupported-methods", "input-required-result-validate-input",
	}},
	{"2025-11-25", []string{
		"server-initialize", "ping", "tools-list", "server-sse-multiple-streams", "dns-rebinding-protection",
		"resources-list", "prompts-list", "completion-complete",
	}},
}

func checkConformance(h *house, ctx context.Context, j *journal) error {
	c, err := h.installClients(ctx, j)
	if err != nil {
		return err
	}
	return errors.Join(h.productConformance(ctx, j, c), h.fixtureConformance(ctx, j, c))
}

// productConformance asks the product binary, without authentication, because
// the suite has no way to send a key.
func (h *house) productConformance(ctx context.Context, j *journal, c clients) (err error) {
	binary, err := h.build(ctx, j, "")
	if err != nil {
		return err
	}
	folder, remove, err := h.scratch("conformance")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	s, err := h.serveDemo(ctx, j, binary, folder, "--no-auth")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	var failures []error
	for _, revision := range revisions {
		for _, scenario := range revision.scenarios {
			run := c.script(ctx, h, j, suite, "server", "--url", s.base+"/mcp",
				"--scenario", scenario, "--spec-version", revision.version)
			if err := run.Run(); err != nil {
				failures = append(failures, fmt.Errorf("%s at %s: %w", scenario, revision.version, err))
			}
		}
	}
	return errors.Join(failures...)
}

// fixtureConformance runs the frozen requirement sets against the fixture
// build: the product's front and wrapper round the suite's own tools.
func (h *house) fixtureConformance(ctx context.Context, j *journal, c clients) (err error) {
	binary, err := h.build(ctx, j, conformanceTag)
	if err != nil {
		return err
	}
	folder, remove, err := h.scratch("fixture")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	s, err := h.startServer(ctx, j, binary, filepath.Join(folder, "vedette.db"), "conformance")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	var failures []error
	for _, revision := range revisions {
		arguments := []string{
			"server", "--url", s.base + "/mcp", "--requirements", revision.version,
			"-o", filepath.Join(folder, revision.version),
		}
		if known := filepath.Join(h.root, baseline); exists(known) {
			arguments = append(arguments, "--expected-failures", known)
		}
		if err := c.script(ctx, h, j, suite, arguments...).Run(); err != nil {
			failures = append(failures, fmt.Errorf("requirements of %s: %w", revision.version, err))
		}
	}
	return errors.Join(failures...)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
