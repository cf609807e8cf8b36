package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// releaseLife is how long the first of two people waits for the second.
const releaseLife = 30 * time.Minute

// EngageKillSwitch stops what may act: an analyst in person, a key that may
// tighten, the host, or the watch of the marker file. It is durable and every
// running gamebook it concerns is halted before it answers. Engaging an
// engaged switch changes nothing.
func (d *Desk) EngageKillSwitch(ctx context.Context, by soc.Actor, order soc.KillOrder) (k soc.KillSwitch, err error) {
	var halted []soc.Gamebook
	err = mayEngage(by)
	if err == nil {
		err = checkKillOrder(order)
	}
	if err == nil {
		err = d.store.Write(ctx, func(tx *store.Tx) error {
			k, halted, err = d.engage(tx, by, order)
			return err
		})
	}
	if err != nil {
		return soc.KillSwitch{}, d.refused(ctx, by, "kill_switch_engaged", err, func(e *soc.AuditEntry) { e.Target = order.Scope })
	}
	for _, g := range halted {
		d.wake(g)
	}
	return k, nil
}

func mayEngage(by soc.Actor) error {
	if by.Session || by.Kind == soc.PrincipalHost || by.Kind == soc.PrincipalSystem {
		return by.May("", soc.RoleAnalyst)
	}
	return by.May(soc.ScopeOpsTighten, soc.RoleNone)
}

func checkKillOrder(order soc.KillOrder) error {
	if !slices.Contains(soc.AllKillScopes, order.Scope) {
		return soc.InvalidField("scope", "must be global, workspace or agent")
	}
	if (order.ID == "") != (order.Scope == soc.KillGlobal) {
		return soc.InvalidField("id", "must be null for global, else the workspace or agent")
	}
	if order.Reason == "" || len(order.Reason) > 1000 {
		return soc.InvalidField("reason", "must be 1 to 1000 bytes")
	}
	return nil
}

// place resolves whom an order is about. What the caller may not see is not
// found.
func (d *Desk) place(r *store.Reader, by soc.Actor, order soc.KillOrder) (soc.KillSwitch, error) {
	k := soc.KillSwitch{Scope: order.Scope, ID: order.ID, Organization: by.Organization}
	local := by.Kind == soc.PrincipalHost || by.Kind == soc.PrincipalSystem
	switch order.Scope {
	case soc.KillGlobal:
		k.ID = by.Organization
		if local {
			k.ID, k.Organization = "", ""
		}
		return k, nil
	case soc.KillWorkspace:
		w, found, err := r.Workspace(order.ID)
		if err != nil {
			return k, err
		}
		if !found || !local && w.Organization != by.Organization {
			return k, soc.NotFoundf("There is no such workspace.")
		}
		k.Organization = w.Organization
		if local || w.ID == by.Workspace {
			return k, nil
		}
		in, err := by.InWorkspace(&w)
		if err != nil {
			return k, err
		}
		return k, in.May("", soc.RoleAnalyst)
	}
	organization := by.Organization
	if local {
		organization = ""
	}
	agent, found, err := r.Agent(organization, order.ID)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such agent.")
	}
	k.Organization = agent.Organization
	return k, err
}

func (d *Desk) engage(tx *store.Tx, by soc.Actor, order soc.KillOrder) (soc.KillSwitch, []soc.Gamebook, error) {
	k, err := d.place(&tx.Reader, by, order)
	if err != nil {
		return k, nil, err
	}
	have, found, err := tx.KillSwitch(k.Scope, k.ID)
	if err != nil || found && have.Engaged {
		return have, nil, err
	}
	k.Engaged, k.Via, k.ByKind, k.By, k.Reason, k.At = true, order.Via, by.Kind, by.ID, order.Reason, d.clock()
	if err := tx.SaveKillSwitch(k); err != nil {
		return k, nil, err
	}
	concerned, err := tx.GamebooksToHalt(k)
	if err != nil {
		return k, nil, err
	}
	for i, g := range concerned {
		if concerned[i], err = d.halt(tx, g); err != nil {
			return k, nil, err
		}
		k.Halted = append(k.Halted, g.ID)
	}
	tx.Audit(d.killEntry(by, "kill_switch_engaged", k))
	return k, concerned, d.settleIdempotency(tx, by, k)
}

// halt stops one gamebook for good. A step that is under way is recorded when
// its answer comes.
func (d *Desk) halt(tx *store.Tx, g soc.Gamebook) (soc.Gamebook, error) {
	g, found, err := tx.LockGamebook(g.Workspace, g.ID)
	if err != nil || !found || g.Status.Ended() {
		return g, err
	}
	system := soc.Actor{Kind: soc.PrincipalSystem, ID: "kill-switch", Workspace: g.Workspace}
	return d.end(tx, system, g, soc.GamebookHalted, soc.CodeKillSwitchEngaged)
}

func (d *Desk) killEntry(by soc.Actor, event string, k soc.KillSwitch) soc.AuditEntry {
	e := d.entry(by, event)
	e.Target = k.Scope
	if k.ID != "" {
		e.Target += ":" + k.ID
	}
	e.Detail = auditDetail("reason", k.Reason)
	return e
}

