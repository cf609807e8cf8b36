package store

import (
	"time"

	"vedette/backend/soc"
)

const gamebookColumns = `SELECT id, workspace_id, incident_id, version, status, needs_approval, auto_run, queue_reasons, class, impact, need_count, need_roles,
policy_version, nonce, digest, canonical, plan_hash, requested_by, requested_kind, requested_name, requested_owner, run_id, started_by, claimed_trigger,
effective_trigger, taint, rationale, flags, rules, world, facts, requested_at, approval_expires_at, execution_window, execution_expires_at, approved_at,
started_at, finished_at, notices_sent, deny_reason, original_gamebook, recover, fence, lease, lease_expires_at FROM gamebook`

func scanGamebook(r row) (soc.Gamebook, error) {
	var g soc.Gamebook
	var reasons, roles, flags, rules string
	var requested, approval, window, execution, approved, started, finished, lease int64
	err := r.Scan(&g.ID, &g.Workspace, &g.Incident, &g.Version, &g.Status, &g.NeedsApproval, &g.AutoRun, &reasons, &g.Class, &g.Impact, &g.Need.Count, &roles,
		&g.PolicyVersion, &g.Nonce, &g.Digest, &g.Canonical, &g.PlanHash, &g.RequestedBy, &g.RequestedKind, &g.RequestedName, &g.RequestedOwner, &g.Run, &g.StartedBy, &g.ClaimedTrigger,
		&g.EffectiveTrigger, &g.Taint, &g.Rationale, &flags, &rules, &g.World, &g.Facts, &requested, &approval, &window, &execution, &approved,
		&started, &finished, &g.NoticesSent, &g.DenyReason, &g.OriginalGamebook, &g.Recover, &g.Fence, &g.Lease, &lease)
	if err != nil {
		return g, err
	}
	g.RequestedAt, g.ApprovalExpiresAt, g.ExecutionExpires = fromMicros(requested), fromMicros(approval), fromMicros(execution)
	g.ApprovedAt, g.StartedAt, g.FinishedAt = fromMicros(approved), fromMicros(started), fromMicros(finished)
	g.LeaseExpires = fromMicros(lease)
	g.ExecutionWindow = time.Duration(window) * time.Microsecond
	return g, decodeAll(reasons, &g.QueueReasons, roles, &g.Need.Roles, flags, &g.Flags, rules, &g.Rules)
}

