package console

import (
	"context"
	"net/http"

	"vedette/backend/soc"
)

const runRows = 50

type runQuery struct {
	State    string `query:"state" enum:"Queued,Leased,Investigating,Submitting,Done,Held,Failed,Cancelled,BudgetExhausted"`
	Trigger  string `query:"trigger" enum:"ManualInvestigateOnly,OnQueue,ManualInvestigateAndRespond"`
	Taint    string `query:"taint" enum:"clean,tainted,flagged"`
	Agent    string `query:"agent" max:"64"`
	Incident string `query:"incident" max:"64"`
	After    string `query:"after" max:"2000"`
}

type oneRun struct {
	Run string `path:"run" max:"64"`
}

type cancelRunForm struct {
	Run    string `path:"run" max:"64"`
	Reason string `form:"reason" max:"1000"`
}

type startRunForm struct {
	Incident string `form:"incident" max:"64"`
	Agent    string `form:"agent" max:"64"`
	Trigger  string `form:"trigger" enum:"ManualInvestigateOnly,ManualInvestigateAndRespond"`
	Class    string `form:"class" enum:"read_only,reversible,externally_reversible"`
	Impact   string `form:"impact" enum:"low,high"`
	Entities int    `form:"entities"`
	Minutes  int    `form:"minutes"`
	Reason   string `form:"reason" max:"1000"`
}

type runList struct {
	Query  runQuery
	Rows   []soc.RunView
	Agents []soc.AgentRecord
	Next   string
}

// registerRuns adds the runs: what they are, starting and ending one.
func (c *Console) registerRuns() {
	add(c, Page{
		Method: http.MethodGet, Path: "/runs", Name: "runs_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Runs", Key: "r", Order: 65},
	}, c.runs)
	add(c, Page{Method: http.MethodPost, Path: "/runs", Name: "start_run", Who: Member, Role: soc.RoleAnalyst, Back: "/runs"}, c.startRun)
	add(c, Page{Method: http.MethodGet, Path: "/runs/{run}", Name: "run_page", Who: Member, Role: soc.RoleViewer, Section: "/runs"}, c.run)
	add(c, Page{Method: http.MethodPost, Path: "/runs/{run}/cancel", Name: "cancel_run", Who: Member, Role: soc.RoleAnalyst, Back: "/runs/{run}"}, c.cancelRun)
}

func (c *Console) runs(ctx context.Context, by soc.Actor, in runQuery) (View, error) {
	f := soc.RunFilter{
		State: soc.RunState(in.State), Trigger: soc.Trigger(in.Trigger), Taint: soc.Taint(in.Taint), Agent: in.Agent, Incident: in.Incident, Limit: runRows,
	}
	after, err := c.position(by, "runs", in.After, in)
	if err != nil {
		return View{}, err
	}
	if after != nil {
		f.Before = after.ID
	}
	list := runList{Query: in}
	last := ""
	if list.Rows, last, err = c.desk.ListRuns(ctx, by, f); err != nil {
		return View{}, err
	}
	if last != "" {
		if list.Next, err = c.more(by, c.at(by, "/runs"), "runs", in, &soc.Keyset{ID: last}); err != nil {
			return View{}, err
		}
	}
	list.Agents, err = c.desk.ListAgents(ctx, by)
	return View{Template: "runs", Title: "Runs", Data: list}, err
}

func (c *Console) run(ctx context.Context, by soc.Actor, in oneRun) (View, error) {
	v, err := c.desk.GetRun(ctx, by, in.Run)
	if err != nil {
		return View{}, err
	}
	v.Token = ""
	return View{Template: "run", Title: "Run of " + soc.EscapeVisible(v.AgentName), Data: v}, nil
}

// startRun answers with the run's token on a page of its own: it is told once.
// Runs of the server's own triage have none.
func (c *Console) startRun(ctx context.Context, by soc.Actor, in startRunForm) (View, error) {
	order := soc.NewRun{
		Incident: soc.IncidentRef{Workspace: by.Workspace, ID: in.Incident}, Trigger: soc.Trigger(in.Trigger), Agent: in.Agent, Minutes: in.Minutes, Reason: in.Reason,
	}
	if order.Trigger == soc.TriggerInvestigateAndRespond {
		order.Envelope = &soc.RunEnvelope{Class: soc.Class(in.Class), Impact: soc.Impact(in.Impact), Entities: in.Entities}
	}
	v, err := c.desk.StartRun(ctx, by, order)
	if err != nil || v.Token == "" {
		return View{Redirect: c.at(by, "/runs", v.ID), Notice: "run-started"}, err
	}
	return View{Template: "run", Title: "Run started", Data: v}, nil
}

func (c *Console) cancelRun(ctx context.Context, by soc.Actor, in cancelRunForm) (View, error) {
	_, err := c.desk.CancelRun(ctx, by, in.Run, in.Reason)
	return View{Redirect: c.at(by, "/runs", in.Run), Notice: "run-cancelled"}, err
}
