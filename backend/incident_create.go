package backend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// CreateIncident makes an incident with one alert that holds its payload,
// entities with provenance, a row of evidence, the audit entry and the triage
// job, in one transaction. The alert's key, where one is sent, is unique: the
// same payload again finds the first incident, another one is a Conflict. No
// known-good or suppressed value keeps an incident from being made here.
//
// An agent never makes one: it could take the key of a detection that is yet to
// come, which would hide it (safety.md, premise 3).
func (d *Desk) CreateIncident(ctx context.Context, by soc.Actor, in soc.NewIncident) (out soc.CreatedIncident, err error) {
	if err := d.mayCreateIncident(by, in); err != nil {
		return out, d.refused(ctx, by, "incident_created", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return out, err
	}
	read := in.Alert
	if read.Title == "" {
		// Memory tells detections apart by their titles (T7).
		read.Title = read.Type
	}
	alert := readAlert(&read)
	alert.row.PayloadHash = newIncidentHash(in.Alert)
	err = d.write(ctx, func(tx *store.Tx) error {
		if out, err = d.createIncident(tx, by, in, alert); err != nil || out.Deduplicated {
			return err
		}
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return soc.CreatedIncident{}, d.refused(ctx, by, "incident_created", err, nil)
	}
	return out, nil
}

func (d *Desk) mayCreateIncident(by soc.Actor, in soc.NewIncident) error {
	if by.Kind == soc.PrincipalAgent {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never makes incidents.").
			WithFix("Submit an investigation on the incident at hand, or use a service key.")
	}
	least := soc.RoleViewer // an ingest key needs no more
	if by.Session {
		least = soc.RoleAnalyst
	}
	if err := by.May(soc.ScopeIncidentsWrite, least); err != nil {
		return err
	}
	if by.Source != "" && by.Source != in.Alert.Source {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "The key is tied to the source %s.", by.Source).WithFix("Send the source the key is tied to.")
	}
	if in.Alert.Severity.Rank() < 0 || in.Alert.Source == "" || len(in.Alert.Raw) > ingestItemBytes {
		return soc.InvalidField("", "needs a source, a known severity and a payload of at most %d bytes", ingestItemBytes)
	}
	return nil
}

// newIncidentHash is the payload by which a repeated key is judged: what the
// request said, not only its raw data.
func newIncidentHash(in soc.InboundAlert) string {
	sum := sha256.New()
	for _, part := range []string{in.Type, string(in.Severity), in.Title, in.Description, payloadHash(in.Raw)} {
		one := sha256.Sum256([]byte(part))
		sum.Write(one[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// createIncident is CreateIncident in a transaction under way.
func (d *Desk) createIncident(tx *store.Tx, by soc.Actor, in soc.NewIncident, alert *ingestAlert) (out soc.CreatedIncident, err error) {
	if in.Alert.ExternalID != "" {
		if out, err = knownIncident(tx, by, in.Alert, alert.row.PayloadHash); err != nil || out.Deduplicated {
			return out, err
		}
	}
	if err := d.unlocked(tx, by.Workspace); err != nil {
		return out, err
	}
	b := newIngestBatch(d, tx, by, soc.IngestRequest{})
	draft, err := b.newIncident(alert)
	if err != nil {
		return out, err
	}
	draft.now.Title = in.Alert.Title
	if draft.now, err = d.assign(tx, draft.now, in.Assignee); err != nil {
		return out, err
	}
	if err := b.flush(); err != nil {
		return out, err
	}
	e := d.entry(by, "incident_created")
	e.Incident, e.Target, e.Digest = draft.now.ID, draft.now.ShortID, alert.row.PayloadHash
	tx.Audit(e)
	out.Incident = draft.now
	return out, nil
}

// knownIncident answers a key that was seen before.
func knownIncident(tx *store.Tx, by soc.Actor, in soc.InboundAlert, hash string) (out soc.CreatedIncident, err error) {
	known, found, err := tx.AlertBySource(by.Workspace, in.Source, in.ExternalID)
	if err != nil {
		return out, err
	}
	taken := soc.Errorf(soc.Conflict, soc.CodeConflict, "The source has sent this external_id before, with other content.").
		WithFix("Send the change to the incident that has it, or use another external_id.")
	if !found {
		exists, err := tx.IncidentKeyExists(by.Workspace, in.Source, in.ExternalID)
		if err == nil && exists {
			err = taken
		}
		return out, err
	}
	if known.Incident == "" {
		return out, soc.Errorf(soc.Conflict, soc.CodeConflict, "The source has sent this external_id as an alert that no incident has yet.").
			WithFix("Escalate the alert, or use another external_id.")
	}
	i, live, err := tx.Incident(by.Workspace, known.Incident)
	switch {
	case err != nil:
		return out, err
	case live && known.PayloadHash == hash:
		return soc.CreatedIncident{Incident: i, Deduplicated: true}, nil
	case live:
		taken.Target = i.ID
		return out, taken
	}
	return out, soc.Errorf(soc.Conflict, soc.CodeConflict, "The incident with this external_id was deleted; keys are never used twice.").WithFix("Use another external_id.")
}

// newIncident begins the incident of a request.
func (b *ingestBatch) newIncident(alert *ingestAlert) (*incidentDraft, error) {
	draft, err := b.newDraft(alert.Source, alert.ExternalID)
	if err != nil {
		return nil, err
	}
	i := &draft.now
	a, err := b.newAlert(alert)
	if err != nil {
		return nil, err
	}
	if alert.ExternalID == "" {
		i.ExternalID, a.ExternalID = i.ShortID, i.ShortID
	}
	i.Title, i.Description, i.Type = alert.Title, alert.Description, alert.Type
	i.Severity, i.IngestSeverity, i.HighestSeverity = alert.Severity, alert.Severity, alert.Severity
	i.CreatedAt = b.now
	return draft, draft.attach(b, a, alert)
}
