package backend

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// slaOf are the targets of a workspace.
func slaOf(r *store.Reader, workspace string) (soc.SLA, error) {
	set, err := r.SLA(workspace)
	return soc.ShippedSLA().With(set), err
}

// GetSLA returns the targets of the workspace.
func (d *Desk) GetSLA(ctx context.Context, by soc.Actor) (soc.SLA, error) {
	if err := by.May(soc.ScopeCasesRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	return slaOf(d.store.Read(ctx), by.Workspace)
}

// SetSLA sets targets of the workspace; severities that are left out keep
// theirs. Open cases are measured by the new ones from then on; a breach that
// was told of stays told.
func (d *Desk) SetSLA(ctx context.Context, by soc.Actor, set soc.SLA) (out soc.SLA, err error) {
	err = by.May(soc.ScopeCasesRead, soc.RoleManager)
	if err == nil && by.Kind == soc.PrincipalAgent {
		err = soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent never sets targets.")
	}
	if err != nil {
		return nil, d.refused(ctx, by, "sla_changed", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return nil, err
	}
	for severity, times := range set {
		for _, target := range soc.AllSLATargets {
			if t := times.Of(target); t < 0 || t > soc.MaxSLA {
				return nil, soc.InvalidField(string(severity)+"."+string(target), "must be 0 (none) to %d seconds", int64(soc.MaxSLA.Seconds()))
			}
		}
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		if err := d.unlocked(tx, by.Workspace); err != nil {
			return err
		}
		before, err := slaOf(&tx.Reader, by.Workspace)
		if err != nil {
			return err
		}
		for _, severity := range soc.AllSeverities {
			if times, given := set[severity]; given {
				if err := tx.SetSLA(by.Workspace, severity, times); err != nil {
					return err
				}
			}
		}
		if out, err = slaOf(&tx.Reader, by.Workspace); err != nil {
			return err
		}
		e := d.entry(by, "sla_changed")
		e.Before, e.After = slaText(before), slaText(out)
		tx.Audit(e)
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return nil, d.refused(ctx, by, "sla_changed", err, nil)
	}
	return out, d.lookAgain(ctx, by.Workspace)
}

// lookAgain has the open cases of a workspace looked at anew, a page to a
// transaction. What a crash leaves undone is looked at when it was due before.
func (d *Desk) lookAgain(ctx context.Context, workspace string) error {
	for after, more := "", true; more; more = after != "" {
		err := d.store.Write(ctx, func(tx *store.Tx) (err error) {
			after, err = tx.LookAgain(workspace, after, slaPage)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func slaText(s soc.SLA) string {
	text, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(text)
}

// slaPage is how many cases one transaction of the watch looks at.
const slaPage = 100

// WatchSLA looks at the cases whose targets may have run out and tells of each
// breach once: one entry of the timeline and one event. It reads what is due
// from an index, so that it costs what is due and not what there is; what it
// found stands in the same transaction, so that a restart tells nothing twice.
// The worker asks every few seconds.
func (d *Desk) WatchSLA(ctx context.Context) error {
	for ctx.Err() == nil {
		due, err := d.store.Read(ctx).DueClocks(d.clock(), slaPage)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := d.store.Write(ctx, func(tx *store.Tx) error { return d.lookAtClocks(tx, due) }); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) lookAtClocks(tx *store.Tx, due []soc.IncidentClock) error {
	targets := map[string]soc.SLA{}
	for _, found := range due {
		if _, known := targets[found.Workspace]; !known {
			set, err := slaOf(&tx.Reader, found.Workspace)
			if err != nil {
				return err
			}
			targets[found.Workspace] = set
		}
		if err := d.lookAtClock(tx, found, targets[found.Workspace]); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) lookAtClock(tx *store.Tx, found soc.IncidentClock, targets soc.SLA) error {
	c, err := tx.Clock(found.Workspace, found.Incident)
	if err != nil {
		return err
	}
	i, exists, err := tx.Incident(c.Workspace, c.Incident)
	if err != nil || c.Incident == "" {
		return err
	}
	missed, next := targets.Look(i, c, d.clock())
	if !exists {
		missed, next = nil, time.Time{} // deleted: never again
	}
	by := soc.Actor{Kind: soc.PrincipalSystem, ID: "clock", Workspace: c.Workspace, Call: soc.Call{Door: "worker"}}
	for _, target := range slices.Clone(missed) {
		c = c.Miss(target)
		e := d.entry(by, "sla_breached")
		e.Incident, e.Target = c.Incident, string(target)
		tx.Audit(e)
		event := caused(by, soc.NewEvent(soc.EventCaseSLABreached, i, i.ID+"\x00"+string(target)))
		event.Facts.Target, event.Facts.Verdict = string(target), i.Verdict
		if err := d.announce(tx, event); err != nil {
			return err
		}
	}
	return tx.SetClock(c, next)
}
