package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"

	"vedette/backend/store"
	"vedette/tools"
)

// mcpCommand serves the agent tools on standard input and output, beside a
// running `serve` or alone. Standard output carries JSON-RPC and nothing else.
type mcpCommand struct {
	Key           string `help:"Agent or service key; better in the environment, where other users do not see it." placeholder:"KEY"`
	Workspace     string `help:"Workspace by id, for a key of several." placeholder:"ID"`
	PublicURL     string `name:"public-url" default:"http://127.0.0.1:8080" help:"URL of the server, for links." placeholder:"URL"`
	SecretKeyFile string `help:"Keys that seal tokens (default: <db>.key)." placeholder:"FILE"`
	KillFile      string `help:"Marker file that stops everything while it exists (default: <db>.kill)." placeholder:"FILE"`
	ReadOnly      bool   `help:"Leave out every tool that writes."`
}

func (c *mcpCommand) Run(ctx context.Context, e *environment) (err error) {
	if c.Key == "" {
		return errors.New("no key: set VEDETTE_KEY to an agent key (`vedette keys create` makes one)")
	}
	rules, err := (&serveCommand{Listen: "127.0.0.1:0", PublicURL: c.PublicURL, SecretKeyFile: c.SecretKeyFile, KillFile: c.KillFile}).rules(database(e.program.DB))
	if err != nil {
		return err
	}
	var open closers
	defer func() { err = errors.Join(err, open.close()) }()
	s, err := store.Open(ctx, e.program.DB, store.Options{})
	if err != nil {
		return err
	}
	open.add(s.Close)
	ring, err := openKeyRing(ctx, s, rules.secretKeyFile, rules.mayMakeKey)
	if err != nil {
		return err
	}
	w := &wiring{
		command: &serveCommand{ReadOnly: c.ReadOnly}, environment: e, rules: rules, store: s, ring: ring, open: &open,
		log: slog.New(slog.NewJSONHandler(e.err, &slog.HandlerOptions{Level: slog.LevelWarn})), publicURL: rules.publicURL(&net.TCPAddr{}),
	}
	if err := errors.Join(w.knownRange(ctx), w.wireDesk(ctx)); err != nil {
		return err
	}
	if err := w.fleet.refresh(ctx, w.desk); err != nil {
		return err
	}
	go w.fleet.follow(ctx, w.desk)
	door, err := w.agentDoor(nil)
	if err != nil {
		return err
	}
	credentials := tools.Credentials{Key: c.Key, Workspace: c.Workspace, RunToken: os.Getenv("VEDETTE_RUN_TOKEN")}
	err = door.ServeStdio(ctx, credentials, e.in, e.out)
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return errors.Join(err, w.desk.RecordUses(finish))
}

// knownRange lets a process beside the server speak of the demo's range: what
// it can carry out and how it names things is known without reaching it. The
// server's worker acts.
func (w *wiring) knownRange(ctx context.Context) error {
	id, found, err := w.store.Read(ctx).Installation(rangeConnectorName)
	if err != nil || !found {
		return err
	}
	connector, err := newRangeConnector(id, "http://127.0.0.1", "not called from here", nil)
	if err == nil {
		w.connectors = append(w.connectors, wayOf(connector, "range"))
	}
	return err
}
