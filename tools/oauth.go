package tools

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"vedette/backend/soc"
)

// OAuth makes the door an OAuth 2.1 resource server of an external issuer
// (M14). Vedette issues no tokens.
type OAuth struct {
	// Issuer is the issuer's URL, exactly as in its tokens.
	Issuer string
	// HTTP reaches the issuer's discovery document and keys; required, since
	// only egress makes outbound clients (S50).
	HTTP *http.Client
	// Actor maps a verified token to an agent or service of exactly one
	// workspace, or refuses it. The scopes of the actor are cut to the token's.
	Actor func(ctx context.Context, token Token) (soc.Actor, error)
}

// Token is what a verified access token says.
type Token struct {
	Issuer, Subject, ClientID string
	Scopes                    []soc.Scope
	Expires                   time.Time
}

// leeway is how far two clocks may differ.
const leeway = 60 * time.Second

// asymmetric are the signature algorithms taken. A symmetric one would let
// whoever knows the issuer's public data sign.
var asymmetric = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// resourceServer verifies tokens for the one resource of this door.
type resourceServer struct {
	config   OAuth
	resource string
	now      func() time.Time
	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

func newResourceServer(c OAuth, publicURL string, now func() time.Time) *resourceServer {
	return &resourceServer{config: c, resource: publicURL + Path, now: now}
}

// discover finds the issuer's keys when first needed, so that an issuer that is
// down does not keep the server from starting, and again after a failure.
func (o *resourceServer) discover(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.verifier != nil {
		return o.verifier, nil
	}
	// The provider keeps the context for later key rotations.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.config.HTTP), o.config.Issuer)
	if err != nil {
		return nil, soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The token issuer cannot be reached.").WithCause(err)
	}
	o.verifier = provider.Verifier(&oidc.Config{
		ClientID: o.resource, SupportedSigningAlgs: asymmetric, Now: o.now,
		// The library has no leeway for exp; verify checks times itself.
		SkipExpiryCheck: true,
	})
	return o.verifier, nil
}

// verify checks signature, issuer, audience and times, and maps the token.
func (o *resourceServer) verify(ctx context.Context, raw string) (soc.Actor, error) {
	verifier, err := o.discover(ctx)
	if err != nil {
		return soc.Actor{}, err
	}
	invalid := soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "Missing or invalid credentials.")
	verified, err := verifier.Verify(ctx, raw)
	if err != nil {
		return soc.Actor{}, invalid.WithCause(err)
	}
	var claims struct {
		Scope     string  `json:"scope"`
		ClientID  string  `json:"client_id"`
		Azp       string  `json:"azp"`
		NotBefore float64 `json:"nbf"`
	}
	if err := verified.Claims(&claims); err != nil {
		return soc.Actor{}, invalid.WithCause(err)
	}
	now := o.now()
	if verified.Expiry.IsZero() || verified.Expiry.Unix() <= 0 || now.After(verified.Expiry.Add(leeway)) {
		return soc.Actor{}, soc.Errorf(soc.Unauthenticated, soc.CodeCredentialExpired, "The credential has expired.")
	}
	if claims.NotBefore > 0 && now.Add(leeway).Before(time.Unix(int64(claims.NotBefore), 0)) {
		return soc.Actor{}, invalid
	}
	token := Token{Issuer: verified.Issuer, Subject: verified.Subject, ClientID: claims.ClientID, Expires: verified.Expiry}
	if token.ClientID == "" {
		token.ClientID = claims.Azp
	}
	for _, word := range strings.Fields(claims.Scope) {
		if scope := soc.Scope(word); slices.Contains(Scopes, scope) {
			token.Scopes = append(token.Scopes, scope)
		}
	}
	by, err := o.config.Actor(ctx, token)
	if err != nil {
		return soc.Actor{}, err
	}
	if by.Workspace == "" {
		return soc.Actor{}, invalid
	}
	by.Scopes = slices.DeleteFunc(slices.Clone(by.Scopes), func(s soc.Scope) bool { return !slices.Contains(token.Scopes, s) })
	return by, nil
}

// metadata is RFC 9728 protected resource metadata.
type metadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	ScopesSupported      []string `json:"scopes_supported"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	ResourceName         string   `json:"resource_name"`
}

// serveMetadata tells an OAuth client where to get a token; without an issuer
// there is nothing to tell.
func (s *Server) serveMetadata(w http.ResponseWriter, req *http.Request) {
	if refusal := s.hosts.check(req); refusal != nil || s.oauth == nil {
		http.NotFound(w, req)
		return
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	raw, err := encode(metadata{
		Resource: s.oauth.resource, AuthorizationServers: []string{s.oauth.config.Issuer}, ScopesSupported: words(Scopes),
		BearerMethods: []string{"header"}, ResourceName: "Vedette",
	})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(raw)
}
