package agent

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/tools"
)

// Keeper is what a loop in the server's own process asks of the desk: the moves
// of a run, and nothing about incidents.
type Keeper interface {
	LoopWorkspaces(ctx context.Context) ([]string, error)
	LoopActor(ctx context.Context, workspace string) (soc.Actor, bool, error)
	ResolveRun(ctx context.Context, by soc.Actor, token string) (*soc.Run, error)
	LeaseRun(ctx context.Context, by soc.Actor, models []string, wait time.Duration) (soc.RunLease, bool, error)
	HeartbeatRun(ctx context.Context, by soc.Actor, run string, fence int64, used soc.LoopUsage) (soc.RunPulse, error)
	StoreRunStage(ctx context.Context, by soc.Actor, in soc.StageReport) (soc.StageReceipt, error)
	FinishRun(ctx context.Context, by soc.Actor, in soc.RunEnd) (soc.RunView, error)
}

// InProcess are the runs of a server with a model of its own, of all its
// workspaces in turn.
type InProcess struct {
	Desk Keeper
	// Table is the tool table of the agent door.
	Table []tools.Tool
	turn  chan int
}

// NewInProcess makes the runs and toolboxes of a loop in this process.
func NewInProcess(desk Keeper, table []tools.Tool) *InProcess {
	p := &InProcess{Desk: desk, Table: table, turn: make(chan int, 1)}
	p.turn <- 0
	return p
}

// localPoll is how often all workspaces are looked at for work.
const localPoll = 500 * time.Millisecond

// Lease implements Runs: workspaces take turns, so that a busy one does not keep
// the others waiting.
func (p *InProcess) Lease(ctx context.Context, models []string, wait time.Duration) (soc.RunLease, bool, error) {
	until := time.NewTimer(wait)
	defer until.Stop()
	for {
		lease, found, err := p.round(ctx, models)
		if err != nil || found {
			return lease, found, err
		}
		select {
		case <-time.After(localPoll):
		case <-until.C:
			return soc.RunLease{}, false, nil
		case <-ctx.Done():
			return soc.RunLease{}, false, nil
		}
	}
}

func (p *InProcess) round(ctx context.Context, models []string) (soc.RunLease, bool, error) {
	workspaces, err := p.Desk.LoopWorkspaces(ctx)
	if err != nil || len(workspaces) == 0 {
		return soc.RunLease{}, false, err
	}
	first := <-p.turn
	p.turn <- first + 1
	for n := range workspaces {
		by, found, err := p.Desk.LoopActor(ctx, workspaces[(first+n)%len(workspaces)])
		if err != nil {
			return soc.RunLease{}, false, err
		}
		if !found || by.Suspended {
			continue
		}
		if lease, found, err := p.Desk.LeaseRun(ctx, by, models, 0); err != nil || found {
			return lease, found, err
		}
	}
	return soc.RunLease{}, false, nil
}

// actor is who works on a run, with the run as its token proves it now.
func (p *InProcess) actor(ctx context.Context, lease soc.RunLease) (soc.Actor, error) {
	by, found, err := p.Desk.LoopActor(ctx, lease.Workspace)
	if err != nil || !found {
		return by, orStopped(err)
	}
	by.Run, err = p.Desk.ResolveRun(ctx, by, lease.Token)
	return by, err
}

func orStopped(err error) error {
	if err != nil {
		return err
	}
	return errStopped
}

// Heartbeat implements Runs.
func (p *InProcess) Heartbeat(ctx context.Context, lease soc.RunLease, used soc.LoopUsage) (soc.RunPulse, error) {
	by, err := p.actor(ctx, lease)
	if err != nil {
		return soc.RunPulse{}, err
	}
	return p.Desk.HeartbeatRun(ctx, by, lease.Run, lease.Fence, used)
}

// Store implements Runs.
func (p *InProcess) Store(ctx context.Context, lease soc.RunLease, report soc.StageReport) (soc.StageReceipt, error) {
	by, err := p.actor(ctx, lease)
	if err != nil {
		return soc.StageReceipt{}, err
	}
	return p.Desk.StoreRunStage(ctx, by, report)
}

// Finish implements Runs.
func (p *InProcess) Finish(ctx context.Context, lease soc.RunLease, end soc.RunEnd) error {
	by, err := p.actor(ctx, lease)
	if err == nil {
		_, err = p.Desk.FinishRun(ctx, by, end)
	}
	return err
}

// Tools is the toolbox of a run. Without the run there is no authority at all:
// the tools must not fall back to that of the queue.
func (p *InProcess) Tools(lease soc.RunLease) Toolbox {
	return Local{Table: p.Table, By: func(ctx context.Context) (soc.Actor, error) {
		by, err := p.actor(ctx, lease)
		if err == nil && by.Run == nil {
			err = errStopped
		}
		return by, err
	}}
}
