package console_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"vedette/backend"
	"vedette/backend/console"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

func init() {
	maps.Copy(examples, map[string]example{
		"GET /sign-in/provider": {Status: 503},
		"GET /sign-in/callback": {Query: "code=x&state=y", Status: 200},
		"POST /sign-in/finish":  {Form: url.Values{"code": {"x"}, "state": {"y"}}, Status: 401},
		"GET /step-up/provider": {Status: 503},
		"GET /step-up/confirm":  {Query: "code=x&state=y", Status: 200},
		"POST /step-up/finish":  {Form: url.Values{"code": {"x"}, "state": {"y"}}, Status: 401},
	})
}

// provider is an OpenID Connect provider on the loopback: its keys and discovery
// are the library's, its token endpoint holds clients to RFC 7636.
type provider struct {
	*oidctest.Server
	t   *testing.T
	url string
	key *rsa.PrivateKey
	// codes are what was authorized: the request's query, by code.
	codes map[string]url.Values
	// claims are those of the next token, beside what the request fixes.
	claims map[string]any
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{
		t: t, key: key, codes: map[string]url.Values{}, claims: map[string]any{},
		Server: &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.RS256}}},
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	p.SetIssuer(p.url)
	return p
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/token" {
		p.Server.ServeHTTP(w, r)
		return
	}
	asked, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if !known || base64.RawURLEncoding.EncodeToString(proof[:]) != asked.Get("code_challenge") || asked.Get("code_challenge_method") != "S256" ||
		id != "vedette" || secret != "s3cret" || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := map[string]any{
		"iss": p.url, "aud": "vedette", "sub": "subject-1", "nonce": asked.Get("nonce"), "email_verified": true, "exp": time.Now().Add(100 * 365 * 24 * time.Hour).Unix(),
	}
	for name, value := range p.claims {
		claims[name] = value
	}
	raw, _ := json.Marshal(claims)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": oidctest.SignIDToken(p.key, "k", oidc.RS256, string(raw))})
}

// authorize plays the provider's page: it signs the person in and leads back.
func (p *provider) authorize(address string) (back string) {
	p.t.Helper()
	asked, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, p.url+"/auth?") {
		p.t.Fatalf("led to %q, %v", address, err)
	}
	code := rand.Text()
	p.codes[code] = asked.Query()
	return "?code=" + code + "&state=" + url.QueryEscape(asked.Query().Get("state")) + "&session_state=x&iss=" + url.QueryEscape(p.url)
}

// guests is a house whose console takes people of the provider; the group
// oncall is senior in the first workspace.
func guests(t *testing.T, p *provider) *house {
	t.Helper()
	h := &house{t: t, provider: &console.Provider{
		Issuer: p.url, ClientID: "vedette", ClientSecret: "s3cret", Name: "Example", GroupsClaim: "groups", HTTP: http.DefaultClient,
	}}
	h.House = webtest.Open(t, func(c *backend.Config) { c.Provider = soc.ProviderRules{Issuer: p.url} })
	return h.open(h.Desk, h.Identity())
}

// someone is the address of a senior of the first workspace.
func (h *house) someone() string {
	h.t.Helper()
	h.Cookie(h.First, soc.RoleSenior)
	people, err := h.Desk.ListPeople(h.t.Context(), soc.Actor{Kind: soc.PrincipalHost}, h.OrganizationOf(h.First))
	if err != nil || len(people) == 0 {
		h.t.Fatal(people, err)
	}
	return people[len(people)-1].Email
}

// cookieOf is the named cookie that an answer sets, as a header.
func cookieOf(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == name && c.Value != "" {
			if !c.HttpOnly || c.SameSite == http.SameSiteDefaultMode || c.SameSite == http.SameSiteNoneMode {
				t.Errorf("%s is lent out: %v", name, c)
			}
			return "Cookie: " + c.Name + "=" + c.Value
		}
	}
	t.Fatalf("%d sets no %s: %v", w.Code, name, w.Header())
	return ""
}

