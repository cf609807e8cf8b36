package store

import (
	"strconv"
	"time"

	"vedette/backend/soc"
)

const deliveryColumns = `SELECT d.id, d.webhook_id, d.event_id, d.workspace_id, d.status, d.is_test, d.original_id, d.attempts, d.first_attempt_at, d.next_attempt_at,
d.http_status, d.latency_ms, d.error, d.snippet, d.redelivery_requested_at, d.created_at, d.completed_at, ` + eventColumns + `
FROM delivery d JOIN event e ON e.id = d.event_id`

func scanDelivery(r row) (soc.DeliveryRecord, error) {
	var d soc.Delivery
	var e scannedEvent
	var first, next, latency, again, created, completed int64
	err := r.Scan(append([]any{
		&d.ID, &d.Webhook, &d.Event, &d.Workspace, &d.Status, &d.Test, &d.Original, &d.Attempts, &first, &next,
		&d.HTTPStatus, &latency, &d.Error, &d.Snippet, &again, &created, &completed,
	}, e.targets()...)...)
	if err != nil {
		return soc.DeliveryRecord{}, err
	}
	d.FirstAttemptAt, d.NextAttemptAt, d.Latency = fromMicros(first), fromMicros(next), time.Duration(latency)*time.Millisecond
	d.RedeliveryRequestedAt, d.CreatedAt, d.CompletedAt = fromMicros(again), fromMicros(created), fromMicros(completed)
	event, err := e.value()
	return soc.DeliveryRecord{Delivery: d, Event: event}, err
}

// InsertDelivery adds a delivery; the first of an event to a webhook stays the
// only one but for repetitions.
func (tx *Tx) InsertDelivery(d soc.Delivery) error {
	return tx.insert(`INSERT INTO delivery (id, webhook_id, event_id, workspace_id, status, is_test, original_id, attempts, first_attempt_at, next_attempt_at,
http_status, latency_ms, error, snippet, redelivery_requested_at, created_at, completed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING`,
		d.ID, d.Webhook, d.Event, d.Workspace, string(d.Status), d.Test, d.Original, d.Attempts, micros(d.FirstAttemptAt), micros(d.NextAttemptAt),
		d.HTTPStatus, d.Latency.Milliseconds(), d.Error, d.Snippet, micros(d.RedeliveryRequestedAt), micros(d.CreatedAt), micros(d.CompletedAt))
}

// Delivery finds a delivery of a webhook that was found by its organization,
// with its event and attempts.
func (r *Reader) Delivery(webhook, id string) (record soc.DeliveryRecord, found bool, err error) {
	record, found, err = one(r, scanDelivery, deliveryColumns+` WHERE d.id = $2 AND d.webhook_id = $1`, webhook, id)
	if err != nil || !found {
		return record, found, err
	}
	record.Attempts, err = all(r, func(x row) (soc.Attempt, error) {
		a := soc.Attempt{Delivery: id}
		var started, latency int64
		err := x.Scan(&a.Number, &started, &a.HTTPStatus, &latency, &a.Error, &a.Snippet)
		a.StartedAt, a.Latency = fromMicros(started), time.Duration(latency)*time.Millisecond
		return a, err
	}, `SELECT number, started_at, http_status, latency_ms, error, snippet FROM delivery_attempt WHERE delivery_id = $1 ORDER BY number`, id)
	return record, true, err
}

// Deliveries lists those of a webhook that was found by its organization,
// newest first.
func (r *Reader) Deliveries(f soc.DeliveryFilter) (found []soc.DeliveryRecord, next *soc.Keyset, err error) {
	q := &listQuery{}
	where := ` WHERE d.webhook_id = ` + q.arg(f.Webhook)
	if !f.From.IsZero() {
		where += ` AND d.created_at >= ` + q.arg(micros(f.From))
	}
	if !f.To.IsZero() {
		where += ` AND d.created_at < ` + q.arg(micros(f.To))
	}
	if f.After != nil {
		at, _ := strconv.ParseInt(f.After.Value, 10, 64)
		where += ` AND (d.created_at, d.id) < (` + q.arg(at) + `, ` + q.arg(f.After.ID) + `)`
	}
	found, err = allInOrder(r, scanDelivery, deliveryColumns+where+` ORDER BY d.created_at DESC, d.id DESC LIMIT `+q.arg(f.Limit+1), q.args...)
	if err != nil || len(found) <= f.Limit {
		return found, nil, err
	}
	found = found[:f.Limit]
	last := found[len(found)-1].Delivery
	return found, &soc.Keyset{Value: strconv.FormatInt(micros(last.CreatedAt), 10), ID: last.ID}, nil
}

