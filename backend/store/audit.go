package store

import (
	"context"
	"strings"
	"time"

	"vedette/backend/soc"
)

// Audit adds an entry to the record, in this transaction: if the change is
// undone, so is its entry, and the other way round (S55).
//
// Bytes that are no text become U+FFFD: the columns that lists filter by must
// hold what the hashed entry says, and PostgreSQL takes no NUL.
func (tx *Tx) Audit(entry soc.AuditEntry) {
	for _, s := range []*string{&entry.Event, &entry.Actor, &entry.Workspace, &entry.Incident, &entry.Gamebook, &entry.RequestID, (*string)(&entry.Code)} {
		*s = strings.ReplaceAll(strings.ToValidUTF8(*s, "\uFFFD"), "\x00", "\uFFFD")
	}
	tx.audit = append(tx.audit, entry)
}

var auditInsert = newBulk(`INSERT INTO audit (position, at, event, actor_kind, actor_id, workspace_id, incident_id, gamebook_id, request_id, code, entry, hash)`, 12, ``)

const auditHeadUpdate = `UPDATE audit_head SET position = $1, hash = $2 WHERE one = 1`

// The head is locked only at the end of a group, so that replicas queue for
// the length of one commit and not of the whole transaction.
var auditHead = map[dialect]string{
	sqliteDialect:   `SELECT position, hash FROM audit_head WHERE one = 1`,
	postgresDialect: `SELECT position, hash FROM audit_head WHERE one = 1 FOR UPDATE`,
}

// appendAudit chains the entries of a group behind the head.
func (g *group) appendAudit(ctx context.Context, entries []soc.AuditEntry) error {
	if len(entries) == 0 || g.ended {
		return nil
	}
	var position int64
	var hash string
	if err := g.q.queryRow(ctx, auditHead[g.store.dialect]).Scan(&position, &hash); err != nil {
		return err
	}
	values := make([]any, 0, len(entries)*auditInsert.columns)
	for _, e := range entries {
		position++
		e.Position = position
		e = e.Chain(hash)
		hash = e.Hash
		values = append(values, e.Position, micros(e.At), e.Event, string(e.ActorKind), e.Actor,
			e.Workspace, e.Incident, e.Gamebook, e.RequestID, string(e.Code), string(e.CanonicalBytes()), e.Hash)
	}
	insert := func(text string, args ...any) error { return g.q.deferExec(ctx, text, args...) }
	if err := auditInsert.cut(g.store.dialect, values, insert); err != nil {
		return err
	}
	if err := g.q.deferExec(ctx, auditHeadUpdate, position, hash); err != nil {
		return err
	}
	return g.q.settle(ctx)
}

// AuditFilter selects entries.
type AuditFilter = soc.AuditFilter

const auditColumns = `SELECT entry, hash FROM audit`

func scanAudit(r row) (soc.AuditEntry, error) {
	var text, hash string
	if err := r.Scan(&text, &hash); err != nil {
		return soc.AuditEntry{}, err
	}
	e, err := soc.ParseAuditEntry([]byte(text))
	e.Hash = hash
	return e, err
}

// AuditEntries lists entries, newest first unless Rising, by the members of the filter that
// have an index: workspace, incident, event and position. An empty workspace
// lists the record of the whole installation and is for the host only.
func (r *Reader) AuditEntries(f AuditFilter) ([]soc.AuditEntry, error) {
	q := &listQuery{}
	where := []string{}
	only := func(column, value string) {
		if value != "" {
			where = append(where, column+` = `+q.arg(value))
		}
	}
	only("workspace_id", f.Workspace)
	only("incident_id", f.Incident)
	only("event", f.Event)
	if f.Before > 0 {
		where = append(where, `position < `+q.arg(f.Before))
	}
	order := ` DESC`
	if f.Rising {
		where, order = append(where, `position > `+q.arg(f.After)), ``
	}
	text := auditColumns
	if len(where) > 0 {
		text += ` WHERE ` + strings.Join(where, ` AND `)
	}
	return all(r, scanAudit, text+` ORDER BY position`+order+` LIMIT `+q.arg(f.Limit), q.args...)
}

// AuditOfGamebook lists the entries about a gamebook behind a position, oldest
// first.
func (r *Reader) AuditOfGamebook(workspace, gamebook string, after int64, limit int) ([]soc.AuditEntry, error) {
	return all(r, scanAudit, auditColumns+` WHERE gamebook_id = $2 AND gamebook_id <> '' AND workspace_id = $1 AND position > $3 ORDER BY position LIMIT $4`,
		workspace, gamebook, after, limit)
}

// AuditHead is the position and hash of the newest entry.
func (r *Reader) AuditHead() (position int64, hash string, err error) {
	err = r.q.queryRow(r.ctx, auditHead[sqliteDialect]).Scan(&position, &hash)
	return position, hash, failure(err)
}

// AuditPosition is the first position, by bisection, whose entry is not older
// than a moment; behind the head where all are older. The record is in the order
// of commit, which that of the entries' times follows but for seconds.
func (r *Reader) AuditPosition(at time.Time) (int64, error) {
	head, _, err := r.AuditHead()
	if err != nil {
		return 0, err
	}
	low, high := int64(1), head+1
	for low < high {
		middle := low + (high-low)/2
		var found int64
		err := r.q.queryRow(r.ctx, `SELECT at FROM audit WHERE position >= $1 ORDER BY position LIMIT 1`, middle).Scan(&found)
		if err != nil && !noRows(err) {
			return 0, failure(err)
		}
		if err != nil || found >= micros(at) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}

func scanHappening(r row) (c soc.Happening, err error) {
	err = r.Scan(&c.Position, &c.Workspace, &c.Event, &c.Incident, &c.Gamebook)
	return c, err
}

// HappeningsAfter lists what the entries behind a position are about, oldest first.
func (r *Reader) HappeningsAfter(position int64, limit int) ([]soc.Happening, error) {
	return all(r, scanHappening, `SELECT position, workspace_id, event, incident_id, gamebook_id FROM audit
		WHERE position > $1 ORDER BY position LIMIT $2`, position, limit)
}
