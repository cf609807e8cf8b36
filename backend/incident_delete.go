package backend

import (
	"context"
	"encoding/json"
	"strconv"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// DeleteIncident takes an incident out of every list, count, search and family
// at once. The row stays as a tombstone with its audit chain and evidence until
// retention removes it, and its number, keys and digests are never used again
// (S35). It needs the role admin and is never an agent's. Unfinished gamebooks,
// an open hold (for a key) and legal hold refuse it; a triage under way is
// cancelled.
func (d *Desk) DeleteIncident(ctx context.Context, by soc.Actor, ref soc.IncidentRef, match soc.IfMatch) error {
	if err := mayDeleteIncident(by); err != nil {
		return d.refused(ctx, by, "incident_deleted", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return err
	}
	err := d.write(ctx, func(tx *store.Tx) error {
		i, err := d.incident(&tx.Reader, by, ref)
		if err != nil {
			return err
		}
		if err := match.Check(i.Version); err != nil {
			return err
		}
		if err := d.deleteIncident(tx, by, i); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, i)
	})
	if err != nil {
		return d.refused(ctx, by, "incident_deleted", err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(ref.ID) })
	}
	return nil
}

func mayDeleteIncident(by soc.Actor) error {
	if by.Kind == soc.PrincipalAgent {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "An agent credential never deletes.").WithFix("Submit an investigation and let a person decide.")
	}
	return by.May(soc.ScopeIncidentsDelete, soc.RoleAdmin)
}

func (d *Desk) deleteIncident(tx *store.Tx, by soc.Actor, i soc.Incident) error {
	if i.Held && !by.Session {
		return soc.Errorf(soc.Conflict, soc.CodeHeldForReview, "A proposed verdict of this incident waits for a person; until then no key deletes it.").
			WithFix("Ask somebody to decide it in the console or at the operations API.")
	}
	if err := noOpenGamebook(tx, i); err != nil {
		return err
	}
	if err := d.unlocked(tx, i.Workspace); err != nil {
		return err
	}
	if w, found, err := tx.Workspace(i.Workspace); err != nil || found && w.LegalHold {
		if err == nil {
			err = soc.Errorf(soc.Locked, soc.CodeLocked, "The workspace is under legal hold: nothing in it is deleted.").WithFix("Ask an administrator; everything else goes on.")
		}
		return err
	}
	if err := d.cancelTriage(tx, i); err != nil {
		return err
	}
	hash, err := incidentHash(tx, i)
	if err != nil {
		return err
	}
	after := i
	after.DeletedAt = d.clock()
	if _, err := d.saveIncident(tx, by, i, after, ""); err != nil {
		return err
	}
	e := d.entry(by, "incident_deleted")
	e.Incident, e.Target, e.Digest = i.ID, i.ShortID, hash
	tx.Audit(e)
	return nil
}

// cancelTriage ends a triage of the incident that waits or runs.
func (d *Desk) cancelTriage(tx *store.Tx, i soc.Incident) error {
	open, found, err := tx.OpenTriage(i.Workspace, i.ID)
	if err != nil || !found {
		return err
	}
	open.State, open.FinishedAt = soc.RunCancelled, d.clock()
	_, _, err = tx.UpdateTriage(open)
	return err
}

// incidentHash says what was there: the incident as it stood and its alerts'
// payloads.
func incidentHash(tx *store.Tx, i soc.Incident) (string, error) {
	payload, _, found, err := tx.IncidentPayload(i.Workspace, i.ID)
	if err != nil {
		return "", err
	}
	if !found {
		payload = ""
	}
	record := map[string]string{
		"incident": i.ID, "version": strconv.FormatInt(i.Version, 10), "evidence_version": strconv.FormatInt(i.EvidenceVersion, 10),
		"status": string(i.Status), "severity": string(i.Severity), "verdict": string(i.Verdict), "payload": payload,
	}
	var after *soc.Keyset
	for {
		page, err := tx.IncidentAlerts(i.Workspace, i.ID, after, listLimit)
		if err != nil {
			return "", err
		}
		for _, a := range page {
			record["alert "+a.ID] = a.PayloadHash
		}
		if len(page) < listLimit {
			break
		}
		after = store.AlertPosition(page[len(page)-1])
	}
	text, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	return soc.DigestOf("vedette-incident-v1", text), nil
}
