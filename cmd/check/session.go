package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// sessionGolden is the shape of the recorded session: which calls, with which
// arguments, answered by which fields of which types. Values differ by run.
const sessionGolden = clientFiles + "/shape.golden.json"

// checkSession sends the official TypeScript client through the whole path,
// over HTTP and over stdio, each on a fresh server, and lets `vedette audit
// verify` have the last word. Both transports must give the same shape.
func checkSession(h *house, ctx context.Context, j *journal) error {
	c, err := h.installClients(ctx, j)
	if err != nil {
		return err
	}
	binary, err := h.build(ctx, j, "")
	if err != nil {
		return err
	}
	if err := h.copyFiles(clientFiles, c.folder, "session.mjs"); err != nil {
		return err
	}
	var failures []error
	for _, transport := range []string{"http", "stdio"} {
		shape, err := h.recordSession(ctx, j, c, binary, transport)
		if err == nil {
			err = h.compareShape(j, shape, transport)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("session over %s: %w", transport, err))
		}
	}
	return errors.Join(failures...)
}

// recordSession runs one session and returns its shape. The transcript, with
// every value, stays in the cache for people.
func (h *house) recordSession(ctx context.Context, j *journal, c clients, binary, transport string) (shape []byte, err error) {
	folder, remove, err := h.scratch("session-" + transport)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	s, err := h.serveDemo(ctx, j, binary, folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	written := filepath.Join(folder, "shape.json")
	transcript := filepath.Join(h.root, cacheFolder, "session-"+transport+".json")
	run := c.script(ctx, h, j, "session.mjs", transport, s.base, s.binary, s.database, transcript, written)
	if err := run.Run(); err != nil {
		return nil, err
	}
	if err := h.do(ctx, j, binary, "audit", "verify", "--db", s.database); err != nil {
		return nil, err
	}
	return os.ReadFile(written)
}

func (h *house) compareShape(j *journal, shape []byte, transport string) error {
	golden := filepath.Join(h.root, sessionGolden)
	if h.update && transport == "http" { // stdio is then compared with it
		return os.WriteFile(golden, shape, 0o644)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		return err
	}
	if bytes.Equal(shape, want) {
		return nil
	}
	fmt.Fprintf(j, "shape over %s differs from %s (- golden, + now):\n%s", transport, sessionGolden, lineDifference(want, shape))
	return errors.New("the shape changed; if that is meant, run `go run ./cmd/check -update session`")
}
