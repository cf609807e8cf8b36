package backend

import (
	"context"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// errNoDelivery is the one answer for an unknown delivery and a wrong time.
func errNoDelivery() error {
	return soc.NotFoundf("There is no such delivery.").WithFix("List the deliveries and copy id and createdAt exactly.")
}

// ListDeliveries lists what a webhook was told, newest first.
func (d *Desk) ListDeliveries(ctx context.Context, by soc.Actor, f soc.DeliveryFilter) (found []soc.DeliveryRecord, next *soc.Keyset, err error) {
	if err := mayWebhooks(by, soc.ScopeWebhooksRead); err != nil {
		return nil, nil, err
	}
	f.Limit = min(max(f.Limit, 1), listLimit)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if _, err := webhookOf(r, by, f.Webhook); err != nil {
			return err
		}
		found, next, err = r.Deliveries(f)
		return err
	})
	return found, next, err
}

// GetDelivery returns one delivery with its attempts. createdAt is its own to
// the millisecond.
func (d *Desk) GetDelivery(ctx context.Context, by soc.Actor, webhook, id string, createdAt time.Time) (record soc.DeliveryRecord, err error) {
	if err := mayWebhooks(by, soc.ScopeWebhooksRead); err != nil {
		return record, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if _, err := webhookOf(r, by, webhook); err != nil {
			return err
		}
		record, err = deliveryOf(r, webhook, id, createdAt)
		return err
	})
	return record, err
}

func deliveryOf(r *store.Reader, webhook, id string, createdAt time.Time) (soc.DeliveryRecord, error) {
	record, found, err := r.Delivery(webhook, id)
	if err == nil && (!found || record.Delivery.CreatedAt.UnixMilli() != createdAt.UnixMilli()) {
		return soc.DeliveryRecord{}, errNoDelivery()
	}
	return record, err
}

// Redeliver sends a delivery that failed or was skipped again: a new row of the
// log for the same event, with the same event id.
func (d *Desk) Redeliver(ctx context.Context, by soc.Actor, webhook, id string, createdAt time.Time) (out soc.DeliveryRecord, err error) {
	err = d.changeWebhooks(ctx, by, "webhook_redelivered", webhook, nil, func(tx *store.Tx) (string, any, error) {
		w, err := webhookOf(&tx.Reader, by, webhook)
		if err != nil {
			return id, nil, err
		}
		old, err := deliveryOf(&tx.Reader, webhook, id, createdAt)
		if err != nil {
			return id, nil, err
		}
		if err := mayRedeliver(tx, w, old.Delivery); err != nil {
			return id, nil, err
		}
		fresh, err := uuid.NewV7()
		if err != nil {
			return id, nil, err
		}
		now := d.clock()
		out = soc.DeliveryRecord{Event: old.Event, Delivery: soc.Delivery{
			ID: fresh.String(), Webhook: w.ID, Event: old.Event.ID, Workspace: old.Delivery.Workspace, Status: soc.DeliveryPending,
			Original: old.Delivery.ID, NextAttemptAt: now, CreatedAt: now,
		}}
		if err := tx.NoteRedelivery(w.ID, old.Delivery.ID, now); err != nil {
			return id, nil, err
		}
		if err := tx.InsertDelivery(out.Delivery); err != nil {
			return id, nil, err
		}
		return id, out, tx.Enqueue(soc.DeliveryJob{Webhooks: []string{w.ID}}, now)
	})
	return out, err
}

func mayRedeliver(tx *store.Tx, w soc.Webhook, old soc.Delivery) error {
	conflict := func(message, fix string) error {
		return soc.Errorf(soc.Conflict, soc.CodeConflict, "%s", message).WithFix("%s", fix)
	}
	switch {
	case old.Status != soc.DeliveryFailed && old.Status != soc.DeliverySkipped:
		return conflict("Only a delivery that is Failed or Skipped is sent again.", "Wait for its end, or leave a delivered one.")
	case old.Test:
		return conflict("A test is not sent again.", "Make another test.")
	case w.Status == soc.WebhookAutoDisabled:
		return conflict("The webhook was disabled by the server.", "Enable it first.")
	}
	pending, err := tx.PendingRepetition(w.ID, old.Event, old.ID)
	if err == nil && pending {
		err = conflict("It is being sent again already.", "Look for the newer delivery of the same event.")
	}
	return err
}

