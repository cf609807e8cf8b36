package connector_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/egress"
)

func client(t *testing.T, address string, o egress.Options) *http.Client {
	t.Helper()
	p, err := egress.NewPolicy([]string{address})
	if err != nil {
		t.Fatal(err)
	}
	c := p.Client(o)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func post(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestS26OutcomeOfStatus(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.WriteHeader(status)
		io.WriteString(w, "password=hunter2")
	}))
	defer server.Close()
	for status, want := range map[int]connector.Outcome{
		200: connector.Accepted, 202: connector.Accepted, 204: connector.Accepted,
		301: connector.Unknown, 307: connector.Unknown, 408: connector.Unknown,
		400: connector.Refused, 401: connector.Refused, 403: connector.Refused, 404: connector.Refused, 409: connector.Refused, 422: connector.Refused, 429: connector.Refused,
		500: connector.Unknown, 502: connector.Unknown, 503: connector.Unknown, 504: connector.Unknown,
	} {
		answer, err := connector.Exchange(client(t, server.Listener.Addr().String(), egress.Options{}), post(t, fmt.Sprintf("%s/%d", server.URL, status)))
		if got := connector.OutcomeOf(err); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
		if answer.Status != status {
			t.Errorf("%d came as %d", status, answer.Status)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the product's words leak: %v", err)
		}
	}
}

func TestS26OutcomeOfBrokenExchange(t *testing.T) {
	entered, release := make(chan struct{}, 1), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/drop":
			panic(http.ErrAbortHandler)
		case "/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		case "/large":
			io.WriteString(w, strings.Repeat("x", 100))
		case "/hang":
			entered <- struct{}{}
			<-release
		}
	}))
	defer server.Close()
	defer close(release)
	address := server.Listener.Addr().String()
	for path, want := range map[string]connector.Outcome{"/drop": connector.Unknown, "/cut": connector.Unknown, "/large": connector.Unknown} {
		_, err := connector.Exchange(client(t, address, egress.Options{MaxBody: 10}), post(t, server.URL+path))
		if got := connector.OutcomeOf(err); got != want {
			t.Errorf("%s is %s, want %s (%v)", path, got, want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if _, err := connector.Exchange(client(t, address, egress.Options{}), post(t, server.URL+"/hang").WithContext(ctx)); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("cancelled under way: %v", err)
	}
	if _, err := connector.Exchange(client(t, address, egress.Options{}), post(t, server.URL+"/").WithContext(ctx)); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("cancelled before it began: %v", err)
	}
	go func() { <-entered }()
	if _, err := connector.Exchange(client(t, address, egress.Options{Timeout: 50 * time.Millisecond}), post(t, server.URL+"/hang")); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("timed out: %v", err)
	}
}

func TestUnreachableProductIsRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, err = connector.Exchange(client(t, address, egress.Options{}), post(t, "http://"+address+"/secret-path"))
	if connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("nobody listens: %v", err)
	}
	if cause := errors.Unwrap(err); cause == nil || strings.Contains(cause.Error(), "secret-path") {
		t.Errorf("the cause must be there, without the URL: %v", cause)
	}
	_, err = connector.Exchange(client(t, address, egress.Options{}), post(t, "http://127.0.0.2:1/"))
	if connector.OutcomeOf(err) != connector.Refused || !errors.Is(err, egress.ErrRefused) {
		t.Errorf("the policy refuses: %v", err)
	}
}

func TestOutcomeOfForeignErrorIsUnknown(t *testing.T) {
	for _, test := range []struct {
		err  error
		want connector.Outcome
	}{
		{nil, connector.Accepted},
		{errors.New("x"), connector.Unknown},
		{&connector.Failure{}, connector.Unknown},
		{fmt.Errorf("wrapped: %w", connector.Refusedf(nil, "no")), connector.Refused},
		{connector.Unknownf(nil, "no"), connector.Unknown},
	} {
		if got := connector.OutcomeOf(test.err); got != test.want {
			t.Errorf("%v is %s, want %s", test.err, got, test.want)
		}
	}
}
