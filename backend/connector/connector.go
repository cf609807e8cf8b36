// Package connector is the way out to security products: what every product's
// package offers to the worker (Connector), and how an exchange with a product
// is judged (Outcome). One sub-package per product maps payloads in, carries
// actions out and reads effects back; egress makes their HTTP client.
//
// A connector decides nothing. What it is asked to do was approved, pinned and
// recorded before the call (S12, S26), and it never chooses a target, repeats an
// action or reports more than it saw. No SQL, no policy, no model, no rule about
// incidents. A product's own words never leave this room except to the log.
package connector

import (
	"context"
	"time"

	"vedette/backend/soc"
)

// Connector is one configured product. Implementations are safe for concurrent use.
type Connector interface {
	// ID is the connector's id, given when it was made; it is part of the digest.
	ID() string
	// Simulated reports that nothing real is behind it; it is shown wherever the
	// connector is named.
	Simulated() bool
	// Carries reports whether the product can carry the playbook out.
	Carries(playbookID string) bool
	// Resolve returns the product's own id of an entity. It is pure: it reads the
	// entity's stored properties and nothing else, so that the target can be
	// pinned at submit and re-checked later (S12). Two entities that are one
	// thing to the product resolve to one id. ok is false when a property that
	// the product needs is missing.
	Resolve(entity soc.Entity) (nativeID string, ok bool)
	// Carry sends one action, once. A nil error means that the product accepted
	// it, which is not yet an effect: read it back. OutcomeOf tells what an error
	// means.
	Carry(ctx context.Context, action Action) (Receipt, error)
	// Probe reads one state back, in the words that catalogue probes expect
	// ("isolated"). An error means that nothing was learnt.
	Probe(ctx context.Context, question Question) (seen string, err error)
	// Check verifies reachability, credential and identity by reading only.
	Check(ctx context.Context) error
}

// Action is one step as it goes out.
type Action struct {
	// IdempotencyKey is the step's own; the same step always sends the same key.
	IdempotencyKey string
	Operation      string // of the catalogue, e.g. host.isolate
	Kind           soc.EntityKind
	NativeID       string         // as pinned at submit
	Parameters     map[string]any // as CheckParameters returned them
}

// Receipt is what a product answered to an accepted action.
type Receipt struct {
	// Reference is the product's id for the act, for the log and for support. It
	// is the product's text: never shown to an agent.
	Reference string
}

// Question asks what became of an action.
type Question struct {
	Operation  string // of the catalogue's probe, e.g. host.isolation
	Kind       soc.EntityKind
	NativeID   string
	Parameters map[string]any
	// IdempotencyKey and DispatchedAt name the action asked about. Effects that
	// leave no lasting state of their own (a scan, a new password) count only if
	// the product ties them to this key or, where it cannot, to a later time.
	IdempotencyKey string
	DispatchedAt   time.Time
}
