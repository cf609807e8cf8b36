package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"vedette/agent"
	"vedette/backend/connector/egress"
)

// agentCommand is the built-in loop as its own process (S62). It holds an agent
// key with the scope runs:work and the key of its model; it opens no database.
type agentCommand struct {
	URL         string   `name:"url" default:"http://127.0.0.1:8080" help:"The Vedette server." placeholder:"URL"`
	Key         string   `help:"Agent key with the scopes of the tools and runs:work; better in the environment, where other users do not see it." placeholder:"KEY"`
	Workspace   string   `help:"Workspace by id, for a key of several." placeholder:"ID"`
	EgressAllow []string `help:"What the model may be at beyond public https: CIDR or host[:port]." placeholder:"TARGET"`
	modelFlags  `embed:""`
	traceFlags  `embed:""`
}

func (c *agentCommand) Run(ctx context.Context, e *environment) (err error) {
	if c.Key == "" {
		return errors.New("no key: set VEDETTE_KEY to an agent key with the scope runs:work (`vedette keys create` makes one)")
	}
	if c.ModelURL == "" {
		return errors.New("no model: give --model-url and --model-name")
	}
	target, err := url.Parse(c.URL)
	if err != nil || target.Host == "" || target.Scheme != "https" && target.Scheme != "http" {
		return fmt.Errorf("--url %q is no address of a server", c.URL)
	}
	// The server is where the operator says; that says nothing about the model.
	home, err := egress.NewPolicy([]string{target.Host})
	if err != nil {
		return err
	}
	allowed, err := egress.NewPolicy(c.EgressAllow)
	if err != nil {
		return err
	}
	model, err := c.model(allowed, c.Key)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(e.err, nil))
	remote := &agent.Remote{
		URL: strings.TrimRight(c.URL, "/"), Key: c.Key, Workspace: c.Workspace, Version: versionText(),
		Client: home.Client(egress.Options{Timeout: 40 * time.Second, MaxBody: modelAnswer}),
	}
	if err := remote.Check(ctx); err != nil {
		return fmt.Errorf("%s: %w", c.URL, err)
	}
	var open closers
	defer func() { err = errors.Join(err, open.close()) }()
	tracer, err := c.tracer(ctx, "", &open)
	if err != nil {
		return err
	}
	worker := &agent.Worker{
		Runs: remote, Model: model, Tools: remote.Tools, Price: c.price(), AtOnce: c.ModelAtOnce, Observe: (&watch{tracer: tracer}).loop, Log: log,
	}
	return worker.Serve(ctx)
}
