package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/schemas"
)

type statusAnswer struct {
	envelope
	Handles []handle `json:"handles"`
	// RetryAfter is when asking again can tell something new, in seconds; 0
	// when everything has ended.
	RetryAfter int `json:"retry_after_s"`
}

// handle is the state of one GB-, ACT- or triage- id. The words are the core's:
// Dispatched is not Confirmed, and what is not known is Unknown.
type handle struct {
	ID               string   `json:"id"`
	State            string   `json:"state"`
	Ended            bool     `json:"ended"`
	WaitingFor       string   `json:"waiting_for,omitempty"`
	Reasons          []string `json:"queue_reasons,omitempty"`
	Expires          string   `json:"expires,omitempty"`
	EffectiveTrigger string   `json:"effective_trigger_type,omitempty"`
	Steps            *section `json:"steps,omitempty"`
	Gamebook         string   `json:"gamebook,omitempty"`
	Console          string   `json:"console,omitempty"`
	Triage           *triaged `json:"triage,omitempty"`
}

// Seconds until another look is worth it.
const (
	retryPerson = 60
	retryWorker = 5
)

func getStatus(ctx context.Context, r *request, in schemas.GetStatus) (any, error) {
	for _, id := range in.IDs {
		if err := checkHandle("ids", id); err != nil {
			return nil, err
		}
	}
	wait, told := time.Duration(in.WaitSeconds)*time.Second, ""
	if wait > 0 && r.claimWait != nil {
		release, ok := r.claimWait()
		if ok {
			defer release()
		} else {
			wait, told = 0, " Answered at once, since too many of your polls wait already."
		}
	}
	found, err := r.server.desk.GetStatus(ctx, r.by, soc.StatusQuery{Workspace: r.by.Workspace, IDs: in.IDs, Wait: wait})
	if err != nil {
		return nil, err
	}
	out := statusAnswer{Handles: []handle{}}
	var unknown, open, people []string
	left := newRoom()
	for _, status := range found {
		drawn, retry := r.server.drawHandle(left, status)
		switch {
		case !status.Found:
			unknown = append(unknown, status.ID)
		case retry == retryPerson:
			people = append(people, status.ID)
		case retry > 0:
			open = append(open, status.ID)
		}
		if retry > 0 && (out.RetryAfter == 0 || retry < out.RetryAfter) {
			out.RetryAfter = retry
		}
		if status.Triage != nil && r.modelWords(*status.Triage) {
			out.Untrusted = []string{"handles.triage.reasoning"}
		}
		out.Handles = append(out.Handles, drawn)
	}
	if len(unknown) == len(found) {
		return nil, soc.NotFoundf("There is no such handle.").
			WithFix("Copy handles exactly from the receipts of submit_gamebook and triage_incident.")
	}
	out.Summary = statusSummary(len(found), unknown, open, people) + told
	return out, nil
}

func statusSummary(n int, unknown, open, people []string) string {
	ended := n - len(unknown) - len(open) - len(people)
	text := ""
	if ended > 0 {
		text = fmt.Sprintf(" %s ended.", count(ended, "handle"))
	}
	if len(people) > 0 {
		text += " Waiting for a person in the console: " + strings.Join(people, ", ") + "; asking again does not speed it up."
	}
	if len(open) > 0 {
		text += " Under way: " + strings.Join(open, ", ") + "."
	}
	if len(unknown) > 0 {
		text += " Unknown: " + strings.Join(unknown, ", ") + "."
	}
	return strings.TrimSpace(text)
}

// drawHandle draws one state and says when to ask again, 0 for never.
func (s *Server) drawHandle(left *room, status soc.HandleStatus) (handle, int) {
	switch {
	case !status.Found:
		return handle{ID: status.ID, State: string(soc.CodeNotFound), Ended: true}, 0
	case status.Triage != nil:
		drawn := drawTriage(*status.Triage)
		out := handle{ID: status.ID, State: string(status.Triage.State), Ended: status.Triage.State.Ended(), Triage: &drawn}
		if out.Ended {
			return out, 0
		}
		return out, retryWorker
	case status.Step != nil:
		return s.drawStepHandle(left, status)
	case status.Gamebook != nil:
		return s.drawGamebookHandle(left, status.ID, *status.Gamebook)
	}
	return handle{ID: status.ID, State: string(soc.StepUnknown)}, retryWorker
}

func (s *Server) drawStepHandle(left *room, status soc.HandleStatus) (handle, int) {
	step := *status.Step
	out := handle{ID: status.ID, State: string(step.Status), Gamebook: step.Gamebook, Steps: drawSteps(left, []soc.Step{step})}
	if status.Gamebook != nil {
		book, retry := s.drawGamebookHandle(left, step.Gamebook, *status.Gamebook)
		out.WaitingFor, out.Expires, out.Console, out.Reasons = book.WaitingFor, book.Expires, book.Console, book.Reasons
		out.EffectiveTrigger, out.Ended = book.EffectiveTrigger, book.Ended
		return out, retry
	}
	out.Ended = step.Status != soc.StepQueued && step.Status != soc.StepDispatched
	if out.Ended {
		return out, 0
	}
	return out, retryWorker
}

func (s *Server) drawGamebookHandle(left *room, id string, g soc.Gamebook) (handle, int) {
	out := handle{
		ID: id, State: string(g.Status), Ended: g.Status.Ended(), EffectiveTrigger: string(g.EffectiveTrigger), Console: s.consoleLink(g.ID),
		Steps: drawSteps(left, g.Steps),
	}
	switch {
	case out.Ended:
		return out, 0
	case g.NeedsApproval:
		out.WaitingFor, out.Expires, out.Reasons = "approval by "+needText(g.Need), instant(g.ApprovalExpiresAt), words(g.QueueReasons)
		return out, retryPerson
	case g.Status == soc.GamebookQueued:
		out.WaitingFor, out.Expires = "the worker", instant(g.ExecutionExpires)
	default:
		out.WaitingFor = "the read-back of its steps"
	}
	return out, retryWorker
}

func drawSteps(left *room, steps []soc.Step) *section {
	s := &section{table: table{Columns: []string{"id", "playbook", "entity", "sequence", "state", "confirmed_at"}}}
	shown := fill(left, &s.table, steps, func(step soc.Step) []any {
		seen := ""
		if step.ReadBack != nil && step.Status == soc.StepConfirmed {
			seen = instant(step.ReadBack.At)
		}
		return []any{step.ID, step.Playbook, step.Entity, step.Sequence, step.Status, seen}
	})
	if shown < len(steps) {
		s.More = &more{Shown: shown, Total: known(len(steps))}
		next := schemas.GetStatus{}
		for _, step := range firstOf(steps[shown:], 20) {
			next.IDs = append(next.IDs, step.ID)
		}
		s.More.Next = &nextCall{"get_status", next}
	}
	return s
}

// consoleLink is where a person decides about a gamebook.
func (s *Server) consoleLink(gamebook string) string {
	return s.publicURL + "/console?gamebook=" + gamebook
}
