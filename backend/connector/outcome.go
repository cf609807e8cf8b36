package connector

import (
	"errors"
	"fmt"
)

// Outcome is what is known about a sent action.
type Outcome string

// The three outcomes.
const (
	// Accepted: the product says that it took the action on.
	Accepted Outcome = "accepted"
	// Refused: the action certainly had no effect; either nothing was sent or the
	// product declined.
	Refused Outcome = "refused"
	// Unknown: it may have happened. Only a probe can tell; it is never sent again
	// without one (S26).
	Unknown Outcome = "unknown"
)

// AllOutcomes lists the outcomes.
var AllOutcomes = []Outcome{Accepted, Refused, Unknown}

// Failure is the error of Carry. Message is in the server's own words and may
// be shown; Cause may quote the product and goes to the log only.
type Failure struct {
	Outcome Outcome // Refused or Unknown
	Message string
	Cause   error
}

// Error implements error; the text is safe to show.
func (f *Failure) Error() string { return string(f.Outcome) + ": " + f.Message }

// Shown returns what may be shown of it.
func (f *Failure) Shown() string { return f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// OutcomeOf tells what an error of Carry means for the action. Any error that is
// not a Failure is Unknown: not knowing is the safe reading.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Accepted
	}
	var f *Failure
	if errors.As(err, &f) && f.Outcome == Refused {
		return Refused
	}
	return Unknown
}

// Refusedf makes the Failure of an action that certainly had no effect.
func Refusedf(cause error, format string, args ...any) *Failure {
	return &Failure{Outcome: Refused, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Unknownf makes the Failure of an action that may have had its effect.
func Unknownf(cause error, format string, args ...any) *Failure {
	return &Failure{Outcome: Unknown, Message: fmt.Sprintf(format, args...), Cause: cause}
}
