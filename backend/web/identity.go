package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Authenticator is the desk's view of credentials. Every method returns an
// *soc.Error; Unauthenticated for anything that is not a live credential, with
// equal work for unknown, wrong, revoked and disabled, and code
// CREDENTIAL_EXPIRED for an expired one whose secret was right.
type Authenticator interface {
	Basic(ctx context.Context, clientID, secret string, from soc.Caller) (soc.Actor, error)
	Bearer(ctx context.Context, token string, from soc.Caller) (soc.Actor, error)
	// Session answers a cookie of no live session with an Unauthenticated
	// error whose Target is "session", a half-made one where from.Partial does
	// not name its state with "session." and that state; one of a disabled
	// person without.
	Session(ctx context.Context, cookie string, from soc.Caller) (soc.Actor, error)
	// Workspace returns by set to the workspace (Workspace and Role): NotFound
	// for unknown and foreign, Denied for known without a role. An empty id is
	// the only workspace of the principal, Invalid if there are several.
	Workspace(ctx context.Context, by soc.Actor, id string) (soc.Actor, error)
	// Sources lists the spellings of source that by.Workspace knows.
	Sources(ctx context.Context, by soc.Actor) ([]string, error)
	// Run returns the run a token names, nil if the token is expired, forged or
	// of another workspace or agent; it writes the audit row of that.
	Run(ctx context.Context, by soc.Actor, token string) (*soc.Run, error)
}

// Recorder keeps what must be on record before an answer leaves.
type Recorder interface {
	// RecordCall records what an agent was handed and how the operation ended,
	// and a write before it starts too. If it fails, nothing is answered (S38).
	RecordCall(ctx context.Context, by soc.Actor, call soc.CallRecord) error
	// RecordRefusal audits a 403, or a 401 to a credential, that was given
	// before any operation ran. by is the zero Actor for a 401.
	RecordRefusal(ctx context.Context, by soc.Actor, call soc.Call, failure *soc.Error)
}

// Answers finds the stored answer of an idempotency key.
type Answers interface {
	// StoredAnswer returns found = false for a key not used in the last 24
	// hours, and KeyReused if it was used with another fingerprint.
	StoredAnswer(ctx context.Context, claim soc.IdempotencyClaim) (status int, body []byte, found bool, err error)
}

// CookieSecure and CookieLoopback are the names of the session cookie: the
// second on a plain-HTTP loopback listener, where clients drop the prefix.
const (
	CookieSecure   = "__Host-vedette"
	CookieLoopback = "vedette"
)

