package backend

import (
	"testing"
	"testing/quick"
	"time"

	"vedette/backend/soc"
)

// TestOverview: what waits for people is what the queues show, what is foreign
// is not counted, and a window that does not exist is refused.
func TestOverview(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		before, err := b.Desk.GetOverview(t.Context(), b.as("vw"), soc.OverviewWindows[0])
		b.must(err)
		g := b.queued(b.agent, "isolate_host", "host")
		o, err := b.Desk.GetOverview(t.Context(), b.as("vw"), soc.OverviewWindows[0])
		b.must(err)
		queue, err := b.Desk.ListApprovals(t.Context(), b.as("vw"), soc.ApprovalFilter{Limit: 10})
		b.must(err)
		if o.Approvals.N != before.Approvals.N+1 || o.Approvals.N != queue.Total || o.Approvals.Oldest.IsZero() || o.NextExpiry.IsZero() {
			t.Errorf("%+v after %s, the queue has %d", o.Approvals, g.ID, queue.Total)
		}
		if len(o.Severities) != len(soc.AllSeverities) || o.Severities[0].Severity != soc.SeverityCritical || o.Severities[1].Open() != 1 || o.Severities[1].TriageGoal <= 0 {
			t.Errorf("%+v", o.Severities)
		}
		if len(o.Received) < 24 {
			t.Errorf("%d hours", len(o.Received))
		}
		if _, err := b.Desk.GetOverview(t.Context(), b.as("vw"), time.Hour); soc.KindOf(err) != soc.Invalid {
			t.Errorf("a window that is none: %v", err)
		}
		if _, err := b.Desk.GetOverview(t.Context(), b.agent, soc.OverviewWindows[0]); soc.KindOf(err) != soc.Denied {
			t.Errorf("an agent: %v", err)
		}
		stranger := b.as("vw")
		stranger.Workspace = "another"
		if o, err := b.Desk.GetOverview(t.Context(), stranger, soc.OverviewWindows[0]); err != nil || o.Approvals.N != 0 || o.Severities[1].Open() != 0 {
			t.Errorf("another workspace: %+v %v", o, err)
		}
	})
}

// TestSpread: half of the durations are within the median, nine in ten within
// the other, and both are durations that there were.
func TestSpread(t *testing.T) {
	if err := quick.Check(func(of []time.Duration) bool {
		s, within := soc.SpreadOf(of), map[bool]int{}
		median, most := len(of) == 0, len(of) == 0
		for _, d := range of {
			if d <= s.Median {
				within[false]++
			}
			if d <= s.Most {
				within[true]++
			}
			median, most = median || d == s.Median, most || d == s.Most
		}
		return s.N == len(of) && median && most && 2*within[false] >= len(of) && 10*within[true] >= 9*len(of)
	}, nil); err != nil {
		t.Error(err)
	}
}
