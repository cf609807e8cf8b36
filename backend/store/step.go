package store

import (
	"encoding/json"

	"vedette/backend/soc"
)

const stepColumns = `SELECT id, workspace_id, gamebook_id, ordinal, sequence, playbook_id, playbook_version, playbook_hash, entity_id, entity_kind, entity_name,
provenance, connector_id, native_id, parameters, status, idempotency_key, dispatched_at, finished_at, error, read_back, attempts FROM step`

func scanStep(r row) (soc.Step, error) {
	var s soc.Step
	var parameters, readBack string
	var dispatched, finished int64
	err := r.Scan(&s.ID, &s.Workspace, &s.Gamebook, &s.Ordinal, &s.Sequence, &s.Playbook, &s.PlaybookVersion, &s.PlaybookHash, &s.Entity, &s.EntityKind, &s.EntityName,
		&s.Provenance, &s.Connector, &s.NativeID, &parameters, &s.Status, &s.IdempotencyKey, &dispatched, &finished, &s.Error, &readBack, &s.Attempts)
	if err != nil {
		return s, err
	}
	s.DispatchedAt, s.FinishedAt = fromMicros(dispatched), fromMicros(finished)
	if s.Parameters, err = decodeParameters(parameters); err != nil {
		return s, err
	}
	return s, decode(readBack, &s.ReadBack)
}

// decodeParameters keeps integers integers: a digest allows no floats (D4).
func decodeParameters(stored string) (map[string]any, error) {
	var raw map[string]json.RawMessage
	if err := decode(stored, &raw); err != nil || len(raw) == 0 {
		return nil, err
	}
	out := make(map[string]any, len(raw))
	for name, value := range raw {
		var number int64
		if json.Unmarshal(value, &number) == nil {
			out[name] = number
			continue
		}
		var other any
		if err := json.Unmarshal(value, &other); err != nil {
			return nil, err
		}
		out[name] = other
	}
	return out, nil
}

// Steps lists the steps of a gamebook in submitted order.
func (r *Reader) Steps(workspace, gamebook string) ([]soc.Step, error) {
	return all(r, scanStep, stepColumns+` WHERE gamebook_id = $2 AND workspace_id = $1 ORDER BY position`, workspace, gamebook)
}

// Step finds a step by id.
func (r *Reader) Step(workspace, id string) (soc.Step, bool, error) {
	return one(r, scanStep, stepColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// StepsOnTarget lists earlier steps on a resolved target, newest first.
func (r *Reader) StepsOnTarget(workspace, connector, nativeID string, since int64, limit int) ([]soc.Step, error) {
	return all(r, scanStep, stepColumns+` WHERE workspace_id = $1 AND connector_id = $2 AND native_id = $3 AND dispatched_at > $4 ORDER BY dispatched_at DESC LIMIT $5`,
		workspace, connector, nativeID, since, limit)
}

func (tx *Tx) insertStep(s soc.Step, position int) error {
	return tx.insert(`INSERT INTO step (id, workspace_id, gamebook_id, position, ordinal, sequence, playbook_id, playbook_version, playbook_hash, entity_id, entity_kind,
entity_name, provenance, connector_id, native_id, parameters, status, idempotency_key, dispatched_at, finished_at, error, read_back, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		s.ID, s.Workspace, s.Gamebook, position, s.Ordinal, s.Sequence, s.Playbook, s.PlaybookVersion, s.PlaybookHash, s.Entity, string(s.EntityKind),
		s.EntityName, string(s.Provenance), s.Connector, s.NativeID, parameters(s.Parameters), string(s.Status), s.IdempotencyKey, micros(s.DispatchedAt), micros(s.FinishedAt), s.Error, text(s.ReadBack), s.Attempts)
}

func parameters(p map[string]any) string {
	if len(p) == 0 {
		return "{}"
	}
	return text(p)
}

// UpdateStep stores the state of a step if it still has the state before. It
// reports false when somebody else moved it first.
func (tx *Tx) UpdateStep(s soc.Step, before soc.StepStatus) (bool, error) {
	n, err := tx.update(`UPDATE step SET status = $3, dispatched_at = $4, finished_at = $5, error = $6, read_back = $7, attempts = $8 WHERE id = $2 AND workspace_id = $1 AND status = $9`,
		s.Workspace, s.ID, string(s.Status), micros(s.DispatchedAt), micros(s.FinishedAt), s.Error, text(s.ReadBack), s.Attempts, string(before))
	return n == 1, err
}
