package opsapi

import (
	"context"
	"net/http"
	"strconv"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type sopPage struct {
	Kind       string      `query:"kind" jsonschema:"enum=classification,enum=response"`
	Query      string      `query:"q" jsonschema:"maxLength=128" jsonschema_description:"Part of the name."`
	IncidentID string      `query:"incidentId" jsonschema:"maxLength=64" jsonschema_description:"Those that fit this incident, best first, with why; one page."`
	PageSize   schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token      string      `query:"continuationToken"`
}

type oneSOP struct {
	ID      string      `path:"id" jsonschema:"maxLength=64"`
	Version schemas.Int `query:"version" jsonschema:"minimum=1"`
}

type sopVersionPage struct {
	ID       string      `path:"id" jsonschema:"maxLength=64"`
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type sopDiffInput struct {
	ID       string      `path:"id" jsonschema:"maxLength=64"`
	From     schemas.Int `query:"from" jsonschema:"minimum=1" jsonschema_description:"A version; the newest where it is left out."`
	To       schemas.Int `query:"to" jsonschema:"minimum=1" jsonschema_description:"A version; the newest where it is left out."`
	ChangeID string      `query:"changeId" jsonschema:"maxLength=36" jsonschema_description:"A pending change: what it asks for beside what stands, instead of two versions."`
}

type sopMatchInput struct {
	ID   string           `path:"id" jsonschema:"maxLength=64"`
	Body soc.SOPMatchRule `body:"json"`
}

// sopView is a procedure. Its text is in the answers about one, as it was sent:
// whoever shows it draws no more than an inert subset of Markdown.
type sopView struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Kind      string           `json:"kind"`
	Version   int              `json:"version"`
	Enabled   bool             `json:"enabled"`
	Hash      string           `json:"hash"`
	Bytes     int              `json:"bytes"`
	Match     soc.SOPMatchRule `json:"match"`
	Why       []string         `json:"why" jsonschema_description:"Why it fits the incident that was named."`
	Text      *string          `json:"text" jsonschema_description:"Null in lists."`
	MadeBy    changeActor      `json:"madeBy"`
	Reason    *string          `json:"reason"`
	CreatedAt schemas.Time     `json:"createdAt"`
}

// savedSOP is a procedure as it stands and the change that waits; before its first
// version there is only the change.
type savedSOP struct {
	SOP    *sopView    `json:"sop"`
	Change *changeView `json:"change"`
}

type sopDiffView struct {
	From  int              `json:"from" jsonschema_description:"0 where there is none yet."`
	To    int              `json:"to"`
	Diff  []differenceView `json:"diff"`
	Lines string           `json:"lines" jsonschema_description:"The texts as a unified diff, empty where they are equal."`
}

// registerSOPs adds the procedures of section 10 of the contract.
func (a *api) registerSOPs() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/sops", "list_sops", "The procedures of the workspace, by id."), a.listSOPs)
	add(a, with(read, http.MethodGet, "/sops/{id}", "get_sop", "One procedure with its text."), a.getSOP)
	add(a, with(read, http.MethodGet, "/sops/{id}/versions", "list_sop_versions", "Who made which version of a procedure, newest first."), a.listSOPVersions)
	add(a, with(read, http.MethodGet, "/sops/{id}/diff", "compare_sop_versions", "What differs between two versions, or what a change asks for."), a.compareSOP)
	errs := []soc.Code{soc.CodeHumanSessionRequired, soc.CodeConflict, soc.CodeLocked}
	upload := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsDraft, MinRole: soc.RoleManager, Rate: "write", Write: true, Kinds: kinds, Errors: errs,
		Status: http.StatusAccepted, Also: []int{http.StatusOK}, Media: []string{"multipart/form-data"}, Parts: []string{"name", "kind", "match", "reason"}, MaxBody: soc.MaxSOPBytes,
	}
	add(a, with(upload, http.MethodPost, "/sops", "create_sop", "Send a procedure; a second person puts it in force."), a.createSOP)
	add(a, with(upload, http.MethodPost, "/sops/{id}/versions", "create_sop_version", "Send another version of a procedure; a second person puts it in force."), a.createSOPVersion)
	edit := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsTighten, Or: soc.ScopeOpsDraft, MinRole: soc.RoleManager, Rate: "write", Write: true, Kinds: kinds, Errors: errs}
	add(a, with(edit, http.MethodPost, "/sops/{id}/disable", "disable_sop", "Follow a procedure no more; another version of it brings it back."), a.disableSOP)
	edit.Also = []int{http.StatusAccepted}
	add(a, with(edit, http.MethodPut, "/sops/{id}/match", "change_sop_match", "Say which incidents a procedure is for; fewer at once, more once a second person agrees."), a.putSOPMatch)
}

