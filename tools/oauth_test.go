package tools

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"vedette/backend/soc"
)

// issuer is an OAuth issuer for tests.
type issuer struct {
	key  *rsa.PrivateKey
	http *httptest.Server
	url  string
}

func openIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.RS256}}}
	i := &issuer{key: key, http: httptest.NewServer(keys)}
	t.Cleanup(i.http.Close)
	keys.SetIssuer(i.http.URL)
	i.url = i.http.URL
	return i
}

func (i *issuer) token(claims map[string]any) string {
	raw, _ := json.Marshal(claims)
	return oidctest.SignIDToken(i.key, "k", oidc.RS256, string(raw))
}

func openOAuthDoor(t *testing.T, i *issuer, actor func(context.Context, Token) (soc.Actor, error)) *door {
	t.Helper()
	if actor == nil {
		actor = func(_ context.Context, token Token) (soc.Actor, error) {
			if token.Subject != "client-1" {
				return soc.Actor{}, soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.")
			}
			return soc.Actor{Kind: soc.PrincipalAgent, ID: "agent-oauth", Workspace: testWorkspace, Role: soc.RoleSenior, Scopes: Scopes}, nil
		}
	}
	return openDoor(t, func(c *Config) { c.OAuth = &OAuth{Issuer: i.url, HTTP: i.http.Client(), Actor: actor} })
}

func TestM14OAuthTokens(t *testing.T) {
	i := openIssuer(t)
	d := openOAuthDoor(t, i, nil)
	resource := d.http.URL + Path
	good := func(change map[string]any) map[string]any {
		claims := map[string]any{
			"iss": i.url, "aud": resource, "sub": "client-1", "exp": testTime.Add(time.Minute).Unix(), "scope": "incidents:read openid",
		}
		for name, value := range change {
			if value == nil {
				delete(claims, name)
				continue
			}
			claims[name] = value
		}
		return claims
	}
	part := func(v any) string {
		raw, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	other := openIssuer(t)
	for name, row := range map[string]struct {
		token string
		want  int
	}{
		"good":           {i.token(good(nil)), 200},
		"audience list":  {i.token(good(map[string]any{"aud": []string{"x", resource}})), 200},
		"leeway":         {i.token(good(map[string]any{"exp": testTime.Add(-30 * time.Second).Unix(), "nbf": testTime.Add(30 * time.Second).Unix()})), 200},
		"wrong audience": {i.token(good(map[string]any{"aud": "https://other.example/mcp"})), 401},
		"no audience":    {i.token(good(map[string]any{"aud": nil})), 401},
		"expired":        {i.token(good(map[string]any{"exp": testTime.Add(-2 * time.Minute).Unix()})), 401},
		"no expiry":      {i.token(good(map[string]any{"exp": nil})), 401},
		"not yet":        {i.token(good(map[string]any{"nbf": testTime.Add(5 * time.Minute).Unix()})), 401},
		"wrong issuer":   {i.token(good(map[string]any{"iss": "https://evil.example"})), 401},
		"other key":      {other.token(good(nil)), 401},
		"unmapped":       {i.token(good(map[string]any{"sub": "somebody"})), 401},
		"alg none":       {part(map[string]any{"alg": "none"}) + "." + part(good(nil)) + ".", 401},
		"HS256":          {part(map[string]any{"alg": "HS256"}) + "." + part(good(nil)) + ".AAAA", 401},
		"nonsense":       {"a.b.c", 401},
	} {
		r := d.rpc(wireModern, row.token, "tools/list", nil)
		if r.status != row.want {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
		if row.want == 401 && !strings.Contains(r.header.Get("WWW-Authenticate"), `resource_metadata="`+d.http.URL+PathMetadata+Path+`"`) {
			t.Errorf("%s: %q", name, r.header.Get("WWW-Authenticate"))
		}
	}
	// A client sees what it may step up to; a call without the scope says how.
	token := i.token(good(nil))
	if listed := names(d.listTools(wireModern, token)); len(listed) != len(visibility) {
		t.Errorf("listed %v", listed)
	}
	r := d.rpc(wireModern, token, "tools/call", map[string]any{"name": "add_comment", "arguments": map[string]any{}})
	if r.status != 403 || !strings.Contains(r.header.Get("WWW-Authenticate"), "insufficient_scope") {
		t.Errorf("%d %v", r.status, r.header)
	}
	if r := d.call(wireModern, token, "list_incidents", map[string]any{}); r.IsError {
		t.Errorf("%s", r.Text)
	}
	if r := d.rpc(wireModern, agentKey, "tools/list", nil); r.status != 200 {
		t.Errorf("a key beside an issuer: %d", r.status)
	}
	if r := d.rpc(wireModern, token, "tools/list", nil, "Vedette-Workspace", otherWorkspace); r.status != 404 {
		t.Errorf("a header widens an OAuth client: %d", r.status)
	}
}

func TestM14Metadata(t *testing.T) {
	i := openIssuer(t)
	d := openOAuthDoor(t, i, nil)
	for _, path := range []string{PathMetadata, PathMetadata + Path} {
		r := d.send("GET", path, "")
		want := fmt.Sprintf(`{"resource":"%s/mcp","authorization_servers":["%s"],"scopes_supported":["incidents:read","agent-tools:read","incidents:comments","triage:run","agent-tools:execute"],"bearer_methods_supported":["header"],"resource_name":"Vedette"}`,
			d.http.URL, i.url)
		if r.status != 200 || string(r.raw) != want {
			t.Errorf("%s: %d %s", path, r.status, r.raw)
		}
	}
	plain := openDoor(t)
	if r := plain.send("GET", PathMetadata, ""); r.status != 404 {
		t.Errorf("without an issuer: %d", r.status)
	}
}

func TestM14AnIssuerThatIsDown(t *testing.T) {
	i := openIssuer(t)
	token := i.token(map[string]any{"iss": i.url, "exp": testTime.Add(time.Hour).Unix()})
	i.http.Close()
	d := openOAuthDoor(t, i, nil)
	r := d.rpc(wireModern, token, "tools/list", nil)
	if r.status != http.StatusServiceUnavailable || strings.Contains(string(r.raw), "connect") {
		t.Errorf("%d %s", r.status, r.raw)
	}
}
