package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// GetOverview tells how the work of the workspace stands now, and how it went
// in the window that ends now: one of soc.OverviewWindows.
func (d *Desk) GetOverview(ctx context.Context, by soc.Actor, window time.Duration) (o soc.WorkspaceOverview, err error) {
	if err := mayReadOps(by); err != nil {
		return o, err
	}
	if !slices.Contains(soc.OverviewWindows, window) {
		return o, soc.InvalidField("window", "must be a day, seven days or thirty")
	}
	now := d.clock()
	o.From, o.To, o.Limit = now.Add(-window), now, store.FigureLimit
	err = d.store.View(ctx, func(r *store.Reader) error {
		for _, part := range []func(*store.Reader, string, *soc.WorkspaceOverview) error{overviewOfQueues, overviewOfSeverities, overviewOfWindow} {
			if err := part(r, by.Workspace, &o); err != nil {
				return err
			}
		}
		return nil
	})
	return o, err
}

// overviewOfQueues fills in what waits.
func overviewOfQueues(r *store.Reader, workspace string, o *soc.WorkspaceOverview) (err error) {
	if o.Approvals, o.NextExpiry, err = r.ApprovalsWaiting(workspace); err != nil {
		return err
	}
	o.Triages, err = r.TriagesOpen(workspace)
	return err
}

// overviewOfSeverities fills in the incidents: those open from kept counts.
func overviewOfSeverities(r *store.Reader, workspace string, o *soc.WorkspaceOverview) error {
	tallies, err := r.Tallies(workspace)
	if err != nil {
		return err
	}
	held, waiting, err := r.HeldCounts(workspace)
	if err != nil {
		return err
	}
	o.Held = waiting
	oldest, err := r.OldestNew(workspace)
	if err != nil {
		return err
	}
	goals, err := slaOf(r, workspace)
	if err != nil {
		return err
	}
	for _, severity := range slices.Backward(soc.AllSeverities) {
		s := soc.OverviewSeverity{Severity: severity, Held: held[severity], OldestNew: oldest[severity], TriageGoal: goals[severity].Triage}
		for _, t := range tallies {
			switch {
			case t.SeverityRank != severity.Rank() || t.Status == soc.StatusClosed:
			case t.Status == soc.StatusNew:
				s.New += t.N
			default:
				s.Working += t.N
			}
		}
		o.Severities = append(o.Severities, s)
	}
	return nil
}

// overviewOfWindow fills in what happened since From.
func overviewOfWindow(r *store.Reader, workspace string, o *soc.WorkspaceOverview) (err error) {
	if o.Verdicts, err = r.ProposedVerdicts(workspace, o.From); err != nil {
		return err
	}
	triage, err := r.TriageTimes(workspace, o.From)
	if err != nil {
		return err
	}
	contain, err := r.ContainTimes(workspace, o.From)
	if err != nil {
		return err
	}
	for i, s := range o.Severities {
		o.Severities[i].Triage, o.Severities[i].Contain = soc.SpreadOf(triage[s.Severity]), soc.SpreadOf(contain[s.Severity])
	}
	hours, err := r.Received(workspace, o.From.Truncate(24*time.Hour))
	o.Received = inStretches(hours, o.From, o.To)
	return err
}

// inStretches sums hours up into stretches without gaps: hours of a day's
// window, days of a longer one.
func inStretches(hours []soc.ReceivedCount, from, to time.Time) []soc.ReceivedCount {
	stretch := 24 * time.Hour
	if to.Sub(from) <= stretch {
		stretch = time.Hour
	}
	var out []soc.ReceivedCount
	for at := from.Truncate(stretch); !at.After(to); at = at.Add(stretch) {
		sum := soc.ReceivedCount{At: at}
		for len(hours) > 0 && hours[0].At.Before(at.Add(stretch)) {
			sum.Received, sum.Rejected, hours = sum.Received+hours[0].Received, sum.Rejected+hours[0].Rejected, hours[1:]
		}
		out = append(out, sum)
	}
	return out
}
