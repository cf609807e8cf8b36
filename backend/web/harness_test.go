package web

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	workspaceA  = "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e" // the caller's
	workspaceB  = "7eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e" // of the organization, no role
	workspaceC  = "8eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e" // of another organization
	clientID    = "01970000-0000-7000-8000-000000000001"
	tokenRight  = "vdt_right"
	tokenAgent  = "vdt_agent"
	tokenMany   = "vdt_many"
	tokenPoor   = "vdt_poor"
	tokenViewer = "vdt_viewer"
	tokenOld    = "vdt_expired"
	cookieLive  = "live"
	cookieStale = "stale"
)

var epoch = time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)

// identity is who exists in these tests.
type identity struct {
	mu       sync.Mutex
	refusals []string
	calls    []string
	// recording is what RecordCall answers.
	recording error
	now       func() time.Time
}

func denied() error {
	return soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "no such credential")
}

func (i *identity) Basic(ctx context.Context, id, secret string, from soc.Caller) (soc.Actor, error) {
	if id == clientID && secret == "right" {
		return i.Bearer(ctx, tokenRight, from)
	}
	return soc.Actor{}, denied()
}

func (i *identity) Bearer(_ context.Context, token string, _ soc.Caller) (soc.Actor, error) {
	by := soc.Actor{Kind: soc.PrincipalService, ID: "svc", Credential: "cred-" + token, Organization: "org", Scopes: soc.AllScopes, Role: soc.RoleManager}
	switch token {
	case tokenRight, tokenMany:
	case tokenAgent:
		by.Kind, by.ID = soc.PrincipalAgent, "agent"
	case tokenPoor:
		by.Scopes = []soc.Scope{soc.ScopeAlertsRead}
	case tokenViewer:
		by.Role = soc.RoleViewer
	case tokenOld:
		return soc.Actor{}, soc.Errorf(soc.Unauthenticated, soc.CodeCredentialExpired, "expired")
	default:
		return soc.Actor{}, denied()
	}
	return by, nil
}

func (i *identity) Session(_ context.Context, cookie string, _ soc.Caller) (soc.Actor, error) {
	by := soc.Actor{
		Kind: soc.PrincipalPerson, ID: "person", Credential: "session-" + cookie, Organization: "org", Session: true,
		Role: soc.RoleSenior, AuthenticatedAt: i.now(),
	}
	switch cookie {
	case cookieLive:
	case cookieStale:
		by.AuthenticatedAt = i.now().Add(-time.Hour)
	case "disabled":
		return soc.Actor{}, denied()
	default:
		err := soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "no session")
		err.Target = "session"
		return soc.Actor{}, err
	}
	return by, nil
}

func (i *identity) Workspace(_ context.Context, by soc.Actor, id string) (soc.Actor, error) {
	switch {
	case id == "" && by.Credential == "cred-"+tokenMany:
		return by, soc.InvalidField("Vedette-Workspace", "Name one of your workspaces.")
	case id == "" || id == workspaceA:
		by.Workspace = workspaceA
		return by, nil
	case id == workspaceB:
		return by, soc.Errorf(soc.Denied, soc.CodeInsufficientWorkspaceRole, "No role in this workspace.")
	}
	return by, soc.NotFoundf("unknown, with words of its own")
}

func (i *identity) Sources(context.Context, soc.Actor) ([]string, error) {
	return []string{"Sentinel", "wazuh"}, nil
}

func (i *identity) Run(_ context.Context, _ soc.Actor, token string) (*soc.Run, error) {
	if token == "good" {
		return &soc.Run{ID: "run"}, nil
	}
	return nil, nil
}

func (i *identity) RecordCall(_ context.Context, _ soc.Actor, call soc.CallRecord) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls = append(i.calls, strings.TrimSpace(call.Tool+" "+call.Phase+" "+string(call.Code)))
	return i.recording
}

func (i *identity) RecordRefusal(_ context.Context, _ soc.Actor, call soc.Call, failure *soc.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refusals = append(i.refusals, call.Operation+" "+string(failure.Code))
}

// answers keeps stored answers as the store would, without its transaction.
type answers struct {
	mu   sync.Mutex
	rows map[string]storedRow
}

type storedRow struct {
	fingerprint string
	status      int
	body        []byte
}

func (a *answers) StoredAnswer(_ context.Context, c soc.IdempotencyClaim) (int, []byte, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	row, found := a.rows[c.Principal+c.Route+c.Key]
	if found && row.fingerprint != c.Fingerprint {
		return 0, nil, false, soc.Errorf(soc.KeyReused, soc.CodeIdempotencyKeyReused, "The key was used for another request.")
	}
	return row.status, row.body, found, nil
}

// complete is what the desk does as the last line of its write.
func (a *answers) complete(c *soc.IdempotencyClaim, result any) {
	if c == nil {
		return
	}
	status, body := c.Encode(result)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rows[c.Principal+c.Route+c.Key] = storedRow{c.Fingerprint, status, body}
}

