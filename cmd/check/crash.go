package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// crashRounds is how often CI kills the server on each engine. The full run is
// 200 rounds: `go run ./cmd/check -rounds 200 crash`.
const crashRounds = 20

// checkCrash lets the product's own self-test kill a server over the whole
// path and check the invariants of S26 afterwards, on both engines.
func checkCrash(h *house, ctx context.Context, j *journal) error {
	binary, err := h.build(ctx, j, "")
	if err != nil {
		return err
	}
	var failures []error
	for _, engine := range []string{"sqlite", "postgres"} {
		err := h.do(ctx, j, binary, "selftest", "crash", "--engine", engine, "--rounds", strconv.Itoa(h.rounds))
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", engine, err))
		}
	}
	return errors.Join(failures...)
}
