package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ExplainGamebook says how a gamebook was decided, with every fact of that
// moment, and how the same gate decides it in a phase now. It changes nothing.
func (d *Desk) ExplainGamebook(ctx context.Context, by soc.Actor, id string, phase soc.Phase) (out soc.Explanation, err error) {
	if err := mayReadOps(by); err != nil {
		return out, err
	}
	if !soc.CheckID(soc.PrefixGamebook, id) {
		return out, soc.NotFoundf("There is no such gamebook.")
	}
	if phase == "" || phase == soc.PhaseSubmit {
		phase = soc.PhaseExplain // what submit would be answered
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		g, found, err := r.Gamebook(by.Workspace, id)
		if err != nil {
			return err
		}
		if !found {
			return soc.NotFoundf("There is no such gamebook.")
		}
		m, err := d.readMatter(r, g)
		if err != nil {
			return err
		}
		approvals, _ := m.approvals()
		in, _, err := m.ask(phase, approvals)
		out = soc.Explanation{
			Gamebook: g.ID, Recorded: soc.Judge(m.record.Input, g.PolicyVersion), Now: soc.Judge(in, m.reading.policy.Version),
		}
		return err
	})
	return out, err
}

// SimulateGamebook answers what a submit would be answered, by the same
// resolution and the same gate, and dispatches nothing (S29). Without a word
// about who asks, it is the caller's own submit.
func (d *Desk) SimulateGamebook(ctx context.Context, by soc.Actor, in soc.SimulateGamebook) (out soc.Simulation, err error) {
	const event = "gamebook_simulated"
	if err = by.May(soc.ScopeOpsRead, soc.RoleAnalyst); err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = checkSubmit(in.Submit)
	}
	marker := d.killFileStands()
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			out, err = d.simulate(tx, by, in, marker)
			return err
		})
	}
	if err != nil {
		return soc.Simulation{}, d.refused(ctx, by, event, err, nil)
	}
	return out, nil
}

func (d *Desk) simulate(tx *store.Tx, by soc.Actor, in soc.SimulateGamebook, marker bool) (out soc.Simulation, err error) {
	incident, err := d.incident(&tx.Reader, by, in.Submit.Incident)
	if err != nil {
		return out, err
	}
	reading, err := d.readGate(&tx.Reader, incident, marker)
	if err != nil {
		return out, err
	}
	steps, report, err := reading.plan(in.Submit.IncidentNumber, in.Submit.Steps)
	if err != nil {
		return out, err
	}
	question := asked(by, in)
	question.entries, question.steps = report, steps
	input, err := reading.input(question)
	if err != nil {
		return out, err
	}
	out.Judged, out.Report = soc.Judge(input, reading.policy.Version), report
	for _, s := range steps {
		out.Targets = append(out.Targets, soc.SimulatedTarget{
			Playbook: s.playbook.ID, Entity: s.entity.ID, Kind: s.entity.Kind, Connector: s.connector, Protection: s.protection, Conflicts: s.conflicts,
		})
	}
	e := d.entry(by, "gamebook_simulated")
	e.Incident, e.Code, e.Rules, e.PolicyVersion = incident.ID, out.Result.Code, ruleIDs(out.Result.Rules), out.PolicyVersion
	tx.Audit(e)
	return out, d.settleIdempotency(tx, by, out)
}

// asked is the question of the submit that is simulated: the caller's own, or
// that of another kind of principal with a run as described.
func asked(by soc.Actor, in soc.SimulateGamebook) gateQuestion {
	q := gateQuestion{
		phase: soc.PhaseSimulate, requester: by.ID, claim: in.Submit.Trigger,
		principal: soc.GatePrincipal{Kind: by.Kind, Role: askingRole(by), Suspended: by.Suspended},
	}
	if in.Kind != "" {
		q.principal, q.requester = soc.GatePrincipal{Kind: in.Kind, Role: by.Role}, ""
	}
	if in.Role != "" {
		q.principal.Role = in.Role
	}
	if q.principal.Kind == soc.PrincipalAgent || in.Taint != "" || in.Envelope != nil {
		q.run = &soc.GateRun{Trigger: soc.TriggerOnQueue, Taint: soc.MaxTaint(in.Taint, soc.TaintClean)}
	}
	if in.Envelope != nil {
		q.run.TokenValid, q.run.Trigger = true, soc.TriggerInvestigateAndRespond
		q.run.Envelope, q.run.EnvelopeEntities = *in.Envelope, in.EnvelopeEntities
	}
	return q
}

// ListBreakers lists the populations whose breaker is open.
func (d *Desk) ListBreakers(ctx context.Context, by soc.Actor) ([]soc.OpenBreaker, error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	return d.store.Read(ctx).Breakers(by.Workspace)
}

// CloseBreaker closes the breaker of a population, which takes a person: a
// manager, freshly signed in. Closing a closed one changes nothing.
func (d *Desk) CloseBreaker(ctx context.Context, by soc.Actor, population soc.EntityKind, reason string) (open []soc.OpenBreaker, err error) {
	const event = "breaker_closed"
	if err = d.mayFresh(by); err == nil {
		err = by.May("", soc.RoleManager)
	}
	if err == nil && !slices.Contains(populationKinds, population) {
		err = soc.InvalidField("population", "must be account or host")
	}
	if err == nil {
		err = checkReason(reason)
	}
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			if err := d.unlocked(tx, by.Workspace); err != nil {
				return err
			}
			closed, err := tx.CloseBreaker(by.Workspace, population)
			if err != nil {
				return err
			}
			if closed {
				e := d.entry(by, event)
				e.Target, e.Detail = string(population), auditDetail("reason", reason)
				tx.Audit(e)
			}
			if open, err = tx.Breakers(by.Workspace); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, open)
		})
	}
	if err != nil {
		return nil, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(string(population)) })
	}
	return open, nil
}
