package main

import (
	"context"
	"encoding/json"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
)

type triageCommand struct {
	Incident  string `arg:"" help:"Incident by its short id, such as INC-7K2M9Q4T."`
	Workspace string `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
	Wait      bool   `help:"Carry the triage out here and print its verdict; otherwise a running server does."`
	Force     bool   `help:"Triage again although nothing changed."`
}

func (c *triageCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "triage")
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.workspaceOrOnly(ctx, c.Workspace)
	if err != nil {
		return err
	}
	l.host.Workspace, l.host.Organization = w.ID, w.Organization
	request := soc.TriageRequest{Incident: soc.IncidentRef{Workspace: w.ID, ID: c.Incident}, Force: c.Force}
	if c.Wait {
		request.Wait = web.MaxWait
	}
	t, err := l.desk.TriageIncident(ctx, l.host, request)
	if err != nil {
		return err
	}
	value := map[string]any{
		"id": t.ID, "state": t.State, "engine": t.Engine, "verdict": nil, "reason": t.Reason, "confidence": t.Confidence,
		"reasoning": t.Reasoning, "evidence": append([]string{}, t.EvidenceIDs...), "held": t.Held,
		"hold_reasons": append([]soc.Code{}, t.HoldReasons...), "cached": t.Cached, "rationale": nil,
	}
	rows := [][]string{{"triage", t.ID}, {"state", string(t.State)}}
	if t.State.Ended() {
		value["verdict"] = t.Verdict
		if json.Valid(t.Result) {
			value["rationale"] = json.RawMessage(t.Result)
		}
		rows = append(rows, []string{"verdict", string(t.Verdict)}, []string{"evidence", strings.Join(t.EvidenceIDs, " ")}, []string{"reasoning", t.Reasoning})
	}
	return e.print(value, rows)
}
