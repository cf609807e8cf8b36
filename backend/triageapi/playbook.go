package triageapi

import (
	"context"
	"encoding/json"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type playbooksInput struct {
	Enabled *bool `query:"enabled"`
	pageInput
}

type onePlaybook struct {
	ID string `path:"id"`
}

type getPlaybookInput struct {
	onePlaybook
	Version int `query:"version" jsonschema:"minimum=1,maximum=1000000"`
}

type runPlaybookInput struct {
	onePlaybook
	Prefer web.Prefer `header:"Prefer"`
	Body   struct {
		IncidentID string `json:"incident_id" jsonschema:"minLength=1,maxLength=64"`
		Force      bool   `json:"force,omitempty" jsonschema_description:"Repeat work; skips no gate, limit, budget or switch."`
	} `body:"json"`
}

// playbookItem is a triage playbook in a list.
type playbookItem struct {
	ID          string               `json:"id"`
	Name        string               `json:"name"`
	Description string               `json:"description"`
	Version     int                  `json:"version"`
	Enabled     bool                 `json:"enabled"`
	BuiltIn     bool                 `json:"built_in"`
	Trigger     playbookTrigger      `json:"trigger"`
	UpdatedAt   *schemas.SecondsTime `json:"updated_at"`
}

type playbookTrigger struct {
	Sources       []string `json:"sources"`
	IncidentTypes []string `json:"incident_types"`
	Severities    []string `json:"severities"`
}

// playbookDetail is one playbook with what it recommends. Digest is null for a
// procedure, which is not changed here.
type playbookDetail struct {
	playbookItem
	SOPID   *string          `json:"sop_id"`
	Steps   []playbookStep   `json:"steps"`
	State   string           `json:"state"`
	Digest  *string          `json:"digest"`
	Pending *pendingPlaybook `json:"pending"`
}

// playbookStep is an action that the playbook may recommend; it runs nothing.
type playbookStep struct {
	Action     string             `json:"action"`
	Parameters schemas.FreeObject `json:"parameters"`
	Condition  *conditionBody     `json:"condition"`
}

// pendingPlaybook is the version that waits for people; GET with its version
// shows what it says.
type pendingPlaybook struct {
	Version       int                    `json:"version"`
	Digest        string                 `json:"digest"`
	RequestedBy   string                 `json:"requested_by"`
	RequestedAt   schemas.SecondsTime    `json:"requested_at"`
	ExpiresAt     schemas.SecondsTime    `json:"expires_at"`
	Confirmations []playbookConfirmation `json:"confirmations"`
	Required      int                    `json:"required"`
}

type playbookConfirmation struct {
	By string              `json:"by"`
	At schemas.SecondsTime `json:"at"`
}

// registerPlaybooks adds the reading of triage playbooks and their run (section 7).
func (d *door) registerPlaybooks(registry *web.Registry, family *web.Family) {
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeIncidentsRead, MinRole: soc.RoleViewer, Rate: "read"}
	list := at(read, "/api/playbooks", "list_triage_playbooks", "The triage playbooks of the workspace.")
	list.Errors = []soc.Code{soc.CodePageTooDeep}
	web.Register(registry, family, list, d.listPlaybooks)
	web.Register(registry, family, at(read, playbookPath, "get_triage_playbook", "One triage playbook with what it may recommend."), d.getPlaybook)
	run := web.Operation{
		Method: "POST", Who: web.Scoped, Scope: soc.ScopeTriageRun, MinRole: soc.RoleAnalyst, Rate: "triage", Write: true, Also: []int{202},
		Errors: []soc.Code{soc.CodeConflict, soc.CodeIncidentResolved, soc.CodeKillSwitchEngaged},
	}
	web.Register(registry, family, at(run, "/api/playbooks/{id}/run", "run_triage_playbook", "Triage an incident with this playbook."), d.runPlaybook)
	d.registerPlaybookWrites(registry, family)
}

