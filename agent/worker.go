package agent

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"vedette/backend/soc"
)

// Runs are the four moves of a run (ops-api.md section 8.2), in this process or
// over HTTP. An error of kind Conflict or NotFound means that the run is no
// longer this worker's.
type Runs interface {
	// Lease waits up to wait for a run of this agent; false is none.
	Lease(ctx context.Context, models []string, wait time.Duration) (soc.RunLease, bool, error)
	Heartbeat(ctx context.Context, lease soc.RunLease, used soc.LoopUsage) (soc.RunPulse, error)
	Store(ctx context.Context, lease soc.RunLease, report soc.StageReport) (soc.StageReceipt, error)
	Finish(ctx context.Context, lease soc.RunLease, end soc.RunEnd) error
}

// Worker takes runs and investigates them.
type Worker struct {
	Runs  Runs
	Model *Model
	// Tools opens the toolbox of a run.
	Tools func(lease soc.RunLease) Toolbox
	Price soc.LoopPrice
	// Beat is the time between signs of life, default 20 s.
	Beat time.Duration
	// Wait is how long one ask for work waits, default 20 s.
	Wait time.Duration
	// AtOnce bounds the runs under way, default 2.
	AtOnce int
	// Observe is told of runs, questions and tool calls; nil for nobody.
	Observe Observer
	Log     *slog.Logger
}

func (w *Worker) log() *slog.Logger {
	if w.Log != nil {
		return w.Log
	}
	return slog.New(slog.DiscardHandler)
}

// Serve takes runs until the context ends. A run under way when it does is left
// to the next worker, which goes on behind the last stored stage.
func (w *Worker) Serve(ctx context.Context) error {
	if err := w.Model.Probe(ctx); err != nil && ctx.Err() == nil {
		w.log().WarnContext(ctx, "the model did not answer the probe; it is asked again with the first incident", "model", w.Model.Name, "error", err)
	}
	w.log().InfoContext(ctx, "investigating with a model", "model", w.Model.Name, "takes", w.Model.Capabilities())
	var workers sync.WaitGroup
	for range cmp.Or(w.AtOnce, 2) {
		workers.Go(func() { w.take(ctx) })
	}
	workers.Wait()
	return nil
}

// take leases and works until the context ends.
func (w *Worker) take(ctx context.Context) {
	for ctx.Err() == nil {
		worked := false
		if !w.Model.Open() {
			lease, found, err := w.Runs.Lease(ctx, w.models(), cmp.Or(w.Wait, 20*time.Second))
			if err != nil && ctx.Err() == nil {
				w.log().ErrorContext(ctx, "no run could be leased", "error", err)
			}
			if worked = err == nil && found; worked {
				if err := w.Work(ctx, lease); err != nil && ctx.Err() == nil {
					w.log().ErrorContext(ctx, "a run could not be worked on", "run", lease.Run, "error", err)
				}
			}
			if err == nil {
				continue
			}
		}
		_ = w.Model.sleep(ctx, 2*time.Second)
	}
}

func (w *Worker) models() []string {
	names := []string{w.Model.Name}
	for _, name := range w.Model.Stages {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names[1:])
	return names
}

// Work does what is left of one run: stage by stage, each stored before the
// next begins.
func (w *Worker) Work(ctx context.Context, lease soc.RunLease) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	x := &run{worker: w, lease: lease, started: w.Model.now(), used: lease.Used}
	ctx, ended := w.Observe.begin(ctx, Span{Operation: OperationInvoke, Run: lease.Run, Model: w.Model.Name, Provider: w.Model.Provider, Stage: lease.Stage})
	defer func() { ended(SpanEnd{x.usage(), x.failed}) }()
	var beating sync.WaitGroup
	beating.Go(func() { x.beat(ctx, stop) })
	err := x.stages(ctx)
	stop(nil)
	beating.Wait()
	if errors.Is(err, errStopped) || lost(err) {
		return nil // the server knows already
	}
	return err
}

// lost reports whether the run is somebody else's now, or nobody's.
func lost(err error) bool {
	kind := soc.KindOf(err)
	return kind == soc.Conflict || kind == soc.NotFound || kind == soc.Denied
}

// run is one run in the hands of this worker.
type run struct {
	worker  *Worker
	lease   soc.RunLease
	started time.Time
	mu      sync.Mutex // guards used
	used    soc.LoopUsage
	failed  soc.Code // why it is to end without a verdict
}

func (x *run) usage() soc.LoopUsage {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.used
}

// beat keeps the lease and learns that the run is to stop; then the request to
// the model that is in flight is aborted.
func (x *run) beat(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(cmp.Or(x.worker.Beat, 20*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pulse, err := x.worker.Runs.Heartbeat(ctx, x.lease, x.usage())
		if lost(err) || err == nil && pulse.Stop != "" && pulse.Stop != "budget" {
			stop(errStopped)
			return
		}
	}
}

// stages fills one stage after the other until the server says that the run is
// to be finished.
func (x *run) stages(ctx context.Context) error {
	chain, in, code := x.lease.Chain, x.lease.Input, x.lease.Error
	finish := code != ""
	for !finish {
		report, err := x.stage(ctx, in, chain)
		if err != nil {
			return err
		}
		receipt, err := x.worker.Runs.Store(context.WithoutCancel(ctx), x.lease, report)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return errStopped
		}
		chain, in, finish, code = receipt.Chain, receipt.Input, receipt.Finish, report.Error
	}
	x.failed = code
	return x.worker.Runs.Finish(context.WithoutCancel(ctx), x.lease, soc.RunEnd{Run: x.lease.Run, Fence: x.lease.Fence, Chain: chain, Error: code})
}

// stage fills one stage. What was said is part of the report however it ended.
func (x *run) stage(ctx context.Context, in soc.StageInput, chain string) (soc.StageReport, error) {
	w := x.worker
	s := &session{
		model: w.Model, tools: w.Tools(x.lease), stage: in.Stage, budget: x.lease.Budget, used: x.usage(), price: w.Price, started: x.started,
		run: x.lease.Run, observe: w.Observe,
	}
	for _, p := range x.lease.Prompts {
		if p.Name == string(in.Stage) {
			s.prompt = p
		}
	}
	report := soc.StageReport{Run: x.lease.Run, Fence: x.lease.Fence, Stage: in.Stage, Chain: chain, Model: w.Model.NameFor(in.Stage)}
	result, err := s.fill(ctx, in)
	report.Exchanges, report.Usage = s.exchanges, s.spent
	x.mu.Lock()
	x.used = s.used
	x.mu.Unlock()
	var ended *stageError
	switch {
	case ctx.Err() != nil || errors.Is(err, errStopped):
		return x.partial(ctx, report)
	case errors.As(err, &ended):
		report.Error = ended.code
		return report, nil
	case err != nil:
		return report, err
	}
	report.Result, err = marshal(result)
	return report, err
}

// partial keeps what was said in a stage that was stopped, where the server
// still takes it.
func (x *run) partial(ctx context.Context, report soc.StageReport) (soc.StageReport, error) {
	if len(report.Exchanges) > 0 && errors.Is(context.Cause(ctx), errStopped) {
		if _, err := x.worker.Runs.Store(context.WithoutCancel(ctx), x.lease, report); err != nil && !lost(err) {
			x.worker.log().WarnContext(ctx, "the transcript of a stopped stage was not kept", "run", x.lease.Run, "error", err)
		}
	}
	return report, errStopped
}

// clipTo cuts text to at most so many bytes, at a character.
func clipTo(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}
