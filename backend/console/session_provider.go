package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// trip is what is remembered while somebody is at the provider. It travels
// sealed in a cookie of its own: the session's is kept back when another site
// leads here, and nobody who is not signed in yet has a row.
type trip struct {
	State, Nonce, Verifier string
	Next                   string
	// Again says that somebody who is signed in proves once more who they are.
	Again bool
}

// tripLife is how long somebody may take at the provider.
const tripLife = 10 * time.Minute

const tripName = "vedette_sign_in"

// tripSeal binds a trip's cookie to this purpose.
var tripSeal = web.Binding{Endpoint: "console sign-in provider"}

type callback struct {
	Code  string `query:"code" max:"2048"`
	State string `query:"state" max:"256"`
	Error string `query:"error" max:"256"`
	// What providers send along. Nothing of it is used: errors are told in our
	// own words, and the issuer is the one of the verified token.
	Description string `query:"error_description" max:"4096"`
	URI         string `query:"error_uri" max:"2048"`
	Issuer      string `query:"iss" max:"2048"`
	Session     string `query:"session_state" max:"2048"`
	Scope       string `query:"scope" max:"2048"`
	Account     string `query:"authuser" max:"256"`
	Domain      string `query:"hd" max:"256"`
	Prompt      string `query:"prompt" max:"256"`
}

// returned is what the provider's answer is carried in from page to page.
type returned struct {
	Code  string `query:"code" max:"2048"`
	State string `query:"state" max:"256"`
}

type finishForm struct {
	Code   string `form:"code" max:"2048"`
	State  string `form:"state" max:"256"`
	Cookie string `header:"Cookie" max:"16384"`
	Client string `header:"User-Agent"`
}

// providerPage is a step on the way back from the provider.
type providerPage struct {
	Name, Code, State string
	// Again is on the way back of a step-up.
	Again bool
}

// againMark begins the state of a step-up, which goes back another way. The
// cookie decides what it is; the mark only says which page is next.
const againMark = "again-"

// registerProvider adds signing in with a provider, where there is one.
func (c *Console) registerProvider() {
	if c.provider == nil {
		return
	}
	add(c, Page{Method: http.MethodGet, Path: "/sign-in/provider", Name: "provider_page", Who: Anyone}, c.toProvider)
	add(c, Page{Method: http.MethodGet, Path: "/sign-in/callback", Name: "provider_callback", Who: Anyone}, c.fromProvider)
	add(c, Page{Method: http.MethodPost, Path: "/sign-in/finish", Name: "start_provider_session", Who: Anyone, Back: "/sign-in"}, c.finishProvider)
	add(c, Page{Method: http.MethodGet, Path: "/step-up/provider", Name: "provider_step_up", Who: Signed}, c.againAtProvider)
	add(c, Page{Method: http.MethodGet, Path: "/step-up/confirm", Name: "provider_step_up_confirm", Who: Signed}, c.confirmAgain)
	add(c, Page{Method: http.MethodPost, Path: "/step-up/finish", Name: "reauthenticate_with_provider", Who: Signed, Back: "/step-up"}, c.finishAgain)
}

// providerName is what people call the provider, "" for none.
func (c *Console) providerName() string {
	if c.provider == nil {
		return ""
	}
	return c.provider.Name
}

func (c *Console) toProvider(ctx context.Context, _ soc.Actor, in afterwards) (View, error) {
	return c.leave(ctx, trip{Next: ownPath(in.Next)})
}

func (c *Console) againAtProvider(ctx context.Context, _ soc.Actor, in afterwards) (View, error) {
	return c.leave(ctx, trip{Next: ownPath(in.Next), Again: true})
}

// leave leads to the provider. Nothing changes here but the browser's cookie.
func (c *Console) leave(ctx context.Context, t trip) (View, error) {
	t.State, t.Nonce, t.Verifier = rand.Text(), rand.Text(), newVerifier()
	if t.Again {
		t.State = againMark + t.State
	}
	address, err := c.provider.begin(ctx, t)
	if err != nil {
		return View{}, err
	}
	payload, err := json.Marshal(t)
	if err != nil {
		return View{}, err
	}
	sealed, err := c.seal.SealFor(tripSeal, payload, tripLife)
	return View{Redirect: address, Cookie: &http.Cookie{
		Name: tripName, Value: sealed, Path: "/console", MaxAge: int(tripLife / time.Second), HttpOnly: true,
		Secure: strings.HasPrefix(c.facts.PublicURL, "https://"), SameSite: http.SameSiteLaxMode,
	}}, err
}

// fromProvider is where the provider leads back to. It changes nothing (S48):
// its form does, from within the site, which also brings the session along. A
// script sends it; without one there is a button.
func (c *Console) fromProvider(_ context.Context, _ soc.Actor, in callback) (View, error) {
	if in.Error != "" || in.Code == "" {
		return View{}, soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "The provider did not sign you in.").
			WithFix("Start signing in again, or sign in with a password.")
	}
	return View{Template: "provider", Title: "Signing in", Data: providerPage{c.provider.Name, in.Code, in.State, strings.HasPrefix(in.State, againMark)}}, nil
}

// confirmAgain is the second step back of a step-up: this one comes from within
// the site, so the session is there and its form has a token.
func (c *Console) confirmAgain(_ context.Context, _ soc.Actor, in returned) (View, error) {
	return View{Template: "provider-again", Title: "Prove who you are", Data: providerPage{c.provider.Name, in.Code, in.State, true}}, nil
}

func (c *Console) finishProvider(ctx context.Context, by soc.Actor, in finishForm) (View, error) {
	t, who, err := c.proven(ctx, in, false)
	if err != nil {
		return View{}, err
	}
	caller := soc.Caller{Address: web.FrameOf(ctx).Address.String(), Client: in.Client, Call: by.Call}
	started, err := c.desk.LoginWithProvider(ctx, who, caller)
	if err != nil {
		return View{}, err
	}
	return c.started(started, t.Next, "/console/home"), nil
}

func (c *Console) finishAgain(ctx context.Context, by soc.Actor, in finishForm) (View, error) {
	t, who, err := c.proven(ctx, in, true)
	if err != nil {
		return View{}, err
	}
	started, err := c.desk.ReauthenticateWithProvider(ctx, by, who)
	if err != nil {
		return View{}, err
	}
	return c.started(started, t.Next, "/console/account"), nil
}

// proven is the trip that this browser began here, and who the provider says
// came back from it.
func (c *Console) proven(ctx context.Context, in finishForm, again bool) (t trip, who soc.ProviderIdentity, err error) {
	payload, err := c.seal.Open(tripSeal, tripCookie(in.Cookie))
	if err != nil || json.Unmarshal(payload, &t) != nil {
		return t, who, errTrip()
	}
	if in.Code == "" || t.Again != again || subtle.ConstantTimeCompare([]byte(t.State), []byte(in.State)) != 1 {
		return t, who, errTrip()
	}
	who, err = c.provider.finish(ctx, t, in.Code)
	return t, who, err
}

// errTrip is the answer to whoever comes back from where they were not sent.
func errTrip() error {
	return soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "This sign-in was not begun in this browser, or too long ago.").
		WithFix("Start signing in again.")
}

// tripCookie is the value of the trip's cookie, "" for none; two of one name are
// none, because somebody else planted one.
func tripCookie(header string) string {
	cookies, err := http.ParseCookie(header)
	if err != nil {
		return ""
	}
	value, found := "", 0
	for _, cookie := range cookies {
		if cookie.Name == tripName {
			value, found = cookie.Value, found+1
		}
	}
	if found != 1 {
		return ""
	}
	return value
}
