package opsapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

const session = "/api/ops/v1/session"

// cookieOf is the Cookie header of the session that an answer started.
func cookieOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Value == "" {
		t.Fatalf("%d cookies: %d %s", len(cookies), w.Code, w.Body)
	}
	return "Cookie: " + cookies[0].Name + "=" + cookies[0].Value
}

// TestS49SecondFactorOverHTTP enrols, signs in with a code, and shows that half
// a session opens nothing but its own section, at every route there is.
func TestS49SecondFactorOverHTTP(t *testing.T) {
	h := openKeyDoor(t)
	type me struct {
		Data struct {
			State            string
			OrganizationRole *string
			Roles            []struct{ Role string }
			SecondFactor     bool
			Person           struct{ Email string }
		}
	}
	who := func(cookie string) me {
		t.Helper()
		return webtest.Decode[me](t, h.Ask(http.MethodGet, session, "", cookie), 200)
	}
	cookie := h.Cookie(h.First, soc.RoleSenior)
	email := who(cookie).Data.Person.Email
	offered := webtest.Decode[struct {
		Data struct{ Secret, OtpauthURI string }
	}](t, h.Ask(http.MethodPost, session+"/totp", `{}`, cookie), 201).Data
	if uri, err := url.Parse(offered.OtpauthURI); err != nil || uri.Scheme != "otpauth" || uri.Query().Get("secret") != offered.Secret || !strings.Contains(uri.Path, email) {
		t.Errorf("%+v %v", offered, err)
	}
	code := func() string {
		t.Helper()
		code, err := totp.GenerateCode(offered.Secret, h.Now())
		if err != nil {
			t.Fatal(err)
		}
		return `{"code":"` + code + `"}`
	}
	if w := h.Ask(http.MethodPost, session+"/totp/verify", `{"code":"no code"}`, cookie); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	verified := h.Ask(http.MethodPost, session+"/totp/verify", code(), cookie)
	recovery := webtest.Decode[struct {
		Data struct{ RecoveryCodes []string }
	}](t, verified, 200).Data.RecoveryCodes
	if len(recovery) != 10 || cookieOf(t, verified) == cookie || !who(cookieOf(t, verified)).Data.SecondFactor {
		t.Errorf("%v", recovery)
	}

	login := `{"email":"` + email + `","password":"` + webtest.Password + `"}`
	started := h.Ask(http.MethodPost, session, login)
	half := cookieOf(t, started)
	if got := webtest.Decode[me](t, started, 201).Data; got.State != "second_factor" || len(got.Roles) != 0 || got.OrganizationRole != nil {
		t.Errorf("%+v", got)
	}
	if got := who(half).Data; got.State != "second_factor" || len(got.Roles) != 0 {
		t.Errorf("%+v", got)
	}
	opensHalf(t, h, half, "session.second_factor", "GET /session", "DELETE /session", "POST /session/second-factor")

	h.Advance(time.Minute)
	passed := h.Ask(http.MethodPost, session+"/second-factor", code(), half)
	if got := webtest.Decode[me](t, passed, 200).Data; got.State != "active" || len(got.Roles) != 1 || cookieOf(t, passed) == half {
		t.Errorf("%+v", got)
	}
	h.Advance(10 * time.Minute)
	whole := cookieOf(t, passed)
	if w := h.Ask(http.MethodDelete, session+"/totp", "", whole); w.Code != 403 || !strings.Contains(w.Body.String(), "session.reauth") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := h.Ask(http.MethodPost, session+"/reauth", `{"password":"`+webtest.Password+`"}`, whole); w.Code != 401 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	fresh := h.Ask(http.MethodPost, session+"/reauth", `{"password":"`+webtest.Password+`","code":"`+recovery[3]+`"}`, whole)
	if w := h.Ask(http.MethodDelete, session+"/totp", "", cookieOf(t, fresh)); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	// Enrolment is demanded of a role.
	w, _, err := h.Store.Read(t.Context()).Workspace(h.First)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk.RequireSecondFactor(t.Context(), h.Host, w.Organization, []soc.Role{soc.RoleSenior}); err != nil {
		t.Fatal(err)
	}
	half = cookieOf(t, h.Ask(http.MethodPost, session, login))
	if got := who(half).Data; got.State != "enrolment" {
		t.Errorf("%+v", got)
	}
	opensHalf(t, h, half, "session.enrolment", "GET /session", "DELETE /session", "POST /session/totp", "POST /session/totp/verify")
	overview := webtest.Decode[struct {
		Data struct {
			SecondFactorRoles            []string
			ApproversWithoutSecondFactor int
		}
	}](t, h.Ask(http.MethodGet, "/api/ops/v1/organization", "", h.AdminCookie(h.First)), 200).Data
	if len(overview.SecondFactorRoles) != 1 || overview.ApproversWithoutSecondFactor != 1 {
		t.Errorf("%+v", overview)
	}
}

// opensHalf asks every route with half a session: only those named open.
func opensHalf(t *testing.T, h *webtest.House, cookie, target string, opens ...string) {
	t.Helper()
	for _, route := range h.Registry.Routes() {
		name := route.Method + " " + strings.TrimPrefix(route.Path, "/api/ops/v1")
		if slices.Contains(opens, name) || route.Who == web.Anyone {
			continue
		}
		h.Advance(time.Second) // and the buckets stay full
		w := h.Ask(route.Method, strings.NewReplacer("{", "", "}", "").Replace(route.Path), "", cookie, "Content-Type: "+mediaOf(route))
		switch {
		case route.Who == web.Person && (w.Code != 403 || !strings.Contains(w.Body.String(), target)), route.Who != web.Person && w.Code != 401:
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
