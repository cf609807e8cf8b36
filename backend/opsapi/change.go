package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type changePage struct {
	State    string      `query:"state" jsonschema:"enum=pending,enum=applied,enum=rejected,enum=expired,enum=stale"`
	Kind     string      `query:"kind" jsonschema:"enum=settings,enum=limits,enum=protected,enum=rules,enum=policy,enum=roles,enum=key,enum=source,enum=catalogue,enum=sop"`
	Mine     bool        `query:"mine" jsonschema_description:"Those the caller asked for."`
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type oneChange struct {
	ID string `path:"id" jsonschema:"maxLength=36"`
}

type confirmInput struct {
	ID   string `path:"id" jsonschema:"maxLength=36"`
	Body struct {
		Digest  string `json:"digest" jsonschema:"minLength=1,maxLength=80" jsonschema_description:"The digest the change showed."`
		Comment string `json:"comment,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

// changeView is a change that waits for people, or did.
type changeView struct {
	ID             string             `json:"id"`
	Kind           string             `json:"kind"`
	WorkspaceID    string             `json:"workspaceId"`
	State          string             `json:"state"`
	Direction      string             `json:"direction"`
	RequestedBy    changeActor        `json:"requestedBy"`
	RequestedAt    schemas.Time       `json:"requestedAt"`
	ExpiresAt      schemas.Time       `json:"expiresAt"`
	BaseVersion    int64              `json:"baseVersion"`
	Diff           []differenceView   `json:"diff"`
	Effect         *effectView        `json:"effect" jsonschema_description:"What it would have decided otherwise in the week before it was asked for. Told of one change; null in lists and in answers of writes."`
	Needed         changeNeed         `json:"needed"`
	Confirmations  []confirmationView `json:"confirmations"`
	Eligible       int                `json:"eligible" jsonschema_description:"How many more people could confirm it."`
	Digest         string             `json:"digest"`
	Reason         *string            `json:"reason"`
	DecidedAt      *schemas.Time      `json:"decidedAt"`
	DecisionReason *string            `json:"decisionReason"`
}

type changeActor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

type changeNeed struct {
	Count int      `json:"count"`
	Roles []string `json:"roles"`
}

type confirmationView struct {
	PersonID    string       `json:"personId"`
	At          schemas.Time `json:"at"`
	AsRequester bool         `json:"asRequester"`
}

// differenceView is one member that differs.
type differenceView struct {
	Path      string         `json:"path"`
	From      schemas.Member `json:"from"`
	To        schemas.Member `json:"to"`
	Direction string         `json:"direction"`
}

func drawDiff(diff []soc.PolicyDifference) []differenceView {
	views := make([]differenceView, len(diff))
	for i, d := range diff {
		views[i] = differenceView{d.Path, schemas.Member{Value: d.From}, schemas.Member{Value: d.To}, string(d.Direction)}
	}
	return views
}

// registerChanges adds section 4 of the contract.
func (a *api) registerChanges() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/changes", "list_changes", "Changes that wait for a second person, or did, soonest expiry first."), a.listChanges)
	add(a, with(read, http.MethodGet, "/changes/{id}", "get_change", "One change."), a.getChange)
	confirm := web.Operation{
		Who: web.Person, MinRole: soc.RoleManager, Fresh: true, Rate: "decide", Write: true,
		Errors: []soc.Code{soc.CodeDigestMismatch, soc.CodeConflict, soc.CodeInvalidState, soc.CodeApprovalExpired, soc.CodeLocked},
	}
	add(a, with(confirm, http.MethodPost, "/changes/{id}/confirm", "confirm_change", "Be one of the two who let it through."), a.confirmChange)
	reject := with(confirm, http.MethodPost, "/changes/{id}/reject", "reject_change", "End it; whoever asked withdraws it so.")
	reject.MinRole, reject.Fresh = soc.RoleAnalyst, false
	add(a, reject, a.rejectChange)
}

func (a *api) listChanges(ctx context.Context, by soc.Actor, in changePage) (web.Reply[[]changeView], error) {
	filter := soc.ChangeFilter{State: soc.ChangeState(in.State), Kind: soc.PolicyPart(in.Kind), Limit: pageSize(in.PageSize)}
	if in.Mine {
		filter.Mine = by.ID
	}
	stated := in
	stated.Token, stated.PageSize = "", 0
	binding := web.Binding{Endpoint: "ops changes", Principal: by.ID, Workspace: by.Workspace, Filters: stated}
	var err error
	if filter.After, err = a.after(binding, in.Token); err != nil {
		return web.Reply[[]changeView]{}, err
	}
	found, next, err := a.desk.ListChanges(ctx, by, filter)
	if err != nil {
		return web.Reply[[]changeView]{}, err
	}
	views := make([]changeView, len(found))
	for i, c := range found {
		views[i] = a.drawChange(c)
	}
	reply := web.OK(views)
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) getChange(ctx context.Context, by soc.Actor, in oneChange) (web.Reply[changeView], error) {
	c, err := a.desk.GetChange(ctx, by, in.ID)
	if err != nil {
		return web.Reply[changeView]{}, err
	}
	return a.changeOK(c), nil
}

func (a *api) confirmChange(ctx context.Context, by soc.Actor, in confirmInput) (web.Reply[changeView], error) {
	return a.decided(a.desk.DecideChange(ctx, web.Answering(by, a.changeOK), soc.ChangeDecision{
		ID: in.ID, Digest: in.Body.Digest, Comment: in.Body.Comment, Confirm: true,
	}))
}

func (a *api) rejectChange(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[changeView], error) {
	return a.decided(a.desk.DecideChange(ctx, web.Answering(by, a.changeOK), soc.ChangeDecision{ID: in.ID, Comment: in.Body.Reason}))
}

func (a *api) changeOK(c soc.PolicyChange) web.Reply[changeView] {
	return web.Reply[changeView]{Data: a.drawChange(c), Revision: c.Version}
}

func (a *api) decided(c soc.PolicyChange, err error) (web.Reply[changeView], error) {
	if err != nil {
		return web.Reply[changeView]{}, err
	}
	return a.changeOK(c), nil
}

func (a *api) drawChange(c soc.PolicyChange) changeView {
	view := changeView{
		ID: c.ID, Kind: string(c.Kind), WorkspaceID: c.Workspace, State: string(c.StateAt(a.desk.Now())), Direction: string(c.Direction),
		RequestedBy: changeActor{string(c.ByKind), c.By, soc.EscapeVisible(c.ByName)}, RequestedAt: schemas.Time(c.RequestedAt),
		ExpiresAt: schemas.Time(c.ExpiresAt), BaseVersion: c.BaseVersion, Diff: drawDiff(c.Diff),
		Needed:        changeNeed{soc.ChangeNeed, []string{string(soc.RoleManager), string(soc.RoleAdmin)}},
		Confirmations: []confirmationView{}, Eligible: c.Eligible, Digest: c.Digest, Reason: textOrNull(soc.EscapeVisible(c.Reason)),
		DecidedAt: schemas.TimeOrNull(c.DecidedAt), DecisionReason: textOrNull(soc.EscapeVisible(c.DecisionReason)),
	}
	if c.Effect != nil {
		effect := drawEffect(*c.Effect)
		view.Effect = &effect
	}
	for _, o := range c.Confirmations {
		view.Confirmations = append(view.Confirmations, confirmationView{o.Person, schemas.Time(o.At), o.AsRequester})
	}
	return view
}
