package backend

import (
	"context"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ChangeStatus is ChangeIncident for a door whose callers may say something
// with a status that stands already, and may have it noted on a ticket that is
// linked to the incident, in the same transaction.
func (d *Desk) ChangeStatus(ctx context.Context, by soc.Actor, in soc.StatusChange) (out soc.IncidentChanged, err error) {
	err = d.mayChangeIncident(by, in.IncidentChange)
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			var did bool
			if out, did, err = d.changeOrComment(tx, by, in.IncidentChange); err != nil {
				return err
			}
			if in.Note {
				if err := d.noteStatus(tx, by, out, in.Ticket); err != nil {
					return err
				}
			}
			if !did {
				return nil
			}
			return d.settleIdempotency(tx, by, out)
		})
	}
	if err != nil {
		return soc.IncidentChanged{}, d.refused(ctx, by, "incident_changed", err, nil)
	}
	return out, nil
}

// changeOrComment changes an incident; where it is so already, the comment that
// came along is posted all the same. did tells that anything was written.
func (d *Desk) changeOrComment(tx *store.Tx, by soc.Actor, in soc.IncidentChange) (out soc.IncidentChanged, did bool, err error) {
	if out, err = d.changeIncident(tx, by, in); err != nil || out.Changed || out.Held {
		return out, true, err
	}
	if strings.TrimSpace(in.Comment) == "" {
		return out, false, nil
	}
	_, err = d.commentOn(tx, by, out.Incident, soc.NewComment{Body: in.Comment})
	return out, true, err
}

// noteStatus tells among the comments of the incident that a ticket of it, the
// one linked last where none is named, shall know of a change.
func (d *Desk) noteStatus(tx *store.Tx, by soc.Actor, out soc.IncidentChanged, ticket string) error {
	t, found, err := tx.Ticket(out.Before.Workspace, out.Before.ID, ticket)
	if err != nil {
		return err
	}
	if !found {
		return soc.InvalidField("ticketId", "must be a ticket that is linked to this incident")
	}
	if !out.Changed {
		return nil
	}
	text := "Status " + soc.PortalStatus.Word(out.Before.Status) + " became " + soc.PortalStatus.Word(out.Incident.Status) + "."
	return d.noteTicket(tx, by, out.Incident, t.ID, text)
}

// bulkItems bounds one bulk change (portal-api.md section 10).
const bulkItems = 100

// ChangeIncidents changes several incidents of several workspaces. Each is
// judged alone by the rules of ChangeIncident: errs holds its refusal, nil where
// it was changed or was so already. What is changed is changed together.
func (d *Desk) ChangeIncidents(ctx context.Context, by soc.Actor, items []soc.BulkItem) (errs []*soc.Error, err error) {
	if err := by.May(soc.ScopeIncidentsWrite, soc.RoleNone); err != nil {
		return nil, d.refused(ctx, by, "incidents_changed", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return nil, err
	}
	if len(items) == 0 || len(items) > bulkItems {
		return nil, soc.InvalidField("items", "must hold 1 to %d changes", bulkItems)
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		errs = make([]*soc.Error, len(items))
		changed := false
		for n, item := range items {
			did, err := d.changeOne(tx, by, item)
			refusal := soc.AsError(err)
			if refusal != nil && (refusal.Kind == soc.Internal || refusal.Kind == soc.Unavailable) {
				return err
			}
			errs[n] = refusal
			changed = changed || did
		}
		if !changed {
			return nil
		}
		return d.settleIdempotency(tx, by, errs)
	})
	return errs, err
}

// changeOne judges and changes one incident of a bulk. A refusal comes before
// the first row is written, and is on record.
func (d *Desk) changeOne(tx *store.Tx, by soc.Actor, item soc.BulkItem) (did bool, err error) {
	in, err := d.inWorkspaceOf(tx, by, item.Workspace)
	if err == nil {
		err = item.Fault
	}
	if err == nil {
		err = d.mayChangeIncident(in, item.Change)
	}
	if err == nil {
		item.Change.Incident.Workspace = item.Workspace
		_, did, err = d.changeOrComment(tx, in, item.Change)
	}
	if refusal := soc.AsError(err); refusal != nil {
		e := d.entry(in, "incident_changed_refused")
		e.Decision, e.Code, e.Target = "refused", refusal.Code, soc.DisplayName(item.Change.Incident.ExternalID)
		tx.Audit(e)
	}
	return did, err
}

// inWorkspaceOf narrows the caller to a workspace. An unknown one and one that
// the caller may not look into are the same refusal (S44).
func (d *Desk) inWorkspaceOf(tx *store.Tx, by soc.Actor, workspace string) (soc.Actor, error) {
	denied := soc.Errorf(soc.Denied, soc.CodeInsufficientWorkspaceRole, "This needs a role in the workspace.").
		WithFix("Leave the item out, or ask an administrator for a role there.")
	w, found, err := tx.Workspace(workspace)
	if err != nil {
		return by, err
	}
	if !found {
		return by, denied
	}
	in, err := by.InWorkspace(&w)
	if err != nil {
		return by, denied
	}
	return in, nil
}
