package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

type agentReason struct {
	Agent  string `path:"agent" max:"64"`
	Reason string `form:"reason" max:"1000"`
}

type agentWords struct {
	Agent       string `path:"agent" max:"64"`
	Name        string `form:"name" max:"100"`
	Description string `form:"description" max:"1000"`
}

type newAgent struct {
	Name        string `form:"name" max:"100"`
	Description string `form:"description" max:"1000"`
}

// registerAgents adds the page of the agent identities.
func (c *Console) registerAgents() {
	add(c, Page{
		Method: http.MethodGet, Path: "/agents", Name: "agents_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Agents", Key: "n", Order: 60},
	}, c.agents)
	words := Page{Method: http.MethodPost, Path: "/agents", Name: "create_agent", Who: Member, Role: soc.RoleAdmin, Admin: true, Back: "/agents"}
	add(c, words, c.createAgent)
	words.Path, words.Name = "/agents/{agent}", "change_agent"
	add(c, words, c.changeAgent)
	add(c, Page{Method: http.MethodPost, Path: "/agents/{agent}/suspend", Name: "suspend_agent", Who: Member, Role: soc.RoleAnalyst, Back: "/agents"}, c.suspendAgent)
	add(c, Page{
		Method: http.MethodPost, Path: "/agents/{agent}/unsuspend", Name: "unsuspend_agent", Who: Member, Role: soc.RoleSenior, Fresh: true, Back: "/agents",
	}, c.unsuspendAgent)
}

func (c *Console) agents(ctx context.Context, by soc.Actor, _ struct{}) (View, error) {
	agents, err := c.desk.ListAgents(ctx, by)
	return View{Template: "agents", Title: "Agents", Data: agents}, err
}

func (c *Console) createAgent(ctx context.Context, by soc.Actor, in newAgent) (View, error) {
	_, err := c.desk.CreateAgent(ctx, by, soc.AgentWords{Name: in.Name, Description: in.Description})
	return View{Redirect: c.at(by, "/agents"), Notice: "agent-created"}, err
}

func (c *Console) changeAgent(ctx context.Context, by soc.Actor, in agentWords) (View, error) {
	_, err := c.desk.ChangeAgent(ctx, by, in.Agent, soc.AgentWords{Name: in.Name, Description: in.Description})
	return View{Redirect: c.at(by, "/agents"), Notice: "agent-changed"}, err
}

func (c *Console) suspendAgent(ctx context.Context, by soc.Actor, in agentReason) (View, error) {
	_, err := c.desk.SuspendAgent(ctx, by, in.Agent, in.Reason)
	return View{Redirect: c.at(by, "/agents"), Notice: "suspended"}, err
}

func (c *Console) unsuspendAgent(ctx context.Context, by soc.Actor, in agentReason) (View, error) {
	_, err := c.desk.UnsuspendAgent(ctx, by, in.Agent, in.Reason)
	return View{Redirect: c.at(by, "/agents"), Notice: "unsuspended"}, err
}
