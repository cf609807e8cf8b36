package main

import (
	"fmt"
	"slices"
	"strings"

	"vedette/backend/connector/egress"
	"vedette/backend/console"
	"vedette/backend/soc"
	"vedette/backend/web"
)

// signInFlags name the OpenID Connect provider that people may sign in with.
type signInFlags struct {
	Issuer       string   `help:"Let people sign in to the console with this OpenID Connect provider; it is told --public-url with /console/sign-in/callback." placeholder:"URL"`
	ClientID     string   `name:"client-id" help:"What the provider knows this server by." placeholder:"ID"`
	ClientSecret string   `name:"client-secret" help:"Its secret, none for a public client; better in the environment." placeholder:"SECRET"`
	Name         string   `default:"single sign-on" help:"What the sign-in page calls the provider."`
	Scope        []string `help:"Scopes to ask for beside openid, email and profile." placeholder:"SCOPE"`
	GroupsClaim  string   `default:"groups" help:"Claim that holds the person's groups."`
	Grant        []string `sep:"none" help:"Role of a group in a workspace, again for each; then groups are the roles there. Without any, people and roles are made with vedette users." placeholder:"GROUP=WORKSPACE-ID:ROLE"`
}

// rules are what the provider's people are here.
func (f *signInFlags) rules() (soc.ProviderRules, error) {
	r := soc.ProviderRules{Issuer: f.Issuer}
	for _, text := range f.Grant {
		group, place := cutLast(text, "=")
		workspace, role := cutLast(place, ":")
		workspace = strings.ToLower(workspace)
		if group == "" || !web.IsUUID(workspace) || !slices.Contains(soc.AllRoles, soc.Role(role)) {
			return r, fmt.Errorf("--oidc-grant %q: must be GROUP=WORKSPACE-ID:ROLE with a role of %s; `vedette workspaces list` shows the ids", text, roleWords())
		}
		r.Grants = append(r.Grants, soc.ProviderGrant{Group: group, Workspace: workspace, Role: soc.Role(role)})
	}
	if f.Issuer == "" && len(r.Grants) > 0 {
		return r, fmt.Errorf("--oidc-grant needs --oidc-issuer")
	}
	return r, nil
}

// provider is the way to it, through the same egress rules as everything else
// (S50); nil without one.
func (f *signInFlags) provider(allow []string) (*console.Provider, error) {
	if f.Issuer == "" {
		return nil, nil
	}
	if f.ClientID == "" {
		return nil, fmt.Errorf("--oidc-issuer needs --oidc-client-id")
	}
	allowed, err := egress.NewPolicy(allow)
	if err != nil {
		return nil, err
	}
	if err := allowed.Check(f.Issuer); err != nil {
		return nil, fmt.Errorf("--oidc-issuer: %w", err)
	}
	return &console.Provider{
		Issuer: f.Issuer, ClientID: f.ClientID, ClientSecret: f.ClientSecret, Name: f.Name, Scopes: f.Scope, GroupsClaim: f.GroupsClaim,
		HTTP: allowed.Client(egress.Options{}),
	}, nil
}

// cutLast cuts a text at the last separator: names of groups may hold some.
func cutLast(text, separator string) (before, after string) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return "", text
	}
	return text[:at], text[at+len(separator):]
}

func roleWords() string {
	words := make([]string, len(soc.AllRoles))
	for i, role := range soc.AllRoles {
		words[i] = string(role)
	}
	return strings.Join(words, ", ")
}
