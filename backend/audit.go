package backend

import (
	"context"
	"encoding/json"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// VerifyAudit recomputes the hash chain of the record from a position on and
// checks that it holds the given checkpoints (S55): for the host, a manager in
// person, or a key that may read the audit. What it finds it tells; that it
// was asked is an entry of the record too.
func (d *Desk) VerifyAudit(ctx context.Context, by soc.Actor, from int64, checkpoints ...soc.AuditCheckpoint) (soc.AuditVerification, error) {
	if err := mayReadAudit(by); err != nil {
		return soc.AuditVerification{}, d.refused(ctx, by, "audit_verified", err, nil)
	}
	found, err := d.store.VerifyAudit(ctx, from, checkpoints...)
	if err != nil {
		return found, err
	}
	detail, err := json.Marshal(map[string]any{"ok": found.OK, "from": found.From, "to": found.To})
	if err != nil {
		return found, err
	}
	return found, d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, "audit_verified")
		e.Detail = string(detail)
		tx.Audit(e)
		return nil
	})
}

// auditPage is the most entries that one page of the record holds.
const auditPage = 500

// ListAudit lists entries of the actor's workspace, newest first; the host may
// leave the workspace out and sees the whole installation's.
func (d *Desk) ListAudit(ctx context.Context, by soc.Actor, f soc.AuditFilter) ([]soc.AuditEntry, error) {
	if err := mayReadAudit(by); err != nil {
		return nil, err
	}
	if f.Workspace = by.Workspace; f.Workspace == "" && by.Kind != soc.PrincipalHost {
		return nil, soc.InvalidField("workspace", "must name a workspace")
	}
	f.Limit = min(max(f.Limit, 1), auditPage)
	return d.store.Read(ctx).AuditEntries(f)
}

// mayReadAudit lets in the host, a manager or admin in person, and a key that
// may read the record (ops-api.md section 12).
func mayReadAudit(by soc.Actor) error {
	if !by.Session && by.Kind != soc.PrincipalHost {
		if err := by.MayScope(soc.ScopeAuditRead); err != nil {
			return err
		}
	}
	return by.May("", soc.RoleManager)
}
