package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/soc"
)

// Client works jobs; the store makes one (store.Store.JobClient).
type Client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// Queues are the queues and workers that a job client is made of; the name
// keeps the job library out of the wiring.
type Queues = river.Config

// Config is what a Worker is made of. Desk, Client, Triage and Floor are
// required.
type Config struct {
	Desk *backend.Desk
	// Client makes the job client from the queues and workers given to it.
	Client func(*Queues) (Client, error)
	// Connectors are the ways out that never change, by id; Configured finds one
	// that people configured and that is in force, nil for none.
	Connectors map[string]connector.Connector
	Configured func(id string) (connector.Connector, bool)
	// Writer finds the connector in force that tells a source of a workspace how
	// its incidents were closed, and its id; nil tells nobody.
	Writer func(workspace, source string) (writer connector.VerdictWriter, id string, found bool)
	// Triage and Floor carry out the jobs of those kinds; RunTriage and
	// RunFloor of the desk do, or a loop that calls a model.
	Triage func(ctx context.Context, job soc.TriageJob) error
	Floor  func(ctx context.Context, job soc.FloorJob) error
	// Send makes one attempt to deliver an event (Sender.Send); nil sends none.
	Send func(ctx context.Context, order soc.Dispatch) soc.AttemptResult
	// Checkpoint keeps the database's log short and returns its size in bytes;
	// nil where the engine does that by itself.
	Checkpoint func(ctx context.Context) (int64, error)
	// Tasks are what else is due by the clock.
	Tasks []Task
	// Sole says that no other process can be carrying out gamebooks of this
	// database: what a dead one held is free at once.
	Sole bool
	Log  *slog.Logger
	// Sleep waits between read-backs, default by the wall clock.
	Sleep func(ctx context.Context, d time.Duration) error
	// Observe is called when a job begins, with its kind, and what it returns
	// when the job has ended; the job runs with the context. nil for nobody.
	Observe func(ctx context.Context, kind string) (context.Context, func(error))
	// Poll is how often the queues are looked at without a notice, default one
	// second.
	Poll time.Duration
}

// Task is something done again and again, no oftener than every second.
type Task struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) error
}

// Limits of the worker.
const (
	// runBudget bounds one run of a gamebook's job; a longer gamebook goes on
	// in the next one.
	runBudget = 4 * time.Minute
	// jobTimeout is above everything a job may take, and rescueAfter above
	// that: a job that is rescued while it runs would run twice.
	jobTimeout  = 5 * time.Minute
	rescueAfter = 6 * time.Minute
	// jobRetention is how long a job that is done is kept: the rows it named are
	// the record, and a busy server makes many.
	jobRetention = time.Hour
	// callTimeout bounds one call to a product. It is below the lease.
	callTimeout = 20 * time.Second
	// parallelGroups bounds how many targets of one gamebook are acted on at
	// once, and parallelGamebooks how many gamebooks.
	parallelGroups    = 4
	parallelGamebooks = 8
	parallelTriage    = 4
	// drainTime is how long Stop waits for what runs, below the 30 s in which
	// a stopping server must have ended.
	drainTime = 15 * time.Second
	// longestPause is between attempts to start.
	longestPause = 15 * time.Second
)

// Worker works jobs and keeps the clocks. Start it once, and Stop it.
type Worker struct {
	config   Config
	client   Client
	watching sync.WaitGroup
	end      context.CancelFunc
	draining chan struct{}
	drain    sync.Once
	webhooks *webhooks
}

// New makes a worker; nothing runs before Start.
func New(c Config) (*Worker, error) {
	if c.Desk == nil || c.Client == nil || c.Triage == nil || c.Floor == nil {
		return nil, errors.New("worker: Desk, Client, Triage and Floor are required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Poll == 0 {
		c.Poll = time.Second
	}
	w := &Worker{config: c, draining: make(chan struct{}), webhooks: newWebhooks(c)}
	var err error
	w.client, err = c.Client(&river.Config{
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: parallelTriage},
			soc.QueueResponse:  {MaxWorkers: parallelGamebooks},
			soc.QueueTriage:    {MaxWorkers: parallelTriage},
			soc.QueueWebhook:   {MaxWorkers: parallelTriage}, // they only wake
		},
		Workers: w.workers(), JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter, CompletedJobRetentionPeriod: jobRetention, FetchPollInterval: c.Poll,
		Logger: slog.New(atLeast{c.Log.Handler(), slog.LevelWarn}), Middleware: observing(c.Observe),
	})
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return w, nil
}

