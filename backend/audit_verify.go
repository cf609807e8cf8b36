package backend

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

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

// VerifyAuditRange is VerifyAudit for a caller far away: it takes its checkpoint
// from those that the server kept, and answers at once where it can. What is more
// than Config.VerifyRows, or takes longer than verifyWait, becomes a task that
// the worker goes on with. The chain is one for all workspaces; only positions and
// hashes are told.
func (d *Desk) VerifyAuditRange(ctx context.Context, by soc.Actor, ask soc.AuditRange) (out soc.VerificationOutcome, err error) {
	const event = "audit_verified"
	if err := mayReadAudit(by); err != nil {
		return out, d.refused(ctx, by, event, err, nil)
	}
	if out.Found.Head, _, err = d.store.Read(ctx).AuditHead(); err != nil {
		return out, err
	}
	if ask, err = boundRange(ask, out.Found.Head); err != nil {
		return out, d.refused(ctx, by, event, err, nil)
	}
	checkpoints, err := d.namedCheckpoint(ask.Checkpoint)
	if err != nil {
		return out, d.refused(ctx, by, event, err, nil)
	}
	done := false
	if ask.To-ask.From < d.verifyRows {
		if out.Found.AuditVerification, done, err = d.verifyNow(ctx, ask, checkpoints); err != nil {
			return out, err
		}
	}
	if !done {
		out.Task, err = d.beginVerification(ctx, by, event, ask, out.Found.Head, checkpoints)
		return out, err
	}
	detail, err := json.Marshal(map[string]any{"ok": out.Found.OK, "from": out.Found.From, "to": out.Found.To})
	if err != nil {
		return out, err
	}
	return out, d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, event)
		e.Detail = string(detail)
		tx.Audit(e)
		return d.settleIdempotency(tx, by, out)
	})
}

// verifyWait is how long a request walks the record itself (ops-api.md section 13).
const verifyWait = 25 * time.Second

// verifyNow walks within verifyWait; done is false where that was not enough.
func (d *Desk) verifyNow(ctx context.Context, ask soc.AuditRange, checkpoints []soc.AuditCheckpoint) (found soc.AuditVerification, done bool, err error) {
	bounded, end := context.WithTimeout(ctx, verifyWait)
	defer end()
	found, err = d.store.VerifyAuditRange(bounded, ask.From, ask.To, checkpoints...)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return soc.AuditVerification{}, false, nil
	}
	return found, err == nil, err
}

// boundRange is the range that a request is about.
func boundRange(ask soc.AuditRange, head int64) (soc.AuditRange, error) {
	ask.From = max(ask.From, 1)
	if ask.From > max(head, 1) {
		return ask, soc.InvalidField("from", "Must be at most %d, the newest position.", head)
	}
	if ask.To == 0 || ask.To > head {
		ask.To = max(head, ask.From)
	}
	if ask.To < ask.From {
		return ask, soc.InvalidField("to", "Must be at least from, %d.", ask.From)
	}
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
