package store

import (
	"context"
	"math"
	"slices"
	"strconv"

	"vedette/backend/soc"
)

// verifyPage is how many rows VerifyAudit reads at a time: enough that the
// statement costs nothing beside the hashing, small in memory.
const verifyPage = 2000

// VerifyAudit walks the record from a position (1 for all) to the head as it is
// now and recomputes every hash (S55). It reports the first row that was
// changed, removed, moved or added, a head that the rows do not reach, and
// checkpoints that the record does not hold; the error is only for reading.
//
// Rows are read in pages and not in one snapshot, which on SQLite would keep
// the log growing: the record only ever grows behind the head.
func (s *Store) VerifyAudit(ctx context.Context, from int64, checkpoints ...soc.AuditCheckpoint) (soc.AuditVerification, error) {
	return s.VerifyAuditRange(ctx, from, math.MaxInt64, checkpoints...)
}

// VerifyAuditRange is VerifyAudit that walks no further than a position. What
// lies between it and the head is not looked at, nor are checkpoints there; one
// that lies behind the head is a fault still.
func (s *Store) VerifyAuditRange(ctx context.Context, from, to int64, checkpoints ...soc.AuditCheckpoint) (soc.AuditVerification, error) {
	head, hash, err := s.Read(ctx).AuditHead()
	if err != nil {
		return soc.AuditVerification{}, err
	}
	end := min(to, head)
	v := &verifier{due: slices.Clone(checkpoints), head: soc.AuditCheckpoint{Position: head, Hash: hash}, end: end}
	v.due = slices.DeleteFunc(v.due, func(c soc.AuditCheckpoint) bool { return end < c.Position && c.Position <= head })
	slices.SortFunc(v.due, func(a, b soc.AuditCheckpoint) int { return int(a.Position - b.Position) })
	v.result.From, v.result.To = max(from, 1), end
	if err := v.start(s.Read(ctx)); err != nil {
		return v.result, err
	}
	for v.result.FirstBad == nil && v.next <= end {
		page, err := s.Read(ctx).auditRange(v.next, verifyPage)
		if err != nil {
			return v.result, err
		}
		if len(page) == 0 {
			break
		}
		for _, row := range page {
			if row.position > end || !v.row(row) {
				break
			}
		}
	}
	if err := v.finish(s.Read(ctx)); err != nil {
		return v.result, err
	}
	return v.result, nil
}

// auditRow is a stored entry as bytes, so that what is checked is what is
// stored and not what a parser makes of it.
type auditRow struct {
	position, at                                                          int64
	event, actorKind, actor, workspace, incident, gamebook, request, code string
	entry, hash                                                           string
}

func (r *Reader) auditRange(from int64, limit int) ([]auditRow, error) {
	return all(r, func(x row) (auditRow, error) {
		var a auditRow
		err := x.Scan(&a.position, &a.at, &a.event, &a.actorKind, &a.actor, &a.workspace, &a.incident, &a.gamebook, &a.request, &a.code, &a.entry, &a.hash)
		return a, err
	}, `SELECT position, at, event, actor_kind, actor_id, workspace_id, incident_id, gamebook_id, request_id, code, entry, hash
FROM audit WHERE position >= $1 ORDER BY position LIMIT $2`, from, limit)
}

// verifier is one walk.
type verifier struct {
	result soc.AuditVerification
	next   int64  // the position that is due
	prev   string // the hash of the row before it
	head   soc.AuditCheckpoint
	end    int64 // the last position to walk, that of the head or before it
	due    []soc.AuditCheckpoint
}

// start compares the checkpoints that lie before the walk, and takes the hash
// of the row before it from the record itself.
func (v *verifier) start(r *Reader) error {
	v.next = v.result.From
	for len(v.due) > 0 && v.due[0].Position < v.next {
		position := v.due[0].Position
		found, err := r.auditRange(position, 1)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].position != position {
			v.fault(position, "the row is missing", "", "")
			return nil
		}
		v.checkpoint(position, found[0].hash)
	}
	if v.next == 1 {
		return nil
	}
	before, err := r.auditRange(v.next-1, 1)
	if err != nil {
		return err
	}
	if len(before) == 0 || before[0].position != v.next-1 {
		v.fault(v.next-1, "the row is missing", "", "")
		return nil
	}
	v.prev = before[0].hash
	return nil
}

