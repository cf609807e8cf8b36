package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type afterwards struct {
	Next string `query:"next" max:"2000"`
}

type signInForm struct {
	Client   string `header:"User-Agent"`
	Email    string `form:"email" max:"254"`
	Password string `form:"password" max:"512"`
	Next     string `form:"next" max:"2000"`
}

type stepUpForm struct {
	Password string `form:"password" max:"512"`
	Code     string `form:"code" max:"64"`
	Next     string `form:"next" max:"2000"`
}

type passwordForm struct {
	Current string `form:"current" max:"512"`
	New     string `form:"new" max:"512"`
	Again   string `form:"again" max:"512"`
}

type endForm struct {
	ID string `form:"id" max:"36"`
}

// signInDrawn is what the sign-in page shows.
type signInDrawn struct {
	Next string
	// Provider is who else may prove people, "" for nobody.
	Provider string
}

// proofPage is what the pages that ask for a proof show.
type proofPage struct {
	Next string
	// SecondFactor asks for a code too.
	SecondFactor bool
	Provider     string
}

// ownSession is a line of the list of the person's own sessions.
type ownSession struct {
	soc.Session
	Current bool
}

// registerSession adds signing in and out, proving again who one is, and the
// own account.
func (c *Console) registerSession() {
	half := []soc.SessionState{soc.SessionSecondFactor, soc.SessionEnrolment}
	add(c, Page{Method: http.MethodGet, Path: "/sign-in", Name: "sign_in_page", Who: Anyone}, c.signInPage)
	add(c, Page{Method: http.MethodPost, Path: "/sign-in", Name: "start_session", Who: Anyone, Back: "/sign-in"}, c.signIn)
	add(c, Page{Method: http.MethodGet, Path: "/step-up", Name: "step_up_page", Who: Signed}, c.stepUpPage)
	add(c, Page{Method: http.MethodPost, Path: "/step-up", Name: "reauthenticate_session", Who: Signed, Back: "/step-up"}, c.stepUp)
	add(c, Page{Method: http.MethodPost, Path: "/sign-out", Name: "end_session", Who: Signed, Back: "/account", Partial: half}, c.signOut)
	add(c, Page{Method: http.MethodGet, Path: "/account", Name: "account_page", Who: Signed}, c.account)
	add(c, Page{Method: http.MethodPost, Path: "/account/end", Name: "end_other_session", Who: Signed, Back: "/account"}, c.endSession)
	add(c, Page{Method: http.MethodPost, Path: "/account/password", Name: "change_password", Who: Signed, Fresh: true, Back: "/account"}, c.changePassword)
}

func (c *Console) signInPage(_ context.Context, _ soc.Actor, in afterwards) (View, error) {
	return View{Template: "sign-in", Title: "Sign in", Data: signInDrawn{ownPath(in.Next), c.providerName()}}, nil
}

func (c *Console) signIn(ctx context.Context, by soc.Actor, in signInForm) (View, error) {
	caller := soc.Caller{Address: web.FrameOf(ctx).Address.String(), Client: in.Client, Call: by.Call}
	started, err := c.desk.Login(ctx, soc.Login{Email: in.Email, Password: in.Password}, caller)
	if err != nil {
		return View{}, err
	}
	return c.started(started, in.Next, "/console/home"), nil
}

// started leads on with the new session; the token before it is dead (S48).
func (c *Console) started(s soc.StartedSession, next, otherwise string) View {
	if next = ownPath(next); next == "" {
		next = otherwise
	}
	life := s.Session.ExpiresAt.Sub(s.Session.AuthenticatedAt)
	return View{Redirect: next, Cookie: c.registry.SessionCookie(s.Token, life)}
}

func (c *Console) stepUpPage(ctx context.Context, by soc.Actor, in afterwards) (View, error) {
	me, err := c.desk.GetWhoami(ctx, by)
	if err != nil {
		return View{}, err
	}
	return View{Template: "step-up", Title: "Prove who you are", Data: proofPage{ownPath(in.Next), me.Person.SecondFactor, c.providerName()}}, nil
}

func (c *Console) stepUp(ctx context.Context, by soc.Actor, in stepUpForm) (View, error) {
	started, err := c.desk.Reauthenticate(ctx, by, soc.SignInProof{Password: in.Password, Code: in.Code})
	if err != nil {
		return View{}, err
	}
	return c.started(started, in.Next, "/console/account"), nil
}

func (c *Console) signOut(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	if err := c.desk.Logout(ctx, by); err != nil {
		return View{}, err
	}
	return View{Redirect: "/console/sign-in", Notice: "signed-out", Cookie: c.registry.SessionCookie("", 0)}, nil
}

func (c *Console) account(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	me, err := c.desk.GetWhoami(ctx, by)
	if err != nil {
		return View{}, err
	}
	sessions, err := c.desk.ListSessions(ctx, by)
	lines := make([]ownSession, len(sessions))
	for i, s := range sessions {
		lines[i] = ownSession{s, s.ID == by.Credential}
	}
	return View{Template: "account", Title: "Your account", Data: map[string]any{
		"Person": me.Person, "Session": me.Session, "Sessions": lines, "FreshUntil": me.Session.AuthenticatedAt.Add(soc.FreshFor),
	}}, err
}

func (c *Console) endSession(ctx context.Context, by soc.Actor, in endForm) (View, error) {
	err := c.desk.EndSession(ctx, by, in.ID)
	return View{Redirect: "/console/account", Notice: "session-ended"}, err
}

func (c *Console) changePassword(ctx context.Context, by soc.Actor, in passwordForm) (View, error) {
	if in.New != in.Again {
		return View{}, soc.InvalidField("again", "must be the new password once more")
	}
	err := c.desk.ChangePassword(ctx, by, in.Current, in.New)
	return View{Redirect: "/console/account", Notice: "password"}, err
}