// ReleaseKillSwitch is a release by one of two people, each freshly signed in:
// one manager or admin, the other at least senior (S33). released is false
// after the first. Nothing resumes by it.
func (d *Desk) ReleaseKillSwitch(ctx context.Context, by soc.Actor, order soc.KillOrder) (k soc.KillSwitch, released bool, err error) {
	marker := d.killFileStands()
	err = d.mayRelease(by)
	if err == nil {
		err = checkKillOrder(order)
	}
	if err == nil && marker && order.Scope == soc.KillGlobal {
		err = soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The marker file still stands on the server.").
			WithFix("Remove the file on the host, then release again.")
	}
	if err == nil {
		err = d.store.Write(ctx, func(tx *store.Tx) error {
			k, released, err = d.release(tx, by, order)
			return err
		})
	}
	if err != nil {
		return soc.KillSwitch{}, false, d.refused(ctx, by, "kill_switch_released", err, func(e *soc.AuditEntry) { e.Target = order.Scope })
	}
	return k, released, nil
}

func (d *Desk) mayRelease(by soc.Actor) error {
	if err := d.mayFresh(by); err != nil {
		return err
	}
	return by.May("", soc.RoleSenior)
}

func (d *Desk) release(tx *store.Tx, by soc.Actor, order soc.KillOrder) (soc.KillSwitch, bool, error) {
	k, err := d.place(&tx.Reader, by, order)
	if err != nil {
		return k, false, err
	}
	have, found, err := tx.KillSwitch(k.Scope, k.ID)
	if err == nil && k.Scope == soc.KillGlobal && (!found || !have.Engaged) {
		have, found, err = tx.KillSwitch(soc.KillGlobal, "") // the whole server's
	}
	if err != nil {
		return k, false, err
	}
	if !found || !have.Engaged {
		k.Reason = order.Reason
		return k, true, nil
	}
	second, err := releasingRole(&tx.Reader, have, by.ID)
	if err != nil {
		return have, false, err
	}
	if !second.AtLeast(soc.RoleSenior) {
		return have, false, soc.Errorf(soc.Denied, soc.CodeInsufficientWorkspaceRole, "This needs the role %s where the switch stops.", soc.RoleSenior).
			WithFix("A senior, manager or admin of what is stopped releases it.")
	}
	now := d.clock()
	first, standing, err := firstReleaser(tx, by, have, now)
	if err != nil {
		return have, false, err
	}
	enough := second.AtLeast(soc.RoleManager) || first.AtLeast(soc.RoleManager)
	if standing && enough {
		have.Engaged, have.ReleaseBy, have.ReleaseRole, have.ReleaseAt = false, "", "", time.Time{}
		e := d.killEntry(by, "kill_switch_released", have)
		tx.Audit(e)
		if err := tx.SaveKillSwitch(have); err != nil {
			return have, false, err
		}
		return have, true, d.settleIdempotency(tx, by, have)
	}
	have.ReleaseBy, have.ReleaseRole, have.ReleaseAt = by.ID, second, now
	tx.Audit(d.killEntry(by, "kill_switch_release_asked", have))
	if err := tx.SaveKillSwitch(have); err != nil {
		return have, false, err
	}
	return have, false, d.settleIdempotency(tx, by, have)
}

// ListKillSwitches lists the engaged switches that concern the caller.
func (d *Desk) ListKillSwitches(ctx context.Context, by soc.Actor) (switches []soc.KillSwitch, err error) {
	least := soc.RoleViewer
	if err := by.May("", least); err != nil {
		return nil, err
	}
	if !by.Session {
		if err := by.MayScope(soc.ScopeOpsRead); err != nil {
			return nil, err
		}
	}
	marker := d.killFileStands()
	err = d.store.View(ctx, func(r *store.Reader) error {
		if switches, err = r.KillSwitches(by.Organization); err != nil {
			return err
		}
		for i := range switches {
			if switches[i].Halted, err = r.HaltedSince(switches[i], 200); err != nil {
				return err
			}
			if switches[i].OverdueReverts, err = r.OverdueReverts(switches[i], d.clock(), 200); err != nil {
				return err
			}
			if now := d.clock(); now.Sub(switches[i].ReleaseAt) > releaseLife {
				switches[i].ReleaseBy = ""
			}
		}
		return nil
	})
	known := slices.ContainsFunc(switches, func(k soc.KillSwitch) bool { return k.Scope == soc.KillGlobal && k.ID == "" })
	if marker && !known { // the watch has not seen it yet
		switches = append(switches, soc.KillSwitch{Scope: soc.KillGlobal, Engaged: true, Via: "file", ByKind: soc.PrincipalHost, At: d.clock()})
	}
	return switches, err
}

// WatchKillFile engages the switch of the whole server when the marker file
// stands. The worker asks before it starts anything, and every second.
func (d *Desk) WatchKillFile(ctx context.Context) error {
	if !d.killFileStands() {
		return nil
	}
	by := soc.Actor{Kind: soc.PrincipalSystem, ID: "kill-file", Call: soc.Call{Door: "worker"}}
	_, err := d.EngageKillSwitch(ctx, by, soc.KillOrder{Scope: soc.KillGlobal, Reason: "The marker file stands on the server.", Via: "file"})
	return err
}
