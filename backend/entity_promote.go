package backend

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// promotionReason bounds the reason of a promotion, in characters.
const promotionReason = 1000

// PromoteEntity makes an entity that was read from text, which an attacker may
// have written, one that a sensor vouches for: in this incident only, by a
// senior in person (S10). Nobody who started a run on the incident may, since
// the run could then act on what its starter vouches for; and what an agent
// added is never a target.
func (d *Desk) PromoteEntity(ctx context.Context, by soc.Actor, in soc.Promotion) (promoted soc.Entity, err error) {
	const event = "entity_promoted"
	var numbers []int
	if err = decides(by, soc.RoleSenior); err == nil {
		err = d.mayWrite()
	}
	if err == nil {
		numbers, err = in.Check()
	}
	if n := utf8.RuneCountInString(in.Reason); err == nil && (strings.TrimSpace(in.Reason) == "" || n > promotionReason) {
		err = soc.InvalidField("reason", "must hold 1 to %d characters of text", promotionReason)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			promoted, err = d.promoteEntity(tx, by, event, in, numbers)
			return err
		})
	}
	if err != nil {
		return soc.Entity{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(in.Entity) })
	}
	return promoted, nil
}

func (d *Desk) promoteEntity(tx *store.Tx, by soc.Actor, event string, in soc.Promotion, numbers []int) (soc.Entity, error) {
	i, err := d.incident(&tx.Reader, by, soc.IncidentRef{Workspace: by.Workspace, ID: in.Incident})
	if err != nil {
		return soc.Entity{}, err
	}
	if err := d.unlocked(tx, i.Workspace); err != nil {
		return soc.Entity{}, err
	}
	entity, found, err := tx.Entity(i.Workspace, i.ID, in.Entity)
	if err != nil {
		return entity, err
	}
	if !found {
		return entity, soc.NotFoundf("There is no such entity in the incident.").WithFix("Get the incident with its entities and copy the id exactly.")
	}
	if err := mayPromote(tx, by, i, entity); err != nil {
		return entity, err
	}
	rows, err := tx.EvidenceByNumber(i.Workspace, i.ID, numbers)
	if err != nil {
		return entity, err
	}
	if len(rows) != len(numbers) {
		return entity, soc.InvalidField("evidenceIds", "must name rows of this incident, which has E1 to E%d", i.EvidenceCount)
	}
	before := entity.Provenance
	entity.Provenance = soc.ProvenanceSensorAsserted
	if err := tx.PromoteEntity(i.Workspace, entity.ID); err != nil {
		return entity, err
	}
	if _, err := tx.UpdateIncident(i, i); err != nil { // its entities are part of what readers hold by revision
		return entity, err
	}
	cited := make([]string, len(numbers))
	for n, number := range slices.Sorted(slices.Values(numbers)) {
		cited[n] = soc.EvidenceID(number)
	}
	record, err := soc.CanonicalRecord(map[string]any{"reason": in.Reason, "evidence": strings.Join(cited, " ")})
	if err != nil {
		return entity, err
	}
	e := d.entry(by, event)
	e.Incident, e.Target, e.Before, e.After, e.Detail = i.ID, entity.ID, string(before), string(entity.Provenance), string(record)
	tx.Audit(e)
	return entity, d.settleIdempotency(tx, by, entity)
}

func mayPromote(tx *store.Tx, by soc.Actor, i soc.Incident, entity soc.Entity) error {
	switch entity.Provenance {
	case soc.ProvenanceAgentAdded:
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "What an agent added is never a target, and nobody makes it one.").
			WithFix("Wait for a source to report it, or ingest an alert that does.")
	case soc.ProvenanceSensorAsserted:
		return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "A sensor vouches for it already.").WithFix("Act on it as it is.")
	}
	started, err := tx.StartedRun(i.Workspace, i.ID, by.ID)
	if err == nil && started {
		err = soc.Errorf(soc.Denied, soc.CodeForbidden, "Whoever started a run on an incident vouches for nothing in it.").
			WithFix("Ask another senior to look at the evidence.")
	}
	return err
}
