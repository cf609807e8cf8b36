package backend

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// senderLease is how long a process may send to a webhook without saying that
// it still does: above what one attempt takes.
const senderLease = 45 * time.Second

// Bounds of the chores of the outbox.
const (
	webhooksDue       = 1000
	deliveriesSkipped = 1000
	deliveriesSwept   = 500
	// deliveryLife is how long a delivery stays in the log.
	deliveryLife = 30 * 24 * time.Hour
)

// WebhooksDue lists webhooks that somebody should send to.
func (d *Desk) WebhooksDue(ctx context.Context) ([]string, error) {
	return d.store.Read(ctx).WebhooksDue(d.clock(), webhooksDue)
}

// TakeWebhook takes, or keeps, the right to send to a webhook: one process at a
// time has it. It reports false when another one does.
func (d *Desk) TakeWebhook(ctx context.Context, webhook, lease string) (taken bool, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		now := d.clock()
		taken, err = tx.LeaseWebhook(webhook, lease, now, now.Add(senderLease))
		return err
	})
	return taken, err
}

// FreeWebhook gives the right to send up.
func (d *Desk) FreeWebhook(ctx context.Context, webhook, lease string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return tx.FreeWebhook(webhook, lease) })
}

// ForgetSenders frees the webhooks that dead processes held. Only the sole
// server of a database may ask for it.
func (d *Desk) ForgetSenders(ctx context.Context) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return tx.ForgetWebhookLeases() })
}

// DueDeliveries is what to send to a webhook now: up to limit deliveries but
// those under way, longest due first. What is too old is skipped here, and a
// webhook that was paused, disabled or deleted since is told to stop at.
func (d *Desk) DueDeliveries(ctx context.Context, webhook string, underWay map[string]bool, limit int) (batch soc.DispatchBatch, err error) {
	var w soc.Webhook
	var due []soc.DeliveryRecord
	now := d.clock()
	err = d.store.View(ctx, func(r *store.Reader) error {
		var found bool
		if w, found, err = r.Webhook("", webhook); err != nil || !found || w.Status != soc.WebhookActive {
			batch.Stop = true
			return err
		}
		due, err = r.DueDeliveries(webhook, now, limit+len(underWay))
		return err
	})
	if err != nil || batch.Stop || len(due) == 0 {
		return batch, err
	}
	secrets, err := d.openSecrets(w)
	if errors.Is(err, soc.ErrSealed) {
		batch.Stop = true
		return batch, d.store.Write(ctx, func(tx *store.Tx) error {
			return d.disable(tx, w.ID, "Its secrets do not open: they were altered, or the key they were sealed with is gone.", func(soc.Webhook) bool { return true })
		})
	}
	if err != nil {
		return batch, err
	}
	batch.Failing = w.ConsecutiveFailures > 0
	var old []soc.Delivery
	for _, record := range due {
		delivery := record.Delivery
		switch {
		case underWay[delivery.ID]:
		case tooOld(w, delivery, now):
			old = append(old, delivery)
		case len(batch.Dispatches) < limit:
			batch.Dispatches = append(batch.Dispatches, soc.Dispatch{Webhook: w, Secrets: secrets, Record: record, Number: delivery.Attempts + 1})
		}
	}
	return batch, d.skip(ctx, old)
}

// tooOld reports whether a delivery is sent no more: its webhook was enabled
// after it, or a day went by before its first attempt.
func tooOld(w soc.Webhook, delivery soc.Delivery, now time.Time) bool {
	if !delivery.CreatedAt.After(w.SkipBefore) {
		return true
	}
	return now.Sub(delivery.CreatedAt) >= soc.DeliveryWindow && (delivery.Attempts == 0 || now.Sub(delivery.FirstAttemptAt) > soc.DeliveryWindow+lateAttempt)
}

// lateAttempt is how late the attempt at the end of the window may come: it
// waits for its turn and for the process.
const lateAttempt = 10 * time.Minute

// skip ends deliveries that were too old to be sent.
func (d *Desk) skip(ctx context.Context, old []soc.Delivery) error {
	if len(old) == 0 {
		return nil
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		for _, delivery := range old {
			delivery.Status, delivery.CompletedAt = soc.DeliverySkipped, d.clock()
			if delivery.Error == "" {
				delivery.Error = "It could not be sent within 24 hours."
			}
			if _, err := tx.UpdateDelivery(delivery, delivery.Attempts); err != nil {
				return err
			}
		}
		return nil
	})
}

