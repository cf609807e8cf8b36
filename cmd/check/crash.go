package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
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

// soakTime is how long CI loads a server of each engine. The full run is
// `go run ./cmd/check -soak 10m soak`.
const soakTime = time.Minute

// checkSoak lets the product's own self-test load a server through all families
// on both engines.
func checkSoak(h *house, ctx context.Context, j *journal) error {
	binary, err := h.build(ctx, j, "")
	if err != nil {
		return err
	}
	var failures []error
	for _, engine := range []string{"sqlite", "postgres"} {
		if err := h.do(ctx, j, binary, "selftest", "soak", "--engine", engine, "--time", h.soak.String()); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", engine, err))
		}
	}
	return errors.Join(failures...)
}