// Gamebook finds a gamebook with its steps and approvals.
func (r *Reader) Gamebook(workspace, id string) (soc.Gamebook, bool, error) {
	g, found, err := one(r, scanGamebook, gamebookColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
	if err != nil || !found {
		return g, found, err
	}
	if g.Steps, err = r.Steps(workspace, id); err != nil {
		return g, false, err
	}
	g.Approvals, err = r.Approvals(id)
	return g, err == nil, err
}

// LockGamebook is Gamebook for a transaction that will change it: on
// PostgreSQL other replicas wait for the row, SQLite has one writer anyway.
func (tx *Tx) LockGamebook(workspace, id string) (soc.Gamebook, bool, error) {
	if tx.dialect == postgresDialect {
		if _, err := tx.update(`SELECT 1 FROM gamebook WHERE id = $2 AND workspace_id = $1 FOR UPDATE`, workspace, id); err != nil {
			return soc.Gamebook{}, false, err
		}
	}
	return tx.Gamebook(workspace, id)
}

// IncidentGamebooks lists the gamebooks of an incident with their steps,
// newest request first.
func (r *Reader) IncidentGamebooks(workspace, incident string, limit int) ([]soc.Gamebook, error) {
	found, err := all(r, scanGamebook, gamebookColumns+` WHERE incident_id = $2 AND workspace_id = $1 ORDER BY requested_at DESC, id DESC LIMIT $3`, workspace, incident, limit)
	if err != nil {
		return nil, err
	}
	for n := range found {
		if found[n].Steps, err = r.Steps(workspace, found[n].ID); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// LastStartedGamebook is the gamebook of an incident that started last.
func (r *Reader) LastStartedGamebook(workspace, incident string) (soc.Gamebook, bool, error) {
	id, found, err := one(r, scanString, `SELECT id FROM gamebook WHERE incident_id = $2 AND workspace_id = $1 AND started_at > 0 ORDER BY started_at DESC, id DESC LIMIT 1`, workspace, incident)
	if err != nil || !found {
		return soc.Gamebook{}, false, err
	}
	return r.Gamebook(workspace, id)
}

// OpenGamebookByPlan finds the unfinished gamebook with the same step set.
func (r *Reader) OpenGamebookByPlan(workspace, incident, planHash string) (soc.Gamebook, bool, error) {
	return one(r, scanGamebook, gamebookColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND plan_hash = $3 AND status IN ('Queued', 'Running')`, workspace, incident, planHash)
}

// OpenGamebooks counts the unfinished gamebooks of an incident.
func (r *Reader) OpenGamebooks(workspace, incident string) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM gamebook WHERE incident_id = $2 AND workspace_id = $1 AND status IN ('Queued', 'Running')`, workspace, incident).Scan(&n)
	return n, failure(err)
}

// OpenWork lists unfinished gamebooks of the whole installation, oldest clock
// first, for the worker: (workspace, gamebook) pairs.
func (r *Reader) OpenWork(limit int) ([]soc.Gamebook, error) {
	return all(r, scanGamebook, gamebookColumns+` WHERE status IN ('Queued', 'Running') ORDER BY approval_expires_at, id LIMIT $1`, limit)
}

// InsertGamebook adds a gamebook with its steps.
func (tx *Tx) InsertGamebook(g soc.Gamebook) error {
	err := tx.insert(`INSERT INTO gamebook (id, workspace_id, incident_id, version, status, needs_approval, auto_run, queue_reasons, class, impact, need_count, need_roles,
policy_version, nonce, digest, canonical, plan_hash, requested_by, requested_kind, requested_name, requested_owner, run_id, started_by, claimed_trigger,
effective_trigger, taint, rationale, flags, rules, world, facts, requested_at, approval_expires_at, execution_window, execution_expires_at, approved_at,
started_at, finished_at, notices_sent, deny_reason, original_gamebook, recover, fence, lease, lease_expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
$31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45)`,
		g.ID, g.Workspace, g.Incident, g.Version, string(g.Status), g.NeedsApproval, g.AutoRun, list(g.QueueReasons), string(g.Class), string(g.Impact), g.Need.Count, list(g.Need.Roles),
		g.PolicyVersion, g.Nonce, g.Digest, g.Canonical, g.PlanHash, g.RequestedBy, string(g.RequestedKind), g.RequestedName, g.RequestedOwner, g.Run, g.StartedBy, string(g.ClaimedTrigger),
		string(g.EffectiveTrigger), string(g.Taint), g.Rationale, list(g.Flags), list(g.Rules), g.World, g.Facts, micros(g.RequestedAt), micros(g.ApprovalExpiresAt), g.ExecutionWindow.Microseconds(), micros(g.ExecutionExpires), micros(g.ApprovedAt),
		micros(g.StartedAt), micros(g.FinishedAt), g.NoticesSent, g.DenyReason, g.OriginalGamebook, g.Recover, g.Fence, g.Lease, micros(g.LeaseExpires))
	if err != nil {
		return err
	}
	for n, s := range g.Steps {
		if err := tx.insertStep(s, n+1); err != nil {
			return err
		}
	}
	return nil
}

// UpdateGamebook stores the members that change over a gamebook's life, and
// raises the fence: a worker that read before this lost the row.
func (tx *Tx) UpdateGamebook(g soc.Gamebook) (soc.Gamebook, error) {
	n, err := tx.update(`UPDATE gamebook SET version = $3, status = $4, needs_approval = $5, auto_run = $6, queue_reasons = $7, need_count = $8, need_roles = $9,
policy_version = $10, nonce = $11, digest = $12, canonical = $13, rules = $14, world = $15, facts = $16, approval_expires_at = $17, execution_expires_at = $18,
approved_at = $19, started_at = $20, finished_at = $21, notices_sent = $22, deny_reason = $23, fence = $24, lease = $26, lease_expires_at = $27, class = $28, impact = $29
WHERE id = $2 AND workspace_id = $1 AND fence = $25`,
		g.Workspace, g.ID, g.Version, string(g.Status), g.NeedsApproval, g.AutoRun, list(g.QueueReasons), g.Need.Count, list(g.Need.Roles),
		g.PolicyVersion, g.Nonce, g.Digest, g.Canonical, list(g.Rules), g.World, g.Facts, micros(g.ApprovalExpiresAt), micros(g.ExecutionExpires),
		micros(g.ApprovedAt), micros(g.StartedAt), micros(g.FinishedAt), g.NoticesSent, g.DenyReason, g.Fence+1, g.Fence, g.Lease, micros(g.LeaseExpires), string(g.Class), string(g.Impact))
	if err != nil {
		return g, err
	}
	if n != 1 {
		return g, unavailableError(errStaleRow)
	}
	g.Fence++
	return g, nil
}
