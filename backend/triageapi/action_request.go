package triageapi

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type requestActionInput struct {
	incidentInput
	Prefer web.Prefer `header:"Prefer"`
	Body   struct {
		Action     string             `json:"action" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"A type of GET /api/actions/types."`
		EntityID   string             `json:"entity_id,omitempty" jsonschema:"minLength=1,maxLength=64"`
		Parameters schemas.FreeObject `json:"parameters,omitempty" jsonschema_description:"The type's parameters, its target among them; reason is shown as your word."`
	} `body:"json"`
}

type oneAction struct {
	ID string `path:"id"`
}

type approveInput struct {
	oneAction
	Prefer web.Prefer `header:"Prefer"`
	Body   struct {
		Digest  string `json:"digest" jsonschema:"minLength=1,maxLength=80" jsonschema_description:"The digest as shown."`
		Comment string `json:"comment,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

type reasonInput struct {
	oneAction
	Body struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

type rollbackInput struct {
	reasonInput
	Prefer web.Prefer `header:"Prefer"`
}

// rejection is what reject answers.
type rejection struct {
	ActionID string `json:"action_id"`
	Status   string `json:"status"`
}

// rollbackAnswer is the answer of a new action that undoes an earlier one.
type rollbackAnswer struct {
	RollbackActionID string `json:"rollback_action_id"`
	OriginalActionID string `json:"original_action_id"`
	actionAnswer
}

// registerActionRequests adds what asks for actions and decides them (section 6).
func (d *door) registerActionRequests(registry *web.Registry, family *web.Family) {
	refusals := []soc.Code{soc.CodeRefused, soc.CodeIncidentResolved, soc.CodeLocked}
	ask := web.Operation{
		Method: "POST", Who: web.Scoped, Scope: soc.ScopeGamebooksSubmit, MinRole: soc.RoleAnalyst, Rate: "actions", Write: true, Also: []int{202}, Errors: refusals,
	}
	web.Register(registry, family, at(ask, incidentPath+"/actions", "request_action", "Ask for one action on one entity."), d.requestAction)
	undo := at(ask, "/api/actions/{id}/rollback", "roll_back_action", "Ask for what undoes an action.")
	undo.Errors = append([]soc.Code{soc.CodeRollbackNotSupported, soc.CodeInvalidState, soc.CodePartOfGamebook, soc.CodeOutcomeUnknown}, refusals...)
	web.Register(registry, family, undo, d.rollBackAction)
	decide := web.Operation{Method: "POST", Who: web.Person, MinRole: soc.RoleViewer, Rate: "actions", Write: true, Errors: []soc.Code{
		soc.CodeHumanSessionRequired, soc.CodeInsufficientApprovalLevel, soc.CodeRequesterCannotApprove, soc.CodeInvalidState, soc.CodeApprovalExpired,
		soc.CodeDigestMismatch, soc.CodeConflict, soc.CodeRefused, soc.CodePartOfGamebook,
	}}
	approve := at(decide, "/api/actions/{id}/approve", "approve_action", "Approve exactly what was shown.")
	approve.Also = []int{202}
	web.Register(registry, family, approve, d.approveAction)
	web.Register(registry, family, at(decide, "/api/actions/{id}/reject", "reject_action", "Reject an action for good."), d.rejectAction)
}

func (d *door) requestAction(ctx context.Context, by soc.Actor, in requestActionInput) (web.Reply[actionAnswer], error) {
	ask := soc.ActionRequest{Incident: in.ref(by), Playbook: in.Body.Action, Entity: in.Body.EntityID}
	var err error
	if ask.Parameters, err = parametersOf(in.Body.Parameters); err != nil {
		return web.Reply[actionAnswer]{}, err
	}
	if reason, stated := ask.Parameters["reason"]; stated {
		text, ok := reason.(string)
		if !ok || len([]rune(text)) > 1000 {
			return web.Reply[actionAnswer]{}, soc.InvalidField("parameters.reason", "must be text of at most 1000 characters")
		}
		delete(ask.Parameters, "reason")
		ask.Reason = text
	}
	a, err := d.desk.RequestAction(ctx, web.Answering(by, drawSubmitted), ask, waitOf(in.Prefer))
	if err != nil {
		return web.Reply[actionAnswer]{}, err
	}
	return answered(a), nil
}

// waitOf is how long a call waits: as preferred, else as long as any.
func waitOf(prefer web.Prefer) time.Duration {
	if prefer.Given {
		return prefer.Wait
	}
	return web.MaxWait
}

// parametersOf reads the parameters; whole numbers stay whole (D4).
func parametersOf(sent schemas.FreeObject) (map[string]any, error) {
	out := map[string]any{}
	if len(sent) == 0 {
		return out, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(sent))
	decoder.UseNumber()
	if err := decoder.Decode(&out); err != nil {
		return nil, soc.InvalidField("parameters", "must be an object")
	}
	for name, value := range out {
		if number, ok := value.(json.Number); ok {
			whole, err := strconv.ParseInt(number.String(), 10, 64)
			if err != nil {
				return nil, soc.InvalidField("parameters."+name, "must be a whole number")
			}
			out[name] = whole
		}
	}
	return out, nil
}

// answered is 202 with a place to look while the action waits or runs.
func answered(a soc.Action) web.Reply[actionAnswer] {
	reply := web.OK(drawAnswer(a))
	if a.Waits() || a.Status() == "pending_approval" {
		reply.Status, reply.Location = 202, "/api/actions/"+a.ID()
	}
	return reply
}

// drawSubmitted is the answer as it stands when the request is stored, which is
// before the worker acts: what a repetition of the request is told.
func drawSubmitted(r soc.GamebookReceipt) web.Reply[actionAnswer] {
	g := soc.Gamebook{
		ID: r.GamebookID, Status: r.Status, NeedsApproval: r.QueuedForApproval, QueueReasons: r.QueueReasons, Need: r.Need, Digest: r.Digest, ApprovalExpiresAt: r.ApprovalExpiresAt,
	}
	a := soc.Action{Gamebook: g, Step: soc.Step{Status: soc.StepQueued}, Deduplicated: r.Code == soc.CodeDuplicateGamebook}
	if len(r.Actions) > 0 {
		a.Step.ID = r.Actions[0]
	}
	return answered(a)
}

func (d *door) rollBackAction(ctx context.Context, by soc.Actor, in rollbackInput) (web.Reply[rollbackAnswer], error) {
	draw := func(answer web.Reply[actionAnswer]) web.Reply[rollbackAnswer] {
		return web.Reply[rollbackAnswer]{
			Data:   rollbackAnswer{RollbackActionID: answer.Data.ActionID, OriginalActionID: in.ID, actionAnswer: answer.Data},
			Status: answer.Status, Location: answer.Location,
		}
	}
	stored := func(r soc.GamebookReceipt) web.Reply[rollbackAnswer] { return draw(drawSubmitted(r)) }
	a, err := d.desk.RollBackAction(ctx, web.Answering(by, stored), stepID(in.ID), in.Body.Reason, waitOf(in.Prefer))
	if err != nil {
		return web.Reply[rollbackAnswer]{}, partOf(err)
	}
	return draw(answered(a)), nil
}

func (d *door) approveAction(ctx context.Context, by soc.Actor, in approveInput) (web.Reply[actionAnswer], error) {
	stored := func(r soc.DecisionReceipt) web.Reply[actionAnswer] {
		status := map[string]string{"pending": "pending_approval", "approved": "pending"}[r.State]
		data := actionAnswer{
			ActionID: in.ID, Status: status, GamebookID: r.GamebookID, Digest: in.Body.Digest, QueueReasons: []string{},
			Approvals: actionApprovals{r.Given, r.Required},
		}
		reply := web.OK(data)
		if status == "pending" {
			reply.Status, reply.Location = 202, "/api/actions/"+in.ID
		}
		return reply
	}
	a, err := d.desk.ApproveAction(ctx, web.Answering(by, stored), stepID(in.ID), in.Body.Digest, in.Body.Comment, waitOf(in.Prefer))
	if err != nil {
		return web.Reply[actionAnswer]{}, partOf(err)
	}
	reply := answered(a)
	if a.Status() == "pending_approval" { // the first of two
		reply.Status, reply.Location = 200, ""
	}
	return reply, nil
}

func (d *door) rejectAction(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[rejection], error) {
	reply := web.OK(rejection{ActionID: in.ID, Status: "rejected"})
	stored := func(soc.DecisionReceipt) web.Reply[rejection] { return reply }
	if _, err := d.desk.RejectAction(ctx, web.Answering(by, stored), stepID(in.ID), in.Body.Reason); err != nil {
		return web.Reply[rejection]{}, partOf(err)
	}
	return reply, nil
}

// partOf tells which gamebook an action belongs to.
func partOf(err error) error {
	switch e := soc.AsError(err); {
	case e.Code == soc.CodePartOfGamebook:
		return web.WithDetails(err, map[string]any{"gamebook_id": e.Target})
	case e.Kind == soc.Conflict && strings.HasPrefix(e.Target, soc.PrefixGamebook):
		return web.WithDetails(err, map[string]any{"gamebook_id": e.Target})
	}
	return err
}
