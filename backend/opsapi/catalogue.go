package opsapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type cataloguePage struct {
	Class      string      `query:"class" jsonschema:"enum=ReadOnly,enum=Reversible,enum=ExternallyReversible,enum=Irreversible"`
	EntityKind string      `query:"entityKind" jsonschema:"maxLength=32"`
	Connector  string      `query:"connector" jsonschema:"maxLength=64" jsonschema_description:"The id of one that can carry it out."`
	Enabled    *bool       `query:"enabled"`
	PageSize   schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token      string      `query:"continuationToken"`
}

type onePlaybook struct {
	Playbook string `path:"playbook" jsonschema:"maxLength=64"`
}

type switchInput struct {
	Playbook string `path:"playbook" jsonschema:"maxLength=64"`
	Body     struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

// catalogueBody is one playbook, stated here or as a catalogue file.
type catalogueBody struct {
	Playbook *soc.PlaybookDraft `json:"playbook,omitempty"`
	YAML     string             `json:"yaml,omitempty" jsonschema:"maxLength=262144" jsonschema_description:"A catalogue file; instead of playbook."`
}

type validateInput struct {
	Body catalogueBody `body:"json"`
}

// playbookView is the record of a playbook version (safety.md section 1) with
// what this workspace makes of it.
type playbookView struct {
	PlaybookID         string               `json:"playbookId"`
	Version            int                  `json:"version"`
	Hash               string               `json:"hash"`
	Name               string               `json:"name"`
	Description        string               `json:"description"`
	Class              string               `json:"class" jsonschema_description:"As of now: with its inverse switched off it is Irreversible."`
	Impact             string               `json:"impact"`
	EntityKinds        []string             `json:"entityKinds"`
	RequiredProperties []string             `json:"requiredProperties"`
	Parameters         []soc.ParameterDraft `json:"parameters"`
	Operation          string               `json:"operation"`
	Probe              *probeView           `json:"probe"`
	Rollback           *string              `json:"rollback"`
	RecoveryWindow     *int64               `json:"recoveryWindowSeconds"`
	AutoRevert         *int64               `json:"autoRevertSeconds"`
	Idempotent         bool                 `json:"idempotent"`
	ConflictsWith      []string             `json:"conflictsWith"`
	D3FEND             *string              `json:"d3fendId"`
	Internal           bool                 `json:"internal"`
	Enabled            bool                 `json:"enabled"`
	DisabledReason     *string              `json:"disabledReason"`
	Connectors         []string             `json:"connectors" jsonschema_description:"The ids of those here that can carry it out."`
}

type probeView struct {
	Operation string `json:"operation"`
	Expect    string `json:"expect"`
	Timeout   int64  `json:"timeoutSeconds"`
	Retries   int    `json:"retries"`
}

// switchedView is a playbook after a switch, or the change that the switch waits
// as.
type switchedView struct {
	Playbook playbookView `json:"playbook"`
	Change   *changeView  `json:"change"`
}

type findingView struct {
	PlaybookID string `json:"playbookId"`
	Code       string `json:"code" jsonschema:"enum=no_probe,enum=no_inverse,enum=inverse_missing,enum=inverse_without_probe,enum=no_connector"`
	Message    string `json:"message"`
}

type validationView struct {
	Valid  bool          `json:"valid"`
	Errors []problemView `json:"errors"`
}

type problemView struct {
	Path    string `json:"path"`
	Line    int    `json:"line" jsonschema_description:"Counts from 1; 0 where the problem has none."`
	Message string `json:"message"`
}

// registerCatalogue adds the catalogue of section 10 of the contract.
func (a *api) registerCatalogue() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/catalogue", "list_catalogue", "The playbooks of the workspace, by id."), a.listCatalogue)
	add(a, with(read, http.MethodGet, "/catalogue/lint", "lint_catalogue", "What cannot be read back, undone or carried out."), a.lintCatalogue)
	add(a, with(read, http.MethodGet, "/catalogue/{playbook}", "get_playbook", "One playbook."), a.getPlaybook)
	validate := with(read, http.MethodPost, "/catalogue/validate", "validate_playbook", "Say what is wrong with a playbook, and store nothing.")
	validate.MaxBody = 2 << 20
	add(a, validate, a.validatePlaybook)
	edit := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, Or: soc.ScopeOpsDraft, MinRole: soc.RoleManager, Rate: "write", Write: true, Kinds: kinds,
		Errors: []soc.Code{soc.CodeHumanSessionRequired, soc.CodeConflict, soc.CodeLocked},
	}
	add(a, with(edit, http.MethodPost, "/catalogue/{playbook}/disable", "disable_playbook", "Switch a playbook off at every door, at once."), a.disablePlaybook)
	edit.Also = []int{http.StatusAccepted}
	add(a, with(edit, http.MethodPost, "/catalogue/{playbook}/enable", "enable_playbook", "Switch a playbook on again, once a second person agrees."), a.enablePlaybook)
}

