package opsapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
)

// door adapts the desk as the command does.
type door struct{ *backend.Desk }

func (d door) Basic(ctx context.Context, id, secret string, from soc.Caller) (soc.Actor, error) {
	return d.AuthenticateBasic(ctx, id, secret, from)
}

func (d door) Bearer(ctx context.Context, token string, from soc.Caller) (soc.Actor, error) {
	return d.AuthenticateKey(ctx, token, from)
}

func (d door) Session(ctx context.Context, cookie string, from soc.Caller) (soc.Actor, error) {
	return d.AuthenticateSession(ctx, cookie, from)
}

func (d door) Workspace(ctx context.Context, by soc.Actor, id string) (soc.Actor, error) {
	return d.ResolveWorkspace(ctx, by, id)
}

func (d door) Run(ctx context.Context, by soc.Actor, token string) (*soc.Run, error) {
	return d.ResolveRun(ctx, by, token)
}

func (d door) RecordRefusal(ctx context.Context, by soc.Actor, call soc.Call, failure *soc.Error) {
	_ = d.Desk.RecordRefusal(ctx, by, call, failure)
}

const password = "correct horse battery"

// site is the family on a real desk and database, behind the front door.
type site struct {
	t       *testing.T
	handler http.Handler
	desk    *backend.Desk
	host    soc.Actor
	person  soc.Person
	key     string
	now     time.Time
}

func newSite(t *testing.T) *site {
	t.Helper()
	ctx := context.Background()
	s := &site{t: t, now: time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC), host: soc.Actor{Kind: soc.PrincipalHost, ID: "host:test"}}
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "vedette.db"), store.Options{})
	s.must(err)
	t.Cleanup(func() { _ = db.Close() })
	clock := func() time.Time { return s.now }
	s.desk = backend.New(backend.Config{Store: db, Now: clock})
	o, err := s.desk.CreateOrganization(ctx, s.host, "O")
	s.must(err)
	w, err := s.desk.CreateWorkspace(ctx, s.host, o.ID, "W")
	s.must(err)
	s.person, err = s.desk.CreatePerson(ctx, s.host, soc.NewPerson{
		Organization: o.ID, Email: "s1@example.org", Name: "S. One", Password: password, Grants: map[string]soc.Role{w.ID: soc.RoleSenior},
	})
	s.must(err)
	issued, err := s.desk.CreateKey(ctx, s.host, soc.NewCredential{
		Organization: o.ID, Kind: soc.PrincipalService, Name: "k", Role: soc.RoleAdmin, Workspaces: []string{w.ID}, Scopes: []soc.Scope{soc.ScopeOpsRead},
	})
	s.must(err)
	s.key = issued.Secret
	seal, err := web.NewSealer(clock, web.SealKey{ID: 1})
	s.must(err)
	registry, err := web.NewRegistry(web.Config{
		Identity: door{s.desk}, Recorder: door{s.desk}, Answers: s.desk, Seal: seal, Now: clock, Hosts: []string{"soc.example"},
		Origins: []string{"https://soc.example"},
	})
	s.must(err)
	opsapi.Register(registry, "https://soc.example", s.desk, seal)
	routes, err := registry.Handler(nil)
	s.must(err)
	s.handler = registry.Front(routes)
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

type answer struct {
	*httptest.ResponseRecorder
	body map[string]any
}

// send makes one request; cookie is the token of a session, or empty.
func (s *site) send(method, path, body, cookie string, headers ...string) answer {
	s.t.Helper()
	req := httptest.NewRequest(method, "https://soc.example"+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		req.AddCookie(&http.Cookie{Name: web.CookieSecure, Value: cookie})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	s.handler.ServeHTTP(a.ResponseRecorder, req)
	decoder := json.NewDecoder(bytes.NewReader(a.Body.Bytes()))
	if err := decoder.Decode(&a.body); err != nil && !errors.Is(err, io.EOF) {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, a.Body)
	}
	return a
}

