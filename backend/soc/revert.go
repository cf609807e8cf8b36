package soc

import "time"

// RevertState is how far a release is.
type RevertState string

// The states. A failed one stands until people undo the step themselves.
const (
	RevertWaiting  RevertState = "waiting"  // until it is due, and while a kill switch is engaged
	RevertAsked    RevertState = "asked"    // a gamebook carries it out
	RevertDone     RevertState = "done"     // the product took it
	RevertNeedless RevertState = "needless" // the step had no effect, or people undid it first
	RevertFailed   RevertState = "failed"   // the product refused, or nobody knows
)

// AllRevertStates lists the states.
var AllRevertStates = []RevertState{RevertWaiting, RevertAsked, RevertDone, RevertNeedless, RevertFailed}

// Revert is the release that a step of a playbook with AutoRevert owes (S25).
type Revert struct {
	Workspace, Gamebook, Step string
	// Digest is that of the gamebook when the step was sent: the release was
	// decided with it, and is bound to it.
	Digest string
	DueAt  time.Time
	State  RevertState
	// Release is the gamebook that carries it out, empty while none does.
	Release string
}
