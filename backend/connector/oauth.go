package connector

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ClientCredentials is how a connector proves itself by OAuth 2.0 client
// credentials (RFC 6749 section 4.4).
type ClientCredentials struct {
	TokenURL string
	ID       string
	Secret   string
	Scopes   []string
	// InHeader sends id and secret as HTTP Basic instead of in the form.
	InHeader bool
}

// earlier is how long before its end a token is renewed, so that none ends under
// way.
const earlier = 60 * time.Second

// Tokens keeps the token of one connector. Safe for concurrent use.
type Tokens struct {
	source clientcredentials.Config
	line   *Line
	now    func() time.Time

	mu    sync.Mutex // held while a token is fetched: callers share one fetch
	token *oauth2.Token
}

// NewTokens makes the token cache of a connector; tokens are fetched through its
// line.
func NewTokens(line *Line, c ClientCredentials) *Tokens {
	style := oauth2.AuthStyleInParams // never probed: probing sends the secret twice
	if c.InHeader {
		style = oauth2.AuthStyleInHeader
	}
	return &Tokens{line: line, now: line.now, source: clientcredentials.Config{
		ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.TokenURL, Scopes: c.Scopes, AuthStyle: style,
	}}
}

// Token returns a live access token. fresh reports that it was fetched just now.
// The error is a *Failure with Refused: without a token nothing was sent.
func (t *Tokens) Token(ctx context.Context) (access string, fresh bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && (t.token.Expiry.IsZero() || t.now().Add(earlier).Before(t.token.Expiry)) {
		return t.token.AccessToken, false, nil
	}
	got, err := t.source.Token(context.WithValue(untraced{ctx}, oauth2.HTTPClient, t.line.Client()))
	if err != nil {
		return "", false, tokenFailure(err)
	}
	if got.AccessToken == "" {
		return "", false, Refusedf(nil, "The product's sign-in gave no token; nothing was sent.")
	}
	t.token = got
	return got.AccessToken, true, nil
}

// Forget drops a token that the product did not accept.
func (t *Tokens) Forget(access string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken == access {
		t.token = nil
	}
}

// tokenFailure says in our own words why there is no token; the product's words
// may quote the secret and stay in the cause.
func tokenFailure(err error) error {
	var line *Failure
	if errors.As(err, &line) {
		return Refusedf(line.Cause, "No token: %s", line.Message)
	}
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) {
		switch answer.ErrorCode {
		case "invalid_client", "unauthorized_client":
			return Refusedf(err, "The product's sign-in does not accept the client id and secret; nothing was sent.")
		case "invalid_scope", "invalid_request", "invalid_resource":
			return Refusedf(err, "The product's sign-in does not know the tenant or the requested scope; nothing was sent.")
		}
		if answer.Response != nil {
			return Refusedf(err, "The product's sign-in answered with status %d; nothing was sent.", answer.Response.StatusCode)
		}
	}
	return Refusedf(withoutURL(err), "The product's sign-in gave no token; nothing was sent.")
}

// Client returns an http.Client whose requests carry the token. A request that
// is answered with 401 was declined, so it is sent once more with a new token
// where the one it had came from the cache.
func (t *Tokens) Client() *http.Client {
	inner := t.line.Client()
	return &http.Client{Transport: &bearer{t}, Timeout: inner.Timeout, CheckRedirect: inner.CheckRedirect}
}

type bearer struct{ tokens *Tokens }

// RoundTrip implements http.RoundTripper.
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	for {
		access, fresh, err := b.tokens.Token(req.Context())
		if err != nil {
			closeBody(req)
			return nil, err
		}
		signed := req.Clone(req.Context())
		signed.Header.Set("Authorization", "Bearer "+access)
		resp, err := b.tokens.line.RoundTrip(signed)
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			return resp, err
		}
		b.tokens.Forget(access)
		if fresh {
			return resp, nil
		}
		next, err := again(req)
		if err != nil {
			return resp, nil
		}
		_ = resp.Body.Close()
		req = next
	}
}

// untraced keeps the deadline of a context and hides its values: Exchange
// watches whether the action's own request got a connection, and the token's
// must not pass for it.
type untraced struct{ context.Context }

// Value implements context.Context.
func (untraced) Value(any) any { return nil }
