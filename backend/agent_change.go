package backend

import (
	"context"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// agentDescriptionBytes bounds what people say an agent is for.
const agentDescriptionBytes = 1000

// CreateAgent makes an agent identity of the organization, by an admin in
// person. It can do nothing before a key of it is made.
func (d *Desk) CreateAgent(ctx context.Context, by soc.Actor, in soc.AgentWords) (made soc.AgentRecord, err error) {
	const event = "agent_created"
	if err = d.mayDescribeAgent(by, in); err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			agent, err := d.insertAgent(tx, by, by.Organization, in.Name, in.Description)
			if err != nil {
				return err
			}
			made = soc.AgentRecord{Agent: agent}
			return d.settleIdempotency(tx, by, made)
		})
	}
	if err != nil {
		return soc.AgentRecord{}, d.refused(ctx, by, event, err, nil)
	}
	return made, nil
}

// ChangeAgent names and describes an agent anew, by an admin in person. What it
// may do and what it did stay with its id.
func (d *Desk) ChangeAgent(ctx context.Context, by soc.Actor, id string, in soc.AgentWords) (after soc.AgentRecord, err error) {
	const event = "agent_changed"
	if err = d.mayDescribeAgent(by, in); err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			before, err := d.agentRecord(&tx.Reader, by, id)
			if err != nil {
				return err
			}
			e := d.entry(by, event)
			e.Target, e.Before, e.After = id, before.Agent.Name, in.Name
			e.Detail = auditDetail("description", in.Description)
			tx.Audit(e)
			if err := tx.DescribeAgent(before.Agent.Organization, id, in.Name, in.Description); err != nil {
				return err
			}
			if after, err = d.agentRecord(&tx.Reader, by, id); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, after)
		})
	}
	if err != nil {
		return soc.AgentRecord{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return after, nil
}

func (d *Desk) mayDescribeAgent(by soc.Actor, in soc.AgentWords) error {
	if err := mayAdminister(by, by.Organization); err != nil {
		return err
	}
	if err := d.mayWrite(); err != nil {
		return err
	}
	if err := checkName("name", in.Name); err != nil {
		return err
	}
	if len(in.Description) > agentDescriptionBytes || strings.ContainsRune(in.Description, 0) {
		return soc.InvalidField("description", "must be at most %d bytes of text", agentDescriptionBytes)
	}
	return nil
}
