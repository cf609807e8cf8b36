package main

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/soc"
)

const someWorkspace = "6eca0c1e-0000-4000-8000-000000000001"

func TestGrantsOfGroups(t *testing.T) {
	f := signInFlags{Issuer: "https://login.example.com", Grant: []string{
		"CN=SOC,OU=Groups=" + someWorkspace + ":senior", "everyone=" + strings.ToUpper(someWorkspace) + ":viewer",
	}}
	rules, err := f.rules()
	if err != nil || len(rules.Grants) != 2 || rules.Grants[0].Group != "CN=SOC,OU=Groups" || rules.Grants[1].Workspace != someWorkspace {
		t.Fatalf("%+v, %v", rules, err)
	}
	for groups, want := range map[string]soc.Role{"everyone": soc.RoleViewer, "CN=SOC,OU=Groups": soc.RoleSenior, "kitchen": soc.RoleNone} {
		if got := rules.Roles([]string{"x", groups})[someWorkspace]; got != want {
			t.Errorf("%s: %q, want %q", groups, got, want)
		}
	}
	for _, wrong := range []string{"", "soc", "soc=Demo:senior", "soc=" + someWorkspace, "soc=" + someWorkspace + ":root", "=" + someWorkspace + ":viewer"} {
		if _, err := (&signInFlags{Issuer: "https://x.example", Grant: []string{wrong}}).rules(); err == nil || !strings.Contains(err.Error(), "GROUP=WORKSPACE-ID:ROLE") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// TestS50SignInProvider: the provider is reached by the rules of egress, and a
// served console leads to it.
func TestS50SignInProvider(t *testing.T) {
	if _, err := (&signInFlags{Issuer: "http://127.0.0.1:1", ClientID: "x"}).provider(nil); err == nil || !strings.Contains(err.Error(), "--oidc-issuer") {
		t.Errorf("a provider on the loopback that nobody allowed: %v", err)
	}
	issuer, _ := tokenIssuer(t)
	s := startServer(t, t.TempDir(), "--demo", "--oidc-issuer", issuer, "--oidc-client-id", "vedette", "--oidc-name", "Example",
		"--egress-allow", strings.TrimPrefix(issuer, "http://"))
	defer func() { _ = s.terminate() }()
	if _, page := s.call("GET", "/console/sign-in", "", nil); !strings.Contains(page, "Sign in with Example") {
		t.Error("the sign-in page does not offer the provider")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(s.base + "/console/sign-in/provider")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if where := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(where, issuer+"/auth?") || !strings.Contains(where, "code_challenge_method=S256") {
		t.Errorf("%d leads to %q", answer.StatusCode, where)
	}
}
