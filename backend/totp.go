package backend

import (
	"context"

	"github.com/pquerna/otp/totp"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// purposeTOTP is what the secrets of second factors are sealed for; the row is
// the person.
const purposeTOTP = "totp"

// totpIssuer is what authenticators show beside the address.
const totpIssuer = "Vedette"

func (d *Desk) openTOTP(person string, sealed []byte) (string, error) {
	if d.secrets == nil {
		return "", errNoSecretKey()
	}
	return d.secrets.Open(purposeTOTP, person, sealed)
}

// mayEnrol lets in a fresh session, and one that has to enrol.
func (d *Desk) mayEnrol(by soc.Actor) error {
	if err := mayAnySession(by); err != nil {
		return err
	}
	if by.Unfinished == soc.SessionEnrolment {
		return nil
	}
	return d.mayFresh(by)
}

// EnrolTOTP draws a secret for the caller's authenticator (RFC 6238: SHA-1, six
// digits, 30 s, the only form that all authenticators know). It counts once
// VerifyTOTP has seen a code of it; until then the factor before stays.
func (d *Desk) EnrolTOTP(ctx context.Context, by soc.Actor) (soc.TOTPEnrolment, error) {
	const event = "totp_enrolment_started"
	if err := d.mayEnrol(by); err != nil {
		return soc.TOTPEnrolment{}, d.refused(ctx, by, event, err, nil)
	}
	if d.secrets == nil {
		return soc.TOTPEnrolment{}, errNoSecretKey()
	}
	person, found, err := d.store.Read(ctx).Person(by.ID)
	if err != nil || !found {
		return soc.TOTPEnrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: totpIssuer, AccountName: person.Email, Rand: d.random})
	if err != nil {
		return soc.TOTPEnrolment{}, err
	}
	sealed, err := d.secrets.Seal(purposeTOTP, by.ID, key.Secret())
	if err != nil {
		return soc.TOTPEnrolment{}, err
	}
	return soc.TOTPEnrolment{Secret: key.Secret(), URI: key.URL()}, d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, event)
		e.Target = by.ID
		tx.Audit(e)
		return tx.OfferTOTP(by.ID, sealed)
	})
}

// VerifyTOTP puts the offered secret in force, proven by a code of it, and
// returns new recovery codes, told this once. The session is active then, with
// a new token; the person's other sessions have to prove the factor.
func (d *Desk) VerifyTOTP(ctx context.Context, by soc.Actor, code string) (enrolled soc.StartedSession, recovery []string, err error) {
	const event = "totp_enrolled"
	if err := d.mayEnrol(by); err != nil {
		return enrolled, nil, d.refused(ctx, by, event, err, nil)
	}
	recovery, hashes := make([]string, soc.RecoveryCodes), make([][]byte, soc.RecoveryCodes)
	for i := range recovery {
		if recovery[i], err = soc.NewRecoveryCode(d.random); err != nil {
			return enrolled, nil, err
		}
		hashes[i] = soc.HashSecret(soc.PlainCode(recovery[i]))
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		person, session, err := ownSession(&tx.Reader, by)
		if err != nil {
			return err
		}
		if err := d.enrol(tx, by, code, hashes); err != nil {
			return err
		}
		person.SecondFactor, session.SecondFactor = true, true
		if enrolled, err = d.renewSession(tx, person, session); err != nil {
			return err
		}
		e := d.entry(by, event)
		e.Target = by.ID
		tx.Audit(e)
		return tx.ForgetSecondFactors(by.ID, session.ID)
	})
	if err != nil {
		return soc.StartedSession{}, nil, d.refused(ctx, by, event, err, nil)
	}
	return enrolled, recovery, nil
}

// enrol checks a code of the offered secret and puts the secret in force.
func (d *Desk) enrol(tx *store.Tx, by soc.Actor, code string, recovery [][]byte) error {
	factor, _, err := tx.SecondFactor(by.ID)
	if err != nil {
		return err
	}
	secret, err := d.openTOTP(by.ID, factor.Pending)
	if err != nil {
		return err
	}
	if secret == "" {
		return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "No secret was drawn that a code could prove.").
			WithFix("Draw one first (POST /api/ops/v1/session/totp).")
	}
	step, err := totpStep(secret, soc.PlainCode(code), d.clock())
	if err != nil {
		return err
	}
	if step == 0 {
		return soc.InvalidField("code", "Is not what the new secret gives now: check the authenticator's clock and send its next code.")
	}
	if err := tx.EnrolTOTP(by.ID, factor.Pending, step); err != nil {
		return err
	}
	return tx.SetRecoveryCodes(by.ID, recovery)
}

// RemoveTOTP takes the caller's second factor away, unless a role must have one.
func (d *Desk) RemoveTOTP(ctx context.Context, by soc.Actor) error {
	const event = "totp_removed"
	err := d.mayFresh(by)
	if err == nil {
		err = d.store.Write(ctx, func(tx *store.Tx) error {
			person, found, err := tx.Person(by.ID)
			switch {
			case err != nil || !found:
				return err
			case !person.SecondFactor:
				return soc.NotFoundf("There is no second factor.")
			case person.MustEnrol():
				return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "A role of this person must have a second factor.").
					WithFix("Enrol another authenticator instead: its secret replaces this one.")
			}
			return d.removeTOTP(tx, by, event, by.ID)
		})
	}
	if err != nil {
		return d.refused(ctx, by, event, err, nil)
	}
	return nil
}

func (d *Desk) removeTOTP(tx *store.Tx, by soc.Actor, event, person string) error {
	e := d.entry(by, event)
	e.Target = person
	tx.Audit(e)
	if err := tx.RemoveTOTP(person); err != nil {
		return err
	}
	return tx.ForgetSecondFactors(person, "")
}

// ResetSecondFactor takes away the second factor of a person who lost it, by the
// host; all their sessions end. A role that must have one makes them enrol at
// the next sign-in.
func (d *Desk) ResetSecondFactor(ctx context.Context, by soc.Actor, id string) error {
	return d.changePerson(ctx, by, "second_factor_reset", id, func(tx *store.Tx, person soc.Person, e *soc.AuditEntry) error {
		if err := mayLoosen(by); err != nil {
			return err
		}
		e.Before = "none"
		if person.SecondFactor {
			e.Before = "enrolled"
		}
		if err := tx.EndSessions(person.ID, ""); err != nil {
			return err
		}
		return tx.RemoveTOTP(person.ID)
	})
}
