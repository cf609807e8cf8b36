package connector_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/egress"
)

// product is a product in memory, for tests of time under synctest.
type product func(*http.Request) *http.Response

func (p product) RoundTrip(r *http.Request) (*http.Response, error) {
	// As net/http does it, so that Exchange knows that there was a connection.
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	resp := p(r)
	if resp == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return resp, nil
}

func says(status int, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

func line(p product, limits connector.Limits) *connector.Line {
	return connector.NewLine(&http.Client{Transport: p, Timeout: 20 * time.Second}, limits, nil)
}

func TestLineKeepsToItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		l := line(func(*http.Request) *http.Response { calls++; return says(200) }, connector.Limits{PerSecond: 2, Burst: 3})
		began := time.Now()
		for range 13 {
			if _, err := connector.Exchange(l.Client(), post(t, "http://product.example/")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); calls != 13 || took != 5*time.Second {
			t.Errorf("%d calls in %s; 3 at once and 2 a second make 13 in 5 s", calls, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := connector.Exchange(l.Client(), post(t, "http://product.example/").WithContext(ctx))
		if connector.OutcomeOf(err) != connector.Refused || calls != 13 {
			t.Errorf("no place in time, %d calls: %v", calls, err)
		}
	})
}

func TestLineWaitsAsThrottlingAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		answers := []*http.Response{says(429, "Retry-After", "7"), says(200)}
		l := connector.NewLine(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			answer := answers[0]
			answers = answers[1:]
			return answer, nil
		}), Timeout: 20 * time.Second}, connector.Limits{PerSecond: 100, Burst: 10}, nil)
		began := time.Now()
		if _, err := connector.Exchange(l.Client(), post(t, "http://product.example/")); err != nil || time.Since(began) != 7*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if len(bodies) != 2 || bodies[0] != bodies[1] {
			t.Errorf("the body changed on the way: %q", bodies)
		}
		// A pause that does not fit into the caller's time is not begun, and the
		// answer stands: declined, certainly no effect. Others keep to it as well.
		answers = []*http.Response{says(429, "Retry-After", "300")}
		began = time.Now()
		for range 2 {
			_, err := connector.Exchange(l.Client(), post(t, "http://product.example/"))
			if connector.OutcomeOf(err) != connector.Refused || time.Since(began) != 0 {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		}
		if len(answers) != 0 || l.State().HeldUntil != began.Add(300*time.Second) {
			t.Errorf("held until %s", l.State().HeldUntil)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A 503 or a broken connection may have had an effect: an action is never sent
// again, a read may be.
func TestS26LineRepeatsNothingThatMayHaveHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answer := range []*http.Response{says(503, "Retry-After", "1"), says(500), nil} {
			calls := 0
			l := line(func(*http.Request) *http.Response { calls++; return answer }, connector.Limits{PerSecond: 100, Burst: 10})
			if _, err := connector.Exchange(l.Client(), post(t, "http://product.example/")); err == nil || calls != 1 {
				t.Errorf("%d calls: %v", calls, err)
			}
		}
		calls := 0
		l := line(func(*http.Request) *http.Response {
			if calls++; calls < 3 {
				return says(503, "Retry-After", "1")
			}
			return says(200)
		}, connector.Limits{PerSecond: 100, Burst: 10})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://product.example/", nil)
		if _, err := connector.Exchange(l.Client(), req); err != nil || calls != 3 {
			t.Errorf("%d calls: %v", calls, err)
		}
	})
}

func TestLineOpensItsCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, status := 0, 500
		l := line(func(*http.Request) *http.Response { calls++; return says(status) }, connector.Limits{PerSecond: 100, Burst: 20})
		for range 10 {
			_, err := connector.Exchange(l.Client(), post(t, "http://product.example/"))
			want := connector.Unknown
			if calls == 5 && l.State().Circuit == "open" && strings.Contains(err.Error(), "pause") {
				want = connector.Refused
			}
			if connector.OutcomeOf(err) != want {
				t.Errorf("after %d calls: %v", calls, err)
			}
		}
		if state := l.State(); calls != 5 || state.Circuit != "open" || state.Since != time.Now() {
			t.Errorf("%d calls went out: %+v", calls, state)
		}
		time.Sleep(31 * time.Second)
		status = 200
		if _, err := connector.Exchange(l.Client(), post(t, "http://product.example/")); err != nil || l.State().Circuit != "closed" || l.State().LastOK != time.Now() {
			t.Errorf("it works again: %v, %+v", err, l.State())
		}
		// What the product declines is an answer like any other, and so is a
		// caller who gives up.
		status = 403
		for range 6 {
			if _, err := connector.Exchange(l.Client(), post(t, "http://product.example/")); connector.OutcomeOf(err) != connector.Refused {
				t.Error(err)
			}
		}
		if l.State().Circuit != "closed" {
			t.Error("403 opened the circuit")
		}
	})
}

