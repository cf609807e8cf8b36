package console

// notices are the sentences that a page may start with after a change, by the
// word in its address. The word comes from the address, so whoever makes a link
// may choose it: a sentence must be harmless where nothing was done.
var notices = map[string]string{
	"signed-out":     "You are signed out.",
	"password":       "The password is changed, and your other sessions have ended.",
	"session-ended":  "The session has ended.",
	"approved":       "Your approval is recorded.",
	"denied":         "Your denial is recorded. It will not run.",
	"resubmitted":    "It was asked for again, as a new gamebook.",
	"rolled-back":    "The undo was asked for. It is a gamebook of its own.",
	"cancelled":      "It was taken back, or stops before its next step.",
	"verifying":      "What is unproven is being read back once more.",
	"commented":      "The comment is on the incident.",
	"engaged":        "The kill switch is engaged. Nothing acts within its scope.",
	"release-asked":  "Your release is recorded. A second person has thirty minutes to confirm it.",
	"released":       "The kill switch is released. Nothing resumes by itself.",
	"batch-approved": "All of them are approved.",
	"batch-denied":   "All of them are denied.",
	"factor-gone":    "The second factor is taken away.",
	"saved":          "Saved.",
	"decided":        "Your verdict stands.",
	"reopened":       "The incident is open again.",
	"held-accepted":  "The proposed verdict is accepted.",
	"held-rejected":  "The proposed verdict is rejected.",
	"suppressed":     "New alerts with nothing but this value stay out of the queue.",
	"promoted":       "You vouch for it: responses on this incident may act on it.",
	"lifted":         "The suppression is lifted.",
	"proposed":       "It is asked for. Policy says below whether people decide.",
	"triage-asked":   "Triage is asked for. Its result appears here.",
}