func (d *door) listPlaybooks(ctx context.Context, by soc.Actor, in playbooksInput) (web.Reply[[]playbookItem], error) {
	none := web.Reply[[]playbookItem]{}
	in.size()
	binding := web.Binding{Endpoint: "triage playbooks", Principal: by.ID, Workspace: by.Workspace, Filters: in.Enabled}
	page := &web.Page{PerPage: in.PerPage}
	after, offset, err := d.position(in.pageInput, binding, page)
	if err != nil {
		return none, err
	}
	playbooks, err := d.desk.ListTriagePlaybooks(ctx, by)
	if err != nil {
		return none, err
	}
	if in.Enabled != nil {
		playbooks = slices.DeleteFunc(playbooks, func(p soc.TriagePlaybook) bool { return p.Enabled != *in.Enabled })
	}
	total, items := len(playbooks), []playbookItem{}
	for n, p := range playbooks {
		if n < offset || after != nil && p.Name <= after.ID {
			continue
		}
		if len(items) == in.PerPage {
			page.Next, err = d.seal.SealJSON(binding, soc.Keyset{ID: items[len(items)-1].ID})
			break
		}
		items = append(items, drawPlaybook(p))
	}
	page.Total = &total
	return web.Reply[[]playbookItem]{Data: items, Page: page}, err
}

func (d *door) getPlaybook(ctx context.Context, by soc.Actor, in getPlaybookInput) (web.Reply[playbookDetail], error) {
	p, err := d.desk.GetTriagePlaybook(ctx, by, in.ID, in.Version)
	if err != nil {
		return web.Reply[playbookDetail]{}, err
	}
	return web.Reply[playbookDetail]{Data: drawPlaybookDetail(p), Revision: p.Revision()}, nil
}

func drawPlaybookDetail(p soc.TriagePlaybook) playbookDetail {
	data := playbookDetail{
		playbookItem: drawPlaybook(p), SOPID: textOrNull(p.SOP), Steps: []playbookStep{}, State: string(p.State), Digest: textOrNull(p.Digest),
	}
	for _, s := range p.Steps {
		step := playbookStep{Action: s.Action, Parameters: schemas.FreeObject("{}")}
		if encoded, err := json.Marshal(s.Parameters); err == nil && len(s.Parameters) > 0 {
			step.Parameters = encoded
		}
		if c := s.Condition; c != nil {
			step.Condition = &conditionBody{c.Field, c.Op, schemas.FactValue{Values: c.Values, List: c.Op == "in", Number: c.Field == soc.FactConfidence}}
		}
		data.Steps = append(data.Steps, step)
	}
	if v := p.Pending; v != nil {
		data.Pending = &pendingPlaybook{
			Version: v.Version, Digest: v.Digest, RequestedBy: principalWord(v.AskedKind, v.AskedBy), RequestedAt: schemas.SecondsTime(v.AskedAt),
			ExpiresAt: schemas.SecondsTime(v.ExpiresAt), Confirmations: []playbookConfirmation{}, Required: soc.TriageConfirmationsNeeded,
		}
		for _, c := range v.Confirmations {
			data.Pending.Confirmations = append(data.Pending.Confirmations, playbookConfirmation{principalWord(soc.PrincipalPerson, c.Person), schemas.SecondsTime(c.At)})
		}
	}
	return data
}

func (d *door) runPlaybook(ctx context.Context, by soc.Actor, in runPlaybookInput) (web.Reply[triage], error) {
	p, err := d.desk.FindTriagePlaybook(ctx, by, in.ID)
	if err != nil {
		return web.Reply[triage]{}, err
	}
	return d.runTriage(ctx, by, soc.TriageRequest{
		Incident: incidentInput{ID: in.Body.IncidentID}.ref(by), Playbook: p.Name, Force: in.Body.Force, Wait: waitOf(in.Prefer),
	})
}

func drawPlaybook(p soc.TriagePlaybook) playbookItem {
	out := playbookItem{
		ID: p.Name, Name: p.Name, Description: p.Description, Version: p.Version, Enabled: p.Enabled, BuiltIn: p.BuiltIn, UpdatedAt: schemas.SecondsOrNull(p.UpdatedAt),
		Trigger: playbookTrigger{Sources: []string{}, IncidentTypes: list(p.Types), Severities: soc.TriageTriggerWords(p.Severities)},
	}
	for _, source := range p.Sources {
		out.Trigger.Sources = append(out.Trigger.Sources, soc.FamilySource(source))
	}
	return out
}
