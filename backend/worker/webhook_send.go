package worker

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"vedette/backend/connector/egress"
	"vedette/backend/soc"
	"vedette/schemas"
)

// Limits of one attempt (portal-api.md section 9).
const (
	// AttemptTimeout bounds an attempt, the answer included.
	AttemptTimeout = 15 * time.Second
	// AnswerLimit is how much of an answer is read, snippetLimit how much of it
	// is kept.
	AnswerLimit  = 16 << 10
	snippetLimit = 1 << 10
	// longestAsked bounds what a Retry-After can ask for.
	longestAsked = soc.DeliveryWindow
)

// Sender makes attempts to deliver. Its client is egress's, which decides what
// may be reached, follows no redirect and bounds every answer (S50).
type Sender struct {
	Client *http.Client
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// Send makes one attempt. It never fails: what went wrong is the result, in the
// server's own words, since what the network says may name what is inside it.
func (s *Sender) Send(ctx context.Context, order soc.Dispatch) (result soc.AttemptResult) {
	now := s.Now
	if now == nil {
		now = time.Now
	}
	result.StartedAt = now()
	begun := time.Now()
	defer func() { result.Latency = time.Since(begun) }()
	ctx, cancel := context.WithTimeout(ctx, AttemptTimeout)
	defer cancel()
	req, err := request(ctx, order, result.StartedAt)
	if err != nil {
		result.Error = "The request could not be made."
		return result
	}
	answer, err := s.Client.Do(req)
	if err != nil {
		result.Error, result.Refused = failureWords(err)
		return result
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, AnswerLimit))
	result.HTTPStatus, result.Snippet = answer.StatusCode, snippet(body)
	switch status := answer.StatusCode; {
	case soc.Delivered(status) && err == nil:
	case soc.Delivered(status):
		// The headers said yes; a body that breaks off changes nothing.
	case status >= 300 && status < 400:
		result.Error = fmt.Sprintf("The endpoint answered %d; redirects are not followed.", status)
	default:
		result.Error = fmt.Sprintf("The endpoint answered %d.", status)
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			result.RetryAfter = retryAfter(answer.Header.Get("Retry-After"), result.StartedAt)
		}
	}
	return result
}

func request(ctx context.Context, order soc.Dispatch, at time.Time) (*http.Request, error) {
	body, err := schemas.EventBody(order.Record.Event, order.Record.Delivery.Test)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, order.Webhook.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Vedette-Webhooks/1")
	return req, sign(req.Header, order, body, at)
}

// retryAfter reads seconds or an HTTP date; anything else asks for nothing.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return min(max(0, time.Duration(seconds)*time.Second), longestAsked)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(now)), longestAsked)
	}
	return 0
}

// snippet is the beginning of an answer, safe to be shown to people.
func snippet(body []byte) string {
	text := soc.EscapeVisible(string(body[:min(len(body), snippetLimit)]))
	if len(text) <= snippetLimit {
		return text
	}
	text = text[:snippetLimit]
	for len(text) > 0 && !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text
}

// failureWords says why there is no answer. Nothing of the network's own text is
// told: it holds addresses of the inside.
func failureWords(err error) (words string, refused bool) {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, egress.ErrRefused):
		return "The address may not be called by this server.", true
	case errors.As(err, &timeout) && timeout.Timeout():
		return "There was no answer within 15 seconds.", false
	case errors.Is(err, context.Canceled):
		return "The server stopped before there was an answer.", false
	case errors.As(err, &name):
		return "The host name could not be resolved.", false
	case errors.As(err, &certificate):
		return "The endpoint's certificate is not valid.", false
	case errors.As(err, &record):
		return "The endpoint does not speak TLS.", false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "The connection was refused.", false
	}
	return "The connection failed.", false
}
