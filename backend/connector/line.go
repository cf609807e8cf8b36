package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// Line is the one way by which a connector's calls go out: a token bucket, then
// a circuit breaker, then egress. What the line stops was certainly not sent, so
// it is Refused, never Unknown.
//
// A product that answers 429 declined the request; the line waits as long as
// Retry-After says and sends it again, if the caller's time allows, at most
// resends times. All other calls of the line wait meanwhile. Nothing else is
// ever sent twice, except reads that were answered with 503 and Retry-After.
type Line struct {
	next    http.RoundTripper
	client  *http.Client
	bucket  *rate.Limiter
	breaker *gobreaker.TwoStepCircuitBreaker[any]
	now     func() time.Time

	mu       sync.Mutex
	heldTill time.Time // Retry-After of the last 429
	lastOK   time.Time
	since    time.Time // of the breaker's state
}

// Bounds of a line.
const (
	// resends is how often a declined (429) request is sent again.
	resends = 2
	// defaultHold is the pause after a 429 that names none, and longestHold the
	// longest that is believed.
	defaultHold = 2 * time.Second
	longestHold = 10 * time.Minute
	// tripAfter failures in a row open the circuit for openFor; then one call
	// tries it.
	tripAfter = 5
	openFor   = 30 * time.Second
)

// NewLine makes the line of one connector. client comes from egress; now is the
// clock of the holds, nil for time.Now.
func NewLine(client *http.Client, limits Limits, now func() time.Time) *Line {
	if now == nil {
		now = time.Now
	}
	l := &Line{next: client.Transport, now: now, since: now(), bucket: rate.NewLimiter(rate.Limit(limits.PerSecond), max(1, limits.Burst))}
	if l.next == nil {
		l.next = http.DefaultTransport
	}
	l.breaker = gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		MaxRequests: 1, Timeout: openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) }, // the caller's doing
		OnStateChange: func(string, gobreaker.State, gobreaker.State) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.since = l.now()
		},
	})
	l.client = &http.Client{Transport: l, Timeout: client.Timeout, CheckRedirect: client.CheckRedirect}
	return l
}

// Client returns the http.Client to use with Exchange: it goes through the line.
func (l *Line) Client() *http.Client { return l.client }

// LineState is how a line fares, for the health of its connector.
type LineState struct {
	Circuit   string    // closed, half-open or open
	Since     time.Time // of the circuit's state
	LastOK    time.Time // last answer of the product; zero for none
	HeldUntil time.Time // calls wait until then because the product asked for it
}

// State tells how the line fares.
func (l *Line) State() LineState {
	circuit := l.breaker.State().String()
	l.mu.Lock()
	defer l.mu.Unlock()
	return LineState{Circuit: circuit, Since: l.since, LastOK: l.lastOK, HeldUntil: l.heldTill}
}

// RoundTrip implements http.RoundTripper.
func (l *Line) RoundTrip(req *http.Request) (*http.Response, error) {
	for sent := 0; ; sent++ {
		resp, err := l.once(req, sent)
		if err != nil || sent == resends || !repeatable(req, resp.StatusCode) {
			return resp, err
		}
		pause := l.retryAfter(resp)
		if deadline, bounded := req.Context().Deadline(); bounded && l.now().Add(pause).After(deadline) {
			return resp, nil // no time left: the answer stands
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
		if req, err = again(req); err != nil {
			return nil, Refusedf(err, "The product throttled the request, and it could not be sent again.")
		}
		if err := wait(req.Context(), pause); err != nil {
			return nil, Refusedf(err, "The product throttled the request, and the time to wait was not left.")
		}
	}
}

// once takes the request through the hold, the bucket and the breaker.
func (l *Line) once(req *http.Request, sent int) (*http.Response, error) {
	if err := l.admit(req.Context(), sent); err != nil {
		closeBody(req)
		return nil, err
	}
	done, err := l.breaker.Allow()
	if err != nil {
		closeBody(req)
		return nil, Refusedf(err, "The product failed %d times in a row; calls to it pause for %s. Nothing was sent.", tripAfter, openFor)
	}
	resp, err := l.next.RoundTrip(req)
	switch {
	case err != nil:
		if req.Context().Err() != nil && errors.Is(req.Context().Err(), context.Canceled) {
			done(context.Canceled)
		} else {
			done(err)
		}
		return nil, err
	case resp.StatusCode >= 500:
		done(fmt.Errorf("status %d", resp.StatusCode))
	default:
		done(nil)
		l.mu.Lock()
		l.lastOK = l.now()
		l.mu.Unlock()
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		l.hold(l.now().Add(l.retryAfter(resp)))
	}
	return resp, nil
}

// admit waits for the hold and for a token. A wait that would outlast the
// caller's time is not begun.
func (l *Line) admit(ctx context.Context, sent int) error {
	l.mu.Lock()
	pause := l.heldTill.Sub(l.now())
	l.mu.Unlock()
	if pause > 0 && sent == 0 {
		if deadline, bounded := ctx.Deadline(); bounded && l.now().Add(pause).After(deadline) {
			return Refusedf(nil, "The product asked for a pause of %s that is not over; nothing was sent.", pause.Round(time.Second))
		}
		if err := wait(ctx, pause); err != nil {
			return Refusedf(err, "The product asked for a pause, and the time to wait was not left; nothing was sent.")
		}
	}
	if err := l.bucket.Wait(ctx); err != nil {
		return Refusedf(err, "The connector's own rate limit left no place in time; nothing was sent.")
	}
	return nil
}

func (l *Line) hold(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.heldTill) {
		l.heldTill = until
	}
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3: seconds or a date).
func (l *Line) retryAfter(resp *http.Response) time.Duration {
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	pause := defaultHold
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 {
		pause = time.Duration(min(seconds, longestHold.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(text); err == nil {
		pause = at.Sub(l.now())
	}
	return min(max(pause, 0), longestHold)
}

// repeatable reports whether an answer says that the request had no effect and
// may come again.
func repeatable(req *http.Request, status int) bool {
	if status == http.StatusTooManyRequests {
		return true
	}
	return status == http.StatusServiceUnavailable && (req.Method == http.MethodGet || req.Method == http.MethodHead)
}

// again makes the request anew, its body from the beginning.
func again(req *http.Request) (*http.Request, error) {
	next := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return next, nil
	}
	if req.GetBody == nil {
		return nil, errors.New("connector: the body cannot be read again")
	}
	var err error
	next.Body, err = req.GetBody()
	return next, err
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
