package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vedette/backend/soc"
)

func init() {
	maps.Copy(examples, map[string]example{
		"GET /welcome/{link}":  {Params: "link=none", Status: 404},
		"POST /welcome/{link}": {Params: "link=none", Form: url.Values{"new": {"a password of mine"}, "again": {"a password of mine"}}, Status: 404, Adds: audited},
	})
}

// TestS49AnInvitedPersonChoosesAPassword follows the link of an invitation: it
// shows whose it is as often as it is opened, takes a good password once, and
// leads to the sign-in.
func TestS49AnInvitedPersonChoosesAPassword(t *testing.T) {
	h := openHouse(t)
	token := h.invited("new@example.org")
	page := "/console/welcome/" + token
	for range 2 {
		mustContain(t, h.ask(http.MethodGet, page, nil), http.StatusOK, "Welcome, Invited", "new@example.org")
	}
	choose := func(password, again string) int {
		return h.ask(http.MethodPost, page, url.Values{"new": {password}, "again": {again}}).Code
	}
	if short, other := choose("short", "short"), choose("a password of mine", "another"); short != http.StatusBadRequest || other != http.StatusBadRequest {
		t.Errorf("%d %d", short, other)
	}
	const password = "a password of mine 7"
	if code := choose(password, password); code != http.StatusSeeOther {
		t.Errorf("%d", code)
	}
	if again := choose(password, password); again != http.StatusNotFound {
		t.Errorf("a link used twice: %d", again)
	}
	if w := h.ask(http.MethodPost, "/console/sign-in", url.Values{"email": {"new@example.org"}, "password": {password}}); w.Code != http.StatusSeeOther {
		t.Errorf("sign in: %d %s", w.Code, w.Body)
	}
}

// invited is the token of a new person's link.
func (h *house) invited(email string) string {
	h.t.Helper()
	by, err := h.Desk.AuthenticateSession(h.t.Context(), strings.TrimPrefix(h.AdminCookie(h.First), "Cookie: __Host-vedette="), soc.Caller{})
	if err != nil {
		h.t.Fatal(err)
	}
	out, err := h.Desk.InvitePerson(h.t.Context(), by, soc.PersonInvite{Email: email, Name: "Invited", Grants: map[string]soc.Role{h.First: soc.RoleViewer}})
	if err != nil {
		h.t.Fatal(err)
	}
	return out.Token
}