// away goes to the provider and comes back.
func (h *house) away(p *provider, from string, headers ...string) (trip, back string) {
	h.t.Helper()
	w := h.ask("GET", from, nil, headers...)
	if w.Code != http.StatusSeeOther {
		h.t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return cookieOf(h.t.(*testing.T), w, "vedette_sign_in"), p.authorize(w.Header().Get("Location"))
}

func form(back string) url.Values {
	values, _ := url.ParseQuery(strings.TrimPrefix(back, "?"))
	return url.Values{"code": {values.Get("code")}, "state": {values.Get("state")}}
}

// TestS48SignInWithAProvider: a trip to the provider ends in the same session
// as a password; no GET begins it, and no answer counts twice, in another
// browser, or that the provider did not give for this trip.
func TestS48SignInWithAProvider(t *testing.T) {
	p := startProvider(t)
	h := guests(t, p)
	p.claims["email"] = h.someone()
	mustContain(t, h.ask("GET", "/console/sign-in", nil), 200, "Sign in with Example")

	trip, back := h.away(p, "/console/sign-in/provider?next="+url.QueryEscape(h.first("/kill-switch")))
	before := h.Count()
	page := h.ask("GET", "/console/sign-in/callback"+back, nil, trip)
	mustContain(t, page, 200, `action="/console/sign-in/finish"`)
	if h.Count() != before {
		t.Error("coming back changed something")
	}
	for what, headers := range map[string][]string{"another browser": nil, "two cookies": {trip + "; vedette_sign_in=x"}} {
		if w := h.ask("POST", "/console/sign-in/finish", form(back), headers...); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	done := h.ask("POST", "/console/sign-in/finish", form(back), trip)
	mustLead(t, done, h.first("/kill-switch"))
	session := cookieOf(t, done, h.Registry.SessionCookie("", 0).Name)
	mustContain(t, h.ask("GET", "/console/account", nil, session), 200, p.claims["email"].(string))
	if w := h.ask("POST", "/console/sign-in/finish", form(back), trip); w.Code != http.StatusUnauthorized {
		t.Errorf("the same answer again: %d", w.Code)
	}
	if w := h.ask("GET", "/console/sign-in/callback?error=access_denied&error_description=%3Cb%3Eno", nil, trip); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "<b>") {
		t.Errorf("a refusal of the provider: %d", w.Code)
	}
	for what, claims := range map[string]map[string]any{
		"another nonce": {"nonce": "x"}, "another audience": {"aud": "other"}, "another issuer": {"iss": "https://other.example.com"},
		"expired": {"exp": 1}, "no verified address": {"email_verified": false, "sub": "subject-2"}, "nobody of ours": {"email": "nobody@example.org", "sub": "subject-3"},
	} {
		email := p.claims["email"]
		p.claims = map[string]any{"email": email}
		for name, value := range claims {
			p.claims[name] = value
		}
		h.Advance(time.Minute)
		trip, back := h.away(p, "/console/sign-in/provider")
		w := h.ask("POST", "/console/sign-in/finish", form(back), trip)
		if w.Code != http.StatusUnauthorized && w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", what, w.Code)
		}
		p.claims = map[string]any{"email": email}
	}
}

// TestS48StepUpAtAProvider: a stale session is renewed by the provider's fresh
// proof of the same person, and the provider is told to ask.
func TestS48StepUpAtAProvider(t *testing.T) {
	p := startProvider(t)
	h := guests(t, p)
	p.claims["email"] = h.someone()
	trip, back := h.away(p, "/console/sign-in/provider")
	session := cookieOf(t, h.ask("POST", "/console/sign-in/finish", form(back), trip), h.Registry.SessionCookie("", 0).Name)
	h.Advance(time.Hour / 2)

	began := h.ask("GET", "/console/step-up/provider?next=/console/account", nil, session)
	where := began.Header().Get("Location")
	if !strings.Contains(where, "prompt=login") || !strings.Contains(where, "max_age=0") {
		t.Errorf("the provider is asked at %s", where)
	}
	back = p.authorize(where)
	both := session + "; " + strings.TrimPrefix(cookieOf(t, began, "vedette_sign_in"), "Cookie: ")
	mustContain(t, h.ask("GET", "/console/sign-in/callback"+back, nil), 200, "/console/step-up/confirm?code=")
	if w := h.ask("POST", "/console/sign-in/finish", form(back), both); w.Code != http.StatusUnauthorized {
		t.Errorf("a step-up taken for a sign-in: %d", w.Code)
	}
	p.claims["auth_time"] = h.Now().Unix()
	confirm := h.ask("GET", "/console/step-up/confirm?"+form(back).Encode(), nil, both)
	mustContain(t, confirm, 200, `action="/console/step-up/finish"`)
	values := form(back)
	values.Set("token", tokenField.FindStringSubmatch(confirm.Body.String())[1])
	done := h.ask("POST", "/console/step-up/finish", values, both)
	mustLead(t, done, "/console/account")
	if cookieOf(t, done, h.Registry.SessionCookie("", 0).Name) == session {
		t.Error("the token was not renewed")
	}
}