// TestWebhook sends a made-up event now, once, and returns what came of it. It
// works when paused or disabled, and counts for neither.
func (d *Desk) TestWebhook(ctx context.Context, by soc.Actor, id string) (out soc.DeliveryRecord, err error) {
	var order soc.Dispatch
	claim := by.Idempotency
	by.Idempotency = nil // the answer is known, and stored, once the test is over
	err = d.changeWebhooks(ctx, by, "webhook_tested", id, nil, func(tx *store.Tx) (string, any, error) {
		w, err := webhookOf(&tx.Reader, by, id)
		if err != nil {
			return id, nil, err
		}
		if err := d.mayCall(w.URL); err != nil || d.send == nil {
			return id, nil, refusedTarget()
		}
		order, err = d.beginTest(tx, w)
		return id, nil, err
	})
	if err != nil {
		return out, err
	}
	result := d.send(ctx, order)
	by.Idempotency = claim
	err = d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := d.recordAttempt(tx, order, result); err != nil {
			return err
		}
		if out, _, err = tx.Delivery(order.Webhook.ID, order.Record.Delivery.ID); err != nil || result.Refused {
			return err
		}
		return d.settleIdempotency(tx, by, out)
	})
	if err == nil && result.Refused {
		err = refusedTarget()
	}
	return out, err
}

func refusedTarget() error {
	return soc.Errorf(soc.Refused, soc.CodeRefused, "The address may not be called by this server.").
		WithFix("Give the webhook a public https address, or have the operator name it with --egress-allow.")
}

// beginTest stores a test delivery that nobody but its caller sends.
func (d *Desk) beginTest(tx *store.Tx, w soc.Webhook) (order soc.Dispatch, err error) {
	all, err := tx.Workspaces(w.Organization)
	if err != nil {
		return order, err
	}
	if len(all) == 0 {
		return order, soc.Errorf(soc.Conflict, soc.CodeConflict, "The organization has no workspace.").WithFix("Make one first.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return order, err
	}
	now := d.clock()
	e := soc.NewEvent(w.EventTypes[0], soc.Incident{
		ID: id.String(), ShortID: "INC-00000000", Workspace: all[0].ID, Source: "vedette", ExternalID: "INC-00000000", Number: 1,
		Title: "Test of a webhook", Severity: soc.SeverityInformational, CreatedAt: now, LastActivity: now,
	}, "test\x00"+id.String())
	e.ID, e.Organization, e.WorkspaceName, e.OccurredAt, e.CreatedAt = eventID(e), w.Organization, all[0].Name, now, now
	e = sampled(e)
	if err := tx.InsertEvent(e); err != nil {
		return order, err
	}
	delivery := soc.Delivery{
		ID: id.String(), Webhook: w.ID, Event: e.ID, Workspace: e.Workspace, Status: soc.DeliveryPending, Test: true, NextAttemptAt: now, CreatedAt: now,
	}
	secrets, err := d.openSecrets(w)
	if err != nil {
		return order, err
	}
	return soc.Dispatch{Webhook: w, Secrets: secrets, Record: soc.DeliveryRecord{Delivery: delivery, Event: e}, Number: 1}, tx.InsertDelivery(delivery)
}

// sampled fills a test event with values of the right form that name nothing.
func sampled(e soc.Event) soc.Event {
	f := &e.Facts
	f.ByKind, f.Previous, f.Status = soc.PrincipalSystem, soc.StatusNew, soc.StatusActive
	f.Proposed, f.Held, f.HoldReasons = soc.VerdictFalsePositive, e.Type == soc.EventIncidentVerdictHeld, []soc.Code{soc.CodeAutoCloseOff}
	f.Verdict, f.Reason, f.Investigation = soc.VerdictTruePositive, "Other", uuid.Nil.String()
	f.Gamebook, f.GamebookStatus, f.Digest = "GB-00000000", soc.GamebookCompleted, soc.Digest(nil)
	f.Comment, f.Mentions = uuid.Nil.String(), []string{uuid.Nil.String()}
	f.QueueReasons, f.ApprovalExpiresAt, f.Target = []soc.Code{soc.CodeCapabilityOff}, e.OccurredAt, "acknowledge"
	return e
}

// openSecrets opens what a delivery is signed with. A secret that does not open
// stops the deliveries of this webhook and is told: it was altered (S53).
func (d *Desk) openSecrets(w soc.Webhook) (s soc.WebhookSecrets, err error) {
	if d.secrets == nil {
		return s, errNoSecretKey()
	}
	open := func(target *string, purpose string, sealed []byte) {
		if err == nil {
			*target, err = d.secrets.Open(purpose, w.ID, sealed)
		}
	}
	open(&s.Secret, purposeSecret, w.Sealed.Secret)
	open(&s.Authorization, purposeAuthorization, w.Sealed.Authorization)
	open(&s.SigningToken, purposeToken, w.Sealed.SigningToken)
	if d.clock().Before(w.Sealed.FormerUntil) {
		open(&s.Former, purposeFormer, w.Sealed.FormerSecret)
	}
	if err != nil {
		d.log.Error("a webhook's secret does not open", "webhook", w.ID, "error", err)
	}
	return s, err
}
