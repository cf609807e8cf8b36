package triageapi

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type incidentActionsInput struct {
	incidentInput
	Status []string `query:"status" jsonschema:"enum=pending_approval,enum=pending,enum=executing,enum=completed,enum=unverified,enum=failed,enum=unknown,enum=rejected,enum=expired,enum=cancelled,enum=rolled_back"`
	pageInput
}

// actionFilter is what a list of actions is about; a cursor is bound to it.
type actionFilter struct {
	Status   []string `query:"status" jsonschema:"enum=pending_approval,enum=pending,enum=executing,enum=completed,enum=unverified,enum=failed,enum=unknown,enum=rejected,enum=expired,enum=cancelled,enum=rolled_back"`
	Type     string   `query:"action_type" jsonschema:"minLength=1,maxLength=64"`
	Incident string   `query:"incident_id" jsonschema:"minLength=1,maxLength=64"`
	Level    string   `query:"approval_level" jsonschema:"enum=analyst,enum=senior,enum=manager"`
	Sort     string   `query:"sort" jsonschema:"enum=requested_at,enum=-requested_at,enum=executed_at,enum=-executed_at"`
}

type actionsInput struct {
	actionFilter
	pageInput
}

type typesInput struct {
	Category string `query:"category" jsonschema:"enum=identity,enum=endpoint,enum=network,enum=email,enum=note"`
}

// actionType is an entry of the catalogue.
type actionType struct {
	Name                 string            `json:"name"`
	Description          string            `json:"description"`
	Category             string            `json:"category"`
	SupportsRollback     bool              `json:"supports_rollback"`
	DefaultApprovalLevel *string           `json:"default_approval_level"`
	Reversibility        string            `json:"reversibility"`
	TargetParameter      *string           `json:"target_parameter"`
	Parameters           []actionParameter `json:"parameters"`
}

type actionParameter struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Required    bool   `json:"required"`
	Description string `json:"description"`
}

// registerActionReads adds the lists of actions and types (section 6).
func (d *door) registerActionReads(registry *web.Registry, family *web.Family) {
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeIncidentsRead, MinRole: soc.RoleViewer, Rate: "read"}
	list := at(read, incidentPath+"/actions", "list_incident_actions", "The actions of an incident, newest request first.")
	list.Errors = []soc.Code{soc.CodePageTooDeep}
	web.Register(registry, family, list, d.incidentActions)
	all := at(read, "/api/actions", "list_actions", "Actions of the workspace.")
	all.Errors = list.Errors
	web.Register(registry, family, all, d.listActions)
	web.Register(registry, family, at(read, "/api/actions/types", "list_action_types", "What may be asked for."), d.actionTypes)
	web.Register(registry, family, at(read, "/api/actions/{id}", "get_action", "One action with its decisions and proof."), d.getAction)
}

func (d *door) incidentActions(ctx context.Context, by soc.Actor, in incidentActionsInput) (web.Reply[[]actionItem], error) {
	ref := in.ref(by)
	binding := web.Binding{Endpoint: "incident actions", Principal: by.ID, Workspace: by.Workspace, Source: ref.ID, Filters: in.Status}
	return d.actionPage(ctx, by, &ref, soc.ActionFilter{Statuses: unique(in.Status)}, in.pageInput, binding)
}

func (d *door) listActions(ctx context.Context, by soc.Actor, in actionsInput) (web.Reply[[]actionItem], error) {
	binding := web.Binding{Endpoint: "actions", Principal: by.ID, Workspace: by.Workspace, Filters: in.actionFilter, Sort: in.Sort}
	filter := soc.ActionFilter{Statuses: unique(in.Status), Playbook: in.Type, Level: soc.Role(in.Level), Sort: in.Sort}
	if known := d.desk.PlaybookIDs(); in.Type != "" && !slices.Contains(known, in.Type) {
		return web.Reply[[]actionItem]{}, soc.InvalidField("action_type", "must be one of %v", known)
	}
	var ref *soc.IncidentRef
	if in.Incident != "" {
		ref = &soc.IncidentRef{}
		*ref = incidentInput{ID: in.Incident}.ref(by)
	}
	return d.actionPage(ctx, by, ref, filter, in.pageInput, binding)
}

