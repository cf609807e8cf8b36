package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
	"vedette/backend/worker"
)

// wiring is a server while it is put together.
type wiring struct {
	command     *serveCommand
	environment *environment
	rules       *listenRules
	store       *store.Store
	ring        keyRing
	open        *closers
	watch       *watch
	log         *slog.Logger
	publicURL   string

	// products are the connectors themselves, for the worker.
	products   []connector.Connector
	connectors []backend.Connector
	// fleet are those that people configured.
	fleet *fleet
	desk  *backend.Desk
	// loop sets up the investigation by a model.
	loop     *soc.Loop
	identity identity
	sealer   *web.Sealer
	health   *opsapi.Health
	demo     *demoFile
	// sender makes attempts to deliver events.
	sender *worker.Sender
	// everybody is the one principal of --no-auth.
	everybody *soc.Actor
	handler   http.Handler
	// draining is called once when the server is asked to stop.
	draining []func()
	// background runs beside the listener until the server drains.
	background []func(context.Context) error
}

// assemble puts the parts together, from the ways out to the doors.
func (w *wiring) assemble(ctx context.Context) error {
	for _, part := range []func(context.Context) error{
		w.wireRange, w.wireDesk, w.wireFleet, w.wireDemo, w.wireEverybody, w.requireIdentities, w.wireWorker, w.wireHTTP, w.wireLoop, w.wireMetrics,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if err := w.wireCheckpoints(); err != nil {
		return err
	}
	w.every(time.Minute, "record uses", w.desk.RecordUses)
	w.every(10*time.Minute, "forget what has ended", w.desk.ForgetEnded)
	w.every(10*time.Minute, "tell of suppressions that end", w.desk.NoteEndingSuppressions)
	return nil
}

func (w *wiring) wireDesk(context.Context) error {
	secrets, err := w.ring.secretBox()
	if err != nil {
		return err
	}
	files, err := w.command.attachments()
	if err != nil {
		return err
	}
	runs, err := w.ring.runSigner()
	if err != nil {
		return err
	}
	chain, err := w.ring.secretKeys("stages of runs")
	if err != nil {
		return err
	}
	if w.loop, err = w.command.loopSettings(); err != nil {
		return err
	}
	signers, err := w.ring.signers()
	if err != nil {
		return err
	}
	allowed, err := egress.NewPolicy(w.command.EgressAllow)
	if err != nil {
		return err
	}
	w.fleet = newFleet(connectorKinds(), allowed, w.log)
	w.sender = &worker.Sender{Client: allowed.Client(egress.Options{Timeout: worker.AttemptTimeout, MaxBody: worker.AnswerLimit})}
	people, err := w.command.SignIn.rules()
	if err != nil {
		return err
	}
	copies, err := w.command.backupFolder(database(w.environment.program.DB))
	if err != nil {
		return err
	}
	w.desk = backend.New(backend.Config{
		BackupFolder: copies, Store: w.store, Log: w.log, Connectors: w.connectors, Mappers: mappers(), KillFile: w.rules.killFile,
		PublicURL: w.publicURL, ReadOnly: w.command.ReadOnly, Count: w.count(),
		Provider: people, Secrets: secrets, Runs: runs, Loop: w.loop, Chain: soc.NewStageChain(chain...), Signer: signers[0], Attachments: files, CheckURL: allowed.Check, Send: w.sender.Send, Products: w.fleet.products(),
		Checkpoints: func() ([]soc.SignedCheckpoint, error) { return recentCheckpoints(w.rules.checkpoints, keysOf(signers)) },
	})
	w.identity = identity{w.desk, w.log}
	keys, err := w.ring.derive("page tokens and stored answers")
	if err != nil {
		return err
	}
	w.sealer, err = web.NewSealer(time.Now, keys...)
	return err
}

// count is where the desk's figures go; a process on standard input has nobody
// who would ask for them.
func (w *wiring) count() func(backend.Figure, string) {
	if w.watch == nil {
		return nil
	}
	return w.watch.figures.count
}

// requireIdentities keeps a server that nobody could sign in to off the
// network (M17).
func (w *wiring) requireIdentities(ctx context.Context) error {
	if w.rules.loopback {
		return nil
	}
	found, err := w.desk.HasIdentities(ctx)
	if err == nil && !found {
		err = errors.New("nobody could authenticate: make the first person with `vedette users add EMAIL --admin` or a key with `vedette keys create`, then start again, or listen on 127.0.0.1")
	}
	return err
}

// host is the server's own command line, for what --demo makes.
func (w *wiring) host() soc.Actor { return hostActor("serve") }
