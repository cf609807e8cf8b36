package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// alertValues bounds the values shown with one alert: all it can have.
const alertValues = 1000

// GetAlert returns an alert with its values; raw adds the payload of its sender.
func (d *Desk) GetAlert(ctx context.Context, by soc.Actor, uid string, raw bool) (detail soc.AlertDetail, err error) {
	if err := by.May(soc.ScopeAlertsRead, soc.RoleViewer); err != nil {
		return detail, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		a, err := d.alert(r, by, uid)
		if err != nil {
			return err
		}
		if detail, err = d.alertDetail(r, a); err != nil || !raw {
			return err
		}
		detail.Raw, _, err = r.AlertPayload(by.Workspace, detail.Alert.ID)
		return err
	})
	if err != nil {
		return soc.AlertDetail{}, err
	}
	if detail.Raw != nil && detail.Alert.Format == soc.FormatCase {
		detail.Raw = soc.MemberBytes(detail.Raw, soc.RawMember)
	}
	return detail, serveAlert(by, detail.Alert)
}

// alertDetail adds its values to an alert, with the shipped lists that hold them.
func (d *Desk) alertDetail(r *store.Reader, a soc.Alert) (detail soc.AlertDetail, err error) {
	detail.Alert = a
	if detail.Observables, err = r.AlertObservables(a.Workspace, a.ID, alertValues); err != nil {
		return detail, err
	}
	for n, o := range detail.Observables {
		if !o.Valid {
			continue // never enriched
		}
		for _, match := range d.reference.Lists(o.Kind, o.Value) {
			detail.Observables[n].Known = append(detail.Observables[n].Known, match.List)
		}
	}
	return detail, nil
}

// alert finds an alert of the actor's workspace. An unknown and a foreign one are
// the same 404 (S44); a run reads those of its own incident only (S8).
func (d *Desk) alert(r *store.Reader, by soc.Actor, uid string) (soc.Alert, error) {
	a, found, err := r.Alert(by.Workspace, uid)
	if err != nil {
		return a, err
	}
	if !found {
		return a, soc.NotFoundf("There is no such alert.")
	}
	return a, runScope(by, a.CaseOf())
}

// mayTriage are the rules of every move of an alert that need no row. Putting an
// alert aside can hide it, so no agent may (S35), whatever its key says.
func (d *Desk) mayTriage(by soc.Actor) error {
	if by.Kind == soc.PrincipalAgent {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never moves alerts.").
			WithFix("Say in a comment or a verdict what should become of it; a person decides.")
	}
	if err := by.May(soc.ScopeAlertsTriage, soc.RoleAnalyst); err != nil {
		return err
	}
	return d.mayWrite()
}

// wrongState is the answer to a move that the alert's state does not allow.
func wrongState(a soc.Alert, format string, args ...any) error {
	e := soc.Errorf(soc.Conflict, soc.CodeInvalidState, format, args...).WithFix("Read the alert again.")
	e.Target = string(a.Status)
	return soc.AlertStateError{Refusal: e, Alert: a}
}

// moveAlert is the frame of every move of one alert: who may, the row, the move
// itself, its audit entry and its answer. move reports whether anything changed.
func moveAlert[T any](ctx context.Context, d *Desk, by soc.Actor, event, uid string, match soc.IfMatch, move func(tx *store.Tx, a soc.Alert) (T, bool, error)) (result T, err error) {
	named := func(e *soc.AuditEntry) { e.Target = uid }
	if err := d.mayTriage(by); err != nil {
		return result, d.refused(ctx, by, event, err, named)
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		a, err := d.alert(&tx.Reader, by, uid)
		if err == nil {
			err = match.Check(a.Version)
		}
		if err != nil {
			return err
		}
		changed := false
		if result, changed, err = move(tx, a); err != nil || !changed {
			return err
		}
		if err := d.unlocked(tx, by.Workspace); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, result)
	})
	if err != nil {
		var none T
		return none, d.refused(ctx, by, event, err, named)
	}
	return result, nil
}

// DismissAlert puts an alert aside for a reason. The same reason again changes
// nothing.
func (d *Desk) DismissAlert(ctx context.Context, by soc.Actor, uid string, in soc.DismissAlert) (soc.AlertDetail, error) {
	return d.moveShown(ctx, by, "alert_dismissed", uid, in.IfMatch, func(tx *store.Tx, a soc.Alert) (soc.Alert, bool, error) {
		return d.dismiss(tx, by, a, in)
	})
}

