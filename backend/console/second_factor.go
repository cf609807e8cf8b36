package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

type codeForm struct {
	Code string `form:"code" max:"64"`
	Next string `form:"next" max:"2000"`
}

type enrolForm struct {
	Next string `form:"next" max:"2000"`
}

// enrolmentPage is what the steps of an enrolment show; all but Next is told
// once.
type enrolmentPage struct {
	Next, Secret, URI string
	Picture           qrCode
	Codes             []string
}

// registerSecondFactor adds the rest of a sign-in by code, and the enrolment of
// an authenticator.
func (c *Console) registerSecondFactor() {
	pass, enrol := []soc.SessionState{soc.SessionSecondFactor}, []soc.SessionState{soc.SessionEnrolment}
	add(c, Page{Method: http.MethodGet, Path: "/second-factor", Name: "second_factor_page", Who: Signed, Partial: pass}, c.secondFactorPage)
	add(c, Page{Method: http.MethodPost, Path: "/second-factor", Name: "pass_second_factor", Who: Signed, Partial: pass, Back: "/second-factor"}, c.passSecondFactor)
	add(c, Page{Method: http.MethodGet, Path: "/enrolment", Name: "enrolment_page", Who: Signed, Partial: enrol}, c.enrolmentPage)
	add(c, Page{Method: http.MethodPost, Path: "/enrolment/start", Name: "enrol_totp", Who: Signed, Partial: enrol, Back: "/enrolment"}, c.enrol)
	add(c, Page{Method: http.MethodPost, Path: "/enrolment/verify", Name: "verify_totp", Who: Signed, Partial: enrol, Back: "/enrolment"}, c.verifyEnrolment)
	add(c, Page{Method: http.MethodPost, Path: "/account/second-factor/remove", Name: "remove_totp", Who: Signed, Fresh: true, Back: "/account"}, c.removeSecondFactor)
}

func (c *Console) secondFactorPage(_ context.Context, _ soc.Actor, in afterwards) (View, error) {
	return View{Template: "second-factor", Title: "Second factor", Data: ownPath(in.Next)}, nil
}

func (c *Console) passSecondFactor(ctx context.Context, by soc.Actor, in codeForm) (View, error) {
	started, err := c.desk.PassSecondFactor(ctx, by, in.Code)
	if err != nil {
		return View{}, err
	}
	return c.started(started, in.Next, "/console/home"), nil
}

func (c *Console) enrolmentPage(_ context.Context, _ soc.Actor, in afterwards) (View, error) {
	return View{Template: "enrolment", Title: "Set up a second factor", Data: enrolmentPage{Next: ownPath(in.Next)}}, nil
}

// enrol answers with a page of its own: the secret is told once, and stands in
// no address.
func (c *Console) enrol(ctx context.Context, by soc.Actor, in enrolForm) (View, error) {
	offered, err := c.desk.EnrolTOTP(ctx, by)
	if err != nil {
		return View{}, err
	}
	page := enrolmentPage{Next: ownPath(in.Next), Secret: offered.Secret, URI: offered.URI}
	page.Picture, err = drawQR(offered.URI)
	return View{Template: "enrolment", Title: "Set up a second factor", Data: page}, err
}

// verifyEnrolment renews the cookie too: a session may do more from here on.
func (c *Console) verifyEnrolment(ctx context.Context, by soc.Actor, in codeForm) (View, error) {
	enrolled, codes, err := c.desk.VerifyTOTP(ctx, by, in.Code)
	if err != nil {
		return View{}, err
	}
	view := c.started(enrolled, in.Next, "/console/home")
	return View{Template: "recovery", Title: "Recovery codes", Cookie: view.Cookie, Data: enrolmentPage{Next: view.Redirect, Codes: codes}}, nil
}

func (c *Console) removeSecondFactor(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	err := c.desk.RemoveTOTP(ctx, by)
	return View{Redirect: "/console/account", Notice: "factor-gone"}, err
}
