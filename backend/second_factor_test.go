package backend

import (
	"encoding/base32"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"vedette/backend/soc"
)

// TestS49CodesOfTheStandard holds the codes to appendix B of RFC 6238: the last
// six of its eight digits.
func TestS49CodesOfTheStandard(t *testing.T) {
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		for offset, right := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
			if at+offset*totpPeriod < 0 {
				continue // before all steps
			}
			step, err := totpStep(secret, code, time.Unix(at+offset*totpPeriod, 0))
			if err != nil || (step == at/totpPeriod) != right {
				t.Errorf("at %d%+d steps: step %d, %v", at, offset, step, err)
			}
		}
	}
}

// secured is a house whose desk can seal.
func secured(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	box, err := soc.NewSecretBox(h.random, soc.SecretKey{ID: 1})
	h.must(err)
	h.Desk.secrets = box
	return h
}

// authenticator is the phone of a person.
type authenticator struct {
	h      *house
	secret string
}

func (a authenticator) code() string {
	a.h.t.Helper()
	code, err := hotp.GenerateCode(a.secret, uint64(a.h.now().Unix()/totpPeriod))
	a.h.must(err)
	return code
}

func (a authenticator) wrong() string {
	digits := []byte(a.code())
	digits[0] = '0' + (digits[0]-'0'+5)%10
	return string(digits)
}

// enrol gives a signed-in person a second factor.
func (h *house) enrol(by soc.Actor) (authenticator, []string, string) {
	h.t.Helper()
	offered, err := h.EnrolTOTP(ctx, by)
	h.must(err)
	phone := authenticator{h, offered.Secret}
	enrolled, codes, err := h.VerifyTOTP(ctx, by, phone.code())
	h.must(err)
	return phone, codes, enrolled.Token
}

// half signs in with the password alone.
func (h *house) half(name string, state soc.SessionState) (soc.Actor, string) {
	h.t.Helper()
	started, err := h.Login(ctx, soc.Login{Email: name + "@example.org", Password: testPassword}, soc.Caller{})
	h.must(err)
	if got := started.Session.State(started.Person); got != state {
		h.t.Fatalf("the session is %s, want %s", got, state)
	}
	_, err = h.AuthenticateSession(ctx, started.Token, soc.Caller{})
	refusedWith(h.t, "a half-made session", err, soc.Unauthenticated, soc.CodeUnauthorized)
	if target := soc.AsError(err).Target; target != "session."+string(state) {
		h.t.Errorf("target %q", target)
	}
	by, err := h.AuthenticateSession(ctx, started.Token, soc.Caller{Partial: soc.AllSessionStates})
	h.must(err)
	if len(by.Grants) != 0 || by.OrganizationAdmin || by.Unfinished != state {
		h.t.Errorf("%+v", by)
	}
	return by, started.Token
}

func TestS49SecondFactor(t *testing.T) {
	h := secured(t)
	p := h.person("op1", false, soc.RoleSenior)
	by, first := h.session("op1")
	_, other := h.session("op1")
	phone, recovery, token := h.enrol(by)
	if len(recovery) != soc.RecoveryCodes {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	for _, old := range []string{first, other} {
		if _, err := h.AuthenticateSession(ctx, old, soc.Caller{}); err == nil {
			t.Error("a session from before the second factor is whole")
		}
	}
	by, err := h.AuthenticateSession(ctx, token, soc.Caller{})
	h.must(err)

	half, _ := h.half("op1", soc.SessionSecondFactor)
	for name, err := range map[string]error{
		"password": h.ChangePassword(ctx, half, testPassword, "entirely different words 7"), "removal": h.RemoveTOTP(ctx, half),
		"other session": h.EndSession(ctx, half, by.Credential), "enrolment": failing(h.EnrolTOTP(ctx, half)),
		"reauth": failing(h.Reauthenticate(ctx, half, soc.SignInProof{Password: testPassword, Code: phone.code()})),
	} {
		if soc.AsError(err) == nil || soc.AsError(err).Target == "" {
			t.Errorf("%s by half a session: %v", name, err)
		}
	}
	_, err = h.PassSecondFactor(ctx, half, phone.code())
	refusedWith(t, "the code that enrolled", err, soc.Unauthenticated, soc.CodeUnauthorized)
	h.wait(totpPeriod * time.Second)
	code := phone.code()
	passed, err := h.PassSecondFactor(ctx, half, code[:3]+" "+code[3:])
	h.must(err)
	if by, err = h.AuthenticateSession(ctx, passed.Token, soc.Caller{}); err != nil || len(by.Grants) != 1 || !by.Fresh(h.now()) {
		t.Errorf("%+v %v", by, err)
	}
	_, err = h.PassSecondFactor(ctx, by, phone.code())
	refusedWith(t, "a whole session", err, soc.Conflict, soc.CodeInvalidState)

	half, _ = h.half("op1", soc.SessionSecondFactor)
	_, err = h.PassSecondFactor(ctx, half, code)
	refusedWith(t, "a step used before", err, soc.Unauthenticated, soc.CodeUnauthorized)
	passed, err = h.PassSecondFactor(ctx, half, recovery[0])
	h.must(err)
	half, _ = h.half("op1", soc.SessionSecondFactor)
	_, err = h.PassSecondFactor(ctx, half, recovery[0])
	refusedWith(t, "a recovery code used before", err, soc.Unauthenticated, soc.CodeUnauthorized)

	// Reauthentication needs both, and a wrong one leaves the session.
	by, err = h.AuthenticateSession(ctx, passed.Token, soc.Caller{})
	h.must(err)
	h.wait(10 * time.Minute)
	for _, proof := range []soc.SignInProof{{Password: testPassword}, {Password: testPassword, Code: phone.wrong()}, {Password: "wrong", Code: phone.code()}} {
		_, err := h.Reauthenticate(ctx, by, proof)
		refusedWith(t, "half a proof", err, soc.Unauthenticated, soc.CodeUnauthorized)
	}
	renewed, err := h.Reauthenticate(ctx, by, soc.SignInProof{Password: testPassword, Code: phone.code()})
	h.must(err)
	by, err = h.AuthenticateSession(ctx, renewed.Token, soc.Caller{})
	h.must(err)
	h.must(h.RemoveTOTP(ctx, by))
	h.session("op1")
	if e := h.audited("totp_removed"); e.Target != p.ID {
		t.Errorf("%+v", e)
	}
}

func failing[T any](_ T, err error) error { return err }

// Five wrong codes end the cookie, and the delay outlives it: whoever knows the
// password can start a new one at any time.
func TestS49CodesAreNotGuessed(t *testing.T) {
	h := secured(t)
	h.person("op1", false, soc.RoleSenior)
	by, _ := h.session("op1")
	phone, _, known := h.enrol(by)
	h.wait(totpPeriod * time.Second)
	half, token := h.half("op1", soc.SessionSecondFactor)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := h.PassSecondFactor(ctx, half, phone.wrong()); err == nil {
				t.Error("a wrong code passes")
			}
		})
	}
	wg.Wait()
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{Partial: soc.AllSessionStates}); err == nil {
		t.Error("the cookie outlived twelve wrong codes")
	}
	half, _ = h.half("op1", soc.SessionSecondFactor)
	_, err := h.PassSecondFactor(ctx, half, phone.code())
	refusedWith(t, "right, and too early", err, soc.Unauthenticated, soc.CodeUnauthorized)
	if _, err := h.AuthenticateSession(ctx, known, soc.Caller{}); err != nil {
		t.Errorf("the owner's known session ended: %v", err)
	}
	h.wait(time.Minute)
	_, err = h.PassSecondFactor(ctx, half, phone.code())
	h.must(err)
}

