package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type killInput struct {
	Body struct {
		Scope   string `json:"scope" jsonschema:"enum=global,enum=workspace,enum=agent"`
		ID      string `json:"id,omitempty" jsonschema:"maxLength=64" jsonschema_description:"The workspace or agent; null for global."`
		Engaged bool   `json:"engaged"`
		Reason  string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

// killView is one switch.
type killView struct {
	Scope          string          `json:"scope"`
	ID             *string         `json:"id"`
	Engaged        bool            `json:"engaged"`
	Via            string          `json:"via"`
	By             killActor       `json:"by"`
	Reason         string          `json:"reason"`
	At             *schemas.Time   `json:"at"`
	Halted         []string        `json:"halted"`
	OverdueReverts int             `json:"overdueReverts"`
	PendingRelease *pendingRelease `json:"pendingRelease"`
}

type killActor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

type pendingRelease struct {
	PersonID string        `json:"personId"`
	At       *schemas.Time `json:"at"`
}

// registerKillSwitch adds section 9 of the contract.
func (a *api) registerKillSwitch() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	add(a, web.Operation{
		Method: http.MethodGet, Path: prefix + "/kill-switch", Name: "list_kill_switches", Summary: "Engaged switches; none is all clear.",
		Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Kinds: kinds, Rate: "read",
	}, a.listKillSwitches)
	add(a, web.Operation{
		Method: http.MethodPost, Path: prefix + "/kill-switch", Name: "set_kill_switch", Summary: "Stop everything that acts, or be one of the two who release it.",
		Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleAnalyst, Kinds: kinds, Rate: "decide", Write: true, Also: []int{http.StatusAccepted},
		Errors: []soc.Code{soc.CodeHumanSessionRequired, soc.CodeConflict, soc.CodeInvalidState},
	}, a.setKillSwitch)
}

func (a *api) listKillSwitches(ctx context.Context, by soc.Actor, _ none) (web.Reply[[]killView], error) {
	switches, err := a.desk.ListKillSwitches(ctx, by)
	views := make([]killView, len(switches))
	for i, k := range switches {
		views[i] = drawKill(k)
	}
	return web.OK(views), err
}

func (a *api) setKillSwitch(ctx context.Context, by soc.Actor, in killInput) (web.Reply[killView], error) {
	order := soc.KillOrder{Scope: in.Body.Scope, ID: in.Body.ID, Reason: in.Body.Reason, Via: "api"}
	draw := func(k soc.KillSwitch) web.Reply[killView] {
		reply := web.OK(drawKill(k))
		if !in.Body.Engaged && k.Engaged { // the first of two
			reply.Status, reply.Location = http.StatusAccepted, prefix+"/kill-switch"
		}
		return reply
	}
	var k soc.KillSwitch
	var err error
	if in.Body.Engaged {
		k, err = a.desk.EngageKillSwitch(ctx, web.Answering(by, draw), order)
	} else {
		k, _, err = a.desk.ReleaseKillSwitch(ctx, web.Answering(by, draw), order)
	}
	if err != nil {
		return web.Reply[killView]{}, err
	}
	return draw(k), nil
}

// drawKill draws a switch; an organization's global one has no id on the wire.
func drawKill(k soc.KillSwitch) killView {
	view := killView{
		Scope: k.Scope, Engaged: k.Engaged, Via: k.Via, By: killActor{string(k.ByKind), k.By}, Reason: soc.EscapeVisible(k.Reason),
		At: schemas.TimeOrNull(k.At), Halted: append([]string{}, k.Halted...),
		OverdueReverts: k.OverdueReverts,
	}
	if k.Scope != soc.KillGlobal {
		view.ID = &k.ID
	}
	if k.Engaged && k.ReleaseBy != "" {
		view.PendingRelease = &pendingRelease{k.ReleaseBy, schemas.TimeOrNull(k.ReleaseAt)}
	}
	return view
}
