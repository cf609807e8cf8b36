package store

import (
	"time"

	"vedette/backend/soc"
)

// PersonByIdentity finds the person whom a provider knows as subject, with
// grants.
func (r *Reader) PersonByIdentity(issuer, subject string) (soc.Person, bool, error) {
	id, found, err := one(r, scanString, `SELECT person_id FROM person_identity WHERE issuer = $1 AND subject = $2`, issuer, subject)
	if err != nil || !found {
		return soc.Person{}, found, err
	}
	return r.Person(id)
}

// InsertPersonIdentity says who a person is at a provider. A person who is
// somebody else there already is a Conflict.
func (tx *Tx) InsertPersonIdentity(person, issuer, subject string, now time.Time) error {
	_, known, err := one(&tx.Reader, scanString, `SELECT subject FROM person_identity WHERE person_id = $1 AND issuer = $2`, person, issuer)
	if err != nil {
		return err
	}
	if known {
		return soc.Errorf(soc.Conflict, soc.CodeConflict, "The person is somebody else at this provider.").
			WithFix("Sign in with the account that was used here first.")
	}
	return tx.insert(`INSERT INTO person_identity (issuer, subject, person_id, created_at) VALUES ($1, $2, $3, $4)`, issuer, subject, person, micros(now))
}