func (w *Worker) workers() *river.Workers {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(w.workGamebook))
	river.AddWorker(workers, river.WorkFunc(w.workVerify))
	river.AddWorker(workers, river.WorkFunc(w.workWriteBack))
	river.AddWorker(workers, river.WorkFunc(w.webhooks.work))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[soc.TriageJob]) error {
		return w.config.Triage(ctx, job.Args)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[soc.FloorJob]) error {
		return w.config.Floor(ctx, job.Args)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[soc.AuditExportJob]) error {
		return w.config.Desk.RunAuditExport(ctx, job.Args)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[soc.AuditVerificationJob]) error {
		return w.config.Desk.RunVerification(ctx, job.Args)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[soc.BackupJob]) error {
		return w.config.Desk.RunBackup(ctx, job.Args)
	}))
	return workers
}

// Start begins to work. A database that does not answer in time is asked again
// until ctx ends, each time after a longer pause: the doors can serve meanwhile,
// and what waits in the queues is safe there. ctx bounds the start only; end the
// worker with Stop.
func (w *Worker) Start(ctx context.Context) error {
	for pause := time.Second; ; pause = min(2*pause, longestPause) {
		err := w.startOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		w.config.Log.WarnContext(ctx, "the worker could not start and tries again", "after", pause, "error", err.Error())
		if err := w.config.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// startOnce reads the kill switch's marker, frees what dead workers held, and then
// starts the clients of the queues (S33: the state is read before workers start).
func (w *Worker) startOnce(ctx context.Context) error {
	if err := w.config.Desk.WatchKillFile(ctx); err != nil {
		return fmt.Errorf("worker: kill switch: %w", err)
	}
	if w.config.Sole {
		if err := errors.Join(w.config.Desk.ForgetLeases(ctx), w.config.Desk.ForgetSenders(ctx)); err != nil {
			return fmt.Errorf("worker: leases: %w", err)
		}
	}
	if err := w.config.Desk.ExpireGamebooks(ctx); err != nil {
		return fmt.Errorf("worker: clocks: %w", err)
	}
	if err := w.config.Desk.ResumeWork(ctx); err != nil {
		return fmt.Errorf("worker: resume: %w", err)
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	w.end = end
	if err := w.client.Start(running); err != nil {
		end()
		return fmt.Errorf("worker: %w", err)
	}
	w.watching.Go(func() { w.watch(running) })
	return nil
}

// Drain begins nothing new and returns at once; Stop follows. A server calls
// it when it stops to take requests, so that both drain side by side.
func (w *Worker) Drain() { w.drain.Do(func() { close(w.draining); w.webhooks.stop() }) }

// Stop takes no new work and lets steps that are under way end or be found
// again: a gamebook stops before its next step, and a read-back that would
// take longer is made by the next worker. It returns within 30 s.
func (w *Worker) Stop(ctx context.Context) error {
	w.Drain()
	if w.end == nil {
		return nil
	}
	soft, cancel := context.WithTimeout(ctx, drainTime)
	err := w.client.Stop(soft)
	w.webhooks.wait(soft)
	cancel()
	if err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		err = w.client.StopAndCancel(hard)
		cancel()
	}
	w.end()
	w.watching.Wait()
	return err
}

// stopping reports whether nothing new may begin.
func (w *Worker) stopping(ctx context.Context) bool {
	select {
	case <-w.draining:
		return true
	default:
		return ctx.Err() != nil
	}
}

// sleep waits by the wall clock.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// atLeast keeps the job library's own chatter out of the log.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}
