package backend

import (
	"context"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// SwitchPlaybook switches a playbook of the workspace off, in force with the
// answer and at every door, or on again, which waits for a second person (S60).
// One that is as asked is left alone.
func (d *Desk) SwitchPlaybook(ctx context.Context, by soc.Actor, id string, on bool, reason string) (out soc.PlaybookOutcome, err error) {
	event := "playbook_disabled"
	if on {
		event = "playbook_enabled"
	}
	err = d.mayEdit(by, soc.PolicyEdit{})
	if n := utf8.RuneCountInString(reason); err == nil && (n == 0 || n > maxComment) {
		err = soc.InvalidField("reason", "must hold 1 to %d characters", maxComment)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			out, err = d.switchPlaybook(tx, by, event, id, on, reason)
			return err
		})
	}
	if err != nil {
		return soc.PlaybookOutcome{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return out, nil
}

func (d *Desk) switchPlaybook(tx *store.Tx, by soc.Actor, event, id string, on bool, reason string) (out soc.PlaybookOutcome, err error) {
	if err = tx.LockPolicy(by.Workspace); err != nil {
		return out, err
	}
	if err = d.unlocked(tx, by.Workspace); err != nil {
		return out, err
	}
	if out.Entry, err = d.entryOf(&tx.Reader, by.Workspace, id); err != nil {
		return out, err
	}
	diff := soc.DiffSwitch(id, on)
	if err = mayGo(by, soc.DirectionOf(diff)); err != nil {
		return out, err
	}
	if out.Entry.Enabled == on {
		return out, d.settleIdempotency(tx, by, out)
	}
	c := soc.PolicyChange{Workspace: by.Workspace, Kind: soc.PartCatalogue, Event: event, Target: id, Diff: diff, Reason: reason}
	if on && by.Kind != soc.PrincipalHost {
		out.Change, err = d.askChange(tx, by, d.counts(by), c)
	} else {
		out.Made = true
		if err = d.applySwitch(tx, by, c); err == nil {
			out.Entry, err = d.entryOf(&tx.Reader, by.Workspace, id)
		}
	}
	if err != nil {
		return out, err
	}
	return out, d.settleIdempotency(tx, by, out)
}

// applySwitch puts a change of a switch in force.
func (d *Desk) applySwitch(tx *store.Tx, by soc.Actor, c soc.PolicyChange) (err error) {
	if on, _ := c.Diff[0].To.(bool); on {
		err = tx.EnablePlaybook(c.Workspace, c.Target)
	} else {
		err = tx.DisablePlaybook(c.Workspace, c.Target, c.Reason)
	}
	if err != nil {
		return err
	}
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.Detail = c.Workspace, c.Target, c.Digest, auditDetail("reason", c.Reason)
	e.Before, e.After = sides(c.Diff)
	tx.Audit(e)
	return nil
}
