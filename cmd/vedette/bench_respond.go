package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// respondTargets is how many responses are timed, well under the hourly limits
// of a workspace (S30).
const respondTargets = 5

// measureRespond times a response from its submission to the Confirmed read
// back from the range: submit, a person's approval, execution, verification.
func (b *bench) measureRespond(ctx context.Context) error {
	server, credentials, err := b.demoServer(ctx, "respond")
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	agent := newClient(server.base, credentials.Keys.Agent)
	defer agent.close()
	people, err := signInAll(ctx, server.base, credentials, "senior", "manager")
	if err != nil {
		return err
	}
	candidates, err := agent.submissions(ctx, respondTargets)
	if err != nil {
		return err
	}
	var times []time.Duration
	for _, s := range candidates {
		began := time.Now()
		if err := respond(ctx, agent, people, s); err != nil {
			return fmt.Errorf("%s on %s: %w", s.playbook, s.entity, err)
		}
		times = append(times, time.Since(began))
	}
	commit, err := b.groupedCommit(ctx, 100)
	if err != nil {
		return err
	}
	// Submitting, approving, claiming, recording the attempt, its outcome and the
	// read-back are six durable writes that cannot share a commit.
	b.add("respond", figure{Name: "submit to Confirmed, with an approval", Unit: "s", Value: median(times)}.besides("six commits", 6*commit))
	return server.stop()
}

// respond takes one response through the whole path.
func respond(ctx context.Context, agent *client, people []*client, s submission) error {
	receipt, err := agent.submit(ctx, s)
	if err != nil {
		return err
	}
	for _, person := range people {
		a, err := person.approve(ctx, receipt.ID)
		if err != nil {
			return err
		}
		if !a.ok() {
			return a.problem("approve")
		}
		var decided struct {
			Data struct {
				State string `json:"state"`
			} `json:"data"`
		}
		if err := unmarshal(a.body, &decided, "approve"); err != nil {
			return err
		}
		if decided.Data.State == "approved" {
			break
		}
	}
	state, err := agent.outcome(ctx, receipt.ID, time.Minute)
	if err == nil && state != "Completed" {
		err = fmt.Errorf("the gamebook ended %s", state)
	}
	return err
}

// signInAll begins a session for the first operator of each role.
func signInAll(ctx context.Context, base string, credentials demoFile, roles ...string) ([]*client, error) {
	var out []*client
	for _, role := range roles {
		for _, operator := range credentials.Operators {
			if operator.Role != role {
				continue
			}
			c := newClient(base, "")
			if err := c.signIn(ctx, operator.Email, operator.Password); err != nil {
				return nil, err
			}
			out = append(out, c)
			break
		}
	}
	if len(out) != len(roles) {
		return nil, errors.New("the demonstration lacks operators")
	}
	return out, nil
}

func unmarshal(body []byte, out any, what string) error {
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
