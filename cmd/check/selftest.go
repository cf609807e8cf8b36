package main

import (
	"context"
	"errors"
	"fmt"
)

// selftests are the proofs that ship with the product, in a short form. The
// full ones are `vedette selftest redteam`, which sends 10,000 attacks by 32
// agents, and the others as they are.
var selftests = [][]string{
	{"redteam", "--seeds", "420", "--parallel", "8"},
	{"egress"},
	{"tenants", "--timing", "0"},
}

// checkSelftest lets the product attack itself (S69).
func checkSelftest(h *house, ctx context.Context, j *journal) error {
	binary, err := h.build(ctx, j, "")
	if err != nil {
		return err
	}
	var failures []error
	for _, arguments := range selftests {
		if err := h.do(ctx, j, binary, append([]string{"selftest"}, arguments...)...); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", arguments[0], err))
		}
	}
	return errors.Join(failures...)
}
