package store

import (
	"vedette/backend/soc"
)

const versionColumns = `SELECT workspace_id, version, at, event, target, by_kind, by_id, by_name, confirmed, reason, direction, diff`

// scanVersion reads a version without its document.
func scanVersion(r row) (soc.PolicyVersion, error) {
	var v soc.PolicyVersion
	return v, scanVersionInto(r, &v)
}

func scanVersionInto(r row, v *soc.PolicyVersion, more ...any) error {
	var at int64
	var confirmed, diff string
	dest := append([]any{
		&v.Workspace, &v.Version, &at, &v.Event, &v.Target, &v.ByKind, &v.By, &v.ByName, &confirmed, &v.Reason, &v.Direction, &diff,
	}, more...)
	if err := r.Scan(dest...); err != nil {
		return err
	}
	v.At = fromMicros(at)
	if err := decode(confirmed, &v.Confirmed); err != nil {
		return err
	}
	return decode(diff, &v.Diff)
}

// PolicyVersions lists versions below `before` (0: all), newest first, without
// their documents.
func (r *Reader) PolicyVersions(workspace string, before int64, limit int) ([]soc.PolicyVersion, error) {
	return all(r, scanVersion, versionColumns+` FROM policy_version WHERE workspace_id = $1 AND ($2 = 0 OR version < $2) ORDER BY version DESC LIMIT $3`, workspace, before, limit)
}

// PolicyVersion finds one version with its document. A document that does not
// have its hash, or does not parse, is a conflict: nobody restores it.
func (r *Reader) PolicyVersion(workspace string, version int64) (soc.PolicyVersion, bool, error) {
	var record string
	v, found, err := one(r, func(x row) (soc.PolicyVersion, error) {
		var v soc.PolicyVersion
		err := scanVersionInto(x, &v, &record, &v.Hash)
		return v, err
	}, versionColumns+`, document, hash FROM policy_version WHERE workspace_id = $1 AND version = $2`, workspace, version)
	if err != nil || !found {
		return v, found, err
	}
	damaged := policyRow{key: "", record: record, hash: v.Hash}.open("document", workspace, &v.Document)
	if damaged != nil {
		return v, true, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The stored version is damaged: %s.", damaged).WithFix("Use another version.")
	}
	return v, true, nil
}

// InsertPolicyVersion keeps a version. Its hash is made here.
func (tx *Tx) InsertPolicyVersion(v soc.PolicyVersion) error {
	record := text(v.Document)
	return tx.insert(`INSERT INTO policy_version (workspace_id, version, at, event, target, by_kind, by_id, by_name, confirmed, reason, direction, diff, document, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		v.Workspace, v.Version, micros(v.At), v.Event, v.Target, string(v.ByKind), v.By, v.ByName, list(v.Confirmed), v.Reason,
		string(v.Direction), list(v.Diff), record, policyHash("document", v.Workspace, "", record))
}

// LockPolicy lets one transaction at a time change the policy of a workspace.
// SQLite has one writer anyway.
func (tx *Tx) LockPolicy(workspace string) error {
	if tx.dialect != postgresDialect {
		return nil
	}
	_, err := tx.update(`SELECT pg_advisory_xact_lock(hashtextextended('vedette policy ' || $1, 0))`, workspace)
	return err
}

// SavePolicy stores every part of a policy. The caller checked it and raises
// the version.
func (tx *Tx) SavePolicy(p soc.PolicyFacts) error {
	for _, severity := range soc.AllSeverities {
		s := p.Settings[severity]
		s.Workspace, s.Severity = p.Workspace, severity
		if err := tx.SaveSettings(s); err != nil {
			return err
		}
	}
	if err := tx.SaveLimits(p.Workspace, p.Limits); err != nil {
		return err
	}
	if err := tx.SaveRules(p.Workspace, p.Rules); err != nil {
		return err
	}
	return tx.SaveProtected(p.Workspace, p.Protected)
}
