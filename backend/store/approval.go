package store

import "vedette/backend/soc"

// Approvals lists the decisions on a gamebook, oldest first.
func (r *Reader) Approvals(gamebook string) ([]soc.Approval, error) {
	return all(r, func(x row) (soc.Approval, error) {
		var a soc.Approval
		var at int64
		err := x.Scan(&a.ID, &a.Gamebook, &a.Person, &a.Name, &a.Role, &a.Digest, &a.Approved, &a.Comment, &a.ViewHash, &at, &a.Void, &a.Consumed)
		a.At = fromMicros(at)
		return a, err
	}, `SELECT id, gamebook_id, person_id, person_name, role, digest, approved, comment, view_hash, at, void, consumed FROM approval WHERE gamebook_id = $1 ORDER BY at, id`, gamebook)
}

// InsertApproval adds a decision.
func (tx *Tx) InsertApproval(a soc.Approval) error {
	return tx.insert(`INSERT INTO approval (id, gamebook_id, person_id, person_name, role, digest, approved, comment, view_hash, at, void, consumed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, a.ID, a.Gamebook, a.Person, a.Name, string(a.Role), a.Digest, a.Approved, a.Comment, a.ViewHash, micros(a.At), a.Void, a.Consumed)
}

// VoidApprovals makes every approval of a gamebook count no more.
func (tx *Tx) VoidApprovals(gamebook string) error {
	_, err := tx.update(`UPDATE approval SET void = TRUE WHERE gamebook_id = $1 AND void = FALSE`, gamebook)
	return err
}

// ConsumeApprovals uses up the approvals of a digest. It returns how many
// there were to use: zero when somebody else was first (S16).
func (tx *Tx) ConsumeApprovals(gamebook, digest string) (int64, error) {
	return tx.update(`UPDATE approval SET consumed = TRUE WHERE gamebook_id = $1 AND digest = $2 AND approved = TRUE AND void = FALSE AND consumed = FALSE`, gamebook, digest)
}