func (v *verifier) fault(position int64, reason, expected, found string) {
	if v.result.FirstBad == nil {
		v.result.FirstBad = &soc.AuditFault{Position: position, Reason: reason, Expected: expected, Found: found}
	}
}

// row checks one stored row; false stops the walk.
func (v *verifier) row(a auditRow) bool {
	if a.position != v.next {
		v.fault(v.next, "the row is missing", "", "")
		return false
	}
	if computed := soc.HashAudit([]byte(a.entry)); computed != a.hash {
		v.fault(a.position, "the row's bytes do not have the row's hash", computed, a.hash)
		return false
	}
	e, err := soc.ParseAuditEntry([]byte(a.entry))
	switch {
	case err != nil:
		v.fault(a.position, "the row is no audit entry", "", "")
	case e.Position != a.position:
		v.fault(a.position, "the row was moved here", strconv.FormatInt(a.position, 10), strconv.FormatInt(e.Position, 10))
	case e.PrevHash != v.prev:
		v.fault(a.position, "the row does not follow the row before it", v.prev, e.PrevHash)
	case a.at != micros(e.At) || a.event != e.Event || a.actorKind != string(e.ActorKind) || a.actor != e.Actor || a.workspace != e.Workspace ||
		a.incident != e.Incident || a.gamebook != e.Gamebook || a.request != e.RequestID || a.code != string(e.Code):
		v.fault(a.position, "the columns that lists filter by differ from the entry", "", "")
	}
	if v.result.FirstBad != nil || !v.checkpoint(a.position, a.hash) {
		return false
	}
	v.prev, v.next = a.hash, a.position+1
	v.result.Rows++
	return true
}

// checkpoint compares the checkpoints of one position.
func (v *verifier) checkpoint(position int64, hash string) bool {
	for len(v.due) > 0 && v.due[0].Position == position {
		c := v.due[0]
		v.due = v.due[1:]
		v.result.Checkpoints = append(v.result.Checkpoints, soc.AuditCheckpointResult{Position: c.Position, OK: c.Hash == hash})
		if c.Hash != hash {
			v.fault(position, "the record was rewritten: a checkpoint has another hash", c.Hash, hash)
		}
	}
	return v.result.FirstBad == nil
}

// finish compares the end of the walk with the head, and looks for rows and
// checkpoints that lie behind it.
func (v *verifier) finish(r *Reader) error {
	last := soc.AuditCheckpoint{Position: v.next - 1, Hash: v.prev}
	switch {
	case v.result.FirstBad != nil:
	case last.Position < v.end:
		v.fault(v.next, "the row is missing: the record is shorter than its head says", "", "")
	case v.end < v.head.Position: // the rest is another walk's
	case last.Position == v.head.Position && last.Hash != v.head.Hash:
		v.fault(last.Position, "the head of the record has another hash than its newest row", last.Hash, v.head.Hash)
	default:
		if err := v.behind(r); err != nil {
			return err
		}
	}
	for _, c := range v.due {
		v.result.Checkpoints = append(v.result.Checkpoints, soc.AuditCheckpointResult{Position: c.Position})
		v.fault(c.Position, "the record was cut: it ends before a checkpoint", c.Hash, "")
	}
	v.result.OK = v.result.FirstBad == nil
	return nil
}

// behind looks for a row that the head does not know. Rows are read before the
// head, so that one written meanwhile is known to it.
func (v *verifier) behind(r *Reader) error {
	extra, err := r.auditRange(max(v.head.Position+1, v.next), 1)
	if err != nil || len(extra) == 0 {
		return err
	}
	head, _, err := r.AuditHead()
	if err == nil && extra[0].position > head {
		v.fault(extra[0].position, "the row lies behind the head of the record", "", "")
	}
	return err
}