func (a answer) data(t *testing.T) map[string]any {
	t.Helper()
	data, ok := a.body["data"].(map[string]any)
	if !ok {
		t.Fatalf("no data: %d %s", a.Code, a.Body)
	}
	return data
}

func (a answer) cookie(t *testing.T) *http.Cookie {
	t.Helper()
	cookies := a.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies: %d %s", len(cookies), a.Code, a.Body)
	}
	return cookies[0]
}

func (s *site) login() string {
	s.t.Helper()
	return s.send("POST", "/api/ops/v1/session", `{"email":"S1@example.org","password":"`+password+`"}`, "").cookie(s.t).Value
}

func TestS48SessionOverHTTP(t *testing.T) {
	s := newSite(t)
	a := s.send("POST", "/api/ops/v1/session", `{"email":"s1@example.org","password":"`+password+`"}`, "", "User-Agent", "curl/8 \u202e")
	cookie := a.cookie(t)
	if a.Code != http.StatusCreated || cookie.Name != "__Host-vedette" || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("%d %+v", a.Code, cookie)
	}
	data := a.data(t)
	if data["state"] != "active" || data["kind"] != "person" || data["organizationRole"] != "Member" || data["freshUntil"] != "2026-04-15T20:05:00.000Z" {
		t.Errorf("%v", data)
	}
	s.now = s.now.Add(10 * time.Minute)
	renewed := s.send("POST", "/api/ops/v1/session/reauth", `{"password":"`+password+`"}`, cookie.Value)
	token := renewed.cookie(t).Value
	if renewed.Code != http.StatusOK || token == cookie.Value {
		t.Errorf("%d, the cookie is not rotated", renewed.Code)
	}
	// A dead cookie is no session; without any credential it is 401.
	if a := s.send("GET", "/api/ops/v1/sessions", "", cookie.Value); a.Code != http.StatusForbidden || a.body["code"] != "HUMAN_SESSION_REQUIRED" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := s.send("GET", "/api/ops/v1/sessions", "", ""); a.Code != http.StatusUnauthorized {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	list := s.send("GET", "/api/ops/v1/sessions", "", token)
	if rows, ok := list.body["data"].([]any); !ok || len(rows) != 1 || strings.Contains(list.Body.String(), "\u202e") {
		t.Errorf("%d %s", list.Code, list.Body)
	}
	ended := s.send("DELETE", "/api/ops/v1/session", "", token)
	if ended.Code != http.StatusNoContent || ended.cookie(t).MaxAge >= 0 {
		t.Errorf("%d %v", ended.Code, ended.Result().Cookies())
	}
	if a := s.send("GET", "/api/ops/v1/session", "", token); a.Code != http.StatusUnauthorized {
		t.Errorf("after signing out: %d %s", a.Code, a.Body)
	}
}

// Whatever is wrong with a sign-in, the answer is one.
func TestS49OneAnswerOverHTTP(t *testing.T) {
	s := newSite(t)
	bodies := map[string]bool{}
	for _, body := range []string{
		`{"email":"s1@example.org","password":"wrong password"}`, `{"email":"x@example.org","password":"` + password + `"}`, `{"email":"","password":""}`,
	} {
		a := s.send("POST", "/api/ops/v1/session", body, "")
		delete(a.body, "requestId")
		text, _ := json.Marshal(a.body)
		bodies[string(text)] = true
		if a.Code != http.StatusUnauthorized || len(a.Result().Cookies()) != 0 {
			t.Errorf("%d %s", a.Code, a.Body)
		}
	}
	if len(bodies) != 1 {
		t.Errorf("%v", bodies)
	}
}

