// Package webtest is a house for the tests of HTTP doors: a desk on a real
// database with organizations, workspaces, credentials and people of every
// kind, the doors in front of it, and the matrix of every route with every kind
// of caller, made from the route table so that no route can be forgotten.
//
// Only test files import it. Nothing of ours is faked here: what stands in the
// way of a request in the product stands in its way in a test.
package webtest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/storetest"
	"vedette/backend/web"
)

// PublicURL is the house's address.
const PublicURL = "https://vedette.example"

// House is a desk with doors. First and Second are workspaces of one
// organization, Foreign one of another.
type House struct {
	Desk     *backend.Desk
	Store    *store.Store
	Registry *web.Registry
	Seal     *web.Sealer

	First, Second, Foreign string
	// Host may do what the command line may.
	Host soc.Actor

	t             testing.TB
	organizations map[string]string // by workspace
	handler       http.Handler
	contract      *contract
	secrets       map[string]string
	drawn         *counter // the desk's source of ids

	mu    sync.Mutex
	clock time.Time
}

// Epoch is when the house's clock stands still, until it is moved: on the day
// of one of the authored demonstration incidents.
var Epoch = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// Open makes a house on a fresh SQLite database; change adds mappers and
// connectors to its desk.
func Open(t testing.TB, change func(*backend.Config)) *House {
	t.Helper()
	return OpenAt(t, storetest.File(t), change)
}

// OpenAt makes a house on the database of a URL, which must hold nothing.
func OpenAt(t testing.TB, url string, change func(*backend.Config)) *House {
	t.Helper()
	return open(t, url, change, []string{"Organization", "First", "Second"}, []string{"Other", "Foreign"})
}

// OpenAlone makes a house of one organization, without Foreign.
func OpenAlone(t testing.TB, change func(*backend.Config)) *House {
	t.Helper()
	return open(t, storetest.File(t), change, []string{"Organization", "First", "Second"})
}

// open makes a house; of the names of each organization the first is its own,
// the others are its workspaces'.
func open(t testing.TB, url string, change func(*backend.Config), organizations ...[]string) *House {
	t.Helper()
	h := &House{t: t, clock: Epoch, drawn: &counter{}, organizations: map[string]string{}, secrets: map[string]string{}}
	h.settle(url, change)
	for _, names := range organizations {
		o, err := h.Desk.CreateOrganization(t.Context(), h.Host, names[0])
		h.must(err)
		for _, name := range names[1:] {
			w, err := h.Desk.CreateWorkspace(t.Context(), h.Host, o.ID, name)
			h.must(err)
			h.organizations[w.ID] = o.ID
			*map[string]*string{"First": &h.First, "Second": &h.Second, "Foreign": &h.Foreign}[name] = w.ID
		}
	}
	return h
}

// settle opens the store and puts a desk and a registry before it.
func (h *House) settle(url string, change func(*backend.Config)) {
	h.t.Helper()
	h.Host = soc.Actor{Kind: soc.PrincipalHost, ID: "host:test"}
	var err error
	h.Store, err = store.Open(context.Background(), url, store.Options{})
	h.must(err)
	h.t.Cleanup(func() { _ = h.Store.Close() })
	config := backend.Config{Store: h.Store, Now: h.Now, Random: h.drawn, PublicURL: PublicURL}
	config.Runs, err = soc.NewRunSigner(soc.SecretKey{ID: 1})
	h.must(err)
	change(&config)
	h.Desk = backend.New(config)
	h.Seal, err = web.NewSealer(h.Now, web.SealKey{ID: 1})
	h.must(err)
	h.Registry, err = web.NewRegistry(web.Config{
		Identity: identity{h.Desk}, Recorder: recorder{h}, Answers: h.Desk, Seal: h.Seal, Now: h.Now,
		Hosts: []string{"vedette.example"}, Origins: []string{PublicURL},
	})
	h.must(err)
}

