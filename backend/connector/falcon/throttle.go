package falcon

import (
	"net/http"
	"strconv"
	"time"
)

// throttle gives the API's own word for when to come back, X-RateLimit-RetryAfter
// in seconds since 1970, the standard's name and form, which the line reads.
type throttle struct {
	next http.RoundTripper
	now  func() time.Time
}

// throttled returns a client whose 429s say Retry-After.
func throttled(client *http.Client, now func() time.Time) *http.Client {
	return &http.Client{Transport: &throttle{client.Transport, now}, Timeout: client.Timeout, CheckRedirect: client.CheckRedirect}
}

// RoundTrip implements http.RoundTripper.
func (t *throttle) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "" {
		return resp, err
	}
	if at, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-RetryAfter"), 10, 64); err == nil {
		pause := max(0, time.Unix(at, 0).Sub(t.now()))
		resp.Header.Set("Retry-After", strconv.FormatInt(int64((pause+time.Second-1)/time.Second), 10))
	}
	return resp, nil
}