// DueDeliveries lists the deliveries of a webhook that are due, longest due
// first.
func (r *Reader) DueDeliveries(webhook string, now time.Time, limit int) ([]soc.DeliveryRecord, error) {
	return allInOrder(r, scanDelivery, deliveryColumns+` WHERE d.webhook_id = $1 AND d.status = 'Pending' AND d.is_test = FALSE AND d.next_attempt_at <= $2
ORDER BY d.next_attempt_at, d.id LIMIT $3`, webhook, micros(now), limit)
}

// NextDelivery is when the next delivery of a webhook is due.
func (r *Reader) NextDelivery(webhook string) (at time.Time, found bool, err error) {
	return one(r, func(x row) (time.Time, error) {
		var at int64
		err := x.Scan(&at)
		return fromMicros(at), err
	}, `SELECT next_attempt_at FROM delivery WHERE webhook_id = $1 AND status = 'Pending' AND is_test = FALSE ORDER BY next_attempt_at, id LIMIT 1`, webhook)
}

// PendingRepetition reports whether a repetition of a delivery is on its way.
func (r *Reader) PendingRepetition(webhook, event, original string) (bool, error) {
	_, found, err := one(r, scanString, `SELECT id FROM delivery WHERE event_id = $2 AND webhook_id = $1 AND original_id = $3 AND status = 'Pending' LIMIT 1`, webhook, event, original)
	return found, err
}

// UpdateDelivery stores what an attempt, or the lack of one, made of a delivery
// that waited and had made attempts. It reports false for one that has moved.
func (tx *Tx) UpdateDelivery(d soc.Delivery, made int) (bool, error) {
	n, err := tx.update(`UPDATE delivery SET status = $3, attempts = $4, first_attempt_at = $5, next_attempt_at = $6, http_status = $7, latency_ms = $8, error = $9,
snippet = $10, completed_at = $11 WHERE id = $2 AND webhook_id = $1 AND status = 'Pending' AND attempts = $12`,
		d.Webhook, d.ID, string(d.Status), d.Attempts, micros(d.FirstAttemptAt), micros(d.NextAttemptAt), d.HTTPStatus, d.Latency.Milliseconds(), d.Error,
		d.Snippet, micros(d.CompletedAt), made)
	return n == 1, err
}

// InsertAttempt adds an attempt.
func (tx *Tx) InsertAttempt(a soc.Attempt) error {
	return tx.insert(`INSERT INTO delivery_attempt (delivery_id, number, started_at, http_status, latency_ms, error, snippet) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.Delivery, a.Number, micros(a.StartedAt), a.HTTPStatus, a.Latency.Milliseconds(), a.Error, a.Snippet)
}

// NoteRedelivery notes on a delivery that it was asked for again.
func (tx *Tx) NoteRedelivery(webhook, id string, at time.Time) error {
	return tx.insert(`UPDATE delivery SET redelivery_requested_at = $3 WHERE id = $2 AND webhook_id = $1`, webhook, id, micros(at))
}

// SkipDeliveries ends up to limit deliveries that will never be sent: those of
// webhooks that are deleted or disabled.
func (tx *Tx) SkipDeliveries(now time.Time, limit int) (int64, error) {
	return tx.update(`UPDATE delivery SET status = 'Skipped', completed_at = $1, error = 'The webhook was disabled or deleted before the event could be sent.'
WHERE id IN (SELECT d.id FROM webhook w JOIN delivery d ON d.webhook_id = w.id AND d.status = 'Pending' AND d.is_test = FALSE
WHERE w.deleted_at > 0 OR w.status = 'AutoDisabled' LIMIT $2)`, micros(now), limit)
}

// SweepDeliveries removes up to limit deliveries made before a time, with their
// attempts, then the events and deleted webhooks that nothing names any more.
// It returns how many deliveries it removed.
func (tx *Tx) SweepDeliveries(before time.Time, limit int) (int64, error) {
	const old = `SELECT id FROM delivery WHERE created_at < $1 ORDER BY created_at, id LIMIT $2`
	if _, err := tx.update(`DELETE FROM delivery_attempt WHERE delivery_id IN (`+old+`)`, micros(before), limit); err != nil {
		return 0, err
	}
	n, err := tx.update(`DELETE FROM delivery WHERE id IN (`+old+`)`, micros(before), limit)
	if err != nil {
		return n, err
	}
	if _, err := tx.update(`DELETE FROM event WHERE id IN (SELECT e.id FROM event e WHERE e.created_at < $1
AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.id) ORDER BY e.created_at, e.id LIMIT $2)`, micros(before), limit); err != nil {
		return n, err
	}
	_, err = tx.update(`DELETE FROM webhook WHERE deleted_at > 0 AND deleted_at < $1 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.webhook_id = webhook.id)`, micros(before))
	return n, err
}
