package backend

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"vedette/backend/soc"
	"vedette/backend/store"
)

const (
	// streamItems and streamBytes end a group of a stream, which is one
	// transaction: few enough that other writers hardly wait behind it.
	streamItems = 50
	streamBytes = 1 << 20
)

// IngestStream is a stream of alerts of one format.
type IngestStream struct {
	Format string
	Body   io.Reader
	// Claim settles the idempotency key of the request, once the SHA-256 of the
	// body is known; the actor it returns ends the stream.
	Claim func(sum []byte) (soc.Actor, error)
}

// UploadAlerts stores a stream of alerts group by group while it comes. What
// breaks off, or cannot be read past some item, ends as failed and keeps what is
// in; sent again, it ends with the same rows. The error is only of who may not,
// or of a store that cannot.
func (d *Desk) UploadAlerts(ctx context.Context, by soc.Actor, in IngestStream) (up soc.IngestUpload, err error) {
	const event = "ingest_upload"
	if err := d.mayIngest(ctx, by, event); err != nil {
		return up, err
	}
	mapper, err := d.mapper(in.Format)
	if err != nil {
		return up, err
	}
	id, err := d.newUUID()
	if err != nil {
		return up, err
	}
	now := d.clock()
	s := &alertStream{d: d, by: by, mapper: mapper, up: soc.IngestUpload{
		ID: id, Workspace: by.Workspace, Format: in.Format, By: by.ID, State: soc.UploadReceiving, StartedAt: now, MovedAt: now,
	}}
	err = d.write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, event)
		e.Target, e.Detail = id, auditDetail("format", in.Format)
		tx.Audit(e)
		return tx.InsertIngestUpload(s.up)
	})
	if err != nil {
		return up, err
	}
	sum := sha256.New()
	state, problem := soc.UploadDone, ""
	if err = s.read(ctx, io.TeeReader(in.Body, io.MultiWriter(sum, (*counter)(&s.up.Bytes)))); err != nil {
		state, problem = soc.UploadFailed, soc.AsError(err).Message
	}
	if in.Claim != nil && state == soc.UploadDone && !s.cancelled {
		var claimed soc.Actor
		if claimed, err = in.Claim(sum.Sum(nil)); err == nil {
			s.by = claimed
		}
		return s.end(ctx, state, problem, err)
	}
	return s.end(ctx, state, problem, nil)
}

// counter counts the bytes that are written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// alertStream is a stream of alerts while it is read.
type alertStream struct {
	d         *Desk
	by        soc.Actor
	mapper    Mapper
	up        soc.IngestUpload
	cancelled bool
}

