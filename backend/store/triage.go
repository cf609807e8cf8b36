package store

import (
	"database/sql"
	"math"
	"strconv"
	"time"

	"vedette/backend/soc"
)

const triageColumns = `SELECT id, workspace_id, incident_id, state, playbook, playbook_version, engine, forced, requester, evidence_version, severity, verdict, reason, confidence, category,
reasoning, evidence_ids, flags, actions, held, hold_reasons, result, error_code, error_message, investigation_id, created_at, started_at, finished_at, fence, lease_expires_at,
(SELECT score FROM investigation WHERE investigation.id = triage.investigation_id) FROM triage`

func scanTriage(r row) (soc.Triage, error) {
	var t soc.Triage
	var confidence, evidence, flags, actions, holds, result string
	var created, started, finished, lease int64
	var score sql.NullInt64
	err := r.Scan(&t.ID, &t.Workspace, &t.Incident, &t.State, &t.Playbook, &t.PlaybookVersion, &t.Engine, &t.Force, &t.Requester, &t.EvidenceVersion, &t.Severity, &t.Verdict, &t.Reason, &confidence, &t.Category,
		&t.Reasoning, &evidence, &flags, &actions, &t.Held, &holds, &result, &t.ErrorCode, &t.ErrorMessage, &t.Investigation, &created, &started, &finished, &t.Fence, &lease, &score)
	if err != nil {
		return t, err
	}
	if score.Valid {
		n := int(score.Int64)
		t.Score = &n
	}
	t.Confidence, _ = strconv.ParseFloat(confidence, 64)
	t.Result = []byte(result)
	t.CreatedAt, t.StartedAt, t.FinishedAt, t.LeaseExpires = fromMicros(created), fromMicros(started), fromMicros(finished), fromMicros(lease)
	return t, decodeAll(evidence, &t.EvidenceIDs, flags, &t.Flags, actions, &t.Actions, holds, &t.HoldReasons)
}