// RecordAttempt stores what came of an attempt and when the next one is due. A
// result for a delivery that has moved counts no more.
func (d *Desk) RecordAttempt(ctx context.Context, order soc.Dispatch, result soc.AttemptResult) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return d.recordAttempt(tx, order, result) })
}

func (d *Desk) recordAttempt(tx *store.Tx, order soc.Dispatch, result soc.AttemptResult) error {
	now := d.clock()
	delivery := order.Record.Delivery
	made := delivery.Attempts
	delivery.Attempts = order.Number
	if delivery.FirstAttemptAt.IsZero() {
		delivery.FirstAttemptAt = result.StartedAt
	}
	delivery.HTTPStatus, delivery.Latency, delivery.Error, delivery.Snippet = result.HTTPStatus, result.Latency, result.Error, result.Snippet
	gone := result.HTTPStatus == 410
	at, again := soc.NextAttempt(delivery.FirstAttemptAt, now, order.Number, 2*rand.Float64()-1, result.RetryAfter)
	switch {
	case soc.Delivered(result.HTTPStatus) && result.Error == "":
		delivery.Status, delivery.CompletedAt = soc.DeliveryDelivered, now
	case gone || !again || delivery.Test:
		delivery.Status, delivery.CompletedAt = soc.DeliveryFailed, now
	default:
		delivery.NextAttemptAt = at
	}
	moved, err := tx.UpdateDelivery(delivery, made)
	if err != nil || !moved {
		return err
	}
	result.Delivery, result.Number = delivery.ID, order.Number
	if err := tx.InsertAttempt(result.Attempt); err != nil {
		return err
	}
	switch {
	case delivery.Test:
		return nil
	case delivery.Status == soc.DeliveryDelivered:
		return tx.NoteDelivered(delivery.Webhook, now)
	case gone:
		return d.disable(tx, delivery.Webhook, "The endpoint answered 410 Gone.", func(soc.Webhook) bool { return true })
	}
	if err := tx.NoteFailed(delivery.Webhook); err != nil || delivery.Status != soc.DeliveryFailed {
		return err
	}
	return d.disable(tx, delivery.Webhook, fmt.Sprintf("An event failed %d times within 24 hours, and nothing was delivered in that time.", order.Number), func(w soc.Webhook) bool {
		return w.DeliveredAt.Before(delivery.FirstAttemptAt)
	})
}

// disable stops a webhook, if it is in use and due says so.
func (d *Desk) disable(tx *store.Tx, webhook, reason string, due func(soc.Webhook) bool) error {
	w, found, err := tx.Webhook("", webhook)
	if err != nil || !found || w.Status == soc.WebhookAutoDisabled || !due(w) {
		return err
	}
	w.Status, w.DisabledAt, w.DisabledReason, w.UpdatedAt = soc.WebhookAutoDisabled, d.clock(), reason, d.clock()
	if _, err := tx.UpdateWebhook(w); err != nil {
		return err
	}
	e := d.entry(soc.Actor{Kind: soc.PrincipalSystem, ID: "webhooks", Call: soc.Call{Door: "worker"}}, "webhook_disabled")
	e.Target, e.Detail = w.ID, auditDetail("reason", reason)
	tx.Audit(e)
	return nil
}

// SweepDeliveries ends what waits for webhooks that are disabled or deleted, and
// forgets what is older than 30 days, a bounded part at a time.
func (d *Desk) SweepDeliveries(ctx context.Context) error {
	for {
		var done int64
		err := d.store.Write(ctx, func(tx *store.Tx) error {
			now := d.clock()
			skipped, err := tx.SkipDeliveries(now, deliveriesSkipped)
			if err != nil {
				return err
			}
			swept, err := tx.SweepDeliveries(now.Add(-deliveryLife), deliveriesSwept)
			done = max(skipped/deliveriesSkipped, swept/deliveriesSwept)
			return err
		})
		if err != nil || done == 0 || ctx.Err() != nil {
			return err
		}
	}
}
