package triageapi

import (
	"bytes"
	"context"
	"encoding/json"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// playbookBody is a triage playbook as sent. What its words may be depends on
// the workspace and the catalogue, so the desk says what is wrong with them.
type playbookBody struct {
	Name        string      `json:"name" jsonschema:"minLength=1,maxLength=64"`
	Description string      `json:"description,omitempty" jsonschema:"maxLength=1000"`
	Trigger     triggerBody `json:"trigger,omitempty"`
	SOPID       string      `json:"sop_id,omitempty" jsonschema:"maxLength=64"`
	Steps       []stepBody  `json:"steps" jsonschema:"minItems=1,maxItems=50"`
	Enabled     bool        `json:"enabled,omitempty" jsonschema_description:"To enable it takes two people."`
}

type triggerBody struct {
	Sources       []string `json:"sources,omitempty" jsonschema:"maxItems=50"`
	IncidentTypes []string `json:"incident_types,omitempty" jsonschema:"maxItems=50"`
	Severities    []string `json:"severities,omitempty" jsonschema:"maxItems=4"`
}

type stepBody struct {
	Action     string             `json:"action" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"A type of GET /api/actions/types."`
	Parameters schemas.FreeObject `json:"parameters,omitempty"`
	Condition  *conditionBody     `json:"condition,omitempty"`
}

type conditionBody struct {
	Field string            `json:"field" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"verdict, confidence, severity or entity.kind."`
	Op    string            `json:"op" jsonschema:"minLength=1,maxLength=8" jsonschema_description:"eq, ne, gt, lt or in."`
	Value schemas.FactValue `json:"value"`
}

type createPlaybookInput struct {
	Body playbookBody `body:"json"`
}

type changePlaybookInput struct {
	onePlaybook
	IfMatch web.IfMatch  `header:"If-Match"`
	Body    playbookBody `body:"json"`
}

type deletePlaybookInput struct {
	onePlaybook
	IfMatch web.IfMatch `header:"If-Match"`
}

type confirmPlaybookInput struct {
	onePlaybook
	Body struct {
		Digest string `json:"digest" jsonschema:"minLength=1,maxLength=80" jsonschema_description:"The digest of the pending version, as shown."`
	} `body:"json"`
}

type rejectPlaybookInput struct {
	onePlaybook
	Body struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

// playbookValidation is what is wrong with a playbook.
type playbookValidation struct {
	Valid  bool            `json:"valid"`
	Errors []playbookFault `json:"errors"`
}

type playbookFault struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// registerPlaybookWrites adds what changes playbooks (section 7).
func (d *door) registerPlaybookWrites(registry *web.Registry, family *web.Family) {
	manage := web.Operation{
		Who: web.Scoped, Scope: soc.ScopePlaybooksManage, MinRole: soc.RoleManager, Rate: "write", Write: true,
		Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}, Errors: []soc.Code{soc.CodeConflict, soc.CodeLocked},
	}
	create := at(manage, "/api/playbooks", "create_triage_playbook", "Make a triage playbook; an enabled one waits for two people.")
	create.Method, create.Status, create.Also = "POST", 201, []int{202}
	web.Register(registry, family, create, d.createPlaybook)
	change := at(manage, playbookPath, "change_triage_playbook", "Replace a triage playbook; what lets more happen waits for two people.")
	change.Method, change.Also = "PUT", []int{202}
	change.Errors = append([]soc.Code{soc.CodePreconditionFailed}, manage.Errors...)
	web.Register(registry, family, change, d.changePlaybook)
	remove := at(manage, playbookPath, "delete_triage_playbook", "Take a triage playbook out of use; its versions stay.")
	remove.Method, remove.Status, remove.Errors = "DELETE", 204, change.Errors
	web.Register(registry, family, remove, d.deletePlaybook)
	validate := at(manage, "/api/playbooks/validate", "validate_triage_playbook", "Say what is wrong with a playbook, and store nothing.")
	validate.Method, validate.Write, validate.Errors = "POST", false, nil
	web.Register(registry, family, validate, d.validatePlaybook)
	decide := web.Operation{Method: "POST", Who: web.Person, MinRole: soc.RoleManager, Fresh: true, Rate: "write", Write: true, Errors: []soc.Code{
		soc.CodeHumanSessionRequired, soc.CodeInvalidState, soc.CodeApprovalExpired, soc.CodeDigestMismatch, soc.CodeConflict, soc.CodeLocked,
	}}
	web.Register(registry, family, at(decide, playbookPath+"/confirm", "confirm_triage_playbook", "Be one of the two who let a change come into force."), d.confirmPlaybook)
	web.Register(registry, family, at(decide, playbookPath+"/reject", "reject_triage_playbook", "End a change that waits."), d.rejectPlaybook)
}

const playbookPath = "/api/playbooks/{id}"

// draft is the playbook in core words.
func (b playbookBody) draft() (soc.TriageDraft, error) {
	draft := soc.TriageDraft{
		Name: b.Name, Description: b.Description, Types: b.Trigger.IncidentTypes, SOP: b.SOPID, Enabled: b.Enabled,
		Severities: soc.TriageTriggerSeverities(b.Trigger.Severities),
	}
	for _, source := range b.Trigger.Sources {
		draft.Sources = append(draft.Sources, soc.FromFamilySource(source))
	}
	for _, s := range b.Steps {
		step := soc.TriageStep{Action: s.Action}
		if len(s.Parameters) > 0 {
			decoder := json.NewDecoder(bytes.NewReader(s.Parameters))
			decoder.UseNumber()
			if err := decoder.Decode(&step.Parameters); err != nil {
				return draft, soc.InvalidField("steps", "has parameters that are no object")
			}
		}
		if s.Condition != nil {
			step.Condition = &soc.TriageCondition{Field: s.Condition.Field, Op: s.Condition.Op, Values: s.Condition.Value.Values}
		}
		draft.Steps = append(draft.Steps, step)
	}
	return draft, nil
}

func (d *door) createPlaybook(ctx context.Context, by soc.Actor, in createPlaybookInput) (web.Reply[playbookDetail], error) {
	draw := func(p soc.TriagePlaybook) web.Reply[playbookDetail] {
		reply := drawChangedPlaybook(p)
		if reply.Status == 0 {
			reply.Status = 201
		}
		reply.Location = "/api/playbooks/" + p.Name
		return reply
	}
	draft, err := in.Body.draft()
	if err != nil {
		return web.Reply[playbookDetail]{}, err
	}
	p, err := d.desk.CreateTriagePlaybook(ctx, web.Answering(by, draw), draft)
	if err != nil {
		return web.Reply[playbookDetail]{}, err
	}
	return draw(p), nil
}

func (d *door) changePlaybook(ctx context.Context, by soc.Actor, in changePlaybookInput) (web.Reply[playbookDetail], error) {
	draft, err := in.Body.draft()
	if err != nil {
		return web.Reply[playbookDetail]{}, err
	}
	p, err := d.desk.ChangeTriagePlaybook(ctx, web.Answering(by, drawChangedPlaybook), in.ID, draft, in.IfMatch.IfMatch)
	if err != nil {
		return web.Reply[playbookDetail]{}, err
	}
	return drawChangedPlaybook(p), nil
}

// drawChangedPlaybook is 202 while a version waits for people.
func drawChangedPlaybook(p soc.TriagePlaybook) web.Reply[playbookDetail] {
	reply := web.Reply[playbookDetail]{Data: drawPlaybookDetail(p), Revision: p.Revision()}
	if p.Pending != nil {
		reply.Status, reply.Location = 202, "/api/playbooks/"+p.Name
	}
	return reply
}

func (d *door) deletePlaybook(ctx context.Context, by soc.Actor, in deletePlaybookInput) (web.Reply[struct{}], error) {
	gone := web.Reply[struct{}]{Status: 204}
	draw := func(soc.TriagePlaybook) web.Reply[struct{}] { return gone }
	return gone, d.desk.DeleteTriagePlaybook(ctx, web.Answering(by, draw), in.ID, in.IfMatch.IfMatch)
}

func (d *door) validatePlaybook(ctx context.Context, by soc.Actor, in createPlaybookInput) (web.Reply[playbookValidation], error) {
	none := web.Reply[playbookValidation]{}
	draft, err := in.Body.draft()
	if err != nil {
		return none, err
	}
	found, err := d.desk.ValidateTriagePlaybook(ctx, by, draft)
	if err != nil {
		return none, err
	}
	out := playbookValidation{Valid: len(found) == 0, Errors: []playbookFault{}}
	for _, p := range found {
		out.Errors = append(out.Errors, playbookFault{p.Path, p.Message})
	}
	return web.OK(out), nil
}

func (d *door) confirmPlaybook(ctx context.Context, by soc.Actor, in confirmPlaybookInput) (web.Reply[playbookDetail], error) {
	p, err := d.desk.ConfirmTriagePlaybook(ctx, web.Answering(by, drawDecidedPlaybook), in.ID, in.Body.Digest)
	if err != nil {
		return web.Reply[playbookDetail]{}, err
	}
	return drawDecidedPlaybook(p), nil
}

func (d *door) rejectPlaybook(ctx context.Context, by soc.Actor, in rejectPlaybookInput) (web.Reply[playbookDetail], error) {
	p, err := d.desk.RejectTriagePlaybook(ctx, web.Answering(by, drawDecidedPlaybook), in.ID, in.Body.Reason)
	if err != nil {
		return web.Reply[playbookDetail]{}, err
	}
	return drawDecidedPlaybook(p), nil
}

func drawDecidedPlaybook(p soc.TriagePlaybook) web.Reply[playbookDetail] {
	return web.Reply[playbookDetail]{Data: drawPlaybookDetail(p), Revision: p.Revision()}
}

// principalWord names who asked or confirmed, by kind and id.
func principalWord(kind soc.PrincipalKind, id string) string {
	if kind == soc.PrincipalService {
		return "key:" + id
	}
	if kind == soc.PrincipalHost {
		return soc.DisplayName(id)
	}
	return string(kind) + ":" + id
}