type house struct {
	*Registry
	identity *identity
	answers  *answers
	clock    time.Time
	log      bytes.Buffer
	handler  http.Handler
	families map[string]*Family
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{clock: epoch, answers: &answers{rows: map[string]storedRow{}}}
	now := func() time.Time { return h.clock }
	h.identity = &identity{now: now}
	seal, err := NewSealer(now, SealKey{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	h.Registry, err = NewRegistry(Config{
		Identity: h.identity, Recorder: h.identity, Answers: h.answers, Seal: seal, Now: now, Cookie: CookieLoopback,
		Log: slog.New(slog.NewJSONHandler(&h.log, nil)), Hosts: []string{"example.com"}, Origins: []string{"https://example.com"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, InFlight: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.families = map[string]*Family{
		"portal": Portal("https://example.com"), "ops": Ops("https://example.com"), "triage": Triage(), "case": Case(),
	}
	return h
}

func (h *house) open(t testing.TB) *house {
	t.Helper()
	handler, err := h.Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.handler = h.Front(handler)
	return h
}

// ask sends one request; headers are "Name: value".
func (h *house) ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, "http://example.com"+target, reader)
	req.RemoteAddr = "192.0.2.1:1234"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	if body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, req)
	return w
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// codeOf reads the code out of any family's error body.
func codeOf(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Code  string          `json:"code"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	var text string
	var nested struct {
		Code string `json:"code"`
	}
	switch {
	case body.Code != "":
		return body.Code
	case json.Unmarshal(body.Error, &text) == nil:
		return text
	}
	_ = json.Unmarshal(body.Error, &nested)
	return nested.Code
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// The routes of most tests.
type incidentInput struct {
	Source   string   `path:"source"`
	Incident string   `path:"incidentId" jsonschema:"minLength=1,maxLength=256"`
	PageSize int      `query:"pageSize" jsonschema:"minimum=1,maximum=500"`
	Status   []string `query:"status" jsonschema:"enum=open,enum=closed"`
	Details  bool     `query:"withDetails"`
	IfMatch  IfMatch  `header:"If-Match"`
	Prefer   Prefer   `header:"Prefer"`
}

type incidentData struct {
	Incident string   `json:"incident"`
	PageSize int      `json:"pageSize"`
	Status   []string `json:"status"`
	Run      string   `json:"run"`
}

type noteBody struct {
	Text   string `json:"text" jsonschema:"minLength=1,maxLength=100"`
	Urgent bool   `json:"urgent,omitempty"`
}

type noteInput struct {
	Source   string   `path:"source"`
	Incident string   `path:"incidentId" jsonschema:"minLength=1,maxLength=256"`
	Body     noteBody `body:"json"`
}

type noteData struct {
	Text   string `json:"text"`
	Number int    `json:"number"`
}

const (
	incidentPath = "/api/v2/workspaces/{workspaceId}/incidents/{source}/{incidentId}"
	aPath        = "/api/v2/workspaces/" + workspaceA + "/incidents/Sentinel/8d1c"
)

func readIncident() Operation {
	return Operation{
		Method: "GET", Path: incidentPath, Name: "get_incident", Who: Scoped, Scope: soc.ScopeIncidentsRead,
		MinRole: soc.RoleViewer, Rate: "read",
	}
}

func writeNote() Operation {
	return Operation{
		Method: "POST", Path: incidentPath + "/comments", Name: "add_comment", Who: Scoped, Scope: soc.ScopeIncidentsComments,
		MinRole: soc.RoleAnalyst, Rate: "write", Write: true, Status: 201,
	}
}

// portalHouse serves a read and a write. The write counts its effects.
func portalHouse(t testing.TB) (*house, *int) {
	h, effects := newHouse(t), new(int)
	Register(h.Registry, h.families["portal"], readIncident(), func(_ context.Context, by soc.Actor, in incidentInput) (Reply[incidentData], error) {
		switch in.Incident {
		case "none":
			return Reply[incidentData]{}, soc.NotFoundf("There is no such incident.")
		case "panic":
			panic("secret of the house")
		case "foreign error":
			return Reply[incidentData]{}, io.ErrUnexpectedEOF
		}
		if err := in.IfMatch.Check(7); err != nil {
			return Reply[incidentData]{}, err
		}
		data := incidentData{Incident: in.Incident, PageSize: in.PageSize, Status: in.Status}
		if data.Status == nil {
			data.Status = []string{}
		}
		if by.Run != nil {
			data.Run = by.Run.ID
		}
		return Reply[incidentData]{Data: data, Revision: 7}, nil
	})
	Register(h.Registry, h.families["portal"], writeNote(), func(_ context.Context, by soc.Actor, in noteInput) (Reply[noteData], error) {
		*effects++
		draw := func(n int) Reply[noteData] {
			return Reply[noteData]{Data: noteData{in.Body.Text, n}, Location: "/there"}
		}
		h.answers.complete(Answering(by, draw).Idempotency, *effects)
		return draw(*effects), nil
	})
	return h.open(t), effects
}

func netPrefix(t *testing.T, text string) netip.Prefix {
	t.Helper()
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return prefix
}
