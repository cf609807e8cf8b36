package backend

import (
	"context"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// UndoMemory takes one decision out of memory; the incident's verdict stays
// what it is. A benign decision goes at once, since the triage can only close
// less without it. A TruePositive takes two people, because without it an
// alert type could become closable: the first asks, another confirms by asking
// for the same within a day.
func (d *Desk) UndoMemory(ctx context.Context, by soc.Actor, in soc.MemoryUndo) (out soc.MemoryUndone, err error) {
	if err := decides(by, soc.RoleSenior); err != nil {
		return out, d.refused(ctx, by, "memory_event_undone", err, nil)
	}
	if strings.TrimSpace(in.Reason) == "" {
		return out, soc.InvalidField("reason", "must say why the decision no longer counts")
	}
	if err := d.mayWrite(); err != nil {
		return out, err
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		if out, err = d.undoMemory(tx, by, in); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return soc.MemoryUndone{}, d.refused(ctx, by, "memory_event_undone", err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(in.Event) })
	}
	return out, nil
}

func (d *Desk) undoMemory(tx *store.Tx, by soc.Actor, in soc.MemoryUndo) (out soc.MemoryUndone, err error) {
	if err := d.unlocked(tx, by.Workspace); err != nil {
		return out, err
	}
	event, found, err := tx.VerdictEvent(by.Workspace, in.Event)
	if err != nil {
		return out, err
	}
	if !found {
		return out, soc.NotFoundf("There is no such decision in memory.").WithFix("Copy the id from GET /api/ops/v1/memory.")
	}
	if event.SupersededBy != "" {
		return out, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "This decision counts no more: it was superseded or undone.").
			WithFix("To bring a verdict back, give the incident a verdict.")
	}
	asked, waiting, err := tx.MemoryUndo(by.Workspace, event.ID)
	if err != nil {
		return out, err
	}
	now := d.clock()
	waiting = waiting && now.Before(asked.ExpiresAt())
	e := d.entry(by, "memory_event_undone")
	e.Incident, e.Target, e.Before, e.Detail = event.Incident, event.ID, string(event.Verdict), auditDetail("reason", in.Reason)
	out.Event = event
	if soc.UndoNeedsTwo(event.Verdict) && (!waiting || asked.By == by.ID) {
		if !waiting {
			asked = soc.MemoryUndoAsked{Workspace: by.Workspace, Event: event.ID, By: by.ID, Name: by.Name, Reason: in.Reason, At: now}
			if err := tx.SaveMemoryUndo(asked); err != nil {
				return out, err
			}
			e.Decision = "asked"
			tx.Audit(e)
		}
		out.Asked = &asked
		return out, nil
	}
	if err := tx.SupersedeVerdictEvent(event, "undone"); err != nil {
		return out, err
	}
	out.Event.SupersededBy = "undone"
	e.Decision = "applied"
	tx.Audit(e)
	return out, nil
}
