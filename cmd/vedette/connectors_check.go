package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"vedette/backend/soc"
)

type checkConnectorsCommand struct {
	Connector []string `arg:"" optional:"" help:"Connectors by id or name; all unless stated."`
	connectorFlags
}

// errConnectorsFail is the exit code of a check; the table said what.
var errConnectorsFail = errors.New("not everything works; what fails or is missing is shown above")

func (c *checkConnectorsCommand) Run(ctx context.Context, e *environment) error {
	d, err := c.open(ctx, e, "check")
	if err != nil {
		return err
	}
	defer d.close()
	var chosen []soc.ConnectorView
	if len(c.Connector) == 0 {
		if chosen, err = d.desk.ListConnectors(ctx, d.host); err != nil {
			return err
		}
	}
	for _, name := range c.Connector {
		found, err := d.connector(ctx, name)
		if err != nil {
			return err
		}
		chosen = append(chosen, found)
	}
	ok, values, rows := true, []map[string]any{}, [][]string{{"CONNECTOR", "CHECK", "RESULT", "DETAIL"}}
	for _, view := range chosen {
		found, err := d.desk.CheckConnector(ctx, d.host, view.Connector.ID)
		if err != nil {
			known := soc.AsError(err)
			found = soc.ConnectorCheck{CheckedAt: time.Now(), Steps: []soc.ConnectorStep{{Name: "configuration", Problem: problemOf(known)}}}
		}
		ok = ok && found.OK()
		values = append(values, checkJSON(view.Connector, found))
		rows = append(rows, checkRows(view.Connector.Name, found)...)
	}
	if err := e.print(map[string]any{"ok": ok, "connectors": values}, rows); err != nil {
		return err
	}
	if !ok {
		return errConnectorsFail
	}
	return nil
}

// problemOf is what an error says, with the members it names.
func problemOf(e *soc.Error) string {
	text := e.Message
	for path, problems := range e.Fields {
		text += " " + path + ": " + strings.Join(problems, " ") + "."
	}
	return text
}

func checkRows(name string, found soc.ConnectorCheck) [][]string {
	var rows [][]string
	for _, step := range found.Steps {
		result := "ok"
		if !step.OK {
			result = "FAILS"
		}
		rows = append(rows, []string{name, step.Name, result, step.Problem})
	}
	for _, p := range found.Permissions {
		result := "granted"
		if !p.Granted {
			result = "MISSING"
		}
		rows = append(rows, []string{name, "permission " + p.Name, result, "for " + strings.Join(p.NeededFor, " ")})
	}
	return rows
}

func checkJSON(c soc.Connector, found soc.ConnectorCheck) map[string]any {
	steps, permissions := []map[string]any{}, []map[string]any{}
	for _, s := range found.Steps {
		step := map[string]any{"name": s.Name, "ok": s.OK}
		if s.Problem != "" {
			step["problem"] = s.Problem
		}
		steps = append(steps, step)
	}
	for _, p := range found.Permissions {
		permissions = append(permissions, map[string]any{"name": p.Name, "granted": p.Granted, "needed_for": append([]string{}, p.NeededFor...)})
	}
	return map[string]any{
		"id": c.ID, "name": c.Name, "kind": c.Kind, "state": c.State, "ok": found.OK(), "checked_at": timeJSON(found.CheckedAt),
		"latency_ms": found.Latency.Milliseconds(), "steps": steps, "permissions": permissions,
	}
}
