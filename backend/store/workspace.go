package store

import (
	"vedette/backend/soc"
)

const workspaceColumns = `SELECT id, organization_id, name, locked, legal_hold, incident_serial, policy_version, created_at FROM workspace`

func scanWorkspace(r row) (soc.Workspace, error) {
	var w soc.Workspace
	var created int64
	err := r.Scan(&w.ID, &w.Organization, &w.Name, &w.Locked, &w.LegalHold, &w.IncidentSerial, &w.PolicyVersion, &created)
	w.CreatedAt = fromMicros(created)
	return w, err
}

// Workspace finds a workspace by id.
func (r *Reader) Workspace(id string) (soc.Workspace, bool, error) {
	return one(r, scanWorkspace, workspaceColumns+` WHERE id = $1`, id)
}

// Workspaces lists the workspaces of an organization; an empty organization
// lists all and is for the host only.
func (r *Reader) Workspaces(organization string) ([]soc.Workspace, error) {
	return all(r, scanWorkspace, workspaceColumns+` WHERE $1 = '' OR organization_id = $1 ORDER BY created_at, id`, organization)
}

// InsertOrganization adds an organization.
func (tx *Tx) InsertOrganization(o soc.Organization) error {
	return tx.insert(`INSERT INTO organization (id, name, second_factor_roles, created_at) VALUES ($1, $2, $3, $4)`,
		o.ID, o.Name, list(o.SecondFactorRoles), micros(o.CreatedAt))
}

const organizationColumns = `SELECT id, name, second_factor_roles, created_at FROM organization`

func scanOrganization(r row) (soc.Organization, error) {
	var o soc.Organization
	var roles string
	var created int64
	if err := r.Scan(&o.ID, &o.Name, &roles, &created); err != nil {
		return o, err
	}
	o.CreatedAt = fromMicros(created)
	return o, decode(roles, &o.SecondFactorRoles)
}

// Organizations lists the organizations of the installation, for the host.
func (r *Reader) Organizations() ([]soc.Organization, error) {
	return all(r, scanOrganization, organizationColumns+` ORDER BY created_at, id`)
}

// Organization finds an organization by id.
func (r *Reader) Organization(id string) (soc.Organization, bool, error) {
	return one(r, scanOrganization, organizationColumns+` WHERE id = $1`, id)
}

// SetOrganization stores the name of an organization and which roles have to
// have a second factor.
func (tx *Tx) SetOrganization(o soc.Organization) error {
	return tx.insert(`UPDATE organization SET name = $2, second_factor_roles = $3 WHERE id = $1`, o.ID, o.Name, list(o.SecondFactorRoles))
}

// InsertWorkspace adds a workspace.
func (tx *Tx) InsertWorkspace(w soc.Workspace) error {
	return tx.insert(`INSERT INTO workspace (id, organization_id, name, locked, legal_hold, incident_serial, policy_version, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, w.ID, w.Organization, w.Name, w.Locked, w.LegalHold, w.IncidentSerial, w.PolicyVersion, micros(w.CreatedAt))
}

// SetWorkspaceHolds stores whether a workspace is locked and held.
func (tx *Tx) SetWorkspaceHolds(workspace string, locked, legalHold bool) error {
	return tx.insert(`UPDATE workspace SET locked = $2, legal_hold = $3 WHERE id = $1`, workspace, locked, legalHold)
}

// NextIncidentNumber takes the next n incident numbers of a workspace and
// returns the first. Numbers are never reused, even when the write fails.
func (tx *Tx) NextIncidentNumber(workspace string, n int) (int64, error) {
	var last int64
	err := tx.q.queryRow(tx.ctx, `UPDATE workspace SET incident_serial = incident_serial + $2 WHERE id = $1 RETURNING incident_serial`, workspace, n).Scan(&last)
	return last - int64(n) + 1, failure(err)
}

// RaisePolicyVersion gives the workspace's policy a new version.
func (tx *Tx) RaisePolicyVersion(workspace string) (int64, error) {
	var version int64
	err := tx.q.queryRow(tx.ctx, `UPDATE workspace SET policy_version = policy_version + 1 WHERE id = $1 RETURNING policy_version`, workspace).Scan(&version)
	return version, failure(err)
}

// insert runs a statement whose result nobody needs.
func (tx *Tx) insert(text string, args ...any) error {
	return failure(tx.q.deferExec(tx.ctx, text, args...))
}

// update runs a statement and returns how many rows it changed.
func (tx *Tx) update(text string, args ...any) (int64, error) {
	n, err := tx.q.exec(tx.ctx, text, args...)
	return n, failure(err)
}
