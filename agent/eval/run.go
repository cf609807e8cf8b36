package eval

import (
	"container/heap"
	"context"
	"errors"
	"fmt"

	"vedette/agent/measure"
	"vedette/backend/soc"
)

// Instance is what is evaluated: counters alone, a desk, or a server.
type Instance interface {
	// Ingest stores the alert of an item and returns the incident's handle.
	Ingest(ctx context.Context, item Item) (incident string, err error)
	// Triage asks for the position on an incident.
	Triage(ctx context.Context, item Item, incident string) (Position, error)
	// Decide gives an incident a person's verdict.
	Decide(ctx context.Context, item Item, incident string) error
}

// Position is what an instance says of an incident.
type Position struct {
	P         soc.Probabilities `json:"p"`
	Stated    soc.Verdict       `json:"stated"`
	ColdStart bool              `json:"cold_start"`
	Closable  bool              `json:"closable"`
	Held      bool              `json:"held"`
	Level     soc.MemoryLevel   `json:"level"`
}

// Progress is told after each item how many of how many are done.
type Progress func(done, all int)

// Start gives a round an empty instance and what ends it.
type Start func(Round) (Instance, func() error, error)

// Run asks about every item of a set in its order.
func Run(ctx context.Context, set Set, start Start, progress Progress) ([]measure.Case, error) {
	all, done := 0, 0
	for _, round := range set.Rounds {
		all += len(round.Items)
	}
	var cases []measure.Case
	for _, round := range set.Rounds {
		instance, end, err := start(round)
		if err != nil {
			return nil, err
		}
		asked, err := runRound(ctx, round, instance, func() {
			done++
			progress(done, all)
		})
		if err := errors.Join(err, end()); err != nil {
			return nil, err
		}
		cases = append(cases, asked...)
	}
	return cases, nil
}

// runRound is the one place where time passes: before an item arrives, exactly
// the verdicts decided by then are given, in the order of their decision.
func runRound(ctx context.Context, round Round, instance Instance, step func()) ([]measure.Case, error) {
	var cases []measure.Case
	waiting := &decisions{}
	decided := map[string]bool{} // workspaces that have a decision
	for i, item := range round.Items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for waiting.Len() > 0 && !(*waiting)[0].item.Visible.After(item.At) {
			due := heap.Pop(waiting).(decision)
			if err := instance.Decide(ctx, due.item, due.incident); err != nil {
				return nil, fmt.Errorf("verdict of %s: %w", due.item.ID, err)
			}
			decided[due.item.Workspace] = true
		}
		incident, err := instance.Ingest(ctx, item)
		if err != nil {
			return nil, fmt.Errorf("ingest of %s: %w", item.ID, err)
		}
		if item.Score {
			p, err := instance.Triage(ctx, item, incident)
			if err != nil {
				return nil, fmt.Errorf("triage of %s: %w", item.ID, err)
			}
			cases = append(cases, caseOf(item, p, !decided[item.Workspace]))
		}
		if !item.Visible.IsZero() {
			heap.Push(waiting, decision{item, incident, i})
		}
		step()
	}
	return cases, nil
}

func caseOf(item Item, p Position, unknown bool) measure.Case {
	c := measure.Case{
		ID: item.ID, Truth: item.Truth, P: p.P, Stated: p.Stated, ColdStart: p.ColdStart, Unknown: unknown, Closable: p.Closable, Held: p.Held,
		Slices: map[string]string{"level": string(p.Level)}, Phases: item.Phases,
	}
	for by, value := range item.Slices {
		c.Slices[by] = value
	}
	return c
}

// decision is a verdict that is not known yet.
type decision struct {
	item     Item
	incident string
	order    int
}

// decisions is a heap by the time of the verdict, then by the order of items.
type decisions []decision

func (d decisions) Len() int { return len(d) }
func (d decisions) Less(i, j int) bool {
	if c := d[i].item.Visible.Compare(d[j].item.Visible); c != 0 {
		return c < 0
	}
	return d[i].order < d[j].order
}
func (d decisions) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *decisions) Push(x any)   { *d = append(*d, x.(decision)) }
func (d *decisions) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
