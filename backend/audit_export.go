package backend

import (
	"context"
	"errors"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ExportAudit begins to write out the entries of the actor's workspace that
// match a filter, as far as the record goes now; the worker does it
// (RunAuditExport). The bytes are kept for soc.ExportLife.
func (d *Desk) ExportAudit(ctx context.Context, by soc.Actor, f soc.AuditFilter, format soc.ExportFormat) (e soc.AuditExport, err error) {
	const event = "audit_exported"
	if err = mayReadAuditOf(by); err == nil {
		err = d.mayWrite()
	}
	switch {
	case err != nil:
	case !slices.Contains(soc.AllExportFormats, format):
		err = soc.InvalidField("format", "Must be jsonl or csv.")
	case f.Workspace != "" && f.Workspace != by.Workspace:
		err = soc.NotFoundf("There is no such workspace.").WithFix("Name the workspace of the request, or leave the filter out.")
	default:
		err = d.write(ctx, func(tx *store.Tx) error {
			e, err = d.beginExport(tx, by, event, f, format)
			return err
		})
	}
	if err != nil {
		return soc.AuditExport{}, d.refused(ctx, by, event, err, nil)
	}
	return e, nil
}

func (d *Desk) beginExport(tx *store.Tx, by soc.Actor, event string, f soc.AuditFilter, format soc.ExportFormat) (e soc.AuditExport, err error) {
	kept, err := tx.KeptAuditExports(by.Workspace, soc.ExportsKept)
	if err != nil {
		return e, err
	}
	if kept >= soc.ExportsKept {
		return e, soc.Errorf(soc.Conflict, soc.CodeConflict, "The workspace keeps %d exports already.", soc.ExportsKept).
			WithFix("Use one of them, or wait until one expires, a day after it was made.")
	}
	if soc.CheckID(soc.PrefixIncident, f.Incident) {
		i, err := d.incident(&tx.Reader, by, soc.IncidentRef{Workspace: by.Workspace, ID: f.Incident})
		if err != nil {
			return e, err
		}
		f.Incident = i.ID
	}
	head, _, err := tx.AuditHead()
	if err != nil {
		return e, err
	}
	id, err := d.newUUID()
	if err != nil {
		return e, err
	}
	f.Workspace, f.Before, f.After, f.Rising, f.Limit = by.Workspace, head+1, 0, true, 0
	e = soc.AuditExport{
		ID: id, Workspace: by.Workspace, ByKind: by.Kind, By: by.ID, ByName: by.Name, Format: format, Filter: f, State: soc.TaskRunning, CreatedAt: d.clock(),
	}
	entry := d.entry(by, event)
	entry.Target, entry.Detail = e.ID, auditDetail("format", string(format))
	tx.Audit(entry)
	if err := tx.InsertAuditExport(e); err != nil {
		return e, err
	}
	if err := tx.Enqueue(soc.AuditExportJob{Workspace: e.Workspace, Export: e.ID}, d.clock()); err != nil {
		return e, err
	}
	return e, d.settleIdempotency(tx, by, e)
}

// GetAuditExport returns one export of the actor's workspace, whoever asked for
// it. Reading leaves no entry.
func (d *Desk) GetAuditExport(ctx context.Context, by soc.Actor, id string) (soc.AuditExport, error) {
	if err := mayReadAuditOf(by); err != nil {
		return soc.AuditExport{}, err
	}
	e, found, err := d.store.Read(ctx).AuditExport(by.Workspace, id)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such export.").WithFix("Copy the id exactly from the answer to the request for it.")
	}
	return e, err
}

// OpenAuditExport returns an export with its bytes, piece by piece. One that is
// being written is a Conflict; one that failed or expired is not there.
func (d *Desk) OpenAuditExport(ctx context.Context, by soc.Actor, id string) (e soc.AuditExport, next Chunks, err error) {
	if e, err = d.GetAuditExport(ctx, by, id); err != nil {
		return e, nil, err
	}
	switch {
	case e.State == soc.TaskRunning:
		return e, nil, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The export is being written.").WithFix("Ask for its state until it is done.")
	case e.State == soc.TaskFailed:
		return e, nil, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The export failed: %s", e.Problem).WithFix("Ask for another.")
	case e.State != soc.TaskDone || !d.clock().Before(e.ExpiresAt):
		return e, nil, soc.NotFoundf("The export has expired.").WithFix("Ask for another.")
	}
	n, left := 0, e.Bytes
	return e, func(ctx context.Context) ([]byte, error) {
		if left <= 0 {
			return nil, nil
		}
		piece, found, err := d.store.Read(ctx).Chunk(e.Workspace, e.Content, n)
		if err == nil && !found {
			err = errors.New("the bytes of an export went away while they were read")
		}
		n, left = n+1, left-int64(len(piece))
		return piece, err
	}, nil
}

// SweepAuditExports ends exports whose day is over; their bytes are then swept
// with all that nobody keeps. The worker asks every minute.
func (d *Desk) SweepAuditExports(ctx context.Context) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		due, err := tx.DueAuditExports(d.clock(), 100)
		if err != nil {
			return err
		}
		for _, e := range due {
			if err := tx.ExpireAuditExport(e.Workspace, e.ID); err != nil {
				return err
			}
			if err := tx.DropContent(e.Workspace, e.Content); err != nil {
				return err
			}
		}
		return nil
	})
}
