package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"vedette/backend/soc"
)

// lateClient is the real client of a database that does not answer at first.
type lateClient struct {
	Client
	refusals int
}

func (c *lateClient) Start(ctx context.Context) error {
	if c.refusals > 0 {
		c.refusals--
		return errors.New("timed out after 10s")
	}
	return c.Client.Start(ctx)
}

// TestWorkerStartsWhenTheDatabaseAnswers: a database that stalls while a server
// starts delays its work and does not end it.
func TestWorkerStartsWhenTheDatabaseAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		late := &lateClient{refusals: 3}
		b.Worker.client, late.Client = late, b.Worker.client
		b.respond()
		b.must(b.Start(ctx))
		if late.refusals != 0 || b.slept == 0 {
			t.Errorf("%d refusals left, slept %v", late.refusals, b.slept)
		}
		comment := b.submit("add_comment", "host", "isolate_host", "host")
		by := b.agent
		by.Served = &soc.Served{}
		for range 30 {
			states, err := b.desk.GetStatus(ctx, by, soc.StatusQuery{IDs: []string{comment.ID}, Wait: 20 * time.Second})
			b.must(err)
			if states[0].Gamebook.Status.Ended() {
				break
			}
		}
		if g := b.stored(comment.ID); g.Status != soc.GamebookCompleted {
			t.Errorf("%s %v", g.Status, statuses(g))
		}
		b.must(b.Stop(ctx))
	})
	t.Run("not for ever", func(t *testing.T) {
		ending, end := context.WithCancel(ctx)
		end()
		b := newBench(t, t.TempDir()+"/vedette.db")
		b.Worker.client = &lateClient{Client: b.Worker.client, refusals: 1 << 30}
		if err := b.Start(ending); err == nil {
			t.Error("started")
		}
	})
}