// moveShown is moveAlert for a move that answers with the whole alert.
func (d *Desk) moveShown(ctx context.Context, by soc.Actor, event, uid string, match soc.IfMatch, move func(*store.Tx, soc.Alert) (soc.Alert, bool, error)) (soc.AlertDetail, error) {
	return moveAlert(ctx, d, by, event, uid, match, func(tx *store.Tx, a soc.Alert) (soc.AlertDetail, bool, error) {
		a, changed, err := move(tx, a)
		if err != nil {
			return soc.AlertDetail{}, false, err
		}
		detail, err := d.alertDetail(&tx.Reader, a)
		return detail, changed, err
	})
}

func (d *Desk) dismiss(tx *store.Tx, by soc.Actor, a soc.Alert, in soc.DismissAlert) (soc.Alert, bool, error) {
	switch {
	case a.Status == soc.AlertDismissed && a.Dismissal.Reason == in.Reason:
		return a, false, nil
	case a.Status != soc.AlertTriage:
		return a, false, wrongState(a, "Only an alert in triage can be dismissed.")
	case a.Severity == soc.SeverityCritical && in.Comment == "":
		return a, false, soc.InvalidField("comment", "is required to dismiss a critical alert")
	}
	a.Status = soc.AlertDismissed
	a.Dismissal = &soc.Dismissal{Reason: in.Reason, Comment: in.Comment, By: by.ID, ByKind: by.Kind, At: d.clock()}
	a.Version++
	d.auditMove(tx, by, "alert_dismissed", a, auditDetail("reason", string(in.Reason)))
	return a, true, tx.MoveAlert(a)
}

// LinkAlert makes an alert context of an incident: its severity and observables
// stay as they are there.
func (d *Desk) LinkAlert(ctx context.Context, by soc.Actor, uid, incident string, match soc.IfMatch) (soc.AlertDetail, error) {
	return d.moveShown(ctx, by, "alert_linked", uid, match, func(tx *store.Tx, a soc.Alert) (soc.Alert, bool, error) {
		return d.link(tx, by, a, incident)
	})
}

func (d *Desk) link(tx *store.Tx, by soc.Actor, a soc.Alert, incident string) (soc.Alert, bool, error) {
	i, found, err := tx.Incident(by.Workspace, incident)
	switch {
	case err != nil:
		return a, false, err
	case !found:
		return a, false, soc.NotFoundf("There is no such case.")
	case a.Status == soc.AlertLinked && a.LinkedTo == i.ID:
		return a, false, nil
	case a.Status != soc.AlertTriage:
		return a, false, wrongState(a, "Only an alert in triage can be linked.")
	}
	a.Status, a.LinkedTo = soc.AlertLinked, i.ID
	a.Version++
	d.auditMove(tx, by, "alert_linked", a, "")
	if err := tx.MoveTaint(by.Workspace, a.UID, i.ID, d.clock()); err != nil {
		return a, false, err
	}
	return a, true, tx.MoveAlert(a)
}

// UnlinkAlert puts a linked alert back into triage.
func (d *Desk) UnlinkAlert(ctx context.Context, by soc.Actor, uid string, match soc.IfMatch) (soc.AlertDetail, error) {
	return d.moveShown(ctx, by, "alert_unlinked", uid, match, func(tx *store.Tx, a soc.Alert) (soc.Alert, bool, error) {
		if a.Status != soc.AlertLinked {
			return a, false, wrongState(a, "The alert is not linked.")
		}
		e := d.entry(by, "alert_unlinked")
		e.Target, e.Incident = a.UID, a.LinkedTo
		tx.Audit(e)
		a.Status, a.LinkedTo = soc.AlertTriage, ""
		a.Version++
		return a, true, tx.MoveAlert(a)
	})
}

func (d *Desk) auditMove(tx *store.Tx, by soc.Actor, event string, a soc.Alert, detail string) {
	e := d.entry(by, event)
	e.Target, e.Incident, e.Detail = a.UID, a.CaseOf(), detail
	tx.Audit(e)
}
