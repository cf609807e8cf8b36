package backend

import (
	"context"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// EditSOP makes another version of a procedure, or a first one. What makes it
// apply to less is in force with the answer; a text, which no rule can judge, and
// all that makes it apply to more waits for a second person (S43, S60). An edit
// that changes nothing makes no version.
func (d *Desk) EditSOP(ctx context.Context, by soc.Actor, edit soc.SOPEdit) (out soc.SOPOutcome, err error) {
	err = d.mayEdit(by, soc.PolicyEdit{})
	if err == nil && utf8.RuneCountInString(edit.Reason) > maxComment {
		err = soc.InvalidField("reason", "must hold at most %d characters", maxComment)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			out, err = d.editSOP(tx, by, edit)
			return err
		})
	}
	if err != nil {
		return soc.SOPOutcome{}, d.refused(ctx, by, edit.Event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(edit.ID) })
	}
	return out, nil
}

func (d *Desk) editSOP(tx *store.Tx, by soc.Actor, edit soc.SOPEdit) (out soc.SOPOutcome, err error) {
	if err = tx.LockPolicy(by.Workspace); err != nil {
		return out, err
	}
	if err = d.unlocked(tx, by.Workspace); err != nil {
		return out, err
	}
	now, err := d.sopToEdit(tx, by, edit)
	if err != nil {
		return out, err
	}
	after := edit.Edit(now)
	if err = after.Check(); err != nil {
		return out, err
	}
	diff := soc.DiffSOP(now, after)
	out.SOP = now
	if len(diff) == 0 {
		return out, d.settleIdempotency(tx, by, out)
	}
	direction := soc.DirectionOf(diff)
	if err = mayGo(by, direction); err != nil {
		return out, err
	}
	c := soc.PolicyChange{
		Workspace: by.Workspace, Kind: soc.PartSOP, Event: edit.Event, Target: after.ID, BaseVersion: int64(now.Version), Diff: diff, Reason: edit.Reason,
	}
	if direction == soc.DirectionLoosening && by.Kind != soc.PrincipalHost {
		out.Change, err = d.askSOP(tx, by, c, after)
	} else {
		out.Made = true
		if err = d.applySOP(tx, by, c, after); err == nil {
			out.SOP, _, err = tx.SOP(by.Workspace, after.ID, noTime)
		}
	}
	if err != nil {
		return out, err
	}
	return out, d.settleIdempotency(tx, by, out)
}

// sopToEdit is the procedure as it stands, or one that is yet to be.
func (d *Desk) sopToEdit(tx *store.Tx, by soc.Actor, edit soc.SOPEdit) (soc.SOP, error) {
	if !edit.New {
		return sopOf(&tx.Reader, by.Workspace, edit.ID)
	}
	id, err := d.newUUID()
	return soc.SOP{ID: id, Workspace: by.Workspace, Enabled: true}, err
}

func sopOf(r *store.Reader, workspace, id string) (soc.SOP, error) {
	s, found, err := r.SOP(workspace, id, noTime)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such procedure.").WithFix("List the procedures and copy the id exactly.")
	}
	return s, err
}

// askSOP stores a change that waits, with the version it asks for.
func (d *Desk) askSOP(tx *store.Tx, by soc.Actor, c soc.PolicyChange, after soc.SOP) (*soc.PolicyChange, error) {
	waiting, err := tx.SOPDrafts(by.Workspace)
	if err != nil {
		return nil, err
	}
	if waiting >= soc.MaxSOPDrafts {
		return nil, soc.Errorf(soc.Conflict, soc.CodeConflict, "%d versions of procedures wait already, the most there may be.", waiting).
			WithFix("Confirm or reject some of them first.")
	}
	asked, err := d.askChange(tx, by, d.counts(by), c)
	if err != nil {
		return nil, err
	}
	return asked, tx.SaveSOPDraft(asked.ID, after)
}

// sopAsked are the procedure as it stands and the version a change asks for. A
// draft that is gone differs from what was asked for.
func (d *Desk) sopAsked(tx *store.Tx, c soc.PolicyChange) (now, draft soc.SOP, err error) {
	if now, _, err = tx.SOP(c.Workspace, c.Target, noTime); err != nil {
		return now, draft, err
	}
	draft, _, err = tx.SOPDraft(c.Workspace, c.ID)
	return now, draft.WithText(draft.Text), err
}

// applySOP puts a version in force: the next one, whoever else made some before.
func (d *Desk) applySOP(tx *store.Tx, by soc.Actor, c soc.PolicyChange, after soc.SOP) error {
	after.Version, after.CreatedAt = int(c.BaseVersion)+1, d.clock()
	after.ByKind, after.By, after.ByName, after.Reason = by.Kind, by.ID, by.Name, c.Reason
	if c.By != "" { // who wrote it, not who was second
		after.ByKind, after.By, after.ByName = c.ByKind, c.By, c.ByName
	}
	if err := tx.InsertSOP(after); err != nil {
		return err
	}
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.Detail = c.Workspace, after.ID, after.Hash, auditDetail("reason", c.Reason)
	e.Before, e.After = sides(c.Diff)
	tx.Audit(e)
	return nil
}
