package store

import (
	"time"

	"vedette/backend/soc"
)

const linkColumns = `SELECT id, person_id, purpose, hash, collector, created_at, expires_at, ended_at FROM person_link`

func scanLink(r row) (soc.PersonLink, error) {
	var l soc.PersonLink
	var created, expires, ended int64
	err := r.Scan(&l.ID, &l.Person, &l.Purpose, &l.Hash, &l.Collector, &created, &expires, &ended)
	l.CreatedAt, l.ExpiresAt, l.EndedAt = fromMicros(created), fromMicros(expires), fromMicros(ended)
	return l, err
}

// InsertPersonLink adds a link; those before it of the same person end.
func (tx *Tx) InsertPersonLink(l soc.PersonLink) error {
	if err := tx.EndPersonLinks(l.Person, l.CreatedAt); err != nil {
		return err
	}
	return tx.insert(`INSERT INTO person_link (id, person_id, purpose, hash, collector, created_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		l.ID, l.Person, string(l.Purpose), l.Hash, l.Collector, micros(l.CreatedAt), micros(l.ExpiresAt), micros(l.EndedAt))
}

// PersonLinkByToken finds a link by the hash of its token.
func (r *Reader) PersonLinkByToken(hash []byte) (soc.PersonLink, bool, error) {
	return one(r, scanLink, linkColumns+` WHERE hash = $1`, hash)
}

// StandingPersonLink finds the link of a person that has not ended.
func (r *Reader) StandingPersonLink(person string) (soc.PersonLink, bool, error) {
	return one(r, scanLink, linkColumns+` WHERE person_id = $1 AND ended_at = 0`, person)
}

// CollectPersonLink stores the hash of a link's token; first is false where one
// was collected before.
func (tx *Tx) CollectPersonLink(id string, hash []byte) (first bool, err error) {
	n, err := tx.update(`UPDATE person_link SET hash = $2 WHERE id = $1 AND ended_at = 0 AND hash IS NULL`, id, hash)
	return n == 1, err
}

// UsePersonLink ends a link; first is false where it had ended.
func (tx *Tx) UsePersonLink(id string, at time.Time) (first bool, err error) {
	n, err := tx.update(`UPDATE person_link SET ended_at = $2 WHERE id = $1 AND ended_at = 0`, id, micros(at))
	return n == 1, err
}

// EndPersonLinks ends all links of a person.
func (tx *Tx) EndPersonLinks(person string, at time.Time) error {
	return tx.insert(`UPDATE person_link SET ended_at = $2 WHERE person_id = $1 AND ended_at = 0`, person, micros(at))
}
