package soc

import "slices"

// Move is what a person's change of status means (case-api.md section 5).
type Move string

// The moves. The table is the one for every door; who may make a move, and what
// it takes, is PlanChange.
const (
	MoveNone    Move = "none"    // the status is that already
	MoveForward Move = "forward" // also past steps in between
	MoveBack    Move = "back"    // to active only; a comment is required
	MoveReopen  Move = "reopen"  // from closed to active; a comment is required
	MoveClose   Move = "close"   // it takes a verdict and closing words
	MoveRefused Move = "refused"
)

// NeedsComment reports whether the move must be explained.
func (m Move) NeedsComment() bool { return m == MoveBack || m == MoveReopen }

// MoveStatus judges a change of status. Unknown words are refused.
func MoveStatus(from, to Status) Move {
	at, target := slices.Index(AllStatuses, from), slices.Index(AllStatuses, to)
	switch {
	case at < 0 || target < 0:
		return MoveRefused
	case from == to:
		return MoveNone
	case to == StatusClosed:
		return MoveClose
	case from == StatusClosed && to == StatusActive:
		return MoveReopen
	case from == StatusClosed:
		return MoveRefused
	case target > at:
		return MoveForward
	case to == StatusActive:
		return MoveBack
	}
	return MoveRefused
}
