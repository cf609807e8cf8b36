package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
)

// tokenIssuer is an OAuth issuer on the loopback.
func tokenIssuer(t *testing.T) (url string, sign func(claims map[string]any) string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.RS256}}}
	issuer := httptest.NewServer(keys)
	t.Cleanup(issuer.Close)
	keys.SetIssuer(issuer.URL)
	return issuer.URL, func(claims map[string]any) string {
		raw, _ := json.Marshal(claims)
		return oidctest.SignIDToken(key, "k", oidc.RS256, string(raw))
	}
}

// TestM14ServedIssuer: a client of the configured issuer is let in with the
// token's scopes and no more than its credential's; nobody else is.
func TestM14ServedIssuer(t *testing.T) {
	issuer, sign := tokenIssuer(t)
	folder := t.TempDir()
	s := startServer(t, folder, "--demo", "--oauth-issuer", issuer, "--egress-allow", strings.TrimPrefix(issuer, "http://"))
	defer func() { _ = s.terminate() }()
	create := exec.Command("vedette", "keys", "create", "planner", "--workspace", "Demo", "--role", "senior",
		"--scope", "incidents:read,agent-tools:read", "--oauth-client", "planner-client", "--json")
	create.Dir = folder
	if out, err := create.CombinedOutput(); err != nil || strings.Contains(string(out), "secret") {
		t.Fatalf("%v: %s", err, out)
	}
	claims := map[string]any{
		"iss": issuer, "aud": s.base + "/mcp", "sub": "somebody", "client_id": "planner-client", "exp": time.Now().Add(time.Minute).Unix(),
		"scope": "incidents:read agent-tools:execute",
	}
	list := func(claims map[string]any) (int, string) {
		answer, body := s.call("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_incidents","arguments":{}}}`, map[string]string{
			"Authorization": "Bearer " + sign(claims), "Content-Type": "application/json",
			"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25",
		})
		return answer.StatusCode, body
	}
	if status, body := list(claims); status != http.StatusOK || !strings.Contains(body, "INC-") {
		t.Errorf("the client is answered %d: %s", status, body)
	}
	claims["client_id"] = "stranger"
	if status, _ := list(claims); status != http.StatusUnauthorized {
		t.Errorf("a stranger of the issuer is answered %d", status)
	}
	claims["client_id"], claims["scope"] = "planner-client", "openid"
	if status, _ := list(claims); status != http.StatusForbidden {
		t.Errorf("a token without the scope is answered %d", status)
	}
	if answer, body := s.call("GET", "/.well-known/oauth-protected-resource", "", nil); answer.StatusCode != 200 || !strings.Contains(body, issuer) {
		t.Errorf("metadata: %d %s", answer.StatusCode, body)
	}
}