// Triage finds a triage by its handle.
func (r *Reader) Triage(workspace, id string) (soc.Triage, bool, error) {
	return one(r, scanTriage, triageColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// LastTriage is the newest finished triage of an incident, nil for none.
func (r *Reader) LastTriage(workspace, incident string) (*soc.Triage, error) {
	t, found, err := one(r, scanTriage, triageColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND finished_at > 0 ORDER BY created_at DESC, id DESC LIMIT 1`, workspace, incident)
	if err != nil || !found {
		return nil, err
	}
	return &t, nil
}

// LastFloor returns the newest finished triage of the deterministic engine.
func (r *Reader) LastFloor(workspace, incident string) (*soc.Triage, error) {
	t, found, err := one(r, scanTriage, triageColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND finished_at > 0 AND engine = 'deterministic' AND result <> '' ORDER BY created_at DESC, id DESC LIMIT 1`, workspace, incident)
	if err != nil || !found {
		return nil, err
	}
	return &t, nil
}

// Triages lists the triages of an incident, newest first, behind a position or
// so many rows in.
func (r *Reader) Triages(workspace, incident string, after *soc.Keyset, offset, limit int) ([]soc.Triage, error) {
	last, id := int64(math.MaxInt64), ""
	if after != nil {
		last, _ = strconv.ParseInt(after.Value, 10, 64)
		id = after.ID
	}
	return all(r, scanTriage, triageColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6`,
		workspace, incident, last, id, limit, offset)
}

// TriagePosition is the keyset position behind a triage of Triages.
func TriagePosition(t soc.Triage) *soc.Keyset {
	return &soc.Keyset{Value: strconv.FormatInt(micros(t.CreatedAt), 10), ID: t.ID}
}

// CountTriages counts the triages of an incident, up to a limit.
func (r *Reader) CountTriages(workspace, incident string, limit int) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM triage WHERE incident_id = $2 AND workspace_id = $1 LIMIT $3) t`, workspace, incident, limit).Scan(&n)
	return n, failure(err)
}

// OpenTriage is the triage of an incident that waits or runs, if there is one.
func (r *Reader) OpenTriage(workspace, incident string) (soc.Triage, bool, error) {
	return one(r, scanTriage, triageColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND state IN ('Queued', 'Leased', 'Investigating', 'Submitting')`, workspace, incident)
}

// TriageByInvestigation is the triage that made an investigation.
func (r *Reader) TriageByInvestigation(workspace, incident, investigation string) (soc.Triage, bool, error) {
	return one(r, scanTriage, triageColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND investigation_id = $3`, workspace, incident, investigation)
}

// InsertTriage adds a triage.
func (tx *Tx) InsertTriage(t soc.Triage) error {
	return tx.insert(`INSERT INTO triage (id, workspace_id, incident_id, state, playbook, playbook_version, engine, forced, requester, evidence_version, severity, verdict, reason, confidence,
category, reasoning, evidence_ids, flags, actions, held, hold_reasons, result, error_code, error_message, investigation_id, created_at, started_at, finished_at, fence, lease_expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)`,
		t.ID, t.Workspace, t.Incident, string(t.State), t.Playbook, t.PlaybookVersion, t.Engine, t.Force, t.Requester, t.EvidenceVersion, string(t.Severity), string(t.Verdict), t.Reason, confidence(t.Confidence),
		t.Category, t.Reasoning, list(t.EvidenceIDs), list(t.Flags), list(t.Actions), t.Held, list(t.HoldReasons), string(t.Result), string(t.ErrorCode), t.ErrorMessage, t.Investigation,
		micros(t.CreatedAt), micros(t.StartedAt), micros(t.FinishedAt), t.Fence, micros(t.LeaseExpires))
}

// UpdateTriage stores the state and result of a triage if nobody else took its
// lease, and raises the fence. It reports false when the lease was lost.
func (tx *Tx) UpdateTriage(t soc.Triage) (soc.Triage, bool, error) {
	n, err := tx.update(`UPDATE triage SET state = $3, engine = $4, evidence_version = $5, severity = $6, verdict = $7, reason = $8, confidence = $9, category = $10, reasoning = $11,
evidence_ids = $12, flags = $13, actions = $14, held = $15, hold_reasons = $16, result = $17, error_code = $18, error_message = $19, investigation_id = $20,
started_at = $21, finished_at = $22, lease_expires_at = $23, fence = $24 WHERE id = $2 AND workspace_id = $1 AND fence = $25`,
		t.Workspace, t.ID, string(t.State), t.Engine, t.EvidenceVersion, string(t.Severity), string(t.Verdict), t.Reason, confidence(t.Confidence), t.Category, t.Reasoning,
		list(t.EvidenceIDs), list(t.Flags), list(t.Actions), t.Held, list(t.HoldReasons), string(t.Result), string(t.ErrorCode), t.ErrorMessage, t.Investigation,
		micros(t.StartedAt), micros(t.FinishedAt), micros(t.LeaseExpires), t.Fence+1, t.Fence)
	t.Fence++
	return t, n == 1, err
}

// confidence is stored as text: REAL rounds differently on the two engines.
func confidence(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// DueTriages lists, over the whole installation, the triages that wait since
// before a time or whose lease ran out.
func (r *Reader) DueTriages(createdBefore, now time.Time, limit int) ([]soc.TriageJob, error) {
	return all(r, func(x row) (soc.TriageJob, error) {
		var j soc.TriageJob
		err := x.Scan(&j.Workspace, &j.Triage)
		return j, err
	}, `SELECT workspace_id, id FROM triage WHERE state IN ('Queued', 'Leased', 'Investigating', 'Submitting')
AND ((state = 'Queued' AND created_at < $1) OR (state <> 'Queued' AND lease_expires_at < $2)) LIMIT $3`, micros(createdBefore), micros(now), limit)
}
