package opsapi

import (
	"context"
	"net/http"
	"strconv"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type versionPage struct {
	PageSize schemas.Int `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string      `query:"continuationToken"`
}

type policyDiffInput struct {
	From schemas.Int `query:"from" jsonschema:"minimum=1" jsonschema_description:"A version; required."`
	To   schemas.Int `query:"to" jsonschema:"minimum=1" jsonschema_description:"A version; what is in force where it is left out."`
}

type restoreInput struct {
	IfMatch web.IfMatch `header:"If-Match"`
	Body    struct {
		Version int64  `json:"version" jsonschema:"minimum=1"`
		Reason  string `json:"reason,omitempty" jsonschema:"maxLength=1000"`
	} `body:"json"`
}

// versionView is who made a version, when, and what it changed.
type versionView struct {
	Version   int64            `json:"version"`
	At        schemas.Time     `json:"at"`
	Event     string           `json:"event"`
	Target    *string          `json:"target"`
	By        changeActor      `json:"by"`
	Confirmed []string         `json:"confirmedBy"`
	Reason    *string          `json:"reason"`
	Direction string           `json:"direction"`
	Diff      []differenceView `json:"diff"`
}

type policyDiffView struct {
	From      int64            `json:"from"`
	To        *int64           `json:"to"`
	Direction string           `json:"direction"`
	Diff      []differenceView `json:"diff"`
}

// restoreView is the policy after a restore, or the change it waits as.
type restoreView struct {
	PolicyVersion int64       `json:"policyVersion"`
	Change        *changeView `json:"change"`
}

// registerPolicyVersions adds the history of section 10 of the contract.
func (a *api) registerPolicyVersions() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/policy/versions", "list_policy_versions", "Who made which version of the policy, newest first."), a.listPolicyVersions)
	add(a, with(read, http.MethodGet, "/policy/diff", "compare_policy_versions", "What differs from one version to another."), a.comparePolicy)
	restore := web.Operation{
		Who: web.Person, MinRole: soc.RoleManager, Rate: "write", Write: true, Also: []int{http.StatusAccepted},
		Errors: []soc.Code{soc.CodeInvalidState, soc.CodeConflict, soc.CodePreconditionFailed, soc.CodeLocked},
	}
	add(a, with(restore, http.MethodPost, "/policy/restore", "restore_policy", "Make a new version that equals an old one."), a.restorePolicy)
}

func (a *api) listPolicyVersions(ctx context.Context, by soc.Actor, in versionPage) (web.Reply[[]versionView], error) {
	binding := web.Binding{Endpoint: "ops policy versions", Principal: by.ID, Workspace: by.Workspace}
	position, err := a.after(binding, in.Token)
	if err != nil {
		return web.Reply[[]versionView]{}, err
	}
	before := int64(0)
	if position != nil {
		before, _ = strconv.ParseInt(position.Value, 10, 64)
	}
	found, more, err := a.desk.ListPolicyVersions(ctx, by, "", before, pageSize(in.PageSize))
	if err != nil {
		return web.Reply[[]versionView]{}, err
	}
	views := make([]versionView, len(found))
	for i, v := range found {
		views[i] = versionView{
			Version: v.Version, At: schemas.Time(v.At), Event: v.Event, Target: textOrNull(v.Target), By: changeActor{string(v.ByKind), v.By, soc.EscapeVisible(v.ByName)},
			Confirmed: append([]string{}, v.Confirmed...), Reason: textOrNull(soc.EscapeVisible(v.Reason)), Direction: string(v.Direction), Diff: drawDiff(v.Diff),
		}
	}
	reply := web.OK(views)
	var next *soc.Keyset
	if more {
		next = &soc.Keyset{Value: strconv.FormatInt(found[len(found)-1].Version, 10)}
	}
	reply.Page, err = a.page(binding, next)
	return reply, err
}

func (a *api) comparePolicy(ctx context.Context, by soc.Actor, in policyDiffInput) (web.Reply[policyDiffView], error) {
	if in.From == 0 {
		return web.Reply[policyDiffView]{}, soc.InvalidField("from", "Is required: a version.")
	}
	diff, err := a.desk.ComparePolicyVersions(ctx, by, "", int64(in.From), int64(in.To))
	if err != nil {
		return web.Reply[policyDiffView]{}, err
	}
	view := policyDiffView{From: int64(in.From), Direction: string(soc.DirectionOf(diff)), Diff: drawDiff(diff)}
	if to := int64(in.To); to != 0 {
		view.To = &to
	}
	return web.OK(view), nil
}

func (a *api) restorePolicy(ctx context.Context, by soc.Actor, in restoreInput) (web.Reply[restoreView], error) {
	draw := func(out soc.PolicyOutcome) web.Reply[restoreView] {
		return outcome(out, restoreView{PolicyVersion: out.Policy.Version, Change: a.waits(out)})
	}
	out, err := a.desk.RestorePolicy(ctx, web.Answering(by, draw), "", in.Body.Version, in.IfMatch.IfMatch, in.Body.Reason)
	if err != nil {
		return web.Reply[restoreView]{}, err
	}
	return draw(out), nil
}