// Start serves the doors registered so far; no more may be registered.
func (h *House) Start() *House {
	h.t.Helper()
	handler, err := h.Registry.Handler(nil)
	h.must(err)
	h.handler = h.Registry.Front(handler)
	h.contract, err = contractOf(h.Registry.Routes())
	h.must(err)
	return h
}

// OrganizationOf is the organization that has a workspace.
func (h *House) OrganizationOf(workspace string) string { return h.organizations[workspace] }

// Now is the house's clock.
func (h *House) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

// Advance moves the clock.
func (h *House) Advance(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(by)
}

// Ask sends one request; headers are "Name: value". A body is JSON unless a
// Content-Type is among them. The exchange is held to the OpenAPI document.
func (h *House) Ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, PublicURL+target, reader)
	req.RemoteAddr = "192.0.2.1:1234"
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Content-Type" {
			req.Header.Set(name, value)
			continue
		}
		req.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, req)
	if err := h.contract.check(req, body, w); err != nil {
		h.t.Error(err)
	}
	return w
}

// Ingest stores a body of payloads in a workspace, as the command line does,
// in portions of what one request may hold.
func (h *House) Ingest(workspace, format string, body []byte) {
	h.t.Helper()
	by := h.Host
	by.Workspace = workspace
	items, err := h.Desk.SplitIngest(format, body)
	h.must(err)
	for len(items) > 0 {
		n := min(len(items), 1000)
		_, err := h.Desk.Ingest(h.t.Context(), by, soc.IngestRequest{Format: format, Items: items[:n]})
		h.must(err)
		items = items[n:]
	}
}

// Counted is how many rows the two records of what happened have.
type Counted struct{ Jobs, Audit int }

// Count counts jobs and audit rows.
func (h *House) Count() (c Counted) {
	h.t.Helper()
	position, _, err := h.Store.Read(context.Background()).AuditHead()
	h.must(err)
	c.Audit = int(position)
	lite, pg := h.Store.Pools()
	const query = `SELECT COUNT(*) FROM river_job`
	if pg != nil {
		h.must(pg.QueryRow(context.Background(), query).Scan(&c.Jobs))
	} else {
		h.must(lite.QueryRow(query).Scan(&c.Jobs))
	}
	return c
}

func (h *House) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// Identity is the desk as doors that Register does not serve ask it.
func (h *House) Identity() web.Authenticator { return identity{h.Desk} }

// IdentityOf is Identity of another desk.
func IdentityOf(desk *backend.Desk) web.Authenticator { return identity{desk} }

// identity lets the desk answer web's questions.
type identity struct{ *backend.Desk }

func (i identity) Basic(ctx context.Context, id, secret string, from soc.Caller) (soc.Actor, error) {
	return i.AuthenticateBasic(ctx, id, secret, from)
}

func (i identity) Bearer(ctx context.Context, token string, from soc.Caller) (soc.Actor, error) {
	return i.AuthenticateKey(ctx, token, from)
}

func (i identity) Session(ctx context.Context, cookie string, from soc.Caller) (soc.Actor, error) {
	return i.AuthenticateSession(ctx, cookie, from)
}

func (i identity) Workspace(ctx context.Context, by soc.Actor, id string) (soc.Actor, error) {
	return i.ResolveWorkspace(ctx, by, id)
}

func (i identity) Run(ctx context.Context, by soc.Actor, token string) (*soc.Run, error) {
	return i.ResolveRun(ctx, by, token)
}

type recorder struct{ house *House }

func (r recorder) RecordCall(ctx context.Context, by soc.Actor, call soc.CallRecord) error {
	return r.house.Desk.RecordCall(ctx, by, call)
}

func (r recorder) RecordRefusal(ctx context.Context, by soc.Actor, call soc.Call, failure *soc.Error) {
	if err := r.house.Desk.RecordRefusal(ctx, by, call, failure); err != nil {
		r.house.t.Error(err)
	}
}