// read stores the items until the stream ends, or somebody stops it.
func (s *alertStream) read(ctx context.Context, body io.Reader) error {
	var group [][]byte
	size := 0
	items := soc.NewItemReader(body)
	for !s.cancelled {
		item, err := items.Next()
		ended := errors.Is(err, io.EOF)
		if err == nil {
			group, size = append(group, s.expand(item)...), size+len(item)
		}
		if len(group) >= streamItems || size >= streamBytes || err != nil && len(group) > 0 {
			if failed := s.store(ctx, group); failed != nil {
				return failed
			}
			group, size = nil, 0
		}
		if ended {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expand opens the envelope that some products wrap their items in; what is no
// JSON stays what it is, for the mapper to reject alone.
func (s *alertStream) expand(item []byte) [][]byte {
	items, err := s.mapper.Split(item)
	if err != nil || len(items) == 0 {
		return [][]byte{item}
	}
	return items
}

// store puts groups of at most a request's items in, each in a transaction.
func (s *alertStream) store(ctx context.Context, items [][]byte) error {
	for len(items) > 0 && !s.cancelled {
		n := min(len(items), streamItems)
		if err := s.storeGroup(ctx, items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

func (s *alertStream) storeGroup(ctx context.Context, items [][]byte) error {
	mapped := s.d.mapItems(s.by, s.mapper, items)
	var next soc.IngestUpload
	var going bool
	err := s.d.write(ctx, func(tx *store.Tx) error {
		if err := newIngestBatch(s.d, tx, s.by, soc.IngestRequest{Format: s.up.Format, Items: items}).store(mapped); err != nil {
			return err
		}
		if err := countSources(tx, s.by, s.up.Format, mapped, s.d.clock()); err != nil {
			return err
		}
		if err := s.noteFailures(tx, mapped); err != nil {
			return err
		}
		next = s.up
		next.Add(receiptOf(mapped))
		next.MovedAt = s.d.clock()
		var err error
		if going, err = tx.MoveIngestUpload(next); err == nil && !going {
			err = errStreamStopped
		}
		return err
	})
	if errors.Is(err, errStreamStopped) {
		s.cancelled = true
		return nil
	}
	if err == nil {
		s.up = next
	}
	return err
}

// errStreamStopped undoes a group of a stream that somebody has stopped.
var errStreamStopped = errors.New("the stream was stopped")

// noteFailures keeps the first items that were not stored, by their place in the
// stream.
func (s *alertStream) noteFailures(tx *store.Tx, items []*ingestItem) error {
	kept := s.up.Rejected + s.up.Conflict
	for n, m := range items {
		status := m.result.Status
		if status != "rejected" && status != "conflict" || kept >= soc.StreamFailures {
			continue
		}
		kept++
		f := soc.IngestFailure{Item: s.up.Received + int64(n), Status: status, ExternalID: m.result.ExternalID, Errors: m.result.Errors}
		if err := tx.InsertIngestFailure(s.by.Workspace, s.up.ID, f); err != nil {
			return err
		}
	}
	return nil
}

// end notes how the stream ended, and settles its key unless an answer stands.
// Whoever hangs up still leaves a row that says so.
func (s *alertStream) end(ctx context.Context, state soc.UploadState, problem string, answered error) (soc.IngestUpload, error) {
	err := s.d.write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		next := s.up
		next.State, next.Problem, next.MovedAt = state, problem, s.d.clock()
		going, err := tx.MoveIngestUpload(next)
		if err != nil {
			return err
		}
		if !going { // stopped: the row says what it is
			if next, _, err = tx.IngestUpload(s.up.Workspace, s.up.ID); err != nil {
				return err
			}
		}
		s.up = next
		if answered != nil || state != soc.UploadDone {
			return nil
		}
		return s.d.settleIdempotency(tx, s.by, s.up)
	})
	if err == nil {
		err = answered
	}
	return s.up, err
}

// GetIngestUpload shows a stream to whoever sent it, and to a manager.
func (d *Desk) GetIngestUpload(ctx context.Context, by soc.Actor, id string) (up soc.IngestUpload, err error) {
	if err := mayWatchUpload(by); err != nil {
		return up, d.refused(ctx, by, "ingest_upload_read", err, nil)
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		up, err = uploadOf(r, by, id)
		return err
	})
	return up, err
}

// ListIngestFailures lists the items of a stream that were not stored, in its
// order: at most soc.StreamFailures of them are kept.
func (d *Desk) ListIngestFailures(ctx context.Context, by soc.Actor, id string, after *soc.Keyset, limit int) (found []soc.IngestFailure, next *soc.Keyset, err error) {
	if err := mayWatchUpload(by); err != nil {
		return nil, nil, d.refused(ctx, by, "ingest_upload_read", err, nil)
	}
	last := int64(-1)
	if after != nil {
		if _, err := fmt.Sscan(after.Value, &last); err != nil {
			return nil, nil, err
		}
	}
	limit = min(max(limit, 1), 200)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if _, err := uploadOf(r, by, id); err != nil {
			return err
		}
		found, err = r.IngestFailures(by.Workspace, id, last, limit+1)
		return err
	})
	if err == nil && len(found) > limit {
		found = found[:limit]
		next = &soc.Keyset{Value: fmt.Sprint(found[limit-1].Item)}
	}
	return found, next, err
}

// CancelIngestUpload stops a stream under way; what is in stays.
func (d *Desk) CancelIngestUpload(ctx context.Context, by soc.Actor, id string) (up soc.IngestUpload, err error) {
	const event = "ingest_cancelled"
	if err = mayWatchUpload(by); err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			if up, err = uploadOf(&tx.Reader, by, id); err != nil {
				return err
			}
			if state := up.StateAt(d.clock()); state != soc.UploadReceiving {
				return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The upload is %s.", state).WithFix("There is nothing left to stop.")
			}
			up.State, up.MovedAt = soc.UploadCancelled, d.clock()
			if _, err := tx.MoveIngestUpload(up); err != nil {
				return err
			}
			e := d.entry(by, event)
			e.Target = id
			tx.Audit(e)
			return d.settleIdempotency(tx, by, up)
		})
	}
	if err != nil {
		return soc.IngestUpload{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return up, nil
}

func mayWatchUpload(by soc.Actor) error {
	if by.Kind == soc.PrincipalAgent {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never sends alerts.")
	}
	least := soc.RoleViewer
	if by.Session {
		least = soc.RoleAnalyst
	}
	return by.May(soc.ScopeAlertsWrite, least)
}

func uploadOf(r *store.Reader, by soc.Actor, id string) (soc.IngestUpload, error) {
	up, found, err := r.IngestUpload(by.Workspace, id)
	if err == nil && (!found || up.By != by.ID && !by.Role.AtLeast(soc.RoleManager)) {
		return soc.IngestUpload{}, soc.NotFoundf("There is no such upload.").WithFix("Its address was in the Location of the answer.")
	}
	return up, err
}
