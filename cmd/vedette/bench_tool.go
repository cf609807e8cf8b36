package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/tools"
)

const (
	// toolTarget bounds what a read tool call costs over a call that does nothing
	// plus one commit: what was served is recorded durably before it is answered.
	toolTarget = 1.0
	// toolAgents call at once. A commit is shared by those who wait for it, so
	// what a call costs is the time of the load over its calls.
	toolAgents = 16
	// toolTurns is how often each tool is loaded, in turn; the median counts.
	toolTurns = 3
)

// idleDesk is a desk that knows nothing and records nothing, behind the same
// tools, wrapper and transport: what is left is their own cost.
type idleDesk struct{ tools.Desk }

func (idleDesk) ListIncidents(context.Context, soc.Actor, soc.IncidentFilter) (soc.IncidentPage, error) {
	return soc.IncidentPage{Total: -1}, nil
}

func (idleDesk) RecordCall(context.Context, soc.Actor, soc.CallRecord) error { return nil }

// measureTool puts read tools beside one that does nothing, over HTTP.
func (b *bench) measureTool(ctx context.Context) error {
	d, err := b.database(ctx, slices.Min(b.command.Sizes))
	if err != nil {
		return err
	}
	real, stopReal, err := serveTools(ctx, backend.New(backend.Config{Store: d.store}))
	if err != nil {
		return err
	}
	defer stopReal()
	idle, stopIdle, err := serveTools(ctx, idleDesk{})
	if err != nil {
		return err
	}
	defer stopIdle()
	var listed columns
	if err := real.call(ctx, "list_incidents", map[string]any{"limit": 1}, &listed); err != nil {
		return err
	}
	ids := listed.column("id")
	if len(ids) != 1 {
		return fmt.Errorf("list_incidents showed %d incidents", len(ids))
	}
	calls := []struct {
		tool      string
		arguments map[string]any
	}{
		{"list_incidents", map[string]any{"limit": 10}},
		{"get_incident", map[string]any{"incident_id": ids[0]}},
		{"search_evidence", map[string]any{"incident_id": ids[0], "query": "powershell"}},
	}
	reads := []read{callOf(idle, "list_incidents", map[string]any{"limit": 1})}
	for _, c := range calls {
		reads = append(reads, callOf(real, c.tool, c.arguments))
	}
	times, err := loaded(ctx, reads, min(b.command.Duration/4, 2*time.Second))
	if err != nil {
		return err
	}
	commit, err := b.groupedCommit(ctx, readRounds)
	if err != nil {
		return err
	}
	for n, c := range calls {
		b.add("tool", figure{
			Name: fmt.Sprintf("%s, %d agents at once, a call", c.tool, toolAgents), Unit: "s", Value: times[n+1], Note: fmt.Sprintf("no-op call %s, commit %s", quantity(times[0], "s"), quantity(commit, "s")),
		}.besides("no-op call and a commit", times[0]+commit).atMost(toolTarget))
	}
	return nil
}

// loaded lets agents repeat each read at once for a while, in turn, and returns
// what one call of each costs, in seconds.
func loaded(ctx context.Context, reads []read, each time.Duration) ([]float64, error) {
	costs := make([][]time.Duration, len(reads))
	for range toolTurns {
		for n, read := range reads {
			cost, err := load(ctx, read, each)
			if err != nil {
				return nil, err
			}
			costs[n] = append(costs[n], cost)
		}
	}
	out := make([]float64, len(reads))
	for n := range reads {
		out[n] = median(costs[n])
	}
	return out, nil
}

func load(ctx context.Context, read read, duration time.Duration) (time.Duration, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var calls atomic.Int64
	var running sync.WaitGroup
	began := time.Now()
	for range toolAgents {
		running.Go(func() {
			for time.Since(began) < duration && ctx.Err() == nil {
				if _, err := read(ctx); err != nil {
					stop(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	running.Wait()
	if calls.Load() == 0 {
		stop(errors.New("no call was answered in time"))
	}
	return time.Since(began) / time.Duration(max(calls.Load(), 1)), context.Cause(ctx)
}

func callOf(c *client, tool string, arguments map[string]any) read {
	return func(ctx context.Context) (int, error) { return 1, c.call(ctx, tool, arguments, nil) }
}

// serveTools puts a desk's tools on a loopback listener, for one agent without
// limits.
func serveTools(ctx context.Context, desk tools.Desk) (*client, func(), error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	sealer, err := web.NewSealer(time.Now, web.SealKey{ID: 1, Key: [32]byte{1}})
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	base := "http://" + listener.Addr().String()
	door, err := tools.New(tools.Config{
		Desk: desk, Sealer: sealer, PublicURL: base,
		NoAuth: &soc.Actor{
			Kind: soc.PrincipalAgent, ID: "bench", Credential: "bench", Name: "Benchmark", Workspace: benchWorkspace, Role: soc.RoleSenior,
			Scopes: []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead},
		},
	})
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: door.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	c := newClient(base, "")
	return c, func() {
		c.close()
		_ = server.Close()
	}, nil
}
