package backend

import (
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// flush writes the drafts: incidents first, since everything refers to them.
func (b *ingestBatch) flush() error {
	changed := slices.DeleteFunc(slices.Clone(b.drafts), func(i *incidentDraft) bool { return !i.changed() })
	if err := b.writeIncidents(changed); err != nil {
		return err
	}
	var due []string
	for _, draft := range changed {
		if err := draft.writeRows(b.tx, b.by.Workspace); err != nil {
			return err
		}
		if err := draft.creditSource(b); err != nil {
			return err
		}
		if err := draft.report(b); err != nil {
			return err
		}
		if draft.now.DeletedAt.IsZero() {
			due = append(due, draft.now.ID)
		}
	}
	if err := b.announce(changed); err != nil {
		return err
	}
	if len(due) == 0 {
		return nil
	}
	return b.tx.Enqueue(soc.FloorJob{Workspace: b.by.Workspace, Incidents: due}, b.now)
}

// announce tells of new incidents and of what a source decided. What was known
// already changes nothing here and tells nobody.
func (b *ingestBatch) announce(changed []*incidentDraft) error {
	listeners, err := b.tx.Listeners(b.by.Workspace)
	if err != nil || len(listeners) == 0 {
		return err
	}
	var events []soc.Event
	for _, i := range changed {
		switch {
		case !i.now.DeletedAt.IsZero():
		case i.fresh:
			entities := make([]soc.Entity, len(i.order))
			for n, e := range i.order {
				entities[n] = e.entity
			}
			events = append(events, createdEvents(b.by, i.now, slices.Concat(i.alerts, i.moved), entities)...)
		default:
			events = append(events, changeEvents(b.by, i.before, i.now, i.reported)...)
		}
	}
	return b.d.tell(b.tx, listeners, events)
}

// report leaves a report of an incident that was open here and that its source
// closes. One that comes closed was never worked here, and has none.
func (i *incidentDraft) report(b *ingestBatch) (err error) {
	if i.fresh || !i.now.DeletedAt.IsZero() {
		return nil
	}
	if i.reported, err = b.d.closingReport(i.before, i.now); err != nil || i.reported == "" {
		return err
	}
	_, err = b.d.storeReport(b.tx, i.now, i.reported, soc.AuditEntry{})
	return err
}

// creditSource keeps memory in step with what the source decided: a closure
// with a classification is remembered for every alert type of the incident,
// also for alerts that came later; one taken back is forgotten (T6).
func (i *incidentDraft) creditSource(b *ingestBatch) error {
	closed := i.now.Status == soc.StatusClosed && i.now.ClosedBy == soc.BySource && i.now.VerdictBy == soc.PrincipalService && i.now.Verdict != ""
	wasClosed := i.before.Status == soc.StatusClosed && i.before.ClosedBy == soc.BySource && i.before.VerdictBy == soc.PrincipalService
	switch {
	case closed:
		return b.d.remember(b.tx, i.now, i.now.Verdict, decidedBySource, firstTime(i.closedAt, i.now.SourceModified))
	case wasClosed:
		return b.d.forget(b.tx, i.now)
	}
	return nil
}

// changed reports whether there is anything to store.
func (i *incidentDraft) changed() bool {
	if i.fresh && !i.now.DeletedAt.IsZero() {
		return false
	}
	return i.fresh || i.payload != nil || len(i.alerts)+len(i.replaced)+len(i.linked) > 0 || !i.now.DeletedAt.IsZero()
}

// writeIncidents stores the incidents themselves, the new ones all at once.
func (b *ingestBatch) writeIncidents(drafts []*incidentDraft) (err error) {
	var fresh []*incidentDraft
	for _, i := range drafts {
		i.now.UpdatedAt = b.now
		if i.fresh {
			fresh = append(fresh, i)
			continue
		}
		i.now.EvidenceVersion = i.before.EvidenceVersion + 1
		if i.now, err = b.tx.UpdateIncident(i.before, i.now); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	number, err := b.tx.NextIncidentNumber(b.by.Workspace, len(fresh))
	if err != nil {
		return err
	}
	rows := make([]soc.Incident, len(fresh))
	for n, i := range fresh {
		rows[n] = i.now
		rows[n].Number = number + int64(n)
	}
	if err := b.tx.InsertIncidents(rows); err != nil {
		return err
	}
	for n, i := range fresh {
		i.now = rows[n]
	}
	return nil
}

// writeRows stores what hangs on the incident.
func (i *incidentDraft) writeRows(tx *store.Tx, workspace string) error {
	if i.payload != nil {
		if err := tx.InsertIncidentPayload(i.now.Workspace, i.now.ID, i.payloadHash, i.payload); err != nil {
			return err
		}
	}
	for n, id := range i.references {
		if err := tx.InsertAlertReference(workspace, id, i.now.ID, n); err != nil {
			return err
		}
	}
	for _, a := range i.alerts {
		if err := tx.InsertAlert(a); err != nil {
			return err
		}
		if err := tx.AddObservables(workspace, i.observables[a.ID]); err != nil {
			return err
		}
	}
	for _, a := range i.replaced {
		if err := tx.ReplaceAlert(a.before, a.after); err != nil {
			return err
		}
		if err := tx.AddObservables(workspace, i.observables[a.after.ID]); err != nil {
			return err
		}
	}
	for _, id := range i.linked {
		if err := tx.EscalateAlert(workspace, id, i.now.ID); err != nil {
			return err
		}
	}
	for _, uid := range i.tainted {
		if err := tx.MoveTaint(workspace, uid, i.now.ID, i.now.UpdatedAt); err != nil {
			return err
		}
	}
	return i.writeFindings(tx, workspace)
}

// writeFindings stores the entities of the incident, its rows of evidence and
// where each entity was seen.
func (i *incidentDraft) writeFindings(tx *store.Tx, workspace string) error {
	var fresh []soc.Entity
	for _, e := range i.order {
		if e.fresh {
			fresh = append(fresh, e.entity)
		} else if err := tx.UpdateEntity(e.entity, i.now.Seq); err != nil {
			return err
		}
	}
	if err := tx.InsertEntities(fresh, i.now.Seq); err != nil {
		return err
	}
	for _, e := range i.order {
		if err := tx.InsertUniqueNames(e.entity, i.now.Seq, e.unique); err != nil {
			return err
		}
	}
	if err := tx.InsertEvidenceRows(i.evidence); err != nil {
		return err
	}
	sightings, numbers := make([]soc.Sighting, len(i.sightings)), make([]int, len(i.sightings))
	for n, s := range i.sightings {
		s.sighting.Workspace, s.sighting.Incident, s.sighting.Entity = workspace, i.now.ID, s.entity.entity.ID
		sightings[n], numbers[n] = s.sighting, s.number
	}
	return tx.InsertSightings(sightings, numbers)
}
