package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"vedette/backend/soc"
)

// Writes are idempotent without an argument (M28): the key is who, where,
// within which run, which tool, and the canonical arguments. The first answer
// is stored in the transaction of its effect, by the desk.

// maxGenerations bounds how often within 24 hours one and the same proposal may
// be made anew after it failed.
const maxGenerations = 32

// statusStored marks a stored answer of a tool.
const statusStored = 200

// inflight serialises equal writes in this process; across replicas the row in
// the effect's transaction decides.
type inflight struct {
	mu   sync.Mutex
	keys map[string]*turn
}

type turn struct {
	ch      chan struct{}
	waiting int
}

func newInflight() *inflight { return &inflight{keys: map[string]*turn{}} }

// enter waits for the caller's turn; leave must be called if err is nil.
func (f *inflight) enter(ctx context.Context, key string) (leave func(), err error) {
	f.mu.Lock()
	t := f.keys[key]
	if t == nil {
		t = &turn{ch: make(chan struct{}, 1)}
		f.keys[key] = t
	}
	t.waiting++
	f.mu.Unlock()
	drop := func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			delete(f.keys, key)
		}
	}
	select {
	case t.ch <- struct{}{}:
		return func() { <-t.ch; drop() }, nil
	case <-ctx.Done():
		drop()
		return nil, ctx.Err()
	}
}

// write is one kind of write with receipts of type Receipt.
type write[Receipt any] struct {
	// do is the desk's operation.
	do func(ctx context.Context, by soc.Actor) (Receipt, error)
	// draw makes the answer.
	draw func(Receipt) any
	// freed reports whether a stored answer no longer stands, so that the same
	// proposal may be made again. nil never frees.
	freed func(ctx context.Context, stored json.RawMessage) (bool, error)
}

// once runs a write, or returns the first answer to the same one.
func once[Receipt any](ctx context.Context, r *request, w write[Receipt]) (any, error) {
	claim := r.claim()
	leave, err := r.server.inflight.enter(ctx, claim.Principal+"\x00"+claim.Route+"\x00"+claim.Key)
	if err != nil {
		return nil, err
	}
	defer leave()
	base := claim.Key
	for generation := range maxGenerations {
		claim.Key = base + "." + string(rune('A'+generation))
		stored, found, err := r.stored(ctx, claim)
		if err != nil {
			return nil, err
		}
		if found && w.freed != nil {
			free, err := w.freed(ctx, stored)
			if err != nil {
				return nil, err
			}
			if free {
				continue
			}
		}
		if found {
			return replayed(stored), nil
		}
		return attempt(ctx, r, w, claim)
	}
	return nil, soc.Errorf(soc.Limited, soc.CodeRateLimited, "The same proposal was made %d times within a day and did not succeed.", maxGenerations).
		WithFix("Stop, and report why it fails in the investigation.")
}

func attempt[Receipt any](ctx context.Context, r *request, w write[Receipt], claim soc.IdempotencyClaim) (any, error) {
	claim.Encode = func(result any) (int, []byte) {
		receipt, ok := result.(Receipt)
		if !ok {
			return 0, nil
		}
		body, err := encode(w.draw(receipt))
		if err != nil {
			return 0, nil
		}
		return statusStored, body
	}
	by := r.by
	by.Idempotency = &claim
	receipt, err := w.do(ctx, by)
	if err == nil {
		return w.draw(receipt), nil
	}
	var known *soc.Error
	if !errors.As(err, &known) || known.Code != soc.CodeIdempotencyInProgress {
		return nil, err
	}
	// Another replica was first, and its transaction has ended or ends soon.
	for range 20 {
		if stored, found, err := r.stored(ctx, claim); err != nil || found {
			return replayed(stored), err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil, known
}

func (r *request) claim() soc.IdempotencyClaim {
	run := ""
	if r.by.Run != nil {
		run = r.by.Run.ID
	}
	fingerprint := argumentDigest(r.arguments)
	return soc.IdempotencyClaim{
		Principal:   string(r.by.Kind) + ":" + r.by.ID,
		Route:       "tool " + r.tool.Name + " " + r.by.Workspace + " " + run,
		Key:         fingerprint,
		Fingerprint: fingerprint,
	}
}

func (r *request) stored(ctx context.Context, claim soc.IdempotencyClaim) (json.RawMessage, bool, error) {
	_, body, found, err := r.server.desk.StoredAnswer(ctx, claim)
	return body, found, err
}

// replayed marks a stored answer. The stored bytes are an object of ours.
func replayed(stored json.RawMessage) any {
	if rest, ok := bytes.CutPrefix(stored, []byte("{")); ok && len(rest) > 1 {
		return json.RawMessage(append([]byte(`{"replayed":true,`), rest...))
	}
	return stored
}
