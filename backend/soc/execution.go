package soc

import (
	"slices"
	"time"
)

// ClaimOutcome is what a worker may do with a gamebook.
type ClaimOutcome string

// The outcomes of a claim.
const (
	ClaimTaken ClaimOutcome = "taken" // it is this worker's until the lease ends
	ClaimWait  ClaimOutcome = "wait"  // another has it, or its target; look again
	ClaimDone  ClaimOutcome = "done"  // nothing to do
)

// GamebookClaim is a worker's hold on a gamebook.
type GamebookClaim struct {
	Outcome  ClaimOutcome
	Gamebook Gamebook
	// Lease is what every further call about it must show.
	Lease string
	// RetryAfter is when to look again (ClaimWait).
	RetryAfter time.Duration
}

// StepDecision is what to do with one step.
type StepDecision string

// The decisions.
const (
	StepCarry StepDecision = "carry" // its intent is on record: send it now
	StepDone  StepDecision = "done"  // it is over already
	StepWait  StepDecision = "wait"  // another gamebook holds the target
	StepStop  StepDecision = "stop"  // the gamebook goes no further
)

// StepOrder is the answer to a worker that wants to begin a step.
type StepOrder struct {
	Decision StepDecision
	Step     Step
	Playbook Playbook
}

// StepResult is what a worker found of a step it sent.
type StepResult struct {
	Workspace, Gamebook, Step string
	// Attempt is that of the order; a result of an earlier one counts no more.
	Attempt  int
	Status   StepStatus // Confirmed, Unconfirmed, Failed, Unknown
	Code     Code       // why, where not Confirmed
	Message  string     // in the server's words
	ReadBack *ReadBack
}

// MaxAttempts bounds how often one step is sent.
const MaxAttempts = 3

// Proof is what is known of a sent step: how the product answered and what a
// read-back saw.
type Proof struct {
	// Accepted: the product said that it took the action on. Refused: it
	// certainly had no effect. Neither: nobody knows.
	Accepted, Refused bool
	// Read: a read-back came through at the end; Seen: it saw what the
	// playbook expects.
	Read, Seen bool
	Idempotent bool
	Attempts   int
}

// Judge says what a step may be called (S22), and whether it may be sent once
// more (S26): only where a read-back says that it did not happen and the
// playbook is declared idempotent. No call is ever sent again on hope.
func (p Proof) Judge() (status StepStatus, again bool) {
	switch {
	case p.Refused:
		return StepFailed, false
	case p.Seen:
		return StepConfirmed, false
	case p.Accepted:
		return StepUnconfirmed, false
	}
	return StepUnknown, p.Read && p.Idempotent && p.Attempts < MaxAttempts
}

// StopsGroup reports whether the steps after this one on the same target may
// not run (S28).
func (s StepStatus) StopsGroup() bool {
	return s == StepFailed || s == StepUnknown || s == StepNotRun
}

// FinalStatus names a gamebook none of whose steps is under way (S22).
func FinalStatus(steps []Step) GamebookStatus {
	count := func(statuses ...StepStatus) int {
		n := 0
		for _, s := range steps {
			if slices.Contains(statuses, s.Status) {
				n++
			}
		}
		return n
	}
	switch {
	case count(StepRolledBack) == len(steps):
		return GamebookRolledBack
	case count(StepConfirmed) == len(steps):
		return GamebookCompleted
	case count(StepConfirmed, StepUnconfirmed, StepUnknown, StepRolledBack) == len(steps):
		return GamebookCompletedUnverified
	case count(StepFailed, StepNotRun) == len(steps):
		return GamebookFailed
	}
	return GamebookPartiallyCompleted
}
