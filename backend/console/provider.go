package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vedette/backend/soc"
)

// Provider is an OpenID Connect provider that people may sign in with, by the
// authorization code flow with PKCE (OpenID Connect Core 1.0 section 3.1, RFC
// 7636, RFC 9700).
type Provider struct {
	// Issuer is the issuer's URL, exactly as in its tokens.
	Issuer string
	// ClientID and ClientSecret are what the issuer knows this server by; a
	// public client has no secret.
	ClientID, ClientSecret string
	// Name is what people call the provider.
	Name string
	// Scopes are asked for beside openid, email and profile.
	Scopes []string
	// GroupsClaim holds the groups of the person: a list of texts.
	GroupsClaim string
	// HTTP reaches the issuer; required, since only egress makes outbound clients
	// (S50).
	HTTP *http.Client
}

// asymmetric are the signature algorithms taken. A symmetric one would let
// whoever knows the client's secret sign.
var asymmetric = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// discoverEvery is how soon an issuer that could not be reached is asked again:
// anybody may open the page that asks.
const discoverEvery = 5 * time.Second

// relyingParty is this server as the provider's client.
type relyingParty struct {
	Provider
	callback string
	now      func() time.Time

	mu       sync.Mutex
	failed   time.Time
	provider *oidc.Provider
}

func errProviderAway(cause error) error {
	return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The sign-in provider cannot be reached.").
		WithFix("Try again in a minute, or sign in with a password.").WithCause(cause)
}

// discover asks the issuer where it is, when first needed.
func (p *relyingParty) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.provider != nil {
		return p.provider, nil
	}
	if p.now().Sub(p.failed) < discoverEvery {
		return nil, errProviderAway(errors.New("asked a moment ago"))
	}
	// The provider keeps the context for later key rotations.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.HTTP), p.Issuer)
	if err != nil {
		p.failed = p.now()
		return nil, errProviderAway(err)
	}
	p.provider = found
	return found, nil
}

func (p *relyingParty) client(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.callback,
		Scopes: append([]string{oidc.ScopeOpenID, "email", "profile"}, p.Scopes...),
	}
}

// newVerifier is the secret of one trip that proves whose it is (RFC 7636).
func newVerifier() string { return oauth2.GenerateVerifier() }

// begin is the address where the provider asks who somebody is. again makes it
// ask even whom it knows.
func (p *relyingParty) begin(ctx context.Context, t trip) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)}
	if t.Again {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.client(found).AuthCodeURL(t.State, options...), nil
}

// errToken is the one answer to whatever the provider sent that does not prove
// anything.
func errToken(cause error) error {
	return soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "The provider's answer does not prove who you are.").
		WithFix("Start signing in again.").WithCause(cause)
}

// finish redeems the code of a trip and checks the token it gives.
func (p *relyingParty) finish(ctx context.Context, t trip, code string) (soc.ProviderIdentity, error) {
	none := soc.ProviderIdentity{}
	found, err := p.discover(ctx)
	if err != nil {
		return none, err
	}
	ctx = oidc.ClientContext(ctx, p.HTTP)
	tokens, err := p.client(found).Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
		return none, errToken(err)
	}
	if err != nil {
		return none, errProviderAway(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: asymmetric, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return none, errToken(err)
	}
	if token.Nonce != t.Nonce {
		return none, errToken(errors.New("another sign-in's nonce"))
	}
	return p.identity(token)
}

// identity reads the claims that matter.
func (p *relyingParty) identity(token *oidc.IDToken) (soc.ProviderIdentity, error) {
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		Name     string `json:"name"`
		AuthTime int64  `json:"auth_time"`
	}
	all := map[string]any{}
	if err := errors.Join(token.Claims(&claims), token.Claims(&all)); err != nil {
		return soc.ProviderIdentity{}, errToken(err)
	}
	who := soc.ProviderIdentity{Issuer: token.Issuer, Subject: token.Subject, Name: claims.Name, Groups: groups(all[p.GroupsClaim])}
	if claims.Verified {
		who.Email = claims.Email
	}
	if claims.AuthTime > 0 {
		who.AuthenticatedAt = time.Unix(claims.AuthTime, 0)
	}
	return who, nil
}

// groups reads a claim that is a list of texts, or one text; all else is none.
func groups(claim any) []string {
	switch held := claim.(type) {
	case string:
		return []string{held}
	case []any:
		var names []string
		for _, one := range held {
			if name, ok := one.(string); ok {
				names = append(names, name)
			}
		}
		return slices.Clip(names)
	}
	return nil
}

// valid says what keeps a provider from being used.
func (p *Provider) valid() error {
	switch {
	case p.HTTP == nil || p.ClientID == "":
		return errors.New("console: a sign-in provider needs a client id and a way out")
	case strings.TrimSpace(p.Name) == "":
		return errors.New("console: a sign-in provider needs a name")
	}
	return nil
}
