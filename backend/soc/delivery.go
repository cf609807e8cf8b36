package soc

import "time"

// DeliveryStatus is what became of one event at one webhook.
type DeliveryStatus string

// The four states.
const (
	DeliveryPending   DeliveryStatus = "Pending"
	DeliveryDelivered DeliveryStatus = "Delivered"
	DeliveryFailed    DeliveryStatus = "Failed"
	DeliverySkipped   DeliveryStatus = "Skipped"
)

// AllDeliveryStatuses lists the states.
var AllDeliveryStatuses = []DeliveryStatus{DeliveryPending, DeliveryDelivered, DeliveryFailed, DeliverySkipped}

// Delivery is one event on its way to one webhook: the row that is the truth of
// the outbox, and a row of the delivery log.
type Delivery struct {
	ID        string // UUIDv7
	Webhook   string
	Event     string
	Workspace string
	Status    DeliveryStatus
	Test      bool
	// Original is the delivery that this one repeats, empty for the first.
	Original string
	// Attempts counts those made. FirstAttemptAt begins the window of 24 hours.
	Attempts       int
	FirstAttemptAt time.Time
	NextAttemptAt  time.Time
	// HTTPStatus, Latency, Error and Snippet are of the last attempt.
	HTTPStatus            int
	Latency               time.Duration // whole milliseconds
	Error                 string
	Snippet               string
	RedeliveryRequestedAt time.Time
	CreatedAt             time.Time
	CompletedAt           time.Time
}

// Attempt is one try to deliver. Error is in the server's own words; Snippet is
// the beginning of the answer, escaped.
type Attempt struct {
	Delivery   string
	Number     int
	StartedAt  time.Time
	HTTPStatus int // 0 without an answer
	Latency    time.Duration
	Error      string
	Snippet    string
}

// AttemptResult is an attempt with what it means for the next one.
type AttemptResult struct {
	Attempt
	// RetryAfter is what a 429 or 503 asked for, 0 for nothing.
	RetryAfter time.Duration
	// Refused says that nothing was sent, because the address may not be called.
	Refused bool
}

// Dispatch is everything that one attempt needs: what to say, where, and how to
// prove that we say it.
type Dispatch struct {
	Webhook Webhook
	Secrets WebhookSecrets
	Record  DeliveryRecord
	// Number of this attempt, from 1.
	Number int
}

// DispatchBatch is what a sender may do for one webhook now.
type DispatchBatch struct {
	Dispatches []Dispatch
	// Failing says that the last attempts failed: the sender goes slowly.
	Failing bool
	// Stop says that there is nothing to send to any more: it was paused,
	// disabled or deleted.
	Stop bool
}

// DeliveryRecord is a delivery with the event it carries.
type DeliveryRecord struct {
	Delivery Delivery
	Event    Event
	Attempts []Attempt
}

// DeliveryFilter selects a page of a webhook's deliveries, newest first. To is
// outside, zero times do not filter.
type DeliveryFilter struct {
	Organization string
	Webhook      string
	From, To     time.Time
	After        *Keyset
	Limit        int
}

// attemptGaps are when the attempts are due after the first (portal-api.md
// section 9).
var attemptGaps = []time.Duration{
	0, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// MaxDeliveryAttempts is how often a delivery is tried.
func MaxDeliveryAttempts() int { return len(attemptGaps) }

// DeliveryWindow is how long after the first attempt the last one may be, and
// how old an event may get before its first.
const DeliveryWindow = 24 * time.Hour

// NextAttempt says when to try again after made attempts, the last of which
// ended now; ok is false when there is no further one. jitter in [-1, 1] moves
// the time by up to a tenth of its distance from the first attempt, so that
// many failed at once do not come back at once. What the endpoint asked for
// counts inside the window.
func NextAttempt(first, now time.Time, made int, jitter float64, retryAfter time.Duration) (at time.Time, ok bool) {
	end := first.Add(DeliveryWindow)
	if made >= len(attemptGaps) || !now.Before(end) {
		return time.Time{}, false
	}
	gap := attemptGaps[made]
	at = first.Add(gap + time.Duration(max(-1, min(1, jitter))*float64(gap)/10))
	// An attempt that took long, or came late, still leaves a pause before the next.
	if pause := now.Add(attemptGaps[1] * 9 / 10); at.Before(pause) {
		at = pause
	}
	if asked := now.Add(retryAfter); at.Before(asked) {
		at = asked
	}
	if at.After(end) {
		at = end
	}
	return at, true
}

// Delivered reports whether an HTTP status says that the event arrived.
func Delivered(status int) bool { return status >= 200 && status <= 299 }

// DeliveryJob tells the workers that deliveries to some webhooks may be due.
// The delivery rows are the truth; the job only makes it quick.
type DeliveryJob struct {
	Webhooks []string `json:"webhooks"`
}

// Kind names the job.
func (DeliveryJob) Kind() string { return "delivery" }
