package soc

// TaskState is where work stands that a request asked for and the worker does.
type TaskState string

// The states of a task. Expired tasks are kept as a row; what they made is gone.
const (
	TaskRunning TaskState = "running"
	TaskDone    TaskState = "done"
	TaskFailed  TaskState = "failed"
	TaskExpired TaskState = "expired"
)

// AllTaskStates lists the states.
var AllTaskStates = []TaskState{TaskRunning, TaskDone, TaskFailed, TaskExpired}

// AuditExportJob writes one export of the record.
type AuditExportJob struct {
	Workspace string `json:"workspace"`
	Export    string `json:"export"`
}

// Kind names the job.
func (AuditExportJob) Kind() string { return "audit_export" }

// AuditVerificationJob walks the record for one verification.
type AuditVerificationJob struct {
	Workspace    string `json:"workspace"`
	Verification string `json:"verification"`
}

// Kind names the job.
func (AuditVerificationJob) Kind() string { return "audit_verification" }

// BackupJob makes one copy of the database.
type BackupJob struct {
	Backup string `json:"backup"`
}

// Kind names the job.
func (BackupJob) Kind() string { return "backup" }
