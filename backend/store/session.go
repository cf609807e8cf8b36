package store

import (
	"time"

	"vedette/backend/soc"
)

const sessionColumns = `SELECT id, person_id, token_hash, authenticated_at, created_at, last_seen_at, expires_at, second_factor, address, client FROM session`

func scanSession(r row) (soc.Session, error) {
	var s soc.Session
	var authenticated, created, seen, expires int64
	err := r.Scan(&s.ID, &s.Person, &s.TokenHash, &authenticated, &created, &seen, &expires, &s.SecondFactor, &s.Address, &s.Client)
	s.AuthenticatedAt, s.CreatedAt = fromMicros(authenticated), fromMicros(created)
	s.LastSeenAt, s.ExpiresAt = fromMicros(seen), fromMicros(expires)
	return s, err
}

// SessionByToken finds a session by the hash of its token, expired or not.
func (r *Reader) SessionByToken(hash []byte) (soc.Session, bool, error) {
	return one(r, scanSession, sessionColumns+` WHERE token_hash = $1`, hash)
}

// Session finds a session by id.
func (r *Reader) Session(id string) (soc.Session, bool, error) {
	return one(r, scanSession, sessionColumns+` WHERE id = $1`, id)
}

// SessionsOf lists the sessions of a person, newest first.
func (r *Reader) SessionsOf(person string) ([]soc.Session, error) {
	return all(r, scanSession, sessionColumns+` WHERE person_id = $1 ORDER BY created_at DESC, id`, person)
}

// InsertSession adds a session.
func (tx *Tx) InsertSession(s soc.Session) error {
	return tx.insert(`INSERT INTO session (id, person_id, token_hash, authenticated_at, created_at, last_seen_at, expires_at, second_factor, address, client)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, s.ID, s.Person, s.TokenHash, micros(s.AuthenticatedAt), micros(s.CreatedAt),
		micros(s.LastSeenAt), micros(s.ExpiresAt), s.SecondFactor, s.Address, s.Client)
}

// RenewSession gives a session its new token, after its person proved who they
// are. It reports whether the session is still there.
func (tx *Tx) RenewSession(s soc.Session) (bool, error) {
	n, err := tx.update(`UPDATE session SET token_hash = $2, authenticated_at = $3, last_seen_at = $4, second_factor = $5, failed_codes = 0 WHERE id = $1`,
		s.ID, s.TokenHash, micros(s.AuthenticatedAt), micros(s.LastSeenAt), s.SecondFactor)
	return n == 1, err
}

// CountSessionCode adds a wrong code to a session and returns how many it sent;
// 0 if it has ended.
func (tx *Tx) CountSessionCode(id string) (int64, error) {
	n, _, err := one(&tx.Reader, scanCount, `UPDATE session SET failed_codes = failed_codes + 1 WHERE id = $1 RETURNING failed_codes`, id)
	return n, err
}

// ForgetSecondFactors makes the sessions of a person prove the second factor
// anew, but one; except may be empty.
func (tx *Tx) ForgetSecondFactors(person, except string) error {
	return tx.insert(`UPDATE session SET second_factor = FALSE WHERE person_id = $1 AND id <> $2`, person, except)
}

// EndSession removes a session of a person; it reports whether there was one.
func (tx *Tx) EndSession(person, id string) (bool, error) {
	n, err := tx.update(`DELETE FROM session WHERE person_id = $1 AND id = $2`, person, id)
	return n == 1, err
}

// EndSessions removes the sessions of a person but one; except may be empty.
func (tx *Tx) EndSessions(person, except string) error {
	return tx.insert(`DELETE FROM session WHERE person_id = $1 AND id <> $2`, person, except)
}

// TouchSession notes when a session was last used, never backwards.
func (tx *Tx) TouchSession(id string, at time.Time) error {
	return tx.insert(`UPDATE session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2`, id, micros(at))
}

// ForgetSessions removes sessions that ended before a time.
func (tx *Tx) ForgetSessions(before time.Time) error {
	return tx.insert(`DELETE FROM session WHERE expires_at < $1`, micros(before))
}
