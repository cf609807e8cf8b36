package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/console"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

// house is a desk with the console in front of it.
type house struct {
	*webtest.House
	t       testing.TB
	console *console.Console
	handler http.Handler
	// provider is who else proves people; nil for one that is never reached.
	provider *console.Provider
}

func openHouse(t testing.TB, change ...func(*backend.Config)) *house {
	t.Helper()
	h := &house{t: t, House: webtest.Open(t, func(c *backend.Config) {
		for _, f := range change {
			f(c)
		}
	})}
	return h.open(h.Desk, h.Identity())
}

// openOn is openHouse on the database of a URL.
func openOn(t testing.TB, url string) *house {
	t.Helper()
	h := &house{t: t, House: webtest.OpenAt(t, url, func(*backend.Config) {})}
	return h.open(h.Desk, h.Identity())
}

// open puts a console in front of a desk.
func (h *house) open(desk *backend.Desk, identity web.Authenticator) *house {
	h.t.Helper()
	if h.provider == nil {
		h.provider = &console.Provider{Issuer: "https://login.invalid", ClientID: "vedette", Name: "Example", HTTP: &http.Client{Transport: unreachable{}}}
	}
	pages, err := console.New(console.Config{
		Facts: console.Facts{PublicURL: webtest.PublicURL, Demo: true, Simulation: true}, Desk: desk, Registry: h.Registry,
		Identity: identity, Recorder: refusals{desk}, Seal: h.Seal, Now: h.Now, Provider: h.provider,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	pages.Quicken()
	h.t.Cleanup(pages.Drain)
	h.console, h.handler = pages, h.Registry.Front(pages)
	return h
}

// ask sends a request as a browser of this site would; headers are "Name: value".
func (h *house) ask(method, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	var body *strings.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	} else {
		body = strings.NewReader("")
	}
	req := httptest.NewRequestWithContext(h.t.Context(), method, webtest.PublicURL+target, body)
	req.RemoteAddr = "192.0.2.7:4711"
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, req)
	return w
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

// token is what the forms of a session hold.
func (h *house) token(cookie string) string {
	h.t.Helper()
	page := h.ask("GET", "/console/account", nil, cookie)
	found := tokenField.FindStringSubmatch(page.Body.String())
	if found == nil {
		h.t.Fatalf("%d: no token: %s", page.Code, page.Body)
	}
	return found[1]
}

// send posts a form of the person's own session.
func (h *house) send(cookie, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	full := url.Values{"token": {h.token(cookie)}}
	for name, values := range form {
		full[name] = values
	}
	return h.ask("POST", target, full, append(headers, cookie)...)
}

// first is the address of a page of the first workspace.
func (h *house) first(path string) string { return "/console/w/" + h.First + path }

func mustContain(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("got %d, want %d: %s", w.Code, status, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page does not say %q: %s", text, w.Body)
		}
	}
}

func mustLead(t *testing.T, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		t.Fatalf("got %d to %q, want 303 to %q: %s", w.Code, w.Header().Get("Location"), to, w.Body)
	}
}

// unreachable is the way to nobody.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody is there")
}

// refusals puts refusals on record, as the command does.
type refusals struct{ *backend.Desk }

func (r refusals) RecordRefusal(ctx context.Context, by soc.Actor, call soc.Call, failure *soc.Error) {
	_ = r.Desk.RecordRefusal(ctx, by, call, failure)
}

// generics is a desk that takes alerts of the generic format.
func generics(c *backend.Config) {
	c.Mappers = map[string]backend.Mapper{"generic": {Split: generic.Split, Map: generic.Map}}
}
