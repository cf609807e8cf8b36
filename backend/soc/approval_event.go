package soc

import (
	"strings"
	"time"
)

// ApprovalEventKind is what happened to a gamebook, as its card tells it.
type ApprovalEventKind string

// The kinds of events of a card.
const (
	ApprovalSubmitted ApprovalEventKind = "submitted"
	ApprovalNotice    ApprovalEventKind = "notice"
	ApprovalDecision  ApprovalEventKind = "decision"
	ApprovalVoided    ApprovalEventKind = "voided"
	ApprovalStep      ApprovalEventKind = "step"
	ApprovalMoved     ApprovalEventKind = "state"
)

// AllApprovalEventKinds lists them.
var AllApprovalEventKinds = []ApprovalEventKind{ApprovalSubmitted, ApprovalNotice, ApprovalDecision, ApprovalVoided, ApprovalStep, ApprovalMoved}

// ApprovalEvent is one happening of a gamebook. Position is its place in the
// record, which is where it is drawn from.
type ApprovalEvent struct {
	Position int64
	At       time.Time
	Kind     ApprovalEventKind
	// Event is the record's own word, such as step_finished.
	Event  string
	By     string
	ByKind PrincipalKind
	ByName string
	// Step is the step it is about, and Operation what that does; or empty.
	Step, Operation string
	// State is what the gamebook or the step was afterwards.
	State  string
	Code   Code
	Digest string
}

var approvalEvents = map[string]ApprovalEventKind{
	"gamebook_submitted": ApprovalSubmitted, "gamebook_resubmitted": ApprovalSubmitted, "gamebook_rollback_requested": ApprovalSubmitted,
	"approval_reminded": ApprovalNotice,
	"approval_given":    ApprovalDecision, "approval_denied": ApprovalDecision,
	"gamebook_restated": ApprovalVoided,
	"step_dispatched":   ApprovalStep, "step_finished": ApprovalStep, "step_confirmed_late": ApprovalStep,
	"clock_jump": ApprovalMoved,
}

// ReadApprovalEvent draws an entry of the record. shown is false for one that
// histories leave out: refusals change nothing, comments have a list of their
// own, and a simulation is no happening.
func ReadApprovalEvent(e AuditEntry) (event ApprovalEvent, shown bool) {
	kind, shown := approvalEvents[e.Event]
	if !shown {
		refused := e.Decision == "refused" || strings.HasSuffix(e.Event, "_refused")
		switch {
		case e.Event == "approval_given_refused" && e.Code == CodeDigestMismatch:
			kind = ApprovalVoided // an approval of other bytes voids what was given
		case refused || e.Event == "gamebook_simulated":
			return event, false
		case strings.HasPrefix(e.Event, "gamebook_"), strings.HasPrefix(e.Event, "auto_revert_"):
			kind = ApprovalMoved
		default:
			return event, false
		}
	}
	event = ApprovalEvent{
		Position: e.Position, At: e.At, Kind: kind, Event: e.Event, By: e.Actor, ByKind: e.ActorKind, ByName: e.ActorName,
		State: e.After, Code: e.Code, Digest: e.Digest,
	}
	if kind == ApprovalStep {
		event.Step, event.Operation = e.Target, e.Operation
	}
	return event, true
}
