package soc

import "time"

// UploadState is where a stream of alerts stands (ops-api.md section 11). Items
// are stored while they arrive, so nothing is left to run once the stream ended.
type UploadState string

// The states. All but receiving are final.
const (
	UploadReceiving UploadState = "receiving"
	UploadDone      UploadState = "done"
	UploadFailed    UploadState = "failed"
	UploadCancelled UploadState = "cancelled"
)

// AllUploadStates lists the states.
var AllUploadStates = []UploadState{UploadReceiving, UploadDone, UploadFailed, UploadCancelled}

// Limits of a stream of alerts.
const (
	MaxStreamBytes = 4 << 30
	// StreamFailures is how many items that were not stored a stream keeps by
	// name; all of them are counted.
	StreamFailures = 10_000
	// streamIdle is how long a stream may stand still. No connection is let rest
	// that long, so what does was left behind by a crash.
	streamIdle = 15 * time.Minute
)

// IngestUpload is a stream of alerts, under way or ended. The counts are of its
// items, as in IngestReceipt.
type IngestUpload struct {
	ID, Workspace, Format string
	// By is the id of whoever sent it.
	By    string
	State UploadState
	// Problem says why it failed.
	Problem string
	Bytes   int64

	Received, Created, Updated, Duplicate, Conflict, Rejected int64
	// StartedAt is when it began, MovedAt when it last got further, or ended.
	StartedAt, MovedAt time.Time
}

// Add counts the items of one group.
func (u *IngestUpload) Add(r IngestReceipt) {
	u.Received += int64(r.Received)
	u.Created += int64(r.Created)
	u.Updated += int64(r.Updated)
	u.Duplicate += int64(r.Duplicate)
	u.Conflict += int64(r.Conflict)
	u.Rejected += int64(r.Rejected)
}

// StateAt is the state as of a time: what stands still has failed, whether or
// not a row says so.
func (u IngestUpload) StateAt(now time.Time) UploadState {
	if u.State == UploadReceiving && now.Sub(u.MovedAt) > streamIdle {
		return UploadFailed
	}
	return u.State
}

// PerSecond is how many items a second it took in, 0 before the first.
func (u IngestUpload) PerSecond() float64 {
	if span := u.MovedAt.Sub(u.StartedAt).Seconds(); span > 0 {
		return float64(u.Received) / span
	}
	return 0
}

// IngestFailure is an item of a stream that was not stored. Item counts from 0.
type IngestFailure struct {
	Item       int64
	Status     string // rejected or conflict
	ExternalID string
	Errors     map[string][]string
}
