package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// StoredAnswer finds the answer given to an earlier request with the same key
// (S27); doors ask before they call an operation.
func (d *Desk) StoredAnswer(ctx context.Context, claim soc.IdempotencyClaim) (status int, body []byte, found bool, err error) {
	return d.store.Read(ctx).StoredAnswer(claim, d.clock())
}

// settleIdempotency stores the answer of a write in its transaction.
func (d *Desk) settleIdempotency(tx *store.Tx, by soc.Actor, result any) error {
	return tx.CompleteIdempotency(by.Idempotency, result, d.clock())
}
