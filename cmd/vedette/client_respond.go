package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// submission is one response that an agent may propose: a playbook on an entity
// of an incident.
type submission struct{ incident, playbook, entity string }

// arguments are those of submit_gamebook.
func (s submission) arguments() map[string]any {
	return map[string]any{
		"incident_id": s.incident, "rationale": "Proposed by the self-test.",
		"playbooks": []map[string]any{{"playbook_id": s.playbook, "entity_id": s.entity}},
	}
}

// submissions asks the agent door what could be done about its incidents, at
// most most of it, each target once.
func (c *client) submissions(ctx context.Context, most int) ([]submission, error) {
	var incidents columns
	if err := c.call(ctx, "list_incidents", map[string]any{"limit": 50}, &incidents); err != nil {
		return nil, err
	}
	var out []submission
	seen := map[string]bool{}
	for _, id := range incidents.column("id") {
		var offers struct {
			Playbooks []struct {
				ID        string  `json:"id"`
				Class     string  `json:"reversibility"`
				Connected bool    `json:"connected"`
				Targets   columns `json:"targets"`
			} `json:"playbooks"`
		}
		if err := c.call(ctx, "list_playbooks", map[string]any{"incident_id": id}, &offers); err != nil {
			return nil, err
		}
		for _, playbook := range offers.Playbooks {
			if playbook.Class == "read_only" || playbook.ID == "add_comment" { // only what reaches the range
				continue
			}
			gates := playbook.Targets.column("gate")
			for n, entity := range playbook.Targets.column("entity_id") {
				if !playbook.Connected || gates[n] == "deny" || seen[entity] {
					continue
				}
				seen[entity] = true
				if out = append(out, submission{id, playbook.ID, entity}); len(out) == most {
					return out, nil
				}
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no playbook can act on anything of %d incidents", len(incidents.Rows))
	}
	return out, nil
}

// columns is a list of the agent door: names once, then bare rows.
type columns struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// column is the texts of one column.
func (c columns) column(name string) []string {
	var out []string
	for n, column := range c.Columns {
		if column != name {
			continue
		}
		for _, row := range c.Rows {
			out = append(out, fmt.Sprint(row[n]))
		}
	}
	return out
}

// submitted is the receipt of submit_gamebook.
type submitted struct {
	Success bool   `json:"success"`
	Summary string `json:"summary"`
	ID      string `json:"gamebook_id"`
}

// submit proposes a response.
func (c *client) submit(ctx context.Context, s submission) (submitted, error) {
	var out submitted
	err := c.call(ctx, "submit_gamebook", s.arguments(), &out)
	if err == nil && !out.Success {
		err = fmt.Errorf("submit_gamebook: %w: %s", errTool, out.Summary)
	}
	return out, err
}

// approve gives a person's yes to the card as it stands.
func (c *client) approve(ctx context.Context, gamebook string) (answer, error) {
	var card struct {
		Data struct {
			Digest string `json:"digest"`
		} `json:"data"`
	}
	if err := c.read(ctx, "/api/ops/v1/approvals/"+gamebook, &card); err != nil {
		return answer{}, err
	}
	return c.send(ctx, http.MethodPost, "/api/ops/v1/approvals/"+gamebook+"/approve", map[string]string{"digest": card.Data.Digest})
}

// read gets a resource.
func (c *client) read(ctx context.Context, path string, out any) error {
	a, err := c.send(ctx, http.MethodGet, path, nil)
	switch {
	case err != nil:
		return err
	case !a.ok():
		return a.problem(path)
	}
	return unmarshal(a.body, out, path)
}

// outcome waits until a gamebook has ended and returns its state.
func (c *client) outcome(ctx context.Context, gamebook string, patience time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var status struct {
			Handles []struct {
				State string `json:"state"`
				Ended bool   `json:"ended"`
			} `json:"handles"`
		}
		if err := c.call(ctx, "get_status", map[string]any{"ids": []string{gamebook}, "wait_seconds": 10}, &status); err != nil {
			return "", err
		}
		if len(status.Handles) == 1 && status.Handles[0].Ended {
			return status.Handles[0].State, nil
		}
	}
}
