package connectortest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/egress"
)

// Vendor is a product's fake on a real listener. It keeps what it was asked, and
// misbehaves when told to.
type Vendor struct {
	*httptest.Server
	t     testing.TB
	mu    sync.Mutex
	plans []plan
	calls []Call
}

// Call is one request as it arrived.
type Call struct {
	Method, Path, Query string
	Header              http.Header
	Body                []byte
}

type plan struct {
	matches func(*http.Request) bool
	fault   Fault
	always  bool
}

// Start serves the fake until the test ends.
func Start(t testing.TB, product http.Handler) *Vendor {
	t.Helper()
	v := &Vendor{t: t}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("the fake could not read a request: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if fault := v.meet(r, body); fault != nil {
			fault(w, r, product)
			return
		}
		product.ServeHTTP(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

// meet records the call and takes the fault planned for it, if any.
func (v *Vendor) meet(r *http.Request, body []byte) Fault {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, Call{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body})
	for i, p := range v.plans {
		if p.matches(r) {
			if !p.always {
				v.plans = slices.Delete(v.plans, i, i+1)
			}
			return p.fault
		}
	}
	return nil
}

// Once plans a fault for the next request that matches.
func (v *Vendor) Once(matches func(*http.Request) bool, fault Fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.plans = append(v.plans, plan{matches: matches, fault: fault})
}

// Always plans a fault for every request that matches.
func (v *Vendor) Always(matches func(*http.Request) bool, fault Fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.plans = append(v.plans, plan{matches: matches, fault: fault, always: true})
}

// Calls are the requests so far.
func (v *Vendor) Calls() []Call {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.calls)
}

// Client is egress's, with leave to reach the fake.
func (v *Vendor) Client(o egress.Options) *http.Client {
	v.t.Helper()
	policy, err := egress.NewPolicy([]string{v.Listener.Addr().String()})
	if err != nil {
		v.t.Fatal(err)
	}
	client := policy.Client(o)
	v.t.Cleanup(client.CloseIdleConnections)
	return client
}

// On matches requests of a method whose path ends so.
func On(method, suffix string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && strings.HasSuffix(r.URL.Path, suffix) }
}

// CheckEndpoints holds a package's table against what its tests asked of the
// fake: nothing outside the table, and no row that nobody asked for.
func CheckEndpoints(t testing.TB, table []connector.Endpoint, calls []Call) {
	t.Helper()
	met := make([]bool, len(table))
	for _, call := range calls {
		known := false
		for row, e := range table { // several where one call serves several ends
			if e.Method == call.Method && covers(e.Path, call.Path) {
				known, met[row] = true, true
			}
		}
		if !known {
			t.Errorf("%s %s is not in the table", call.Method, call.Path)
		}
	}
	for i, e := range table {
		if !met[i] {
			t.Errorf("nobody asked for %s: %s %s", e.Name, e.Method, e.Path)
		}
		if e.Permission == "" || e.Source == "" {
			t.Errorf("%s says neither which permission it needs nor where it is documented", e.Name)
		}
	}
}

// covers matches a path with a table's.
func covers(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}
