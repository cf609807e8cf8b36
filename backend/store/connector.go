package store

import (
	"vedette/backend/soc"
)

const connectorColumns = `SELECT c.id, c.workspace_id, c.name, c.kind, c.base_url, c.settings, c.playbooks, c.rate_milli, c.burst, c.declaration, c.state, c.proposed_by, c.reason,
c.created_by, c.created_at, c.updated_at, c.deleted_at, c.version FROM connector c`

func scanConnector(r row) (soc.Connector, error) {
	var c soc.Connector
	var settings, playbooks string
	var created, updated, deleted int64
	err := r.Scan(&c.ID, &c.Workspace, &c.Name, &c.Kind, &c.BaseURL, &settings, &playbooks, &c.Rate, &c.Burst, &c.Declaration, &c.State, &c.ProposedBy, &c.Reason,
		&c.CreatedBy, &created, &updated, &deleted, &c.Version)
	if err != nil {
		return c, err
	}
	c.CreatedAt, c.UpdatedAt, c.DeletedAt = fromMicros(created), fromMicros(updated), fromMicros(deleted)
	if playbooks != "" {
		c.Playbooks = []string{}
	}
	return c, decodeAll(settings, &c.Settings, playbooks, &c.Playbooks)
}

// Connector finds a connector of a workspace; a deleted one is not there.
func (r *Reader) Connector(workspace, id string) (soc.Connector, bool, error) {
	return one(r, scanConnector, connectorColumns+` WHERE c.id = $2 AND c.workspace_id = $1 AND c.deleted_at = 0`, workspace, id)
}

// Connectors lists those of a workspace by name, at most soc.MaxConnectors.
func (r *Reader) Connectors(workspace string) ([]soc.Connector, error) {
	return all(r, scanConnector, connectorColumns+` WHERE c.workspace_id = $1 AND c.deleted_at = 0 ORDER BY c.name LIMIT $2`, workspace, soc.MaxConnectors)
}

// EnabledConnectors lists those in force, of all workspaces.
func (r *Reader) EnabledConnectors() ([]soc.Connector, error) {
	return all(r, scanConnector, connectorColumns+` WHERE c.state = 'enabled' AND c.deleted_at = 0 ORDER BY c.id`)
}

// ConnectorStamp is a number that differs whenever a connector changed: rows are
// never removed and versions only grow.
func (r *Reader) ConnectorStamp() (int64, error) {
	stamp, _, err := one(r, scanCount, `SELECT COALESCE(SUM(version), 0) + COUNT(*) FROM connector`)
	return stamp, err
}

// ConnectorSecrets lists the sealed secrets of a connector by name.
func (r *Reader) ConnectorSecrets(workspace, connector string) ([]soc.ConnectorSecret, error) {
	return all(r, func(x row) (soc.ConnectorSecret, error) {
		var s soc.ConnectorSecret
		var at int64
		err := x.Scan(&s.Workspace, &s.Connector, &s.Name, &s.Sealed, &at)
		s.SetAt = fromMicros(at)
		return s, err
	}, `SELECT workspace_id, connector_id, name, sealed, set_at FROM connector_secret WHERE workspace_id = $1 AND connector_id = $2 ORDER BY name`, workspace, connector)
}

// ConnectorBusy reports whether a gamebook holds a target of the connector.
func (r *Reader) ConnectorBusy(workspace, connector string) (bool, error) {
	_, busy, err := one(r, scanString, `SELECT gamebook_id FROM target_lock WHERE workspace_id = $1 AND connector_id = $2 LIMIT 1`, workspace, connector)
	return busy, err
}

// InsertConnector adds a connector.
func (tx *Tx) InsertConnector(c soc.Connector) error {
	return tx.insert(`INSERT INTO connector (id, workspace_id, name, kind, base_url, settings, playbooks, rate_milli, burst, declaration, state, proposed_by, reason,
created_by, created_at, updated_at, deleted_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		c.ID, c.Workspace, c.Name, c.Kind, c.BaseURL, text(c.Settings), narrowed(c.Playbooks), c.Rate, c.Burst, c.Declaration, string(c.State), c.ProposedBy, c.Reason,
		c.CreatedBy, micros(c.CreatedAt), micros(c.UpdatedAt), micros(c.DeletedAt), c.Version)
}

// UpdateConnector stores a connector as it was changed and raises its version.
func (tx *Tx) UpdateConnector(c soc.Connector) (soc.Connector, error) {
	c.Version++
	n, err := tx.update(`UPDATE connector SET name = $3, base_url = $4, settings = $5, playbooks = $6, rate_milli = $7, burst = $8, declaration = $9, state = $10,
proposed_by = $11, reason = $12, updated_at = $13, deleted_at = $14, version = $15 WHERE id = $2 AND workspace_id = $1 AND deleted_at = 0`,
		c.Workspace, c.ID, c.Name, c.BaseURL, text(c.Settings), narrowed(c.Playbooks), c.Rate, c.Burst, c.Declaration, string(c.State),
		c.ProposedBy, c.Reason, micros(c.UpdatedAt), micros(c.DeletedAt), c.Version)
	if err == nil && n == 0 {
		err = failure(errStaleRow)
	}
	return c, err
}

// SetConnectorSecret stores a sealed secret; one with nothing sealed is removed.
func (tx *Tx) SetConnectorSecret(s soc.ConnectorSecret) error {
	err := tx.insert(`DELETE FROM connector_secret WHERE workspace_id = $1 AND connector_id = $2 AND name = $3`, s.Workspace, s.Connector, s.Name)
	if err != nil || len(s.Sealed) == 0 {
		return err
	}
	return tx.insert(`INSERT INTO connector_secret (workspace_id, connector_id, name, sealed, set_at) VALUES ($1, $2, $3, $4, $5)`,
		s.Workspace, s.Connector, s.Name, s.Sealed, micros(s.SetAt))
}

// EraseConnectorSecrets removes all secrets of a connector.
func (tx *Tx) EraseConnectorSecrets(workspace, connector string) error {
	return tx.insert(`DELETE FROM connector_secret WHERE workspace_id = $1 AND connector_id = $2`, workspace, connector)
}

// narrowed is ” for nil, which leaves everything, and a list otherwise: one
// that is empty leaves nothing.
func narrowed(playbooks []string) string {
	if playbooks == nil {
		return ""
	}
	return text(playbooks)
}
