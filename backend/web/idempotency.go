package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	"vedette/backend/soc"
)

// running are the keys whose first call has not been answered yet, in this
// process. Across replicas the row in the effect's transaction decides.
type running struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (r *running) start(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[key] {
		return false
	}
	r.keys[key] = true
	return true
}

func (r *running) end(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, key)
}

// storedLife is how long a sealed stored answer can be opened: the 24 hours of
// the row and an hour for clocks that disagree.
const storedLife = 25 * time.Hour

// claim is step 9. It returns a stored answer where there is one; else the
// operation gets the claim. What a streamed body says is not known yet: such a
// route goes on with Stream.Claim.
func (x *exchange) claim(ctx context.Context) (*rendered, error) {
	if err := x.openClaim(); err != nil || x.pending == nil || x.route.binding.stream {
		return nil, err
	}
	return x.settleClaim(ctx)
}

// openClaim reads the key and keeps others with the same one out until this
// request is answered.
func (x *exchange) openClaim() error {
	if !x.route.Write || x.route.Who == Anyone { // nobody's key would be everybody's
		return nil
	}
	key, found, err := idempotencyKey(x.req.Header)
	if err != nil || !found {
		return err
	}
	claim := soc.IdempotencyClaim{
		Principal: x.by.Credential, Route: x.route.Method + " " + x.frame.Path, Key: key, Sealed: x.route.Secret,
	}
	if x.by.Session || claim.Principal == "" { // a person's key outlives the session
		claim.Principal = string(x.by.Kind) + ":" + x.by.ID
	}
	name := claim.Principal + "\x00" + claim.Route + "\x00" + claim.Key
	if !x.registry.running.start(name) {
		e := soc.Errorf(soc.Conflict, soc.CodeIdempotencyInProgress, "The first request with this Idempotency-Key is still running.").
			WithFix("Wait a second and send the same request again.")
		e.RetryAfter = 1
		return e
	}
	leave := x.leave
	x.leave = func() { x.registry.running.end(name); leave() }
	x.pending = &claim
	return nil
}

// settleClaim compares the whole request with the one that used the key before.
func (x *exchange) settleClaim(ctx context.Context) (*rendered, error) {
	x.pending.Fingerprint = x.fingerprint()
	status, body, found, err := x.registry.config.Answers.StoredAnswer(ctx, *x.pending)
	if err != nil {
		return nil, err
	}
	if found {
		return x.replay(status, body)
	}
	x.pending.Encode = x.encode
	x.by.Idempotency = x.pending
	return nil, nil
}

func (x *exchange) storedBinding() Binding {
	return Binding{Endpoint: "stored answer " + x.route.Method + " " + x.frame.Path, Principal: x.by.ID}
}

func (x *exchange) replay(status int, body []byte) (*rendered, error) {
	if x.route.Secret {
		opened, err := x.registry.config.Seal.Open(x.storedBinding(), string(body))
		if err != nil {
			return nil, errors.New("a stored answer does not open: its key is gone or it was altered")
		}
		body = opened
	}
	out := &rendered{status: status, body: body, header: http.Header{}}
	out.header.Set("Idempotent-Replayed", "true")
	return out, nil
}

// encode is the claim's Encode: it draws the reply once, and what it drew is
// what is sent.
func (x *exchange) encode(result any) (status int, body []byte) {
	reply, ok := result.(replier)
	if !ok {
		return 0, nil
	}
	out, err := x.render(reply)
	if err != nil {
		return 0, nil
	}
	x.stored = out
	if !x.route.Secret {
		return out.status, out.body
	}
	sealed, err := x.registry.config.Seal.SealFor(x.storedBinding(), out.body, storedLife)
	if err != nil {
		return 0, nil
	}
	return out.status, []byte(sealed)
}

// Answering passes an actor to an operation so that its idempotency claim, if
// it has one, can draw the operation's result as this door does. draw must be
// pure: the desk may call it in a transaction that is tried twice.
func Answering[Result, Out any](by soc.Actor, draw func(Result) Reply[Out]) soc.Actor {
	if by.Idempotency == nil {
		return by
	}
	claim := *by.Idempotency
	encode := claim.Encode
	claim.Encode = func(result any) (int, []byte) {
		typed, ok := result.(Result)
		if !ok {
			return 0, nil
		}
		return encode(draw(typed))
	}
	by.Idempotency = &claim
	return by
}

// fingerprint is the SHA-256 of query and body in canonical form.
func (x *exchange) fingerprint() string { return digest(x.canonicalQuery, x.canonicalBody) }

// argumentDigest covers the path too, where the claim has it apart.
func (x *exchange) argumentDigest() string {
	return digest([]byte(x.frame.Path), x.canonicalQuery, x.canonicalBody)
}

func digest(parts ...[]byte) string {
	sum := sha256.Sum256(bytes.Join(parts, []byte{'\n'}))
	return hex.EncodeToString(sum[:])
}
