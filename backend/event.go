package backend

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// eventNamespace is that of event ids (RFC 9562, UUIDv5). It never changes: a
// receiver tells repetitions by the id.
var eventNamespace = uuid.MustParse("6f1d2a52-4a5d-5d0e-9c36-2b1f0c7f5e11")

// eventID is the same for the same happening.
func eventID(e soc.Event) string {
	return uuid.NewSHA1(eventNamespace, []byte(strings.Join([]string{e.Workspace, string(e.Type), e.Occasion}, "\x00"))).String()
}

// announce tells the webhooks what happened: it writes the events and one
// delivery for each webhook that listens into the outbox, and enqueues the
// job, all in the transaction in which it happened. Where nobody listens
// nothing is written. Paused webhooks get theirs at resume; disabled ones see
// in their log what they missed.
func (d *Desk) announce(tx *store.Tx, events ...soc.Event) error {
	for from := 0; from < len(events); {
		to := from + 1
		for to < len(events) && events[to].Workspace == events[from].Workspace {
			to++
		}
		listeners, err := tx.Listeners(events[from].Workspace)
		if err != nil {
			return err
		}
		if err := d.tell(tx, listeners, events[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// tell writes the events of one workspace for those who listen.
func (d *Desk) tell(tx *store.Tx, listeners []soc.Webhook, events []soc.Event) error {
	now := d.clock()
	job := soc.DeliveryJob{}
	due := map[string]bool{}
	for _, e := range events {
		e.ID, e.CreatedAt = eventID(e), now
		if e.OccurredAt.IsZero() {
			e.OccurredAt = now
		}
		stored := false
		for _, w := range listeners {
			if !w.ListensTo(e) {
				continue
			}
			e.Organization = w.Organization
			if !stored {
				if err := tx.InsertEvent(e); err != nil {
					return err
				}
				stored = true
			}
			if err := d.outgoing(tx, w, e, now); err != nil {
				return err
			}
			if w.Status == soc.WebhookActive && !due[w.ID] {
				due[w.ID] = true
				job.Webhooks = append(job.Webhooks, w.ID)
			}
		}
	}
	if len(job.Webhooks) == 0 {
		return nil
	}
	return tx.Enqueue(job, now)
}

// outgoing writes the delivery of an event to one webhook.
func (d *Desk) outgoing(tx *store.Tx, w soc.Webhook, e soc.Event, now time.Time) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	delivery := soc.Delivery{
		ID: id.String(), Webhook: w.ID, Event: e.ID, Workspace: e.Workspace, Status: soc.DeliveryPending, NextAttemptAt: now, CreatedAt: now,
	}
	if w.Status == soc.WebhookAutoDisabled {
		delivery.Status, delivery.CompletedAt, delivery.Error = soc.DeliverySkipped, now, "The webhook is disabled."
	}
	return tx.InsertDelivery(delivery)
}

// caused notes who caused an event.
func caused(by soc.Actor, e soc.Event) soc.Event {
	e.Facts.ByKind, e.Facts.By = by.Kind, by.ID
	return e
}

// createdEvents are those of a new incident.
func createdEvents(by soc.Actor, i soc.Incident, alerts []soc.Alert, entities []soc.Entity) []soc.Event {
	created := caused(by, soc.NewEvent(soc.EventIncidentCreated, i, i.ID).WithContents(i, alerts, entities))
	opened := caused(by, soc.NewEvent(soc.EventCaseCreated, i, i.ID))
	if len(alerts) > 0 {
		opened.Facts.Alert = alerts[0].UID
	}
	return []soc.Event{created, opened}
}

// changeEvents are those of what differs between an incident before and after
// a write: a move of the status and a verdict that waits for a person. report
// is the report of a resolve, if one was made.
func changeEvents(by soc.Actor, before, after soc.Incident, report string) []soc.Event {
	var events []soc.Event
	add := func(kind soc.EventType, occasion string, fill func(*soc.EventFacts)) {
		e := caused(by, soc.NewEvent(kind, after, after.ID+"\x00"+occasion))
		e.Facts.Previous, e.Facts.Status, e.Facts.Verdict, e.Facts.Reason, e.Facts.Duplicate = before.Status, after.Status, after.Verdict, after.VerdictReason, after.Duplicate
		fill(&e.Facts)
		events = append(events, e)
	}
	version := strconv.FormatInt(after.Version, 10)
	if before.Status != after.Status {
		if soc.PortalStatus.Word(before.Status) != soc.PortalStatus.Word(after.Status) {
			add(soc.EventIncidentStatusChanged, version, func(*soc.EventFacts) {})
		}
		kind := soc.EventCaseTransitioned
		switch {
		case after.Status == soc.StatusClosed:
			kind = soc.EventCaseResolved
		case before.Status == soc.StatusClosed:
			kind = soc.EventCaseReopened
		}
		add(kind, version, func(f *soc.EventFacts) { f.Report = report })
	}
	if after.Held && (!before.Held || before.Investigation != after.Investigation) {
		for _, kind := range []soc.EventType{soc.EventIncidentVerdictHeld, soc.EventCaseVerdictHeld} {
			add(kind, after.Investigation+"\x00"+version, func(f *soc.EventFacts) {
				f.Investigation, f.Held, f.HoldReasons = after.Investigation, true, after.HoldReasons
				f.Proposed = after.ProposedVerdict
			})
		}
	}
	return events
}

// announceChange announces what a write changed of an incident.
func (d *Desk) announceChange(tx *store.Tx, by soc.Actor, before, after soc.Incident, report string) error {
	events := changeEvents(by, before, after, report)
	if len(events) == 0 {
		return nil
	}
	return d.announce(tx, events...)
}

// announceGamebook announces a gamebook that waits for people, or has ended.
func (d *Desk) announceGamebook(tx *store.Tx, by soc.Actor, g soc.Gamebook) error {
	kinds := []soc.EventType{soc.EventGamebookFinished}
	occasion := g.ID + "\x00" + string(g.Status)
	switch {
	case g.Status.Ended():
	case g.NeedsApproval:
		kinds = []soc.EventType{soc.EventApprovalRequested, soc.EventCaseActionPending}
		occasion = g.ID + "\x00" + g.Digest
		if g.NoticesSent > 0 { // told again: half of the clock is over, or most of it
			occasion += "\x00" + strconv.Itoa(g.NoticesSent)
		}
	default:
		return nil
	}
	listeners, err := tx.Listeners(g.Workspace)
	if err != nil || len(listeners) == 0 {
		return err
	}
	i, found, err := tx.Incident(g.Workspace, g.Incident)
	if err != nil || !found {
		return err
	}
	events := make([]soc.Event, len(kinds))
	for n, kind := range kinds {
		e := caused(by, soc.NewEvent(kind, i, occasion))
		e.Facts.Gamebook, e.Facts.GamebookStatus, e.Facts.Digest = g.ID, g.Status, g.Digest
		e.Facts.QueueReasons, e.Facts.ApprovalExpiresAt, e.Facts.Verdict = g.QueueReasons, g.ApprovalExpiresAt, i.Verdict
		events[n] = e
	}
	return d.tell(tx, listeners, events)
}

// announceInvestigation tells the one webhook that the settings of the
// incident's severity name for the verdict, once.
func (d *Desk) announceInvestigation(tx *store.Tx, by soc.Actor, i soc.Incident, inv soc.Investigation, policy soc.PolicyFacts) error {
	webhook := policy.Settings[i.Severity].OnClassification[inv.Verdict].Webhook
	if webhook == "" {
		return nil
	}
	e := caused(by, soc.NewEvent(soc.EventInvestigationCompleted, i, inv.ID))
	e.Webhook = webhook
	e.Facts.Investigation, e.Facts.Verdict, e.Facts.Reason, e.Facts.Score = inv.ID, inv.Verdict, inv.Reason, inv.Score
	e.Facts.Held, e.Facts.HoldReasons, e.Facts.Gamebooks = inv.Held, inv.HoldReasons, inv.Gamebooks
	return d.announce(tx, e)
}
