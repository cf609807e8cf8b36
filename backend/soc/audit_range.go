package soc

// VerifyLimit is the most rows that a request walks itself, and that a task walks
// between two looks at whether it shall go on.
const VerifyLimit = 200_000

// AuditRange is what of the record to verify: from a position (0: the first) to
// another (0: the newest).
type AuditRange struct {
	From, To int64
	// Checkpoint is the position of one that the record must hold, or last; empty
	// for none.
	Checkpoint string
}

// AuditRangeVerification is what one walk found. Head is the newest position as
// the walk began.
type AuditRangeVerification struct {
	AuditVerification
	Head int64
}