func (d *door) actionPage(ctx context.Context, by soc.Actor, ref *soc.IncidentRef, filter soc.ActionFilter, in pageInput, binding web.Binding) (web.Reply[[]actionItem], error) {
	none := web.Reply[[]actionItem]{}
	in.size()
	page := &web.Page{PerPage: in.PerPage}
	var err error
	if filter.After, filter.Offset, err = d.position(in, binding, page); err != nil {
		return none, err
	}
	filter.Limit = in.PerPage
	found, err := d.desk.ListActions(ctx, by, ref, filter)
	if err != nil {
		return none, err
	}
	items := make([]actionItem, len(found.Actions))
	for n, a := range found.Actions {
		items[n] = drawAction(a)
	}
	page.Total, page.Capped = &found.Total, found.TotalCapped
	if found.Next != nil {
		page.Next, err = d.seal.SealJSON(binding, found.Next)
	}
	return web.Reply[[]actionItem]{Data: items, Page: page}, err
}

func (d *door) getAction(ctx context.Context, by soc.Actor, in oneAction) (web.Reply[actionDetail], error) {
	a, err := d.desk.GetAction(ctx, by, stepID(in.ID))
	if err != nil {
		return web.Reply[actionDetail]{}, err
	}
	return web.OK(drawActionDetail(a)), nil
}

func (d *door) actionTypes(ctx context.Context, by soc.Actor, in typesInput) (web.Reply[[]actionType], error) {
	offers, err := d.desk.ListPlaybooks(ctx, by, soc.PlaybookQuery{Workspace: by.Workspace})
	if err != nil {
		return web.Reply[[]actionType]{}, err
	}
	types := []actionType{}
	for _, offer := range offers {
		if t := drawType(offer.Playbook); in.Category == "" || t.Category == in.Category {
			types = append(types, t)
		}
	}
	return web.OK(types), nil
}

// categories of the kinds an action works on.
var categories = map[soc.EntityKind]string{
	soc.KindAccount: "identity", soc.KindHost: "endpoint", soc.KindFile: "endpoint", soc.KindFileHash: "endpoint", soc.KindProcess: "endpoint",
	soc.KindIP: "network", soc.KindDomain: "network", soc.KindURL: "network", soc.KindMailbox: "email", soc.KindMailMessage: "email",
}

func drawType(p soc.Playbook) actionType {
	t := actionType{
		Name: p.ID, Description: p.Description, Category: "note", SupportsRollback: p.Rollback != "", Reversibility: string(p.Class),
		TargetParameter: textOrNull(soc.TargetParameter(p)), Parameters: []actionParameter{},
	}
	for _, kind := range p.EntityKinds {
		if !p.Internal && categories[kind] != "" {
			t.Category = categories[kind]
			break
		}
	}
	switch {
	case p.Internal || p.Class == soc.ClassReadOnly:
	case p.Class == soc.ClassIrreversible:
		t.DefaultApprovalLevel = textOrNull(string(soc.NeedTwo().Level()))
	default:
		t.DefaultApprovalLevel = textOrNull(string(soc.NeedOne(p.Class, p.Impact, soc.SeverityHigh).Level()))
	}
	if name := soc.TargetParameter(p); name != "" {
		t.Parameters = append(t.Parameters, actionParameter{Name: name, Type: "string", Description: "The target; or send entity_id.", Required: false})
	}
	for _, q := range p.Parameters {
		t.Parameters = append(t.Parameters, actionParameter{Name: q.Name, Type: q.Type, Required: q.Required, Description: q.Description})
	}
	return t
}
