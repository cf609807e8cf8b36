package backend

import (
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// applyIncident takes over what the source says of its incident.
func applyIncident(i *soc.Incident, in *soc.InboundIncident) {
	i.Title, i.Description, i.SourceNumber = in.Title, in.Description, in.Number
	if i.Severity == "" {
		i.Severity = in.Severity
	}
	// A source may raise severity; lowering it is a person's act here (S35).
	i.Severity = soc.MaxSeverity(i.Severity, in.Severity)
	i.HighestSeverity = soc.MaxSeverity(i.HighestSeverity, in.Severity)
	if i.Type == "" {
		i.Type = "alert"
	}
	if i.AssigneeID == "" {
		i.AssigneeName, i.AssigneeEmail = in.OwnerName, in.OwnerEmail
	}
	i.Tactics = union(slices.Clone(i.Tactics), in.Tactics)
	i.Products = union(slices.Clone(i.Products), in.Products)
	i.RuleIDs = union(slices.Clone(i.RuleIDs), in.RuleIDs)
	i.SourceModified = in.ModifiedAt
	i.Flags = mergeFlags(slices.Clone(i.Flags), append(soc.DetectHostile("title", in.Title), soc.DetectHostile("description", in.Description)...))
	activity(i, in.FirstActivity)
	activity(i, in.LastActivity)
}

// applySourceState follows the source's status and closure. A hold, a person's
// verdict and a verdict of our own stay: the source is told by write-back, it
// does not overrule people here.
func applySourceState(i *soc.Incident, in *soc.InboundIncident) (warnings []string) {
	if i.VerdictBy == soc.PrincipalPerson {
		return nil
	}
	if in.Status != soc.StatusClosed {
		closedHere := i.Status == soc.StatusClosed && i.ClosedBy != soc.BySource
		if !closedHere && in.Status != "" {
			if i.Status == soc.StatusClosed {
				i.Verdict, i.VerdictReason, i.VerdictBy, i.ClosingComment = "", "", "", ""
			}
			i.Status = in.Status
		}
		return nil
	}
	if i.Held {
		return []string{"closing_held"}
	}
	i.Status, i.ClosedBy = soc.StatusClosed, soc.BySource
	verdict, reason, known := soc.SourceVerdict(in.Source, in.Classification, in.Reason)
	if known {
		i.Verdict, i.VerdictReason, i.VerdictBy, i.ClosingComment = verdict, reason, soc.PrincipalService, in.Comment
	}
	return nil
}

// references keeps the ids of the alerts that the source says belong to its
// incident: those that are here come under it, those that are not are dangling.
func (b *ingestBatch) references(draft *incidentDraft, ids []string) error {
	draft.references = ids
	have, err := b.attached(draft)
	if err != nil {
		return err
	}
	draft.now.DanglingAlerts = nil
	for _, id := range ids {
		if have[id] {
			continue
		}
		adopted, err := b.adopt(draft, id)
		if err != nil {
			return err
		}
		if !adopted {
			draft.now.DanglingAlerts = append(draft.now.DanglingAlerts, id)
		}
	}
	return nil
}

// attached lists the external ids of the alerts already under the incident.
func (b *ingestBatch) attached(draft *incidentDraft) (map[string]bool, error) {
	have := map[string]bool{}
	for _, a := range draft.alerts {
		have[a.ExternalID] = true
	}
	if draft.fresh {
		return have, nil
	}
	var after *soc.Keyset
	for {
		page, err := b.tx.IncidentAlerts(b.by.Workspace, draft.now.ID, after, 500)
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			have[a.ExternalID] = true
		}
		if len(page) < 500 {
			return have, nil
		}
		after = store.AlertPosition(page[len(page)-1])
	}
}