func (a *api) listSOPs(ctx context.Context, by soc.Actor, in sopPage) (web.Reply[[]sopView], error) {
	filter := soc.SOPFilter{Kind: in.Kind, Query: in.Query, Limit: pageSize(in.PageSize)}
	if in.IncidentID != "" {
		filter.Incident = soc.IncidentRef{ID: in.IncidentID}
	}
	stated := in
	stated.Token, stated.PageSize = "", 0
	binding := web.Binding{Endpoint: "ops sops", Principal: by.ID, Workspace: by.Workspace, Filters: stated}
	after, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]sopView]{}, err
	}
	if after != nil {
		filter.After = after.ID
	}
	found, last, err := a.desk.ListSOPs(ctx, by, filter)
	if err != nil {
		return web.Reply[[]sopView]{}, err
	}
	views := make([]sopView, len(found))
	for i, m := range found {
		views[i] = drawSOP(m.SOP, m.Why)
	}
	reply := web.OK(views)
	var next *soc.Keyset
	if last != "" {
		next = &soc.Keyset{ID: last}
	}
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) getSOP(ctx context.Context, by soc.Actor, in oneSOP) (web.Reply[sopView], error) {
	s, err := a.desk.GetSOP(ctx, by, in.ID, int(in.Version))
	if err != nil {
		return web.Reply[sopView]{}, err
	}
	view := drawSOP(s, nil)
	view.Text = &s.Text
	return web.Reply[sopView]{Data: view, Revision: int64(s.Version)}, nil
}

func (a *api) listSOPVersions(ctx context.Context, by soc.Actor, in sopVersionPage) (web.Reply[[]sopView], error) {
	binding := web.Binding{Endpoint: "ops sop versions", Principal: by.ID, Workspace: by.Workspace, Filters: in.ID}
	position, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]sopView]{}, err
	}
	below := 0
	if position != nil {
		below, _ = strconv.Atoi(position.Value)
	}
	found, more, err := a.desk.ListSOPVersions(ctx, by, in.ID, below, pageSize(in.PageSize))
	if err != nil {
		return web.Reply[[]sopView]{}, err
	}
	views := make([]sopView, len(found))
	for i, s := range found {
		views[i] = drawSOP(s, nil)
	}
	reply := web.OK(views)
	var next *soc.Keyset
	if more {
		next = &soc.Keyset{Value: strconv.Itoa(found[len(found)-1].Version)}
	}
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) compareSOP(ctx context.Context, by soc.Actor, in sopDiffInput) (web.Reply[sopDiffView], error) {
	d, err := a.desk.CompareSOPVersions(ctx, by, in.ID, int(in.From), int(in.To), in.ChangeID)
	if err != nil {
		return web.Reply[sopDiffView]{}, err
	}
	return web.OK(sopDiffView{d.From, d.To, drawDiff(d.Differences), d.Lines}), nil
}

func (a *api) disableSOP(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[savedSOP], error) {
	return a.editSOP(ctx, by, soc.SOPEdit{ID: in.ID, Event: "sop_changed", Reason: in.Body.Reason, Edit: func(s soc.SOP) soc.SOP {
		s.Enabled = false
		return s
	}})
}

func (a *api) putSOPMatch(ctx context.Context, by soc.Actor, in sopMatchInput) (web.Reply[savedSOP], error) {
	rule, err := coreRule(in.Body)
	if err != nil {
		return web.Reply[savedSOP]{}, err
	}
	return a.editSOP(ctx, by, soc.SOPEdit{ID: in.ID, Event: "sop_changed", Edit: func(s soc.SOP) soc.SOP { return s.WithRule(rule) }})
}

func (a *api) editSOP(ctx context.Context, by soc.Actor, edit soc.SOPEdit) (web.Reply[savedSOP], error) {
	out, err := a.desk.EditSOP(ctx, web.Answering(by, a.savedSOP), edit)
	if err != nil {
		return web.Reply[savedSOP]{}, err
	}
	return a.savedSOP(out), nil
}

func (a *api) savedSOP(out soc.SOPOutcome) web.Reply[savedSOP] {
	reply := web.Reply[savedSOP]{Status: http.StatusOK, Revision: int64(out.SOP.Version)}
	if out.SOP.Version > 0 {
		view := drawSOP(out.SOP, nil)
		reply.Data.SOP = &view
	}
	if out.Change != nil {
		change := a.drawChange(*out.Change)
		reply.Data.Change, reply.Status, reply.Location = &change, http.StatusAccepted, prefix+"/changes/"+change.ID
	}
	return reply
}

func drawSOP(s soc.SOP, why []string) sopView {
	view := sopView{
		ID: s.ID, Name: soc.EscapeVisible(s.Name), Kind: s.Kind, Version: s.Version, Enabled: s.Enabled, Hash: s.Hash, Bytes: s.Size, Match: s.Rule(),
		Why: append([]string{}, why...), MadeBy: changeActor{string(s.ByKind), s.By, soc.EscapeVisible(s.ByName)},
		Reason: textOrNull(soc.EscapeVisible(s.Reason)), CreatedAt: schemas.Time(s.CreatedAt),
	}
	for i, severity := range view.Match.Severities {
		view.Match.Severities[i] = soc.Severity(soc.PortalSeverity.Word(severity))
	}
	return view
}

// coreRule is a rule in the words of the core.
func coreRule(rule soc.SOPMatchRule) (soc.SOPMatchRule, error) {
	rule.Severities = append([]soc.Severity{}, rule.Severities...)
	for i, word := range rule.Severities {
		severity, known := soc.PortalSeverity.Core(string(word))
		if !known {
			return rule, soc.InvalidField("severities", "must hold some of %v", soc.PortalSeverity.All())
		}
		rule.Severities[i] = severity
	}
	return rule, nil
}
