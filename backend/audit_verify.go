package backend

import (
	"context"
	"encoding/json"
	"strconv"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ListCheckpoints lists the newest checkpoints that left the database, newest
// first. Empty means that a rewrite of the whole record could not be told (S55).
func (d *Desk) ListCheckpoints(_ context.Context, by soc.Actor) ([]soc.SignedCheckpoint, error) {
	if err := mayReadAudit(by); err != nil {
		return nil, err
	}
	known, err := d.knownCheckpoints()
	newest := make([]soc.SignedCheckpoint, 0, len(known))
	for i := range known {
		newest = append(newest, known[len(known)-1-i])
	}
	return newest, err
}

func (d *Desk) knownCheckpoints() ([]soc.SignedCheckpoint, error) {
	if d.checkpoints == nil {
		return nil, nil
	}
	return d.checkpoints()
}

// VerifyAuditRange is VerifyAudit for a caller far away: it walks at most
// soc.VerifyLimit rows, and takes its checkpoint from those that the server
// kept. The chain is one for all workspaces; only positions and hashes are told.
func (d *Desk) VerifyAuditRange(ctx context.Context, by soc.Actor, ask soc.AuditRange) (found soc.AuditRangeVerification, err error) {
	if err := mayReadAudit(by); err != nil {
		return found, d.refused(ctx, by, "audit_verified", err, nil)
	}
	if found.Head, _, err = d.store.Read(ctx).AuditHead(); err != nil {
		return found, err
	}
	if ask, err = boundRange(ask, found.Head); err != nil {
		return found, d.refused(ctx, by, "audit_verified", err, nil)
	}
	checkpoints, err := d.namedCheckpoint(ask.Checkpoint)
	if err != nil {
		return found, d.refused(ctx, by, "audit_verified", err, nil)
	}
	if found.AuditVerification, err = d.store.VerifyAuditRange(ctx, ask.From, ask.To, checkpoints...); err != nil {
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
		return d.settleIdempotency(tx, by, found)
	})
}

// boundRange is the range that one request walks.
func boundRange(ask soc.AuditRange, head int64) (soc.AuditRange, error) {
	ask.From = max(ask.From, 1)
	if ask.From > max(head, 1) {
		return ask, soc.InvalidField("from", "Must be at most %d, the newest position.", head)
	}
	if ask.To == 0 {
		ask.To = head
	}
	if ask.To < ask.From {
		return ask, soc.InvalidField("to", "Must be at least from, %d.", ask.From)
	}
	ask.To = min(ask.To, ask.From+soc.VerifyLimit-1)
	return ask, nil
}

// namedCheckpoint finds a checkpoint by its position, or the last one.
func (d *Desk) namedCheckpoint(name string) ([]soc.AuditCheckpoint, error) {
	if name == "" {
		return nil, nil
	}
	known, err := d.knownCheckpoints()
	if err != nil {
		return nil, err
	}
	for i := len(known) - 1; i >= 0; i-- {
		if name == "last" || name == strconv.FormatInt(known[i].Position, 10) {
			return []soc.AuditCheckpoint{known[i].AuditCheckpoint}, nil
		}
	}
	return nil, soc.InvalidField("checkpoint", "Must be last, or the position of a checkpoint that the server lists; it lists %d.", len(known))
}
