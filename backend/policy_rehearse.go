package backend

import (
	"context"
	"reflect"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// SimulatePolicy answers which gamebooks of a window a proposed policy would
// have decided otherwise, by the gate that decided them; nothing is in force
// afterwards (S29).
func (d *Desk) SimulatePolicy(ctx context.Context, by soc.Actor, in soc.PolicyProposal) (out soc.SimulatedPolicy, err error) {
	const event = "policy_simulated"
	if err = by.May(soc.ScopeOpsRead, soc.RoleManager); err == nil {
		err = d.mayWrite()
	}
	if in.Window == 0 {
		in.Window = soc.DefaultRehearsal
	}
	if err == nil && (in.Window < time.Hour || in.Window > soc.MaxRehearsal) {
		err = soc.InvalidField("window", "Must be one hour to 30 days, such as PT12H or P7D.")
	}
	if err == nil {
		err = d.store.View(ctx, func(r *store.Reader) error {
			out, err = d.simulatePolicy(r, by.Workspace, in)
			return err
		})
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			e := d.entry(by, event)
			e.PolicyVersion = out.Version
			_, e.After = sides(out.Diff)
			tx.Audit(e)
			return d.settleIdempotency(tx, by, out)
		})
	}
	if err != nil {
		return soc.SimulatedPolicy{}, d.refused(ctx, by, event, err, nil)
	}
	return out, nil
}

func (d *Desk) simulatePolicy(r *store.Reader, workspace string, in soc.PolicyProposal) (out soc.SimulatedPolicy, err error) {
	now, err := r.Policy(workspace)
	if err != nil {
		return out, err
	}
	if !now.PolicyLoaded || !now.ProtectedLoaded {
		return out, soc.PolicyDamaged(now.Faults)
	}
	before := now.Document()
	after, err := in.Edit(before)
	if err != nil {
		return out, err
	}
	after = adopted(before, after)
	if err := d.fillIDs(&after); err != nil {
		return out, err
	}
	if err := after.Check(); err != nil {
		return out, err
	}
	if err := d.rulesCompiled(after.Rules); err != nil {
		return out, err
	}
	until := d.clock()
	out.Version, out.Diff = now.Version, soc.DiffPolicy(before, after)
	out.Rehearsal, err = d.rehearse(r, now, after.Facts(workspace, now.Version), until.Add(-in.Window), until)
	return out, err
}

// effectOf is what a change would have decided otherwise in the week before it
// was asked for, against the version it was asked of; nil where that is gone.
func (d *Desk) effectOf(r *store.Reader, c soc.PolicyChange) (*soc.PolicyRehearsal, error) {
	base, found, err := r.PolicyVersion(c.Workspace, c.BaseVersion)
	if err != nil || !found {
		return nil, err
	}
	before, after := base.Document.Facts(c.Workspace, c.BaseVersion), c.Proposed.Facts(c.Workspace, c.BaseVersion)
	effect, err := d.rehearse(r, before, after, c.RequestedAt.Add(-soc.DefaultRehearsal), c.RequestedAt)
	return &effect, err
}

// rehearse judges the gamebooks of a window, newest first, under two policies on
// the facts recorded with each. What the protected lists say is not recorded as
// such but of each target, so it is asked anew where the lists differ.
func (d *Desk) rehearse(r *store.Reader, before, after soc.PolicyFacts, since, until time.Time) (out soc.PolicyRehearsal, err error) {
	out.Since, out.Until = since, until
	rows, err := r.RecordedGamebooks(before.Workspace, since, until, soc.MaxRehearsed+1)
	if err != nil {
		return out, err
	}
	if out.Capped = len(rows) > soc.MaxRehearsed; out.Capped {
		rows = rows[:soc.MaxRehearsed]
	}
	listed := !reflect.DeepEqual(protections(before), protections(after))
	for _, row := range rows {
		record, err := soc.ParseGateRecord(row.Facts)
		if err != nil {
			return out, soc.Errorf(soc.Internal, soc.CodeInternalError, "The stored facts cannot be read.").WithCause(err)
		}
		if record.Input.Release { // decided with the step it undoes
			continue
		}
		now, would := record.Input, record.Input
		if listed {
			if now.Steps, err = d.protectedSteps(r, before, row, now.Steps); err == nil {
				would.Steps, err = d.protectedSteps(r, after, row, would.Steps)
			}
			if err != nil {
				return out, err
			}
		}
		out.Add(row, d.judgeUnder(before, now), d.judgeUnder(after, would))
	}
	return out, nil
}

// judgeUnder asks the gate as a submit would have been answered.
func (d *Desk) judgeUnder(p soc.PolicyFacts, in soc.GateInput) soc.GateResult {
	in.Phase, in.Approvals = soc.PhaseSimulate, nil
	return soc.Gate(d.conditions.judge(p, p.Govern(in)))
}

func protections(p soc.PolicyFacts) map[string]string {
	list := map[string]string{}
	for _, e := range p.Protected {
		list[e.Kind+"\x00"+e.Value] = e.Mode
	}
	return list
}

// protectedSteps are the steps of a gamebook with what a list says of their
// targets, under every name that resolves to the same thing.
func (d *Desk) protectedSteps(r *store.Reader, p soc.PolicyFacts, row soc.RecordedGamebook, steps []soc.GateStep) ([]soc.GateStep, error) {
	i, found, err := r.Incident(p.Workspace, row.Incident)
	if err != nil || !found {
		return steps, err
	}
	stored, err := r.Steps(p.Workspace, row.ID)
	if err != nil || len(stored) != len(steps) {
		return steps, err
	}
	reading := &gateReading{desk: d, reader: r, incident: i, policy: p}
	out := make([]soc.GateStep, len(steps))
	for n, s := range stored {
		out[n] = steps[n]
		entity, found, err := r.Entity(p.Workspace, row.Incident, s.Entity)
		if err != nil {
			return nil, err
		}
		known, offered := d.catalogue.Lookup(s.Playbook)
		if !found || !offered {
			continue
		}
		planned := plannedStep{playbook: known, entity: entity, connector: s.Connector, nativeID: s.NativeID}
		reading.weigh(&planned)
		out[n].Protection = planned.protection
	}
	return out, nil
}
