package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
)

// drain is how long requests in progress get to end after SIGTERM; the worker
// behind them gets 20 s more, so that the process is gone within 30 s.
const drain = 8 * time.Second

// serveCommand holds the flags of the server (architecture.md section 9).
type serveCommand struct {
	Listen             string         `default:"127.0.0.1:8080" help:"Address to listen on."`
	PublicURL          string         `name:"public-url" help:"URL under which clients reach the server (default: http:// or https:// and the address)." placeholder:"URL"`
	TLSCert            string         `name:"tls-cert" help:"Certificate chain, PEM." placeholder:"FILE"`
	TLSKey             string         `name:"tls-key" help:"Private key of the certificate, PEM." placeholder:"FILE"`
	TrustedProxy       []string       `help:"Addresses of proxies that end TLS and state the client's address." placeholder:"CIDR"`
	AllowOrigin        []string       `help:"More web origins whose pages may call the server." placeholder:"ORIGIN"`
	SecretKeyFile      string         `help:"Keys that seal tokens and secrets (default: <db>.key, made when missing on loopback with SQLite)." placeholder:"FILE"`
	KillFile           string         `help:"Marker file that stops everything while it exists (default: <db>.kill)." placeholder:"FILE"`
	AuditCheckpoints   string         `name:"audit-checkpoints" help:"File that signed checkpoints of the audit are appended to; best where whoever has the database cannot write (default: <db>.checkpoints)." placeholder:"FILE"`
	BackupDir          string         `name:"backup-dir" help:"Folder that copies of the database are put into when an admin asks for one over the network (default: none; SQLite only)." placeholder:"FOLDER"`
	EgressAllow        []string       `help:"What webhooks, connectors and the model may reach beyond public https: CIDR or host[:port]." placeholder:"TARGET"`
	Rates              map[string]int `help:"Requests a minute and credential of a class, such as read=2400;write=480 (classes: read, write, login, agent-tools, triage, actions, decide, ingest)." placeholder:"CLASS=N;..."`
	FileBytes          int64          `name:"attachment-bytes" default:"52428800" help:"Most bytes of one attachment, up to 1 GiB." placeholder:"BYTES"`
	CaseFiles          int            `name:"attachment-files" default:"200" help:"Most attachments of one incident." placeholder:"N"`
	CaseBytes          int64          `name:"attachment-case-bytes" default:"1073741824" help:"Most bytes of one incident's attachments together." placeholder:"BYTES"`
	MetricsListen      string         `help:"Loopback or internal address that serves /metrics and /debug/pprof, and nothing else." placeholder:"HOST:PORT"`
	OAuthIssuer        string         `name:"oauth-issuer" help:"Take access tokens of this OAuth 2.1 issuer at /mcp; clients are let in by vedette keys create --oauth-client." placeholder:"URL"`
	traceFlags         `embed:""`
	ReadOnly           bool           `help:"Refuse every write but sessions, kill switch and ingest."`
	NoAuth             bool           `help:"Serve MCP to anybody on this machine as one fixed principal of a demo; loopback only."`
	RangeURL           string         `name:"range-url" hidden:"" help:"Use this running range in a demonstration, instead of one's own."`
	RangeToken         string         `name:"range-token" hidden:"" help:"Token of that range."`
	LoopDayTokens      int64          `default:"5000000" help:"Tokens that investigations of a workspace may use a day; 0 is no limit." placeholder:"TOKENS"`
	LoopDayCost        float64        `default:"50" help:"US dollars that investigations of a workspace may cost a day, where the model has a price; 0 is no limit." placeholder:"USD"`
	LoopRuns           int            `default:"4" help:"Investigations of a workspace at once, over all workers." placeholder:"N"`
	LoopBudget         map[string]int `name:"loop-budget" help:"Limits of one investigation, for all or for a severity, such as all.modelCalls=10;critical.tokensIn=250000 (modelCalls, toolCalls, tokensIn, tokensOut, costMicros, softSeconds, hardSeconds, identicalCalls; 0 is no limit)." placeholder:"SEVERITY.MEMBER=N"`
	SignIn             signInFlags    `embed:"" prefix:"oidc-"`
	modelFlags         `embed:""`
	FloorMayCloseAlone bool `help:"With a model at work, let the deterministic triage close before the model has looked."`
	Demo               bool `help:"Fill an empty database with a demonstration and run the simulated range."`
}

// mostFileBytes bounds what the operator may allow: an upload holds a connection
// and its bytes stand in the database.
const mostFileBytes = 1 << 30

