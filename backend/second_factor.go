package backend

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/pquerna/otp/hotp"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// totpPeriod is the length of a time step (RFC 6238 section 4.1). A code of the
// step before or after is right too: clocks differ, and people type slowly.
const totpPeriod = 30

// totpStep finds the time step around now whose code of a secret a typed one is,
// 0 for none.
func totpStep(secret, typed string, now time.Time) (int64, error) {
	found, current := int64(0), now.Unix()/totpPeriod
	for step := current - 1; step <= current+1; step++ {
		code, err := hotp.GenerateCode(secret, uint64(step))
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 {
			found = step
		}
	}
	return found, nil
}

// errCode is the one answer to a code that does not count: wrong, used before,
// and too early read alike.
func errCode() *soc.Error {
	return soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "The code is wrong, or used, or it is too early to try again.").
		WithFix("Wait for the next code of the authenticator, or use a recovery code.")
}

// PassSecondFactor finishes the sign-in of a session that waits for a code: of
// the authenticator, each good once, or a recovery code. The session gets a new
// token. The fifth wrong code ends it (S49).
func (d *Desk) PassSecondFactor(ctx context.Context, by soc.Actor, code string) (soc.StartedSession, error) {
	const event = "second_factor_passed"
	if err := mayAnySession(by); err != nil {
		return soc.StartedSession{}, err
	}
	if by.Unfinished != soc.SessionSecondFactor {
		return soc.StartedSession{}, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The session waits for no code.").
			WithFix("Prove again who you are with POST /api/ops/v1/session/reauth.")
	}
	var passed soc.StartedSession
	wrong := false
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		person, session, err := ownSession(&tx.Reader, by)
		if err != nil {
			return err
		}
		right, err := d.tryCode(tx, by.ID, code)
		if err != nil {
			return err
		}
		if wrong = !right; wrong {
			d.auditWrongCode(tx, by, event)
			return d.countSessionCode(tx, by)
		}
		session.SecondFactor, session.AuthenticatedAt = true, d.clock()
		if passed, err = d.renewSession(tx, person, session); err != nil {
			return err
		}
		e := d.entry(by, event)
		e.Target = session.ID
		tx.Audit(e)
		return nil
	})
	if err == nil && wrong {
		err = errCode()
	}
	return passed, err
}

// ownSession loads the session in use and its person.
func ownSession(r *store.Reader, by soc.Actor) (soc.Person, soc.Session, error) {
	session, found, err := r.Session(by.Credential)
	if err == nil && !found {
		err = errNoSession()
	}
	if err != nil {
		return soc.Person{}, session, err
	}
	person, found, err := r.Person(by.ID)
	if err == nil && !found {
		err = errNoCredential()
	}
	return person, session, err
}

func (d *Desk) auditWrongCode(tx *store.Tx, by soc.Actor, event string) {
	e := d.entry(by, event+"_refused")
	e.Decision, e.Code, e.Target = "refused", soc.CodeUnauthorized, by.Credential
	tx.Audit(e)
}

// countSessionCode counts a wrong code against the session, and ends it when
// there were too many.
func (d *Desk) countSessionCode(tx *store.Tx, by soc.Actor) error {
	n, err := tx.CountSessionCode(by.Credential)
	if err != nil || n < soc.MaxSessionCodes {
		return err
	}
	_, err = tx.EndSession(by.ID, by.Credential)
	return err
}

// spendCode takes a code of the caller's second factor, or refuses; either is on
// record before it returns, so that guesses at once are guesses one by one.
func (d *Desk) spendCode(ctx context.Context, by soc.Actor, event, code string) error {
	right := false
	err := d.store.Write(ctx, func(tx *store.Tx) (err error) {
		if right, err = d.tryCode(tx, by.ID, code); err == nil && !right {
			d.auditWrongCode(tx, by, event)
		}
		return err
	})
	if err == nil && !right {
		err = errCode()
	}
	return err
}

// tryCode spends a code of a person, or counts it as wrong. During the delay
// after wrong ones none is looked at. The delay is the account's and outlives
// the session: whoever has the password could start sessions without end.
func (d *Desk) tryCode(tx *store.Tx, person, typed string) (bool, error) {
	factor, found, err := tx.SecondFactor(person)
	if err != nil || !found || d.clock().Before(factor.RetryAt) {
		return false, err
	}
	right, err := d.spend(tx, person, factor, soc.PlainCode(typed))
	if err != nil || right {
		if err == nil {
			err = tx.SetCodeDelay(person, time.Time{})
		}
		return right, err
	}
	failures, err := tx.CountCodeFailure(person)
	if err != nil {
		return false, err
	}
	return false, tx.SetCodeDelay(person, d.clock().Add(soc.LoginDelay(int(failures))))
}

// spend uses a code up, if it is one of the person's.
func (d *Desk) spend(tx *store.Tx, person string, factor soc.SecondFactor, code string) (bool, error) {
	if soc.IsRecoveryCode(code) {
		return tx.SpendRecoveryCode(person, soc.HashSecret(code))
	}
	secret, err := d.openTOTP(person, factor.Sealed)
	if err != nil || secret == "" {
		return false, err
	}
	step, err := totpStep(secret, code, d.clock())
	if err != nil || step == 0 {
		return false, err
	}
	return tx.SpendStep(person, step)
}
