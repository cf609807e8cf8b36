package backend

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// exportPage is how many entries an export reads at a time.
const exportPage = 1000

// errExportTooLong is what an export of more than soc.ExportLimit entries gives.
var errExportTooLong = fmt.Errorf("more than %d entries match; narrow from and to", soc.ExportLimit)

// RunAuditExport writes one export. A job that is run again begins anew: what
// the first one left half-written is swept.
func (d *Desk) RunAuditExport(ctx context.Context, job soc.AuditExportJob) error {
	e, found, err := d.store.Read(ctx).AuditExport(job.Workspace, job.Export)
	if err != nil || !found || e.State != soc.TaskRunning {
		return err
	}
	up, err := d.writeExport(ctx, &e)
	if errors.Is(err, errExportTooLong) {
		e.State, e.Problem = soc.TaskFailed, err.Error()
		return errors.Join(d.endExport(ctx, e, up), d.DropUpload(ctx, up))
	}
	if err != nil {
		return errors.Join(err, d.DropUpload(ctx, up))
	}
	e.State = soc.TaskDone
	return d.endExport(ctx, e, up)
}

// writeExport writes the file into the store and fills in what it came to.
func (d *Desk) writeExport(ctx context.Context, e *soc.AuditExport) (up soc.Upload, err error) {
	id, err := d.newUUID()
	if err != nil {
		return up, err
	}
	up = soc.Upload{Workspace: e.Workspace, Content: id}
	if err := d.store.Write(ctx, func(tx *store.Tx) error { return tx.BeginContent(up.Workspace, up.Content, d.clock()) }); err != nil {
		return up, err
	}
	pieces := &pieceWriter{desk: d, ctx: ctx, up: &up, sum: sha256.New()}
	file, err := soc.NewAuditFile(pieces, soc.ExportProof{Export: e.ID, Workspace: e.Workspace, Format: e.Format})
	if err != nil {
		return up, err
	}
	if err := d.exportEntries(ctx, e, file); err != nil {
		return up, err
	}
	position, hash, err := d.store.Read(ctx).AuditHead()
	if err != nil {
		return up, err
	}
	signed, err := file.End(soc.AuditCheckpoint{Position: position, Hash: hash}, d.clock(), d.signer)
	if err != nil {
		return up, err
	}
	e.Rows = signed.Proof.Rows
	return up, pieces.end()
}

func (d *Desk) exportEntries(ctx context.Context, e *soc.AuditExport, file *soc.AuditFile) error {
	f := e.Filter
	f.Limit = exportPage
	if !f.From.IsZero() {
		floor, err := d.store.Read(ctx).AuditPosition(f.From.Add(-auditSkew))
		if err != nil {
			return err
		}
		f.After = floor - 1
	}
	if !f.To.IsZero() {
		top, err := d.store.Read(ctx).AuditPosition(f.To.Add(auditSkew))
		if err != nil {
			return err
		}
		f.Before = min(f.Before, top)
	}
	for written := 0; ; {
		entries, err := d.store.Read(ctx).AuditEntries(f)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if !f.Matches(entry) {
				continue
			}
			if written++; written > soc.ExportLimit {
				return errExportTooLong
			}
			if err := file.Add(entry); err != nil {
				return err
			}
		}
		if len(entries) < f.Limit {
			return nil
		}
		f.After = entries[len(entries)-1].Position
	}
}

// endExport stores how an export ended, with its entry in the record.
func (d *Desk) endExport(ctx context.Context, e soc.AuditExport, up soc.Upload) error {
	e.FinishedAt = d.clock()
	return d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if e.State == soc.TaskDone {
			e.Bytes, e.SHA256, e.ExpiresAt = up.Size, up.SHA256, e.FinishedAt.Add(soc.ExportLife)
			kept, found, err := tx.KeepContent(store.Content{Workspace: e.Workspace, ID: up.Content, Size: up.Size, SHA256: up.SHA256})
			if err != nil {
				return err
			}
			if !found {
				return errors.New("an export was swept while it was being written")
			}
			e.Content = kept.ID
		}
		first, err := tx.FinishAuditExport(e)
		if err != nil || !first {
			return err
		}
		detail, err := json.Marshal(map[string]any{"state": e.State, "rows": e.Rows, "bytes": e.Bytes})
		if err != nil {
			return err
		}
		entry := d.entry(workerActor(e.Workspace), "audit_export_finished")
		entry.Target, entry.Detail = e.ID, string(detail)
		if e.SHA256 != "" {
			entry.Digest = "sha256:" + e.SHA256
		}
		tx.Audit(entry)
		return nil
	})
}

// pieceWriter stores what is written in pieces of uploadChunk.
type pieceWriter struct {
	desk *Desk
	// ctx is that of the one job the writer lives for.
	ctx  context.Context
	up   *soc.Upload
	held bytes.Buffer
	sum  hash.Hash
	n    int
}

func (p *pieceWriter) Write(b []byte) (int, error) {
	p.sum.Write(b)
	p.held.Write(b)
	for p.held.Len() >= uploadChunk {
		if err := p.flush(uploadChunk); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (p *pieceWriter) flush(size int) error {
	piece := p.held.Next(size)
	if err := p.desk.storeChunk(p.ctx, *p.up, p.n, piece); err != nil {
		return err
	}
	p.n++
	p.up.Size += int64(len(piece))
	return nil
}

// end stores the rest and fills in the hash.
func (p *pieceWriter) end() error {
	p.up.SHA256 = hex.EncodeToString(p.sum.Sum(nil))
	return p.flush(p.held.Len())
}
