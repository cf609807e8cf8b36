package backend

import (
	"context"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ListAgents lists the agent identities that have a key, live or ended, of the
// caller's workspace, oldest first; an admin also sees those without any key.
func (d *Desk) ListAgents(ctx context.Context, by soc.Actor) (records []soc.AgentRecord, err error) {
	if err := mayReadOps(by); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		agents, err := r.Agents(by.Organization)
		if err != nil {
			return err
		}
		for _, agent := range agents {
			record, err := d.agentRecord(r, by, agent.ID)
			if soc.KindOf(err) == soc.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			records = append(records, record)
		}
		return nil
	})
	return records, err
}

// agentRecord reads an agent for a caller: one without a key of the caller's
// workspace is nobody there. One that has no key at all belongs to no workspace
// yet and is known to the admins of its organization.
func (d *Desk) agentRecord(r *store.Reader, by soc.Actor, id string) (record soc.AgentRecord, err error) {
	unknown := soc.NotFoundf("There is no such agent.")
	var found bool
	if record.Agent, found, err = r.Agent(by.Organization, id); err != nil {
		return record, err
	}
	if !found {
		return record, unknown
	}
	keys, err := r.Credentials(record.Agent.Organization)
	if err != nil {
		return record, err
	}
	here, keyless := by.Kind == soc.PrincipalHost, true
	for _, key := range keys {
		if key.Agent != id {
			continue
		}
		keyless = false
		here = here || slices.Contains(key.Workspaces, by.Workspace)
		if key.RevokedAt.IsZero() && (key.ExpiresAt.IsZero() || d.clock().Before(key.ExpiresAt)) {
			record.Keys = append(record.Keys, key)
		}
	}
	if !here && (!keyless || mayAdminister(by, record.Agent.Organization) != nil) {
		return soc.AgentRecord{}, unknown
	}
	minutes := soc.ShippedLimits().ContainmentMinutes
	if limits, loaded, err := r.Limits(by.Workspace); err != nil {
		return record, err
	} else if loaded && by.Workspace != "" {
		minutes = limits.ContainmentMinutes
	}
	record.Refusals, err = r.Refusals(id, d.clock().Add(-time.Duration(minutes)*time.Minute))
	return record, err
}
