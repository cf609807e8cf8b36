package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

type engageForm struct {
	Scope  string `form:"scope" enum:"global,workspace,agent"`
	ID     string `form:"id" max:"64"`
	Reason string `form:"reason" max:"1000"`
}

// registerKillSwitch adds the page that is reachable from every other.
func (c *Console) registerKillSwitch() {
	add(c, Page{Method: http.MethodGet, Path: "/kill-switch", Name: "kill_switch_page", Who: Member, Role: soc.RoleViewer}, c.killSwitchPage)
	add(c, Page{Method: http.MethodPost, Path: "/kill-switch/engage", Name: "engage_kill_switch", Who: Member, Role: soc.RoleAnalyst, Back: "/kill-switch"}, c.engage)
	add(c, Page{Method: http.MethodPost, Path: "/kill-switch/release", Name: "release_kill_switch", Who: Member, Role: soc.RoleSenior, Fresh: true, Back: "/kill-switch"}, c.release)
}

// killSwitches are those that concern the actor's workspace.
func (c *Console) killSwitches(ctx context.Context, by soc.Actor) ([]soc.KillSwitch, error) {
	all, err := c.desk.ListKillSwitches(ctx, by)
	var here []soc.KillSwitch
	for _, k := range all {
		if k.Scope != soc.KillWorkspace || k.ID == by.Workspace {
			here = append(here, k)
		}
	}
	return here, err
}

// killWords says what a switch stops.
func killWords(k soc.KillSwitch) string {
	switch {
	case k.Scope == soc.KillWorkspace:
		return "this workspace"
	case k.Scope == soc.KillAgent:
		return "one agent"
	case k.ID == "":
		return "the whole server"
	}
	return "the whole organization"
}

func (c *Console) killSwitchPage(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	agents, err := c.desk.ListAgents(ctx, by)
	return View{Template: "kill-switch", Title: "Kill switch", Data: agents}, err
}

func (c *Console) engage(ctx context.Context, by soc.Actor, in engageForm) (View, error) {
	_, err := c.desk.EngageKillSwitch(ctx, by, c.order(by, in))
	return View{Redirect: c.at(by, "/kill-switch"), Notice: "engaged"}, err
}

func (c *Console) release(ctx context.Context, by soc.Actor, in engageForm) (View, error) {
	_, released, err := c.desk.ReleaseKillSwitch(ctx, by, c.order(by, in))
	notice := "release-asked"
	if released {
		notice = "released"
	}
	return View{Redirect: c.at(by, "/kill-switch"), Notice: notice}, err
}

// order is what the form says; this workspace's is the one of the page.
func (c *Console) order(by soc.Actor, in engageForm) soc.KillOrder {
	order := soc.KillOrder{Scope: in.Scope, ID: in.ID, Reason: in.Reason, Via: "console"}
	switch in.Scope {
	case soc.KillWorkspace:
		order.ID = by.Workspace
	case soc.KillGlobal:
		order.ID = ""
	}
	return order
}
