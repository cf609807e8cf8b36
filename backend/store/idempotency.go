package store

import (
	"time"

	"vedette/backend/soc"
)

// idempotencyLife is how long an answer is kept (S27).
const idempotencyLife = 24 * time.Hour

type storedAnswer struct {
	fingerprint string
	status      int
	body        []byte
}

// StoredAnswer finds the answer stored under a claim. A key that was used for
// another request is KeyReused; an expired row is not found.
func (r *Reader) StoredAnswer(claim soc.IdempotencyClaim, now time.Time) (status int, body []byte, found bool, err error) {
	a, found, err := one(r, func(x row) (storedAnswer, error) {
		var a storedAnswer
		err := x.Scan(&a.fingerprint, &a.status, &a.body)
		return a, err
	}, `SELECT fingerprint, status, body FROM idempotency WHERE principal = $1 AND route = $2 AND idempotency_key = $3 AND expires_at > $4`,
		claim.Principal, claim.Route, claim.Key, micros(now))
	if err != nil || !found {
		return 0, nil, false, err
	}
	if a.fingerprint != claim.Fingerprint {
		return 0, nil, false, soc.Errorf(soc.KeyReused, soc.CodeIdempotencyKeyReused, "This Idempotency-Key was used for another request.").
			WithFix("Send a new key with a new request; repeat a key only with the very same request.")
	}
	return a.status, a.body, true, nil
}

// CompleteIdempotency stores the answer of an operation under its claim, in the
// transaction of the effect. A nil claim stores nothing. If another request
// with the key was first, the whole write fails with IDEMPOTENCY_IN_PROGRESS
// and the repetition finds the first answer.
func (tx *Tx) CompleteIdempotency(claim *soc.IdempotencyClaim, result any, now time.Time) error {
	if claim == nil || claim.Encode == nil {
		return nil
	}
	status, body := claim.Encode(result)
	if status == 0 {
		return soc.Errorf(soc.Internal, soc.CodeInternalError, "The server could not complete the request.")
	}
	if body == nil { // a 204, which has none: NULL would be no answer at all
		body = []byte{}
	}
	if _, err := tx.update(`DELETE FROM idempotency WHERE principal = $1 AND route = $2 AND idempotency_key = $3 AND expires_at <= $4`,
		claim.Principal, claim.Route, claim.Key, micros(now)); err != nil {
		return err
	}
	n, err := tx.update(`INSERT INTO idempotency (principal, route, idempotency_key, fingerprint, status, body, sealed, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		claim.Principal, claim.Route, claim.Key, claim.Fingerprint, status, body, claim.Sealed, micros(now), micros(now.Add(idempotencyLife)))
	if err != nil {
		return err
	}
	if n == 0 {
		e := soc.Errorf(soc.Conflict, soc.CodeIdempotencyInProgress, "The first request with this Idempotency-Key is still running.").
			WithFix("Wait a second and send the same request again.")
		e.RetryAfter = 1
		return e
	}
	return nil
}

// FreeIdempotency forgets the answer under a natural key, when what it stood
// for ended without effect (M28).
func (tx *Tx) FreeIdempotency(claim soc.IdempotencyClaim) error {
	_, err := tx.update(`DELETE FROM idempotency WHERE principal = $1 AND route = $2 AND idempotency_key = $3`, claim.Principal, claim.Route, claim.Key)
	return err
}

// SweepIdempotency removes expired answers, at most limit.
func (tx *Tx) SweepIdempotency(now time.Time, limit int) (int64, error) {
	return tx.update(`DELETE FROM idempotency WHERE (principal, route, idempotency_key) IN
(SELECT principal, route, idempotency_key FROM idempotency WHERE expires_at <= $1 LIMIT $2)`, micros(now), limit)
}
