package backend

import (
	"sync"
	"testing"
	"time"

	"vedette/backend/soc"
)

func TestS48SessionsRotateAndEnd(t *testing.T) {
	h := newHouse(t)
	p := h.person("op1", false, soc.RoleAnalyst)
	by, token := h.session("op1")
	_, second := h.session("op1")
	if token == second {
		t.Error("two sign-ins share a token")
	}
	if !by.Session || by.ID != p.ID || by.Role != soc.RoleAnalyst || by.DecidingRole() != soc.RoleAnalyst || !by.Fresh(h.now()) {
		t.Errorf("%+v", by)
	}
	h.wait(10 * time.Minute)
	if by.Fresh(h.now()) {
		t.Error("fresh after ten minutes")
	}
	_, err := h.Reauthenticate(ctx, by, soc.SignInProof{Password: "not the password"})
	refusedWith(t, "reauth with a wrong password", err, soc.Unauthenticated, soc.CodeUnauthorized)
	renewed, err := h.Reauthenticate(ctx, by, soc.SignInProof{Password: testPassword})
	h.must(err)
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err == nil {
		t.Error("the token before reauthentication lives")
	}
	by, err = h.AuthenticateSession(ctx, renewed.Token, soc.Caller{})
	h.must(err)
	if !by.Fresh(h.now()) || by.Credential != renewed.Session.ID {
		t.Errorf("%+v", by)
	}
	h.must(h.Logout(ctx, by))
	_, err = h.AuthenticateSession(ctx, renewed.Token, soc.Caller{})
	refusedWith(t, "after logout", err, soc.Unauthenticated, soc.CodeUnauthorized)
	if soc.AsError(err).Target != "session" {
		t.Error("no live session has target session")
	}
	if e := h.audited("session_ended"); e.Actor != p.ID {
		t.Errorf("%+v", e)
	}
}

func TestS48IdleAndAbsoluteEnd(t *testing.T) {
	h := newHouse(t)
	h.person("op1", false, soc.RoleAnalyst)
	_, token := h.session("op1")
	for range 12 { // busy for twelve hours; uses are stored only sometimes
		h.wait(59 * time.Minute)
		if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err != nil {
			t.Fatalf("busy session at %v: %v", h.now(), err)
		}
	}
	h.must(h.RecordUses(ctx))
	h.wait(13 * time.Minute)
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err == nil {
		t.Error("lives longer than twelve hours")
	}
	_, token = h.session("op1")
	h.wait(soc.SessionIdle)
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err == nil {
		t.Error("lives idle for an hour")
	}
}

func TestS48DisabledPersonsSessionDiesAtOnce(t *testing.T) {
	h := newHouse(t)
	p := h.person("op1", false, soc.RoleAnalyst)
	_, token := h.session("op1")
	h.must(h.DisablePerson(ctx, h.host, p.ID, "left"))
	_, err := h.AuthenticateSession(ctx, token, soc.Caller{})
	refusedWith(t, "disabled", err, soc.Unauthenticated, soc.CodeUnauthorized)
	if soc.AsError(err).Target != "" {
		t.Error("a disabled person is 401, not a missing session")
	}
	_, err = h.Login(ctx, soc.Login{Email: p.Email, Password: testPassword}, soc.Caller{})
	refusedWith(t, "login of a disabled person", err, soc.Unauthenticated, soc.CodeUnauthorized)
	h.must(h.EnablePerson(ctx, h.host, p.ID))
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err == nil {
		t.Error("an old session came back to life")
	}
	h.session("op1")
}

// Unknown, wrong, disabled and delayed accounts get one answer, and nothing of
// the address typed is kept.
func TestS49UniformAnswersAndDelay(t *testing.T) {
	h := newHouse(t)
	p := h.person("op1", false, soc.RoleAnalyst)
	try := func(email, password string) error {
		_, err := h.Login(ctx, soc.Login{Email: email, Password: password}, soc.Caller{})
		return err
	}
	texts := map[string]bool{}
	for _, err := range []error{
		try("nobody@example.org", testPassword), try("not an address", testPassword), try(p.Email, "wrong password"), try("", ""),
	} {
		refusedWith(t, "login", err, soc.Unauthenticated, soc.CodeUnauthorized)
		texts[err.Error()] = true
	}
	for range 4 {
		texts[try(p.Email, "wrong password").Error()] = true
	}
	err := try(p.Email, testPassword) // right, and too early
	refusedWith(t, "delayed", err, soc.Unauthenticated, soc.CodeUnauthorized)
	if texts[err.Error()] = true; len(texts) != 1 {
		t.Errorf("answers differ: %v", texts)
	}
	stored, _, err := h.store.Read(ctx).Person(p.ID)
	h.must(err)
	if stored.FailedLogins != 5 || !stored.RetryAt.Equal(h.now().Add(time.Second)) {
		t.Errorf("%d failures, retry at %v", stored.FailedLogins, stored.RetryAt)
	}
	h.wait(time.Second)
	h.must(try(p.Email, testPassword))
	if e := h.audited("session_started_refused"); e.Target != p.ID || e.ActorName != "" || e.Detail != "" {
		t.Errorf("%+v", e)
	}
}

// Many guesses at once win no more tries than guesses one after the other.
func TestS49GuessesAtOnce(t *testing.T) {
	h := newHouse(t)
	p := h.person("op1", false, soc.RoleAnalyst)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := h.Login(ctx, soc.Login{Email: p.Email, Password: "wrong password"}, soc.Caller{}); err == nil {
				t.Error("a wrong password signs in")
			}
		})
	}
	wg.Wait()
	if _, err := h.Login(ctx, soc.Login{Email: p.Email, Password: testPassword}, soc.Caller{}); err == nil {
		t.Error("no delay after twelve wrong passwords")
	}
}

func TestChangePasswordEndsOtherSessions(t *testing.T) {
	h := newHouse(t)
	p := h.person("op1", false, soc.RoleAnalyst)
	_, other := h.session("op1")
	by, token := h.session("op1")
	const next = "entirely different words 7"
	refusedWith(t, "guessable", h.ChangePassword(ctx, by, testPassword, "Password1234"), soc.Invalid, soc.CodeValidationError)
	refusedWith(t, "wrong", h.ChangePassword(ctx, by, "wrong password", next), soc.Unauthenticated, soc.CodeUnauthorized)
	h.must(h.ChangePassword(ctx, by, testPassword, next))
	if _, err := h.AuthenticateSession(ctx, other, soc.Caller{}); err == nil {
		t.Error("another session lives on")
	}
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err != nil {
		t.Errorf("the own session ended: %v", err)
	}
	_, err := h.Login(ctx, soc.Login{Email: p.Email, Password: next}, soc.Caller{})
	h.must(err)
	h.wait(soc.FreshFor + time.Second)
	refusedWith(t, "stale", h.ChangePassword(ctx, by, next, testPassword), soc.Denied, soc.CodeHumanSessionRequired)
}
