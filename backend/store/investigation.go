package store

import (
	"database/sql"

	"vedette/backend/soc"
)

const investigationColumns = `SELECT id, workspace_id, incident_id, run_id, by_id, by_kind, by_name, engine, requested, requested_reason, verdict, reason, reason_comment,
normalised, score, comment, cited, held, hold_reasons, state, previous_status, new_status, timeline, citations, tool_calls, gamebooks, sops, at, closes, root_cause, duplicate, duplicate_of FROM investigation`

func scanInvestigation(r row) (soc.Investigation, error) {
	var i soc.Investigation
	var score sql.NullInt64
	var cited, holds, timeline, citations, calls, gamebooks, sops string
	var at int64
	err := r.Scan(&i.ID, &i.Workspace, &i.Incident, &i.Run, &i.By, &i.ByKind, &i.ByName, &i.Engine, &i.Requested, &i.RequestedReason, &i.Verdict, &i.Reason, &i.ReasonComment,
		&i.Normalised, &score, &i.Comment, &cited, &i.Held, &holds, &i.State, &i.Previous, &i.New, &timeline, &citations, &calls, &gamebooks, &sops, &at, &i.Closes, &i.RootCause, &i.Duplicate, &i.DuplicateOf)
	if err != nil {
		return i, err
	}
	if score.Valid {
		n := int(score.Int64)
		i.Score = &n
	}
	i.ToolCalls, i.At = []byte(calls), fromMicros(at)
	return i, decodeAll(cited, &i.Cited, holds, &i.HoldReasons, timeline, &i.Timeline, citations, &i.Citations, gamebooks, &i.Gamebooks, sops, &i.SOPs)
}

// Investigation finds an investigation by id.
func (r *Reader) Investigation(workspace, id string) (soc.Investigation, bool, error) {
	return one(r, scanInvestigation, investigationColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// LastInvestigation is the newest investigation of an incident, nil for none.
func (r *Reader) LastInvestigation(workspace, incident string) (*soc.Investigation, error) {
	i, found, err := one(r, scanInvestigation, investigationColumns+` WHERE incident_id = $2 AND workspace_id = $1 ORDER BY at DESC, id DESC LIMIT 1`, workspace, incident)
	if err != nil || !found {
		return nil, err
	}
	return &i, nil
}

// InvestigationByFingerprint finds the investigation that the same run already
// submitted word for word.
func (r *Reader) InvestigationByFingerprint(workspace, incident, run, fingerprint string) (soc.Investigation, bool, error) {
	return one(r, scanInvestigation, investigationColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND run_id = $3 AND fingerprint = $4 AND fingerprint <> '' ORDER BY at LIMIT 1`, workspace, incident, run, fingerprint)
}

// InsertInvestigation adds an investigation; fingerprint identifies an
// agent's submission, empty for the built-in triage.
func (tx *Tx) InsertInvestigation(i soc.Investigation, fingerprint string) error {
	calls := string(i.ToolCalls)
	if calls == "" {
		calls = "[]"
	}
	return tx.insert(`INSERT INTO investigation (id, workspace_id, incident_id, run_id, by_id, by_kind, by_name, engine, requested, requested_reason, verdict, reason,
reason_comment, normalised, score, comment, cited, held, hold_reasons, state, previous_status, new_status, timeline, citations, tool_calls, gamebooks, sops, at, fingerprint,
closes, root_cause, duplicate, duplicate_of)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)`,
		i.ID, i.Workspace, i.Incident, i.Run, i.By, string(i.ByKind), i.ByName, i.Engine, i.Requested, i.RequestedReason, string(i.Verdict), i.Reason,
		i.ReasonComment, i.Normalised, i.Score, i.Comment, list(i.Cited), i.Held, list(i.HoldReasons), i.State, string(i.Previous), string(i.New),
		text(i.Timeline), text(i.Citations), calls, list(i.Gamebooks), list(i.SOPs), micros(i.At), fingerprint, i.Closes, i.RootCause, i.Duplicate, i.DuplicateOf)
}

// SetInvestigationState moves an investigation from one state to another and
// reports whether it was in the first.
func (tx *Tx) SetInvestigationState(workspace, id, from, to string) (bool, error) {
	n, err := tx.update(`UPDATE investigation SET state = $4 WHERE id = $2 AND workspace_id = $1 AND state = $3`, workspace, id, from, to)
	return n == 1, err
}
