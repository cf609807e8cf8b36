package web

import "time"

// Limiter bounds what each principal does at a door that Register does not
// serve, such as the agent tools (mcp.md M5): so many calls a minute, so many
// at once. One principal never delays another.
type Limiter struct {
	perMinute int
	now       func() time.Time
	buckets   *buckets
	gates     *gates
}

// NewLimiter makes a limiter of perMinute calls and inFlight at once, each per
// principal. now is the clock.
func NewLimiter(perMinute, inFlight int, now func() time.Time) *Limiter {
	return &Limiter{perMinute: perMinute, now: now, buckets: newBuckets(maxBuckets), gates: newGates(inFlight)}
}

// Enter takes one call of principal. leave must be called at its end; it is nil
// where the call may not start, and then wait is how many seconds, at least 1,
// the principal should let pass.
func (l *Limiter) Enter(principal string) (leave func(), wait int) {
	if !l.gates.enter(principal) {
		return nil, 1
	}
	limiter, now := l.buckets.get(principal, l.perMinute), l.now()
	if !limiter.AllowN(now, 1) {
		l.gates.exit(principal)
		return nil, standingOf("", l.perMinute, limiter, now).retry
	}
	return func() { l.gates.exit(principal) }, 0
}
