package opsapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS60LettingPeopleInTakesTwo invites a person, gives a role, resets the
// sign-in, disables and enables: what lets somebody in waits for a second person,
// what shuts somebody out does not, and each link is told once and works once.
func TestS60LettingPeopleInTakesTwo(t *testing.T) {
	h := openKeyDoor(t)
	const path, changes = "/api/ops/v1/people", "/api/ops/v1/changes/"
	admin, second, manager := h.AdminCookie(h.First), h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleManager)
	type change struct{ ID, State, Digest string }
	type person struct {
		ID, State, InviteURL string
		Grants               []struct{ WorkspaceID, Role string }
		Change               *change
	}
	post := func(who, target, body string, status int) string {
		t.Helper()
		w := h.Ask(http.MethodPost, target, body, who)
		if w.Code != status {
			t.Fatalf("%s: %d, want %d: %s", target, w.Code, status, w.Body)
		}
		return w.Body.String()
	}
	confirm := func(who string, c change, status int) {
		t.Helper()
		w := h.Ask(http.MethodPost, changes+c.ID+"/confirm", `{"digest":"`+c.Digest+`"}`, who, "Vedette-Workspace: "+h.First)
		if w.Code != status {
			t.Fatalf("confirm: %d, want %d: %s", w.Code, status, w.Body)
		}
	}
	follow := func(url, password string) error {
		return h.Desk.FollowPersonLink(t.Context(), soc.Actor{}, url[strings.LastIndexByte(url, '/')+1:], password)
	}
	signIn := func(password string) (cookie string, status int) {
		w := h.Ask(http.MethodPost, "/api/ops/v1/session", `{"email":"new@example.org","password":"`+password+`"}`)
		for _, c := range w.Result().Cookies() {
			cookie = "Cookie: " + c.Name + "=" + c.Value
		}
		return cookie, w.Code
	}

	w := h.Ask(http.MethodPost, path, `{"email":"New@example.org","name":"N. New","grants":[{"workspaceId":"`+h.First+`","role":"analyst"},{"workspaceId":"`+h.Second+`","role":"viewer"}]}`, admin)
	invited := webtest.Decode[struct{ Data person }](t, w, http.StatusCreated).Data
	if invited.Change == nil || len(invited.Grants) != 1 || invited.Grants[0].Role != "viewer" || !strings.HasPrefix(invited.InviteURL, webtest.PublicURL+"/console/welcome/vdt_link_") {
		t.Fatalf("%+v", invited)
	}
	one := path + "/" + invited.ID
	const password, other = "entirely different words 7", "other words altogether 8"
	if err := follow(invited.InviteURL, "short"); soc.KindOf(err) != soc.Invalid {
		t.Error(err)
	}
	if err := follow(invited.InviteURL, password); err != nil {
		t.Fatal(err)
	}
	if err := follow(invited.InviteURL, other); soc.KindOf(err) != soc.NotFound {
		t.Errorf("a link used twice: %v", err)
	}
	confirm(manager, *invited.Change, http.StatusOK)
	session, status := signIn(password)
	if status != http.StatusCreated {
		t.Fatal(status)
	}

	t.Run("reset", func(t *testing.T) {
		c := webtest.Decode[struct{ Data change }](t, h.Ask(http.MethodPost, one+"/reset", `{"reason":"lost the phone"}`, admin), http.StatusAccepted).Data
		post(admin, one+"/link", `{}`, http.StatusConflict) // nobody has confirmed it
		if w := h.Ask(http.MethodGet, "/api/ops/v1/session", "", session); w.Code != http.StatusOK {
			t.Errorf("a change that waits ended a session: %d", w.Code)
		}
		confirm(admin, c, http.StatusConflict)
		confirm(manager, c, http.StatusOK)
		if w := h.Ask(http.MethodGet, "/api/ops/v1/session", "", session); w.Code != http.StatusUnauthorized {
			t.Errorf("the session lives on: %d", w.Code)
		}
		if _, status := signIn(password); status != http.StatusUnauthorized {
			t.Errorf("the old password signs in: %d", status)
		}
		post(second, one+"/link", `{}`, http.StatusForbidden)
		link := webtest.Decode[struct{ Data struct{ URL string } }](t, h.Ask(http.MethodPost, one+"/link", `{}`, admin), http.StatusCreated).Data.URL
		post(admin, one+"/link", `{}`, http.StatusConflict)
		h.Advance(soc.ResetLife - time.Second)
		if err := follow(link, other); err != nil {
			t.Error(err)
		}
		if _, status := signIn(other); status != http.StatusCreated {
			t.Errorf("the new password: %d", status)
		}
	})
	t.Run("disable and enable", func(t *testing.T) {
		admin, manager := h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleManager) // signed in now
		post(admin, one+"/enable", `{"reason":"back"}`, http.StatusConflict)
		tighten := []soc.Scope{soc.ScopeOpsTighten}
		post(h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: tighten}), one+"/disable", `{"reason":"left"}`, http.StatusNotFound) // has a role elsewhere too
		post(h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: tighten, Workspaces: []string{h.First, h.Second}}), one+"/disable", `{"reason":"left"}`, http.StatusOK)
		c := webtest.Decode[struct{ Data change }](t, h.Ask(http.MethodPost, one+"/enable", `{"reason":"back"}`, admin), http.StatusAccepted).Data
		if _, status := signIn(other); status != http.StatusUnauthorized {
			t.Errorf("a disabled person signs in: %d", status)
		}
		confirm(manager, c, http.StatusOK)
		h.Advance(time.Hour) // the guesses above delay the next
		if _, status := signIn(other); status != http.StatusCreated {
			t.Errorf("an enabled person: %d", status)
		}
	})
}