// SessionCookie is the Set-Cookie of a session; an empty token ends it. life
// is its absolute life.
func (r *Registry) SessionCookie(token string, life time.Duration) *http.Cookie {
	cookie := &http.Cookie{
		Name: r.config.Cookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.config.Cookie == CookieSecure, MaxAge: int(life / time.Second),
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	return cookie
}

// credential is what the headers present.
type credential struct {
	scheme string // "", basic, bearer, session, other
	user   string
	secret string
}

const maxToken = 256

// present reads the headers. The error is a misuse of them (400).
func (x *exchange) present() (credential, error) {
	headers := x.req.Header.Values("Authorization")
	if len(headers) > 1 {
		return credential{}, badRequest("Send one Authorization header, not %d.", len(headers))
	}
	cookie := x.cookie()
	if len(headers) == 0 {
		if cookie != "" {
			return credential{scheme: "session", secret: cookie}, nil
		}
		return credential{}, nil
	}
	if cookie != "" && x.route.family.Cookies == CookiesAccepted {
		return credential{}, badRequest("Send a session cookie or an Authorization header, not both.")
	}
	scheme, rest, _ := strings.Cut(headers[0], " ")
	rest = strings.TrimLeft(rest, " ")
	if strings.EqualFold(scheme, "Bearer") && visible(rest, maxToken) {
		return credential{scheme: "bearer", secret: rest}, nil
	}
	if strings.EqualFold(scheme, "Basic") && x.route.family.Basic {
		if user, secret, ok := x.req.BasicAuth(); ok {
			return credential{scheme: "basic", user: user, secret: secret}, nil
		}
	}
	return credential{scheme: "other"}, nil
}

// cookie is the session cookie where this route looks at it.
func (x *exchange) cookie() string {
	use := x.route.family.Cookies
	if use == CookiesIgnored || use == CookiesForPeople && x.route.Who != Person {
		return ""
	}
	cookies := x.req.CookiesNamed(x.registry.config.Cookie)
	if len(cookies) != 1 { // two of one name: somebody else planted one
		return ""
	}
	return cookies[0].Value
}

// authenticate is step 2. It also sets who pays for the request.
func (x *exchange) authenticate(ctx context.Context) error {
	presented, err := x.present()
	if err != nil {
		return err
	}
	if x.route.Who == Anyone {
		return x.takeLogin()
	}
	if presented.scheme == "" {
		return x.unauthorized(nil)
	}
	if err := x.takeLogin(); err != nil {
		return err
	}
	switch presented.scheme {
	case "basic":
		x.by, err = x.registry.config.Identity.Basic(ctx, presented.user, presented.secret, x.caller())
	case "bearer":
		x.by, err = x.registry.config.Identity.Bearer(ctx, presented.secret, x.caller())
	case "session":
		x.by, err = x.registry.config.Identity.Session(ctx, presented.secret, x.caller())
	default:
		err = x.unauthorized(nil)
	}
	if err != nil || x.by.Kind == "" {
		x.by = soc.Actor{}
		return x.failedLogin(ctx, presented, err)
	}
	x.by.Session = presented.scheme == "session"
	x.by.Call, x.by.Served = x.call(), &soc.Served{}
	x.line.principal, x.line.kind = x.by.ID, string(x.by.Kind)
	return nil
}

func (x *exchange) failedLogin(ctx context.Context, presented credential, err error) error {
	failure := soc.AsError(err)
	if err != nil && failure.Kind != soc.Unauthenticated {
		return err
	}
	unfinished := failure != nil && strings.HasPrefix(failure.Target, "session.")
	if !unfinished { // a half-made session is no guess
		x.countLoginFailure()
	}
	if presented.scheme == "session" && failure != nil && (unfinished || failure.Target == "session") && x.route.Who == Person {
		err = sessionRequired(failure.Target)
	} else {
		err = x.unauthorized(failure)
	}
	x.refuse(ctx, err)
	return err
}

// unauthorized gives every failed authentication the same words (S44's sibling:
// nobody learns whether a key exists), except an expired one.
func (x *exchange) unauthorized(cause *soc.Error) error {
	code := soc.CodeUnauthorized
	if cause != nil && cause.Code == soc.CodeCredentialExpired {
		return soc.Errorf(soc.Unauthenticated, soc.CodeCredentialExpired, "The credential has expired.")
	}
	return soc.Errorf(soc.Unauthenticated, code, "%s", x.route.family.Unauthenticated)
}

func sessionRequired(target string) error {
	e := soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "Only a person with a live session may do this.").
		WithFix("A person has to sign in and do it in the console or with the session cookie.")
	switch target {
	case "session.reauth":
		e.Message = "The sign-in is too long ago for this."
		e.Fix = "Sign in again (POST /api/ops/v1/session/reauth) and repeat the request within five minutes."
	case "session." + string(soc.SessionSecondFactor):
		e.Message = "The sign-in waits for the code of the second factor."
		e.Fix = "Send the code (POST /api/ops/v1/session/second-factor)."
	case "session." + string(soc.SessionEnrolment):
		e.Message = "The role needs a second factor, and none is enrolled."
		e.Fix = "Enrol one (POST /api/ops/v1/session/totp, then /session/totp/verify)."
	}
	e.Target = target
	return e
}

func badRequest(format string, args ...any) *soc.Error {
	return soc.Errorf(soc.Invalid, soc.CodeBadRequest, format, args...)
}

// visible reports whether text is 1 to limit visible ASCII characters.
func visible(text string, limit int) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return len(text) >= 1 && len(text) <= limit
}