// A role that must have a second factor is held to it at the next request, and
// the banner counts who has none.
func TestS49RequiredByRole(t *testing.T) {
	h := secured(t)
	p := h.person("op1", false, soc.RoleSenior)
	h.person("admin", true, soc.RoleNone)
	h.person("looker", false, soc.RoleViewer)
	by, token := h.session("op1")
	office, _ := h.session("admin")
	without := func() int64 {
		t.Helper()
		_, n, err := h.GetOrganization(ctx, office)
		h.must(err)
		return n
	}
	if n := without(); n != 1 {
		t.Errorf("%d approvers without", n)
	}
	_, err := h.RequireSecondFactor(ctx, by, h.organization, []soc.Role{soc.RoleSenior})
	refusedWith(t, "by a senior", err, soc.Denied, soc.CodeForbidden)
	o, err := h.RequireSecondFactor(ctx, office, h.organization, []soc.Role{soc.RoleManager, soc.RoleSenior})
	h.must(err)
	if len(o.SecondFactorRoles) != 2 || o.SecondFactorRoles[0] != soc.RoleSenior {
		t.Errorf("%v", o.SecondFactorRoles)
	}
	_, err = h.RequireSecondFactor(ctx, office, h.organization, nil)
	refusedWith(t, "one person asks for less", err, soc.Denied, soc.CodeForbidden)
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err == nil {
		t.Error("a live session goes on without")
	}
	half, _ := h.half("op1", soc.SessionEnrolment)
	_, _, enrolled := h.enrol(half)
	by, err = h.AuthenticateSession(ctx, enrolled, soc.Caller{})
	h.must(err)
	if n := without(); n != 0 {
		t.Errorf("%d approvers without", n)
	}
	refusedWith(t, "removal", h.RemoveTOTP(ctx, by), soc.Conflict, soc.CodeInvalidState)

	refusedWith(t, "reset by an admin alone", h.ResetSecondFactor(ctx, office, p.ID), soc.Denied, soc.CodeForbidden)
	h.must(h.ResetSecondFactor(ctx, h.host, p.ID))
	if _, err := h.AuthenticateSession(ctx, enrolled, soc.Caller{Partial: soc.AllSessionStates}); err == nil {
		t.Error("a session outlived the reset")
	}
	h.half("op1", soc.SessionEnrolment)
	_, err = h.RequireSecondFactor(ctx, h.host, h.organization, nil)
	h.must(err)
	h.session("op1")
}

// The secret is not in the database in clear, and no other person's row opens it.
func TestS49SecretsAreSealed(t *testing.T) {
	h := secured(t)
	p, q := h.person("op1", false, soc.RoleSenior), h.person("op2", false, soc.RoleSenior)
	by, _ := h.session("op1")
	phone, _, _ := h.enrol(by)
	factor, _, err := h.store.Read(ctx).SecondFactor(p.ID)
	h.must(err)
	if string(factor.Sealed) == phone.secret || len(factor.Pending) != 0 {
		t.Errorf("%+v", factor)
	}
	if _, err := h.openTOTP(q.ID, factor.Sealed); err == nil {
		t.Error("another person's row opens the secret")
	}
}
