package store

import (
	"time"

	"vedette/backend/soc"
)

const sessionColumns = `SELECT id, person_id, token_hash, authenticated_at, created_at, last_seen_at, expires_at, address, client FROM session`

func scanSession(r row) (soc.Session, error) {
	var s soc.Session
	var authenticated, created, seen, expires int64
	err := r.Scan(&s.ID, &s.Person, &s.TokenHash, &authenticated, &created, &seen, &expires, &s.Address, &s.Client)
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
	return tx.insert(`INSERT INTO session (id, person_id, token_hash, authenticated_at, created_at, last_seen_at, expires_at, address, client)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, s.ID, s.Person, s.TokenHash, micros(s.AuthenticatedAt), micros(s.CreatedAt),
		micros(s.LastSeenAt), micros(s.ExpiresAt), s.Address, s.Client)
}

// RenewSession gives a session a new token after its person proved again who
// it is. It reports whether the session is still there.
func (tx *Tx) RenewSession(id string, tokenHash []byte, at time.Time) (bool, error) {
	n, err := tx.update(`UPDATE session SET token_hash = $2, authenticated_at = $3, last_seen_at = $3 WHERE id = $1`, id, tokenHash, micros(at))
	return n == 1, err
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
