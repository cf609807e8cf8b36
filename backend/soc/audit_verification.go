package soc

// AuditCheckpoint is a position of the record and its hash, kept outside of
// the database. Without one a rewrite of the whole chain cannot be told (S55).
type AuditCheckpoint struct {
	Position int64  `json:"position"`
	Hash     string `json:"hash"`
}

// AuditVerification is what walking the record from a position to its head
// found.
type AuditVerification struct {
	OK bool
	// From and To are the first and the last position that were due; Rows is
	// how many of them were walked and found whole.
	From, To int64
	Rows     int64
	// FirstBad is the first row that is not as it was written, nil for none.
	FirstBad *AuditFault
	// Checkpoints are those given, in order of position.
	Checkpoints []AuditCheckpointResult
}

// AuditFault is a row that is not as it was written. Expected and Found are
// hashes where hashes differ, else what Reason says.
type AuditFault struct {
	Position        int64
	Reason          string
	Expected, Found string
}

// AuditCheckpointResult says whether the record still holds a checkpoint.
type AuditCheckpointResult struct {
	Position int64
	OK       bool
}