// attachments are the limits of files, as stated. Zero is the shipped one.
func (c *serveCommand) attachments() (soc.AttachmentLimits, error) {
	l := soc.AttachmentLimits{FileBytes: c.FileBytes, Files: c.CaseFiles, CaseBytes: c.CaseBytes}
	switch whole := l.OrShipped(); {
	case l.FileBytes < 0 || l.Files < 0 || l.CaseBytes < 0 || whole.FileBytes > mostFileBytes:
		return l, fmt.Errorf("--attachment-bytes must be from 1 to %d, --attachment-files and --attachment-case-bytes at least 1", mostFileBytes)
	case whole.CaseBytes < whole.FileBytes:
		return l, errors.New("--attachment-case-bytes must be at least --attachment-bytes")
	}
	return l, nil
}

// backupFolder makes the folder for copies, for the owner alone. PostgreSQL is
// copied by its own tools.
func (c *serveCommand) backupFolder(db database) (string, error) {
	switch {
	case c.BackupDir == "":
		return "", nil
	case db.postgres():
		return "", fmt.Errorf("--backup-dir: %w", store.ErrBackupElsewhere)
	}
	folder, err := filepath.Abs(c.BackupDir)
	if err != nil {
		return "", fmt.Errorf("--backup-dir: %w", err)
	}
	return folder, os.MkdirAll(folder, 0o700)
}

// Run opens everything, serves until the context ends, and closes in the
// opposite order.
func (c *serveCommand) Run(ctx context.Context, e *environment) (err error) {
	rules, err := c.rules(database(e.program.DB))
	if err != nil {
		return err
	}
	var open closers
	defer func() { err = errors.Join(err, open.close()) }()
	if err := c.lock(database(e.program.DB), &open); err != nil {
		return err
	}
	listener, err := rules.bind(ctx)
	if err != nil {
		return err
	}
	open.add(func() error { return ignoreClosed(listener.Close()) })
	watch, err := c.newWatch(ctx, database(e.program.DB).engine(), &open)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, e.program.DB, store.Options{Observe: watch.write})
	if err != nil {
		return err
	}
	open.add(s.Close)
	ring, err := openKeyRing(ctx, s, rules.secretKeyFile, rules.mayMakeKey)
	if err != nil {
		return err
	}
	w := &wiring{
		command: c, environment: e, rules: rules, store: s, ring: ring, open: &open,
		watch: watch, log: slog.New(slog.NewJSONHandler(e.err, nil)), publicURL: rules.publicURL(listener.Addr()),
	}
	if err := w.assemble(ctx); err != nil {
		return err
	}
	return w.serve(ctx, listener)
}

// lock keeps a second server off a file of the embedded engine. Replicas share
// a PostgreSQL.
func (c *serveCommand) lock(db database, open *closers) error {
	if db.postgres() {
		return nil
	}
	unlock, err := lockFile(db.file() + ".lock")
	if errors.Is(err, errLocked) {
		return fmt.Errorf("another `vedette serve` runs on %s; stop it first, or use another --db (`vedette mcp` and the local commands may share it)", db.file())
	}
	if err != nil {
		return fmt.Errorf("the lock beside the database: %w", err)
	}
	open.add(unlock)
	return nil
}

// closers closes what was opened, last first.
type closers struct{ steps []func() error }

func (c *closers) add(step func() error) { c.steps = append(c.steps, step) }

func (c *closers) close() error {
	var errs []error
	for i := len(c.steps) - 1; i >= 0; i-- {
		errs = append(errs, c.steps[i]())
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// serve runs the listener and what time does until the context ends, then
// drains: first the doors, then the work behind them.
func (w *wiring) serve(ctx context.Context, listener net.Listener) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	serving, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	var running sync.WaitGroup
	for _, job := range w.background {
		running.Go(func() {
			if err := job(background); err != nil && !errors.Is(err, context.Canceled) {
				failed(err)
			}
		})
	}
	go func() {
		<-serving.Done()
		w.health.Drain()
		for _, drain := range w.draining {
			drain()
		}
	}()
	if err := w.announce(); err != nil {
		return err
	}
	server := web.Server(w.handler, w.log)
	err := web.Serve(serving, server, listener, w.rules.tls, drain)
	stop()
	running.Wait()
	if cause := context.Cause(serving); ctx.Err() == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(err, cause)
	}
	return err
}

// every calls a chore at an interval until the context ends, and once more
// then. A chore that fails is tried again next time.
func (w *wiring) every(interval time.Duration, name string, chore func(context.Context) error) {
	w.background = append(w.background, func(ctx context.Context) error {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return chore(context.WithoutCancel(ctx))
			}
			if err := chore(ctx); err != nil {
				w.log.Warn("chore failed", "chore", name, "error", err.Error())
			}
		}
	})
}

// serveOn runs a listener of its own beside the main one.
func (w *wiring) serveOn(ctx context.Context, address string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	w.background = append(w.background, func(ctx context.Context) error {
		return web.Serve(ctx, web.Server(handler, w.log), listener, nil, time.Second)
	})
	return nil
}
