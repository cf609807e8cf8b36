package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// EscalateAlert puts an alert under an incident, which then is the one row that
// every family shows. incident is its id; empty makes a new one of the alert.
func (d *Desk) EscalateAlert(ctx context.Context, by soc.Actor, uid, incident string, match soc.IfMatch) (soc.EscalatedAlert, error) {
	return moveAlert(ctx, d, by, "alert_escalated", uid, match, func(tx *store.Tx, a soc.Alert) (soc.EscalatedAlert, bool, error) {
		return d.escalate(tx, by, a, incident)
	})
}

func (d *Desk) escalate(tx *store.Tx, by soc.Actor, a soc.Alert, incident string) (out soc.EscalatedAlert, changed bool, err error) {
	if a.Status == soc.AlertEscalated {
		return d.escalatedAgain(tx, a, incident)
	}
	if !a.MayEscalate() {
		return out, false, wrongState(a, "An alert that is %s cannot be escalated.", a.Status)
	}
	b := newIngestBatch(d, tx, by, soc.IngestRequest{Format: a.Format})
	in, err := b.payload(a)
	if err != nil {
		return out, false, err
	}
	var draft *incidentDraft
	if out.Created = incident == ""; out.Created {
		draft, err = b.incidentOf(a, in)
	} else {
		draft, err = b.openCase(incident)
	}
	if err != nil {
		return out, false, err
	}
	if err := draft.attachKnown(b, a, in, false); err != nil {
		return out, false, err
	}
	i := &draft.now
	i.Severity, i.HighestSeverity = soc.MaxSeverity(i.Severity, a.Severity), soc.MaxSeverity(i.HighestSeverity, a.Severity)
	draft.tainted = append(draft.tainted, a.UID)
	if err := b.flush(); err != nil {
		return out, false, err
	}
	a.Status, a.Incident, a.LinkedTo, a.Dismissal = soc.AlertEscalated, i.ID, "", nil
	a.Version++
	d.auditMove(tx, by, "alert_escalated", a, "")
	if out.Created {
		e := d.entry(by, "incident_created")
		e.Incident, e.Target = i.ID, a.UID
		tx.Audit(e)
	}
	out.Alert, out.Incident, out.Moved = a, *i, true
	return out, true, nil
}

// escalatedAgain answers for an alert that is under an incident: nothing changes
// where that is the one asked for, or none was.
func (d *Desk) escalatedAgain(tx *store.Tx, a soc.Alert, incident string) (soc.EscalatedAlert, bool, error) {
	if incident != "" && incident != a.Incident {
		if _, found, err := tx.Incident(a.Workspace, incident); err != nil || !found {
			return soc.EscalatedAlert{}, false, orNotFound(err, "There is no such case.")
		}
		return soc.EscalatedAlert{}, false, wrongState(a, "The alert is under another case.")
	}
	return soc.EscalatedAlert{Alert: a, Incident: soc.Incident{ID: a.Incident}}, false, nil
}

func orNotFound(err error, text string) error {
	if err != nil {
		return err
	}
	return soc.NotFoundf("%s", text)
}

// incidentOf begins the incident of an alert that somebody escalates. Its key is
// its own short id and not the alert's: a source that later makes an incident of
// the alert must not take over what people work on (architecture.md, section 1).
func (b *ingestBatch) incidentOf(a soc.Alert, in *ingestAlert) (*incidentDraft, error) {
	draft, err := b.newDraft(a.Source, "")
	if err != nil {
		return nil, err
	}
	i := &draft.now
	i.ExternalID = i.ShortID
	i.Title, i.Description, i.Type = a.Title, a.Description, in.Type
	i.Severity, i.IngestSeverity, i.HighestSeverity = a.Severity, a.Severity, a.Severity
	i.CreatedAt = b.now
	return draft, nil
}

// openCase loads the incident that an alert shall come under.
func (b *ingestBatch) openCase(incident string) (*incidentDraft, error) {
	draft, err := b.draft(incident)
	switch {
	case err != nil:
		return nil, err
	case draft == nil:
		return nil, soc.NotFoundf("There is no such case.")
	case !draft.now.Open():
		e := soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The case is resolved.").WithFix("Reopen it first, or escalate to a new case.")
		e.Target = soc.CaseStatus.Word(draft.now.Status)
		return nil, e
	}
	return draft, nil
}
