package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type sourcePage struct {
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type sourceUpdate struct {
	Source  string      `path:"source" jsonschema:"maxLength=64"`
	IfMatch web.IfMatch `header:"If-Match"`
	Body    struct {
		DisplayName        string `json:"displayName,omitempty" jsonschema:"maxLength=100" jsonschema_description:"Absent or empty for the name it has of itself."`
		DedupWindowHours   int    `json:"dedupWindowHours" jsonschema:"minimum=0,maximum=168" jsonschema_description:"How long an alert absorbs others that say the same; 0 is never. Wider waits for a second person."`
		SilentAfterMinutes int    `json:"silentAfterMinutes" jsonschema:"minimum=0,maximum=10080" jsonschema_description:"How long nothing may come before it counts as silent; 0 is for ever. Longer waits for a second person."`
		Reason             string `json:"reason,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

// sourceView is what sends to the workspace. The counts are kept since firstSeen.
type sourceView struct {
	Source             string        `json:"source"`
	DisplayName        string        `json:"displayName"`
	Format             string        `json:"format" jsonschema_description:"The format it used last."`
	DedupWindowHours   int           `json:"dedupWindowHours"`
	SilentAfterMinutes int           `json:"silentAfterMinutes"`
	Silent             bool          `json:"silent"`
	FirstSeen          schemas.Time  `json:"firstSeen"`
	LastSeen           *schemas.Time `json:"lastSeen" jsonschema_description:"When something that could be read came last; null for never."`
	Received           int64         `json:"received"`
	ParseErrors        int64         `json:"parseErrors" jsonschema_description:"Items that could not be read."`
}

// changedSource is a source after a change, or with the change that waits.
type changedSource struct {
	sourceView
	Change *changeView `json:"change"`
}

// registerSources adds the sources of section 11 of the contract.
func (a *api) registerSources() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/sources", "list_sources", "What sends to the workspace, by name, and what has gone silent."), a.listSources)
	edit := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, Or: soc.ScopeOpsDraft, MinRole: soc.RoleManager, Rate: "write", Write: true, Kinds: kinds,
		Also: []int{http.StatusAccepted}, Errors: []soc.Code{soc.CodeHumanSessionRequired, soc.CodeConflict, soc.CodePreconditionFailed, soc.CodeLocked},
	}
	add(a, with(edit, http.MethodPut, "/sources/{source}", "change_source", "Replace the settings of a source; what loosens waits for a second person."), a.putSource)
}

func (a *api) listSources(ctx context.Context, by soc.Actor, in sourcePage) (web.Reply[[]sourceView], error) {
	binding := web.Binding{Endpoint: "ops sources", Principal: by.ID, Workspace: by.Workspace}
	after, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]sourceView]{}, err
	}
	found, next, err := a.desk.ListSources(ctx, by, after, pageSize(in.PageSize))
	if err != nil {
		return web.Reply[[]sourceView]{}, err
	}
	views := make([]sourceView, len(found))
	for i, s := range found {
		views[i] = a.drawSource(s)
	}
	reply := web.OK(views)
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) putSource(ctx context.Context, by soc.Actor, in sourceUpdate) (web.Reply[changedSource], error) {
	draw := func(out soc.SourceOutcome) web.Reply[changedSource] {
		reply := web.Reply[changedSource]{Data: changedSource{sourceView: a.drawSource(out.Source)}, Status: http.StatusOK, Revision: out.Source.Version}
		if out.Change != nil {
			view := a.drawChange(*out.Change)
			reply.Data.Change, reply.Status, reply.Location = &view, http.StatusAccepted, prefix+"/changes/"+out.Change.ID
		}
		return reply
	}
	out, err := a.desk.SetSource(ctx, web.Answering(by, draw), soc.SourceChange{
		Source: in.Source, Reason: in.Body.Reason, IfMatch: in.IfMatch.IfMatch,
		Settings: soc.SourceSettings{DisplayName: in.Body.DisplayName, DedupHours: in.Body.DedupWindowHours, SilentMinutes: in.Body.SilentAfterMinutes},
	})
	if err != nil {
		return web.Reply[changedSource]{}, err
	}
	return draw(out), nil
}

func (a *api) drawSource(s soc.DataSource) sourceView {
	name := s.DisplayName
	if name == "" {
		name = soc.SourceDisplayName(s.Source)
	}
	return sourceView{
		Source: soc.EscapeVisible(s.Source), DisplayName: soc.EscapeVisible(name), Format: s.Format, DedupWindowHours: s.DedupHours,
		SilentAfterMinutes: s.SilentMinutes, Silent: s.Silent(a.desk.Now()), FirstSeen: schemas.Time(s.FirstAt), LastSeen: schemas.TimeOrNull(s.LastAt),
		Received: s.Received, ParseErrors: s.Rejected,
	}
}
