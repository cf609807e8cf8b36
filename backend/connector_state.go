package backend

import (
	"context"
	"maps"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// EnableConnector puts a connector in force. It takes two people: the first is
// remembered, another one puts it in force (S60) and has to name the version that
// was read, so that nothing is changed in between. A first person who may not do
// it any more does not count. The host's word is enough.
func (d *Desk) EnableConnector(ctx context.Context, by soc.Actor, id string, match soc.IfMatch, reason string) (soc.ConnectorView, error) {
	return d.switchConnector(ctx, by, connectorChange{id: id, event: "connector_enabled", scope: soc.ScopeOpsDraft, least: soc.RoleAdmin, fresh: by.Session}, reason,
		func(tx *store.Tx, c soc.Connector) (soc.Connector, error) {
			if err := match.Check(c.Version); err != nil {
				return c, err
			}
			counts, err := mayPropose(tx, c)
			if err != nil {
				return c, err
			}
			switch {
			case c.State == soc.ConnectorEnabled:
				return c, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The connector is in force already.")
			case by.Kind == soc.PrincipalHost:
				c.State, c.ProposedBy = soc.ConnectorEnabled, ""
			case !by.Session:
				c.State, c.ProposedBy = soc.ConnectorProposed, ""
			case c.State == soc.ConnectorProposed && c.ProposedBy == by.ID:
				return c, soc.Errorf(soc.Conflict, soc.CodeConflict, "You asked for this yourself; another person has to put the connector in force.").
					WithFix("Ask another admin.")
			case c.State == soc.ConnectorProposed && counts && (!match.Given || match.Any):
				return c, soc.InvalidField("If-Match", "must name the version that was read, as the second of two people")
			case c.State == soc.ConnectorProposed && counts:
				c.State, c.ProposedBy = soc.ConnectorEnabled, ""
			default:
				c.State, c.ProposedBy = soc.ConnectorProposed, by.ID
			}
			return c, nil
		})
}

// mayPropose reports whether the person who asked to put a connector in force
// still counts as the first of two.
func mayPropose(tx *store.Tx, c soc.Connector) (bool, error) {
	if c.ProposedBy == "" {
		return false, nil
	}
	first, found, err := tx.Person(c.ProposedBy)
	if err != nil || !found || first.Disabled {
		return false, err
	}
	return first.OrganizationAdmin || first.Grants[c.Workspace].AtLeast(soc.RoleAdmin), nil
}

// DisableConnector takes a connector out of force at once. Steps under way end
// as they end; later ones fail.
func (d *Desk) DisableConnector(ctx context.Context, by soc.Actor, id, reason string) (soc.ConnectorView, error) {
	return d.switchConnector(ctx, by, connectorChange{id: id, event: "connector_disabled", scope: soc.ScopeOpsTighten, least: soc.RoleManager}, reason,
		func(_ *store.Tx, c soc.Connector) (soc.Connector, error) {
			if c.State == soc.ConnectorDisabled {
				return c, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The connector is not in force already.")
			}
			c.State, c.ProposedBy = soc.ConnectorDisabled, ""
			return c, nil
		})
}

// DeleteConnector ends a connector and erases its secrets. While a gamebook
// holds a target of it, it stays: its steps have to be read back.
func (d *Desk) DeleteConnector(ctx context.Context, by soc.Actor, id, reason string) error {
	_, err := d.switchConnector(ctx, by, connectorChange{id: id, event: "connector_deleted", scope: soc.ScopeOpsTighten, least: soc.RoleAdmin}, reason,
		func(tx *store.Tx, c soc.Connector) (soc.Connector, error) {
			busy, err := tx.ConnectorBusy(c.Workspace, c.ID)
			if err == nil && busy {
				err = soc.Errorf(soc.Conflict, soc.CodeConflict, "Steps through the connector are not finished.").WithFix("Disable it, wait for them, and delete it then.")
			}
			if err != nil {
				return c, err
			}
			c.State, c.ProposedBy, c.DeletedAt = soc.ConnectorDisabled, "", d.clock()
			return c, tx.EraseConnectorSecrets(c.Workspace, c.ID)
		})
	return err
}

func (d *Desk) switchConnector(ctx context.Context, by soc.Actor, what connectorChange, reason string, change func(*store.Tx, soc.Connector) (soc.Connector, error)) (soc.ConnectorView, error) {
	return d.changeConnector(ctx, by, what, func(tx *store.Tx) (soc.Connector, error) {
		c, err := connectorOf(&tx.Reader, by, what.id)
		if err != nil {
			return c, err
		}
		if c, err = change(tx, c); err != nil {
			return c, err
		}
		c.Reason, c.UpdatedAt = reason, d.clock()
		return tx.UpdateConnector(c)
	})
}

// SetConnectorSecrets seals and stores secrets; "" removes one. No operation
// reads them back. They go to the connector's own host only, so one person may.
func (d *Desk) SetConnectorSecrets(ctx context.Context, by soc.Actor, id string, secrets map[string]string) (soc.ConnectorView, error) {
	return d.changeConnector(ctx, by, connectorChange{id: id, event: "connector_secret_set", least: soc.RoleAdmin, fresh: true}, func(tx *store.Tx) (soc.Connector, error) {
		if !by.Session && by.Kind != soc.PrincipalHost {
			return soc.Connector{}, soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "Secrets are set by a person, signed in.").WithFix("Sign in as an admin.")
		}
		c, err := connectorOf(&tx.Reader, by, id)
		if err != nil {
			return c, err
		}
		if d.secrets == nil || d.products.CheckSecrets == nil {
			return c, errNoSecretKey()
		}
		if len(secrets) == 0 {
			return c, soc.InvalidField("secrets", "must hold at least one")
		}
		if err := d.products.CheckSecrets(c.Kind, secrets); err != nil {
			return c, err
		}
		now := d.clock()
		for _, name := range slices.Sorted(maps.Keys(secrets)) {
			sealed, err := d.secrets.Seal(purposeConnector+name, c.ID, secrets[name])
			if err != nil {
				return c, err
			}
			if err := tx.SetConnectorSecret(soc.ConnectorSecret{Workspace: c.Workspace, Connector: c.ID, Name: name, Sealed: sealed, SetAt: now}); err != nil {
				return c, err
			}
		}
		c.UpdatedAt = now
		return tx.UpdateConnector(c)
	})
}

