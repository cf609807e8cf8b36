package main

import (
	"context"
	"strconv"

	"vedette/backend/soc"
)

type killSwitchCommand struct {
	Engage engageCommand     `cmd:"" help:"Stop the whole server, a workspace or an agent at once. Two people release it, in the console or the ops API."`
	Status killStatusCommand `cmd:"" help:"Show what is stopped."`
}

type engageCommand struct {
	Reason    string `required:"" help:"Why." placeholder:"TEXT"`
	Workspace string `xor:"scope" help:"Stop this workspace only, by id or name." placeholder:"WORKSPACE"`
	Agent     string `xor:"scope" help:"Stop this agent identity only, by id." placeholder:"ID"`
}

func (c *engageCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "kill-switch engage")
	if err != nil {
		return err
	}
	defer l.close()
	order := soc.KillOrder{Scope: soc.KillGlobal, Reason: c.Reason, Via: "cli"}
	switch {
	case c.Workspace != "":
		w, err := l.workspace(ctx, c.Workspace)
		if err != nil {
			return err
		}
		order.Scope, order.ID = soc.KillWorkspace, w.ID
	case c.Agent != "":
		order.Scope, order.ID = soc.KillAgent, c.Agent
	}
	engaged, err := l.desk.EngageKillSwitch(ctx, l.host, order)
	if err != nil {
		return err
	}
	return e.printSwitches([]soc.KillSwitch{engaged})
}

type killStatusCommand struct{}

func (killStatusCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "kill-switch status")
	if err != nil {
		return err
	}
	defer l.close()
	switches, err := l.desk.ListKillSwitches(ctx, l.host)
	if err != nil {
		return err
	}
	return e.printSwitches(switches)
}

func (e *environment) printSwitches(switches []soc.KillSwitch) error {
	values, rows := []map[string]any{}, [][]string{{"SCOPE", "ID", "SINCE", "VIA", "BY", "HALTED", "REASON"}}
	for _, k := range switches {
		values = append(values, map[string]any{
			"scope": k.Scope, "id": k.ID, "engaged": k.Engaged, "via": k.Via, "by": k.By, "reason": k.Reason, "at": timeJSON(k.At),
			"halted": append([]string{}, k.Halted...),
		})
		rows = append(rows, []string{k.Scope, dash(k.ID), timeText(k.At), k.Via, dash(k.By), strconv.Itoa(len(k.Halted)), k.Reason})
	}
	if len(switches) == 0 {
		rows = [][]string{{"Nothing is stopped."}}
	}
	return e.print(map[string]any{"kill_switches": values}, rows)
}

// dash is a text in a table, "-" for none.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