func TestS4KeysAreNoSession(t *testing.T) {
	s := newSite(t)
	bearer := []string{"Authorization", "Bearer " + s.key}
	me := s.send("GET", "/api/ops/v1/session", "", "", bearer...).data(t)
	if me["kind"] != "service" || me["person"] != nil || me["authenticatedAt"] != nil || me["scopes"].([]any)[0] != "ops:read" {
		t.Errorf("%v", me)
	}
	for _, route := range [][2]string{
		{"POST", "/api/ops/v1/session/reauth"}, {"DELETE", "/api/ops/v1/session"}, {"GET", "/api/ops/v1/sessions"}, {"PUT", "/api/ops/v1/session/password"},
	} {
		if a := s.send(route[0], route[1], "", "", bearer...); a.Code != http.StatusForbidden || a.body["code"] != "HUMAN_SESSION_REQUIRED" || a.body["target"] != "session" {
			t.Errorf("%v: %d %s", route, a.Code, a.Body)
		}
	}
	if a := s.send("GET", "/api/ops/v1/session", "", s.login(), bearer...); a.Code != http.StatusBadRequest {
		t.Errorf("cookie and key: %d", a.Code)
	}
}

func TestChangePasswordOverHTTP(t *testing.T) {
	s := newSite(t)
	token := s.login()
	const next = "entirely different words 7"
	change := func(current, next string) answer {
		body, _ := json.Marshal(map[string]string{"current": current, "new": next})
		return s.send("PUT", "/api/ops/v1/session/password", string(body), token)
	}
	if a := change(password, "Password1234"); a.Code != http.StatusBadRequest || !strings.Contains(a.Body.String(), `"new"`) {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := change("wrong", next); a.Code != http.StatusUnauthorized {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := change(password, next); a.Code != http.StatusNoContent {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	s.now = s.now.Add(6 * time.Minute)
	if a := change(next, password); a.Code != http.StatusForbidden || a.body["target"] != "session.reauth" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	// A form of another site changes nothing (S48).
	if a := s.send("DELETE", "/api/ops/v1/session", "", token, "Sec-Fetch-Site", "cross-site"); a.Code != http.StatusForbidden {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

func TestHealth(t *testing.T) {
	s := newSite(t)
	now, free := time.Now(), 0.5
	h := opsapi.NewHealth(s.desk, opsapi.HealthConfig{
		Worker: true, Now: func() time.Time { return now }, FreeDisk: func() (float64, bool) { return free, true },
	})
	get := func(handler http.HandlerFunc, method string) (int, string) {
		w := httptest.NewRecorder()
		handler(w, httptest.NewRequest(method, "/", nil))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	if code, body := get(h.ServeHealth, "GET"); code != http.StatusOK || body != `{"status":"ok","db":"ok","ch":"ok","license":"none","grace_h":0}` {
		t.Errorf("%d %s", code, body)
	}
	degraded := func(what string, want bool) {
		t.Helper()
		status := map[bool]string{true: "degraded", false: "ok"}[want]
		if code, body := get(h.ServeHealth, "GET"); code != http.StatusOK || !strings.HasPrefix(body, `{"status":"`+status+`","db":"ok"`) {
			t.Errorf("%s: %d %s", what, code, body)
		}
		if code, _ := get(h.ServeReady, "GET"); code != http.StatusOK {
			t.Errorf("%s: not ready", what)
		}
	}
	now = now.Add(59 * time.Second)
	degraded("the worker was heard of", false)
	now = now.Add(time.Second)
	degraded("the worker is silent", true)
	h.Worked()
	degraded("the worker is back", false)
	free = 0.09
	degraded("the disk is nearly full", true)
	free = 0.1
	if code, _ := get(h.ServeReady, "POST"); code != http.StatusMethodNotAllowed {
		t.Errorf("%d", code)
	}
	if code, body := get(h.ServeReady, "GET"); code != http.StatusOK || body != "" {
		t.Errorf("%d %s", code, body)
	}
	h.Drain()
	if code, body := get(h.ServeReady, "GET"); code != http.StatusServiceUnavailable || body != "" {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := get(h.ServeLive, "GET"); code != http.StatusOK {
		t.Errorf("%d", code)
	}
}