// adopt brings an alert that came before its incident under it. Its stand-in
// incident leaves as a tombstone, unless somebody has already worked on it:
// then the alert stays where the work is.
func (b *ingestBatch) adopt(draft *incidentDraft, externalID string) (bool, error) {
	a, found, err := b.knownAlert(draft.now.Source, externalID)
	if err != nil || !found {
		return false, err
	}
	if a.Incident == "" {
		return b.adoptFromTriage(draft, a)
	}
	standIn, err := b.draft(a.Incident)
	if err != nil || standIn == nil || standIn == draft {
		return standIn == draft, err
	}
	if touched, err := b.touched(standIn, a); err != nil || touched {
		return true, err
	}
	if _, err := b.d.mapper(a.Format); err != nil && a.Format != soc.FormatCase {
		return true, nil // made by hand: there is nothing to read again
	}
	inbound, mapErr := b.payload(a)
	if mapErr != nil {
		return false, mapErr
	}
	a.Incident = draft.now.ID
	if err := draft.attachKnown(b, a, inbound, standIn.fresh); err != nil {
		return false, err
	}
	standIn.abandon(b)
	return true, nil
}

// adoptFromTriage escalates an alert that waits in the case family's triage: its
// source has made an incident of it. One that somebody or a suppression has
// decided about stays where it is.
func (b *ingestBatch) adoptFromTriage(draft *incidentDraft, a soc.Alert) (bool, error) {
	if a.Status != soc.AlertTriage {
		return true, nil
	}
	inbound, err := b.payload(a)
	if err != nil {
		return false, err
	}
	uid := a.UID
	if err := draft.attachKnown(b, a, inbound, false); err != nil {
		return false, err
	}
	draft.tainted = append(draft.tainted, uid)
	return true, nil
}

// touched reports whether an incident is more than a stand-in for one alert.
func (b *ingestBatch) touched(draft *incidentDraft, a soc.Alert) (bool, error) {
	i := draft.now
	if i.ExternalID != a.ExternalID || i.AlertCount != 1 || i.Held || i.VerdictBy == soc.PrincipalPerson || i.VerdictBy == soc.PrincipalAgent || i.AssigneeID != "" ||
		i.Status == soc.StatusClosed && i.ClosedBy != soc.BySource {
		return true, nil
	}
	if draft.fresh {
		return false, nil
	}
	return b.tx.IncidentWorkedOn(b.by.Workspace, i.ID)
}

// payload reads an alert again from what was stored.
func (b *ingestBatch) payload(a soc.Alert) (*ingestAlert, error) {
	raw := a.Raw
	if raw == nil {
		var found bool
		var err error
		if raw, found, err = b.tx.AlertPayload(b.by.Workspace, a.ID); err != nil || !found {
			return nil, err
		}
	}
	if a.Format == soc.FormatCase {
		in, err := soc.ParseCaseAlert(raw, a.Asset.Asserted, technique)
		if err != nil {
			return nil, err
		}
		return readCaseAlert(in), nil
	}
	mapper, err := b.d.mapper(a.Format)
	if err != nil {
		return nil, soc.Errorf(soc.Internal, soc.CodeInternalError, "A stored alert can no longer be read.").WithCause(err)
	}
	inbound, mapErr := mapper.Map(raw)
	if mapErr != nil || inbound.Alert == nil {
		return nil, soc.Errorf(soc.Internal, soc.CodeInternalError, "A stored alert can no longer be read.").WithCause(mapErr)
	}
	return readAlert(inbound.Alert), nil
}

// attachKnown is attach for an alert whose row exists (or is about to).
func (i *incidentDraft) attachKnown(b *ingestBatch, a soc.Alert, in *ingestAlert, fresh bool) error {
	if err := i.attach(b, a, in); err != nil {
		return err
	}
	if !fresh {
		i.alerts = i.alerts[:len(i.alerts)-1]
		i.linked, i.moved = append(i.linked, a.ID), append(i.moved, a)
	}
	b.alerts[alertKey(a.Source, a.ExternalID)] = a
	return nil
}

// abandon turns a stand-in into a tombstone; its rows and audit stay.
func (i *incidentDraft) abandon(b *ingestBatch) {
	i.now.DeletedAt = b.now
	i.now.AlertCount = 0
	e := b.d.entry(b.by, "incident_merged")
	e.Incident = i.now.ID
	b.tx.Audit(e)
	if i.fresh {
		// It was never stored and its alert moved on: nothing is left of it.
		i.alerts, i.order, i.evidence, i.sightings = nil, nil, nil, nil
	}
}
