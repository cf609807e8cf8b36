package store

import (
	"strconv"
	"time"

	"vedette/backend/soc"
)

const changeColumns = `SELECT id, workspace_id, kind, event, target, state, by_kind, by_id, by_name, requested_at, expires_at, base_version,
diff, proposed, reason, digest, confirmations, decided_by, decided_at, decision_reason, version FROM policy_change`

func scanChange(r row) (soc.PolicyChange, error) {
	var c soc.PolicyChange
	var requested, expires, decided int64
	var diff, proposed, confirmations string
	err := r.Scan(&c.ID, &c.Workspace, &c.Kind, &c.Event, &c.Target, &c.State, &c.ByKind, &c.By, &c.ByName, &requested, &expires, &c.BaseVersion,
		&diff, &proposed, &c.Reason, &c.Digest, &confirmations, &c.DecidedBy, &decided, &c.DecisionReason, &c.Version)
	if err != nil {
		return c, err
	}
	c.RequestedAt, c.ExpiresAt, c.DecidedAt, c.Direction = fromMicros(requested), fromMicros(expires), fromMicros(decided), soc.DirectionLoosening
	for record, dest := range map[string]any{diff: &c.Diff, confirmations: &c.Confirmations} {
		if err := decode(record, dest); err != nil {
			return c, err
		}
	}
	return c, decode(proposed, &c.Proposed)
}

// PolicyChange finds a change.
func (r *Reader) PolicyChange(workspace, id string) (soc.PolicyChange, bool, error) {
	return one(r, scanChange, changeColumns+` WHERE workspace_id = $1 AND id = $2`, workspace, id)
}

// PolicyChanges lists changes, soonest expiry first.
func (r *Reader) PolicyChanges(f soc.ChangeFilter) ([]soc.PolicyChange, error) {
	expires, id := int64(0), ""
	if f.After != nil {
		id = f.After.ID
		var err error
		if expires, err = strconv.ParseInt(f.After.Value, 10, 64); err != nil {
			return nil, soc.InvalidField("continuationToken", "Is not one that this list gave.")
		}
	}
	return all(r, scanChange, changeColumns+` WHERE workspace_id = $1 AND ($3 = '' OR kind = $3) AND ($4 = '' OR by_id = $4)
AND ($2 = '' OR CASE WHEN state = 'pending' AND expires_at <= $8 THEN 'expired' ELSE state END = $2)
AND (expires_at, id) > ($5, $6) ORDER BY expires_at, id LIMIT $7`, f.Workspace, string(f.State), string(f.Kind), f.Mine, expires, id, f.Limit, micros(f.Now))
}

// ChangeAfter is where a list continues behind a change.
func ChangeAfter(c soc.PolicyChange) *soc.Keyset {
	return &soc.Keyset{Value: strconv.FormatInt(micros(c.ExpiresAt), 10), ID: c.ID}
}

// InsertPolicyChange stores a change that waits.
func (tx *Tx) InsertPolicyChange(c soc.PolicyChange) error {
	return tx.insert(`INSERT INTO policy_change (id, workspace_id, kind, event, target, state, by_kind, by_id, by_name, requested_at, expires_at, base_version,
diff, proposed, reason, digest, confirmations, decided_by, decided_at, decision_reason, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		c.ID, c.Workspace, string(c.Kind), c.Event, c.Target, string(c.State), string(c.ByKind), c.By, c.ByName, micros(c.RequestedAt), micros(c.ExpiresAt),
		c.BaseVersion, list(c.Diff), text(c.Proposed), c.Reason, c.Digest, list(c.Confirmations), c.DecidedBy, micros(c.DecidedAt), c.DecisionReason, c.Version)
}

// UpdatePolicyChange stores confirmations and the end of a change, of a workspace
// whose policy the transaction has locked.
func (tx *Tx) UpdatePolicyChange(c soc.PolicyChange) error {
	return tx.insert(`UPDATE policy_change SET state = $3, confirmations = $4, decided_by = $5, decided_at = $6, decision_reason = $7, version = version + 1
WHERE workspace_id = $1 AND id = $2`, c.Workspace, c.ID, string(c.State), list(c.Confirmations), c.DecidedBy, micros(c.DecidedAt), c.DecisionReason)
}

// ExpirePolicyChanges ends the changes of a workspace whose time is over.
func (tx *Tx) ExpirePolicyChanges(workspace string, now time.Time) error {
	return tx.insert(`UPDATE policy_change SET state = 'expired', decided_at = $2, version = version + 1
WHERE workspace_id = $1 AND state = 'pending' AND expires_at <= $2`, workspace, micros(now))
}
