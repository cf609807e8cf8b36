package soc

// Jobs are what the worker is asked to do later. Each names one of our own
// rows, which is the truth: a job may run twice, an effect may not. The kind
// strings are stored and never change their meaning.

// The queues that keep kinds of work apart.
const (
	QueueResponse = "response"
	QueueTriage   = "triage"
	QueueWebhook  = "webhook"
)

// FloorJob runs the deterministic triager on incidents that came or changed.
type FloorJob struct {
	Workspace string   `json:"workspace"`
	Incidents []string `json:"incidents"`
}

// Kind names the job.
func (FloorJob) Kind() string { return "floor" }

// TriageJob carries out one requested triage.
type TriageJob struct {
	Workspace string `json:"workspace"`
	Triage    string `json:"triage"`
}

// Kind names the job.
func (TriageJob) Kind() string { return "triage" }

// GamebookJob executes (or goes on with) one gamebook.
type GamebookJob struct {
	Workspace string `json:"workspace"`
	Gamebook  string `json:"gamebook"`
}

// Kind names the job.
func (GamebookJob) Kind() string { return "gamebook" }

// VerifyJob reads back once more what a gamebook left unconfirmed. Round counts
// from 1 and bounds how often.
type VerifyJob struct {
	Workspace string `json:"workspace"`
	Gamebook  string `json:"gamebook"`
	Round     int    `json:"round"`
}

// Kind names the job.
func (VerifyJob) Kind() string { return "verify" }