// authority is a token endpoint and an API behind it, over real HTTP.
type authority struct {
	*httptest.Server
	tokens, calls atomic.Int32
	fault         atomic.Value // string
	valid         atomic.Value // string
}

func newAuthority(t *testing.T) *authority {
	a := &authority{}
	a.fault.Store("")
	a.valid.Store("")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		n := a.tokens.Add(1)
		switch a.fault.Load() {
		case "html":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>hunter2</html>")
			return
		case "redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			return
		case "empty":
			_, _ = io.WriteString(w, "{}")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if r.PostFormValue("client_secret") != "right" || r.PostFormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret hunter2"}`)
			return
		}
		token := "t" + string(rune('0'+n))
		a.valid.Store(token)
		_, _ = io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"`+token+`"}`)
	})
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) {
		a.calls.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+a.valid.Load().(string) {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { t.Error("the secret followed a redirect") })
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *authority) tokensOf(t *testing.T, secret string, now func() time.Time) *connector.Tokens {
	l := connector.NewLine(client(t, a.Listener.Addr().String(), egress.Options{}), connector.Limits{PerSecond: 1000, Burst: 100}, now)
	return connector.NewTokens(l, connector.ClientCredentials{TokenURL: a.URL + "/token", ID: "app", Secret: secret})
}

func TestTokenIsKeptAndRenewed(t *testing.T) {
	a := newAuthority(t)
	clock := time.Now()
	tokens := a.tokensOf(t, "right", func() time.Time { return clock })
	call := func(want connector.Outcome, fetched, calls int32) {
		t.Helper()
		_, err := connector.Exchange(tokens.Client(), post(t, a.URL+"/api"))
		if connector.OutcomeOf(err) != want || a.tokens.Load() != fetched || a.calls.Load() != calls {
			t.Errorf("%d tokens, %d calls: %v", a.tokens.Load(), a.calls.Load(), err)
		}
	}
	call(connector.Accepted, 1, 1)
	call(connector.Accepted, 1, 2)
	clock = clock.Add(59 * time.Minute) // within a minute of its end
	call(connector.Accepted, 2, 3)
	clock = clock.Add(-59 * time.Minute) // lifetimes are counted by the wall clock
	a.valid.Store("revoked")             // the product dropped it early: declined, renewed, sent again
	call(connector.Accepted, 3, 5)
	a.fault.Store("empty")
	a.valid.Store("revoked")
	call(connector.Refused, 4, 6)
}

// Without a token nothing was sent, whatever the sign-in answers; and neither
// the secret nor the sign-in's words are shown (S54).
func TestS54SignInFailuresAreRefusedAndSilent(t *testing.T) {
	for fault, want := range map[string]string{"": "client id and secret", "html": "sign-in", "redirect": "status 307", "empty": "sign-in"} {
		a := newAuthority(t)
		a.fault.Store(fault)
		secret := "right"
		if fault == "" {
			secret = "s3cr3t-wrong"
		}
		_, err := connector.Exchange(a.tokensOf(t, secret, nil).Client(), post(t, a.URL+"/api"))
		if connector.OutcomeOf(err) != connector.Refused || a.calls.Load() != 0 {
			t.Errorf("%q: %v", fault, err)
		}
		var failure *connector.Failure
		if !errors.As(err, &failure) || !strings.Contains(failure.Message, want) || strings.Contains(failure.Message, "hunter2") || strings.Contains(failure.Message, "s3cr3t") {
			t.Errorf("%q says %v", fault, err)
		}
	}
}
