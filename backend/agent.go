package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

func (d *Desk) insertAgent(tx *store.Tx, by soc.Actor, organization, name, description string) (soc.Agent, error) {
	id, err := d.newUUID()
	if err != nil {
		return soc.Agent{}, err
	}
	agent := soc.Agent{ID: id, Organization: organization, Name: name, Description: description, CreatedAt: d.clock()}
	e := d.entry(by, "agent_created")
	e.Target = id
	tx.Audit(e)
	return agent, tx.InsertAgent(agent)
}

// RecordRefusal puts on record that a door said no before any operation ran:
// by is the zero Actor where nobody was authenticated. A hard refusal of an
// agent counts towards its containment.
func (d *Desk) RecordRefusal(ctx context.Context, by soc.Actor, call soc.Call, failure *soc.Error) error {
	by.Call = call
	event := "authentication_refused"
	if by.Kind != "" {
		event = "call_refused"
	}
	return d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		e := d.entry(by, event)
		e.Decision, e.Code = "refused", failure.Code
		tx.Audit(e)
		return d.contain(tx, by, failure.Code)
	})
}

// contain counts a hard refusal of an agent and suspends its identity when
// there were too many in the workspace's period (S63): all its keys then
// answer 403 until a person lifts it.
func (d *Desk) contain(tx *store.Tx, by soc.Actor, code soc.Code) error {
	if by.Kind != soc.PrincipalAgent || by.Suspended || !soc.CountsForContainment(code) {
		return nil
	}
	limits, loaded, err := tx.Limits(by.Workspace)
	if err != nil {
		return err
	}
	if !loaded { // damaged limits contain no less than the shipped ones
		limits = soc.ShippedLimits()
	}
	id, err := d.newUUID()
	if err != nil {
		return err
	}
	now := d.clock()
	since := now.Add(-time.Duration(limits.ContainmentMinutes) * time.Minute)
	refusals, err := tx.AddRefusal(by.ID, id, code, now, since)
	if err != nil || refusals < limits.ContainmentRefusals {
		return err
	}
	suspended, err := tx.SuspendAgent(by.ID, "containment", "too many refused requests", now)
	if err != nil || !suspended {
		return err
	}
	e := d.entry(soc.Actor{Kind: soc.PrincipalSystem, ID: "containment", Workspace: by.Workspace, Call: by.Call}, "agent_suspended")
	e.Target, e.Code = by.ID, soc.CodeAgentSuspended
	tx.Audit(e)
	return nil
}

// SuspendAgent stops an agent identity at once: an analyst, or a key that may
// tighten.
func (d *Desk) SuspendAgent(ctx context.Context, by soc.Actor, id, reason string) (soc.AgentRecord, error) {
	return d.changeAgent(ctx, by, "agent_suspended", id, reason, func() error {
		if !by.Session && by.Kind != soc.PrincipalHost {
			return by.May(soc.ScopeOpsTighten, soc.RoleNone)
		}
		return by.May("", soc.RoleAnalyst)
	}, func(tx *store.Tx) error {
		_, err := tx.SuspendAgent(id, by.ID, reason, d.clock())
		return err
	})
}

// UnsuspendAgent lifts a suspension and sets the counter of refusals to zero:
// one senior in person, freshly signed in (S63).
func (d *Desk) UnsuspendAgent(ctx context.Context, by soc.Actor, id, reason string) (soc.AgentRecord, error) {
	return d.changeAgent(ctx, by, "agent_unsuspended", id, reason, func() error {
		if by.Kind == soc.PrincipalHost {
			return nil
		}
		if err := d.mayFresh(by); err != nil {
			return err
		}
		return by.May("", soc.RoleSenior)
	}, func(tx *store.Tx) error {
		_, err := tx.UnsuspendAgent(id)
		return err
	})
}

func (d *Desk) changeAgent(ctx context.Context, by soc.Actor, event, id, reason string, may func() error, change func(*store.Tx) error) (after soc.AgentRecord, err error) {
	err = may()
	if err == nil && (reason == "" || len(reason) > 1000) {
		err = soc.InvalidField("reason", "Must be 1 to 1000 bytes.")
	}
	if err == nil {
		err = d.store.Write(ctx, func(tx *store.Tx) error {
			if _, err := d.agentRecord(&tx.Reader, by, id); err != nil {
				return err
			}
			e := d.entry(by, event)
			e.Target, e.Detail = id, auditDetail("reason", reason)
			tx.Audit(e)
			if err := change(tx); err != nil {
				return err
			}
			if after, err = d.agentRecord(&tx.Reader, by, id); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, after)
		})
	}
	if err != nil {
		return soc.AgentRecord{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = id })
	}
	return after, nil
}
