package backend

import (
	"context"
	"encoding/json"
	"errors"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// beginVerification hands a walk to the worker. A workspace has one at a time.
func (d *Desk) beginVerification(ctx context.Context, by soc.Actor, event string, ask soc.AuditRange, head int64, checkpoints []soc.AuditCheckpoint) (*soc.VerificationTask, error) {
	task := soc.VerificationTask{
		Workspace: by.Workspace, ByKind: by.Kind, By: by.ID, ByName: by.Name, State: soc.TaskRunning, Next: ask.From, CreatedAt: d.clock(),
	}
	task.Found.From, task.Found.To, task.Found.Head = ask.From, ask.To, head
	if len(checkpoints) > 0 {
		task.Checkpoint = &checkpoints[0]
	}
	err := mayReadAuditOf(by)
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			running, found, err := tx.RunningVerification(by.Workspace)
			if err != nil {
				return err
			}
			if found {
				return soc.Errorf(soc.Conflict, soc.CodeConflict, "The workspace has a verification that has not ended.").
					WithFix("Read /audit/verifications/%s until it is done.", running.ID)
			}
			if task.ID, err = d.newUUID(); err != nil {
				return err
			}
			e := d.entry(by, event)
			e.Target, e.Detail = task.ID, auditDetail("state", string(task.State))
			tx.Audit(e)
			if err := tx.InsertVerification(task); err != nil {
				return err
			}
			if err := tx.Enqueue(soc.AuditVerificationJob{Workspace: task.Workspace, Verification: task.ID}, d.clock()); err != nil {
				return err
			}
			return d.settleIdempotency(tx, by, soc.VerificationOutcome{Task: &task})
		})
	}
	if err != nil {
		return nil, d.refused(ctx, by, event, err, nil)
	}
	return &task, nil
}

// GetVerification returns how far a verification of the actor's workspace is, or
// what it found.
func (d *Desk) GetVerification(ctx context.Context, by soc.Actor, id string) (soc.VerificationTask, error) {
	if err := mayReadAuditOf(by); err != nil {
		return soc.VerificationTask{}, err
	}
	v, found, err := d.store.Read(ctx).Verification(by.Workspace, id)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such verification.").WithFix("Copy the id exactly from the answer to the request for it.")
	}
	return v, err
}

// RunVerification walks the record for one task, Config.VerifyRows at a time.
// A job that is run again goes on where the last part ended.
func (d *Desk) RunVerification(ctx context.Context, job soc.AuditVerificationJob) error {
	v, found, err := d.store.Read(ctx).Verification(job.Workspace, job.Verification)
	if err != nil || !found {
		return err
	}
	var checkpoints []soc.AuditCheckpoint
	if v.Checkpoint != nil {
		checkpoints = append(checkpoints, *v.Checkpoint)
	}
	for v.State == soc.TaskRunning {
		part, err := d.store.VerifyAuditRange(ctx, v.Next, min(v.Found.To, v.Next+d.verifyRows-1), checkpoints...)
		if err != nil {
			return err
		}
		v.Found.Rows += part.Rows
		v.Found.FirstBad, v.Next = part.FirstBad, part.To+1
		if len(part.Checkpoints) > 0 {
			v.Found.Checkpoints = part.Checkpoints
		}
		if v.Found.FirstBad != nil || v.Next > v.Found.To || part.To < part.From {
			v.Found.OK, v.State, v.FinishedAt = v.Found.FirstBad == nil, soc.TaskDone, d.clock()
		}
		if err := d.keepVerification(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) keepVerification(ctx context.Context, v soc.VerificationTask) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		running, err := tx.UpdateVerification(v)
		if err != nil {
			return err
		}
		if !running {
			return errors.New("a verification was ended by another worker")
		}
		if v.State != soc.TaskDone {
			return nil
		}
		detail, err := json.Marshal(map[string]any{"ok": v.Found.OK, "from": v.Found.From, "to": v.Found.To})
		if err != nil {
			return err
		}
		e := d.entry(workerActor(v.Workspace), "audit_verification_finished")
		e.Target, e.Detail = v.ID, string(detail)
		tx.Audit(e)
		return nil
	})
}
