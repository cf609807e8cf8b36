package backend

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

const (
	// uploadChunk is how much of a file one transaction takes: small enough
	// that other writers hardly wait behind it (a few milliseconds), large
	// enough that 50 MiB are 200 of them.
	uploadChunk = 256 << 10
	// uploadLife is how long a file may be on its way; no connection lasts so
	// long, so what is older was left behind by a crash.
	uploadLife = time.Hour
	// sweepChunks is how many chunks one transaction removes: 4 MiB.
	sweepChunks = 16
)

// StageUpload reads a file for an incident into the store, chunk by chunk, and
// counts while it reads: nothing is kept of a file over the limit, of an empty
// one or of one whose reader fails. AddAttachment makes it part of the
// incident; until then DropUpload, or the sweep after an hour, removes it.
// Errors: PAYLOAD_TOO_LARGE, limit_reached, VALIDATION_ERROR for no bytes.
func (d *Desk) StageUpload(ctx context.Context, by soc.Actor, ref soc.IncidentRef, body io.Reader) (up soc.Upload, err error) {
	if err := d.mayAttach(ctx, by, ref); err != nil {
		return up, d.refused(ctx, by, "attachment_added", err, nil)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return up, err
	}
	up = soc.Upload{Workspace: by.Workspace, Content: id.String()}
	err = d.store.Write(ctx, func(tx *store.Tx) error { return tx.BeginContent(up.Workspace, up.Content, d.clock()) })
	if err != nil {
		return soc.Upload{}, err
	}
	if err := d.readUpload(ctx, &up, body); err != nil {
		return soc.Upload{}, errors.Join(err, d.DropUpload(ctx, up))
	}
	return up, nil
}

// mayAttach is what can be said before the first byte is read.
func (d *Desk) mayAttach(ctx context.Context, by soc.Actor, ref soc.IncidentRef) error {
	if err := by.May(soc.ScopeCasesWrite, soc.RoleAnalyst); err != nil {
		return err
	}
	if err := d.mayWrite(); err != nil {
		return err
	}
	return d.store.View(ctx, func(r *store.Reader) error {
		i, err := d.incident(r, by, ref)
		if err != nil {
			return err
		}
		return d.roomFor(r, i, 0)
	})
}

// roomFor refuses more files, or more bytes, than an incident may have.
func (d *Desk) roomFor(r *store.Reader, i soc.Incident, more int64) error {
	files, size, err := r.AttachmentTotals(i.Workspace, i.ID)
	if err != nil {
		return err
	}
	switch limits := d.attachments; {
	case files >= limits.Files:
		return soc.Errorf(soc.Conflict, soc.CodeCaseFull, "A case may have at most %d files.", limits.Files).WithFix("Remove a file first.")
	case size+more > limits.CaseBytes:
		return soc.Errorf(soc.Conflict, soc.CodeCaseFull, "The files of a case may have at most %d bytes together.", limits.CaseBytes).WithFix("Remove a file first.")
	}
	return nil
}

// readUpload fills in what the bytes say: size, hash and head.
func (d *Desk) readUpload(ctx context.Context, up *soc.Upload, body io.Reader) error {
	sum, chunk := sha256.New(), make([]byte, uploadChunk)
	for n, ended := 0, false; !ended; n++ {
		read, err := fill(body, chunk)
		if ended = err == io.EOF; err != nil && !ended {
			return err
		}
		if up.Size += int64(read); up.Size > d.attachments.FileBytes {
			return soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "A file may have at most %d bytes.", d.attachments.FileBytes)
		}
		if n == 0 {
			up.Head = bytes.Clone(chunk[:min(read, soc.UploadHead)])
		}
		sum.Write(chunk[:read])
		if read > 0 {
			if err := d.storeChunk(ctx, *up, n, chunk[:read]); err != nil {
				return err
			}
		}
	}
	if up.Size == 0 {
		return soc.InvalidField("file", "must hold at least one byte")
	}
	up.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// fill reads until the chunk is full. io.EOF is the end of the file; unlike
// io.ReadFull it tells that from a body that broke off, which a multipart reader
// reports as io.ErrUnexpectedEOF.
func fill(body io.Reader, chunk []byte) (n int, err error) {
	for n < len(chunk) && err == nil {
		var more int
		more, err = body.Read(chunk[n:])
		n += more
	}
	return n, err
}

func (d *Desk) storeChunk(ctx context.Context, up soc.Upload, n int, chunk []byte) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		found, err := tx.AddChunk(up.Workspace, up.Content, n, chunk)
		if err == nil && !found {
			err = errors.New("an upload was swept while it was being sent")
		}
		return err
	})
}

// DropUpload gives up bytes that nobody keeps; those that became a file stay.
func (d *Desk) DropUpload(ctx context.Context, up soc.Upload) error {
	// Whoever hangs up in the middle of a file does not leave its half here.
	return d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.DropContent(up.Workspace, up.Content) })
}

// SweepContent removes the bytes that no file has, a few chunks to a
// transaction, so that nobody waits behind a large one. The worker asks every
// minute.
func (d *Desk) SweepContent(ctx context.Context) error {
	for more := true; more && ctx.Err() == nil; {
		err := d.store.Write(ctx, func(tx *store.Tx) (err error) {
			more, err = tx.SweepContent(d.clock().Add(-uploadLife), sweepChunks)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