// CheckConnector asks the product how it is, by reading only: what works and
// which permission is missing. It takes at most 25 s. A connector that is not
// in force can be checked too.
func (d *Desk) CheckConnector(ctx context.Context, by soc.Actor, id string) (found soc.ConnectorCheck, err error) {
	if err := mayConfigure(by, soc.ScopeOpsRead, soc.RoleManager); err != nil {
		return found, d.refused(ctx, by, "connector_checked", err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	c, err := connectorOf(d.store.Read(ctx), by, id)
	var secrets map[string]string
	if err == nil {
		secrets, err = d.connectorSecrets(ctx, c)
	}
	if err == nil && d.products.Check == nil {
		err = soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "This process calls no products.").WithFix("Send the request to the server.")
	}
	if err != nil {
		return found, d.refused(ctx, by, "connector_checked", err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	asking, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if found, err = d.products.Check(asking, c, secrets); err != nil {
		return found, d.refused(ctx, by, "connector_checked", err, func(e *soc.AuditEntry) { e.Target = c.ID })
	}
	return found, d.write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, "connector_checked")
		e.Target = c.ID
		if !found.OK() {
			e.Decision = "failing"
		}
		tx.Audit(e)
		return d.settleIdempotency(tx, by, found)
	})
}

// connectorSecrets opens the secrets of a connector, by name.
func (d *Desk) connectorSecrets(ctx context.Context, c soc.Connector) (map[string]string, error) {
	if d.secrets == nil {
		return nil, errNoSecretKey()
	}
	sealed, err := d.store.Read(ctx).ConnectorSecrets(c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	open := map[string]string{}
	for _, s := range sealed {
		if open[s.Name], err = d.secrets.Open(purposeConnector+s.Name, c.ID, s.Sealed); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// ConnectorsInForce are the connectors of all workspaces that are in force, each
// with its secrets in clear, for the process that calls the products. One whose
// secrets do not open is left out with its error. stamp differs from known where
// something changed; where nothing did, nothing is read.
func (d *Desk) ConnectorsInForce(ctx context.Context, known int64, use func(c soc.Connector, secrets map[string]string, err error)) (stamp int64, err error) {
	r := d.store.Read(ctx)
	if stamp, err = r.ConnectorStamp(); err != nil || stamp == known {
		return stamp, err
	}
	all, err := r.EnabledConnectors()
	if err != nil {
		return known, err
	}
	for _, c := range all {
		secrets, err := d.connectorSecrets(ctx, c)
		use(c, secrets, err)
	}
	return stamp, nil
}