func (a *api) listCatalogue(ctx context.Context, by soc.Actor, in cataloguePage) (web.Reply[[]playbookView], error) {
	filter := soc.CatalogueFilter{Connector: in.Connector, Enabled: in.Enabled, Limit: pageSize(in.PageSize)}
	filter.Class, _ = soc.PortalClass.Core(in.Class)
	if in.EntityKind != "" {
		kind, known := soc.PortalEntityKind.Core(in.EntityKind)
		if !known {
			return web.Reply[[]playbookView]{}, soc.InvalidField("entityKind", "must be one of %v", soc.PortalEntityKind.All())
		}
		filter.Kind = kind
	}
	stated := in
	stated.Token, stated.PageSize = "", 0
	binding := web.Binding{Endpoint: "ops catalogue", Principal: by.ID, Workspace: by.Workspace, Filters: stated}
	after, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]playbookView]{}, err
	}
	if after != nil {
		filter.After = after.ID
	}
	found, last, err := a.desk.ListCatalogue(ctx, by, filter)
	if err != nil {
		return web.Reply[[]playbookView]{}, err
	}
	views := make([]playbookView, len(found))
	for i, e := range found {
		views[i] = drawPlaybook(e)
	}
	reply := web.OK(views)
	var next *soc.Keyset
	if last != "" {
		next = &soc.Keyset{ID: last}
	}
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) getPlaybook(ctx context.Context, by soc.Actor, in onePlaybook) (web.Reply[playbookView], error) {
	entry, err := a.desk.GetPlaybook(ctx, by, in.Playbook)
	if err != nil {
		return web.Reply[playbookView]{}, err
	}
	return web.OK(drawPlaybook(entry)), nil
}

func (a *api) lintCatalogue(ctx context.Context, by soc.Actor, _ none) (web.Reply[[]findingView], error) {
	found, err := a.desk.LintCatalogue(ctx, by)
	views := make([]findingView, len(found))
	for i, f := range found {
		views[i] = findingView{f.Playbook, f.Code, f.Message}
	}
	return web.OK(views), err
}

// file is the body as a catalogue file.
func (b catalogueBody) file(a *api) ([]byte, error) {
	switch {
	case (b.Playbook == nil) == (b.YAML == ""):
		return nil, soc.InvalidField("playbook", "Either this or yaml has to be given, and not both.")
	case b.Playbook != nil:
		return a.desk.PlaybookFile(*b.Playbook)
	}
	return []byte(b.YAML), nil
}

func (a *api) validatePlaybook(ctx context.Context, by soc.Actor, in validateInput) (web.Reply[validationView], error) {
	file, err := in.Body.file(a)
	if err != nil {
		return web.Reply[validationView]{}, err
	}
	found, err := a.desk.ValidateCatalogue(ctx, by, file)
	view := validationView{Valid: len(found) == 0, Errors: make([]problemView, len(found))}
	for i, p := range found {
		view.Errors[i] = problemView{p.Path, p.Line, soc.EscapeVisible(p.Message)}
	}
	return web.OK(view), err
}

func (a *api) disablePlaybook(ctx context.Context, by soc.Actor, in switchInput) (web.Reply[switchedView], error) {
	return a.switchPlaybook(ctx, by, in, false)
}

func (a *api) enablePlaybook(ctx context.Context, by soc.Actor, in switchInput) (web.Reply[switchedView], error) {
	return a.switchPlaybook(ctx, by, in, true)
}

func (a *api) switchPlaybook(ctx context.Context, by soc.Actor, in switchInput, on bool) (web.Reply[switchedView], error) {
	out, err := a.desk.SwitchPlaybook(ctx, web.Answering(by, a.switched), in.Playbook, on, in.Body.Reason)
	if err != nil {
		return web.Reply[switchedView]{}, err
	}
	return a.switched(out), nil
}

func (a *api) switched(out soc.PlaybookOutcome) web.Reply[switchedView] {
	reply := web.OK(switchedView{Playbook: drawPlaybook(out.Entry)})
	if out.Change != nil {
		change := a.drawChange(*out.Change)
		reply.Data.Change, reply.Status, reply.Location = &change, http.StatusAccepted, prefix+"/changes/"+change.ID
	}
	return reply
}

func drawPlaybook(e soc.CatalogueEntry) playbookView {
	p := e.Playbook
	view := playbookView{
		PlaybookID: p.ID, Version: p.Version, Hash: p.Hash, Name: p.Name, Description: p.Description, Class: soc.PortalClass.Word(p.Class), Impact: string(p.Impact),
		EntityKinds: []string{}, RequiredProperties: append([]string{}, p.RequiredProperties...), Parameters: []soc.ParameterDraft{},
		Operation: p.Operation, Rollback: orNull(p.Rollback), RecoveryWindow: secondsOrNull(p.RecoveryWindow), AutoRevert: secondsOrNull(p.AutoRevert),
		Idempotent: p.Idempotent, ConflictsWith: append([]string{}, p.ConflictsWith...), D3FEND: orNull(p.D3FEND), Internal: p.Internal,
		Enabled: e.Enabled, DisabledReason: orNull(soc.EscapeVisible(e.DisabledReason)), Connectors: append([]string{}, e.Connectors...),
	}
	for _, q := range p.Parameters {
		view.Parameters = append(view.Parameters, drawParameter(q))
	}
	for _, kind := range p.EntityKinds {
		view.EntityKinds = append(view.EntityKinds, soc.PortalEntityKind.Word(kind))
	}
	if p.Probe != nil {
		view.Probe = &probeView{p.Probe.Operation, p.Probe.Expect, int64(p.Probe.Timeout / time.Second), p.Probe.Retries}
	}
	return view
}

func secondsOrNull(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	n := int64(d / time.Second)
	return &n
}

func drawParameter(q soc.Parameter) soc.ParameterDraft {
	view := soc.ParameterDraft{Name: q.Name, Type: q.Type, Description: q.Description, Required: q.Required, Enum: q.Enum, Default: q.Default, MaxLength: q.MaxLength}
	if q.Minimum != 0 || q.Maximum != 0 {
		view.Minimum, view.Maximum = &q.Minimum, &q.Maximum
	}
	return view
}
