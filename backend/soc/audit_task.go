package soc

import "time"

// VerificationTask is a walk over the record that takes longer than a request.
type VerificationTask struct {
	ID        string
	Workspace string
	ByKind    PrincipalKind
	By        string
	ByName    string
	State     TaskState
	// Next is the position to go on with.
	Next int64
	// Checkpoint is the one that the record must hold, nil for none.
	Checkpoint *AuditCheckpoint
	// Found is what the walk found so far; From, To and Head are what it is over.
	Found      AuditRangeVerification
	CreatedAt  time.Time
	FinishedAt time.Time
}

// VerificationOutcome is what a walk found, or the task that goes on with it.
type VerificationOutcome struct {
	Found AuditRangeVerification
	Task  *VerificationTask
}

// BackupTask is a copy of the database that somebody asked for over the network.
type BackupTask struct {
	ID           string
	Organization string
	ByKind       PrincipalKind
	By           string
	ByName       string
	Label        string
	State        TaskState
	// Made describes the copy; its Path is told to nobody but the host.
	Made       Backup
	Problem    string
	CreatedAt  time.Time
	FinishedAt time.Time
}
