package store

import (
	"time"

	"vedette/backend/soc"
)

// SecondFactor is what the database keeps of a person's second factor, the
// secrets sealed. found is false for nobody.
func (r *Reader) SecondFactor(person string) (soc.SecondFactor, bool, error) {
	return one(r, func(x row) (soc.SecondFactor, error) {
		var f soc.SecondFactor
		var retry int64
		err := x.Scan(&f.Sealed, &f.Pending, &f.Step, &retry)
		f.RetryAt = fromMicros(retry)
		return f, err
	}, `SELECT totp, totp_pending, totp_step, code_retry_at FROM person WHERE id = $1`, person)
}

// OfferTOTP keeps the secret that a person is about to enrol.
func (tx *Tx) OfferTOTP(person string, pending []byte) error {
	return tx.insert(`UPDATE person SET totp_pending = $2 WHERE id = $1`, person, pending)
}

// EnrolTOTP makes a secret the person's second factor; step is the one that
// proved it, and is spent.
func (tx *Tx) EnrolTOTP(person string, secret []byte, step int64) error {
	return tx.insert(`UPDATE person SET totp = $2, totp_pending = NULL, totp_step = $3, failed_codes = 0, code_retry_at = 0 WHERE id = $1`, person, secret, step)
}

// RemoveTOTP takes the second factor of a person away, with its recovery codes.
func (tx *Tx) RemoveTOTP(person string) error {
	if err := tx.SetRecoveryCodes(person, nil); err != nil {
		return err
	}
	return tx.insert(`UPDATE person SET totp = NULL, totp_pending = NULL, failed_codes = 0, code_retry_at = 0 WHERE id = $1`, person)
}

// SpendStep notes the time step of a code that was right. It reports whether
// no code of that step or a later one was used before.
func (tx *Tx) SpendStep(person string, step int64) (bool, error) {
	n, err := tx.update(`UPDATE person SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, person, step)
	return n == 1, err
}

// SpendRecoveryCode removes a recovery code; it reports whether it was there.
func (tx *Tx) SpendRecoveryCode(person string, hash []byte) (bool, error) {
	n, err := tx.update(`DELETE FROM recovery_code WHERE person_id = $1 AND code_hash = $2`, person, hash)
	return n == 1, err
}

// SetRecoveryCodes replaces the recovery codes of a person.
func (tx *Tx) SetRecoveryCodes(person string, hashes [][]byte) error {
	if err := tx.insert(`DELETE FROM recovery_code WHERE person_id = $1`, person); err != nil {
		return err
	}
	for _, hash := range hashes {
		if err := tx.insert(`INSERT INTO recovery_code (person_id, code_hash) VALUES ($1, $2)`, person, hash); err != nil {
			return err
		}
	}
	return nil
}

// CountCodeFailure adds a wrong code and returns how many there were in a row;
// the row is locked until the transaction ends.
func (tx *Tx) CountCodeFailure(person string) (int64, error) {
	n, _, err := one(&tx.Reader, scanCount, `UPDATE person SET failed_codes = failed_codes + 1 WHERE id = $1 RETURNING failed_codes`, person)
	return n, err
}

// SetCodeDelay says when the next code is looked at; none forgets wrong ones.
func (tx *Tx) SetCodeDelay(person string, retryAt time.Time) error {
	if retryAt.IsZero() {
		return tx.insert(`UPDATE person SET failed_codes = 0, code_retry_at = 0 WHERE id = $1`, person)
	}
	return tx.insert(`UPDATE person SET code_retry_at = $2 WHERE id = $1`, person, micros(retryAt))
}

// ApproversWithoutSecondFactor counts the people of an organization who may
// decide something and have not enrolled a second factor (S49).
func (r *Reader) ApproversWithoutSecondFactor(organization string) (int64, error) {
	n, _, err := one(r, scanCount, `SELECT COUNT(*) FROM person p WHERE p.organization_id = $1 AND p.disabled = FALSE AND p.totp IS NULL
AND EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = p.id AND g.role <> 'viewer')`, organization)
	return n, err
}
