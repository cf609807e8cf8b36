package store

import (
	"strconv"
	"time"

	"vedette/backend/soc"
)

const webhookColumns = `SELECT w.id, w.organization_id, w.name, w.url, w.status, w.event_types, w.workspaces, w.authentication, w.authorization_secret, w.signing_token,
w.secret, w.former_secret, w.former_until, w.signature_format, w.payload_format, w.consecutive_failures, w.delivered_at, w.disabled_at, w.disabled_reason,
w.skip_before, w.created_by, w.created_at, w.updated_at, w.deleted_at, w.version FROM webhook w`

func scanWebhook(r row) (soc.Webhook, error) {
	var w soc.Webhook
	var events, workspaces string
	var former, delivered, disabled, skip, created, updated, deleted int64
	err := r.Scan(&w.ID, &w.Organization, &w.Name, &w.URL, &w.Status, &events, &workspaces, &w.Authentication, &w.Sealed.Authorization, &w.Sealed.SigningToken,
		&w.Sealed.Secret, &w.Sealed.FormerSecret, &former, &w.SignatureFormat, &w.PayloadFormat, &w.ConsecutiveFailures, &delivered, &disabled, &w.DisabledReason,
		&skip, &w.CreatedBy, &created, &updated, &deleted, &w.Version)
	if err != nil {
		return w, err
	}
	w.Sealed.FormerUntil, w.DeliveredAt, w.DisabledAt, w.SkipBefore = fromMicros(former), fromMicros(delivered), fromMicros(disabled), fromMicros(skip)
	w.CreatedAt, w.UpdatedAt, w.DeletedAt = fromMicros(created), fromMicros(updated), fromMicros(deleted)
	return w, decodeAll(events, &w.EventTypes, workspaces, &w.Workspaces)
}

// Webhook finds a webhook of an organization; an empty organization is for the
// host and the worker. A deleted one is not there.
func (r *Reader) Webhook(organization, id string) (soc.Webhook, bool, error) {
	return one(r, scanWebhook, webhookColumns+` WHERE w.id = $2 AND ($1 = '' OR w.organization_id = $1) AND w.deleted_at = 0`, organization, id)
}

// Webhooks lists those of an organization, oldest first.
func (r *Reader) Webhooks(organization string, after *soc.Keyset, limit int) ([]soc.Webhook, error) {
	at, id := int64(-1), ""
	if after != nil {
		at, _ = strconv.ParseInt(after.Value, 10, 64)
		id = after.ID
	}
	return all(r, scanWebhook, webhookColumns+` WHERE w.organization_id = $1 AND w.deleted_at = 0 AND (w.created_at, w.id) > ($2, $3)
ORDER BY w.created_at, w.id LIMIT $4`, organization, at, id, limit)
}

// Listeners are the webhooks of the organization of a workspace, with what
// decides whether they are told of an event; secrets are left out.
func (r *Reader) Listeners(workspace string) ([]soc.Webhook, error) {
	return all(r, func(x row) (soc.Webhook, error) {
		var w soc.Webhook
		var events, workspaces string
		if err := x.Scan(&w.ID, &w.Organization, &w.Status, &events, &workspaces, &w.PayloadFormat); err != nil {
			return w, err
		}
		return w, decodeAll(events, &w.EventTypes, workspaces, &w.Workspaces)
	}, `SELECT w.id, w.organization_id, w.status, w.event_types, w.workspaces, w.payload_format FROM workspace s
JOIN webhook w ON w.organization_id = s.organization_id AND w.deleted_at = 0 WHERE s.id = $1`, workspace)
}

// InsertWebhook adds a webhook.
func (tx *Tx) InsertWebhook(w soc.Webhook) error {
	return tx.insert(`INSERT INTO webhook (id, organization_id, name, url, status, event_types, workspaces, authentication, authorization_secret, signing_token,
secret, former_secret, former_until, signature_format, payload_format, consecutive_failures, delivered_at, disabled_at, disabled_reason,
skip_before, created_by, created_at, updated_at, deleted_at, version, lease, lease_expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, '', 0)`,
		w.ID, w.Organization, w.Name, w.URL, string(w.Status), list(w.EventTypes), list(w.Workspaces), string(w.Authentication), sealed(w.Sealed.Authorization), sealed(w.Sealed.SigningToken),
		sealed(w.Sealed.Secret), sealed(w.Sealed.FormerSecret), micros(w.Sealed.FormerUntil), string(w.SignatureFormat), string(w.PayloadFormat), w.ConsecutiveFailures, micros(w.DeliveredAt),
		micros(w.DisabledAt), w.DisabledReason, micros(w.SkipBefore), w.CreatedBy, micros(w.CreatedAt), micros(w.UpdatedAt), micros(w.DeletedAt), w.Version)
}

// UpdateWebhook stores a webhook as people changed it and raises its version.
// What the sender counts is stored by NoteDelivered and NoteFailed, except that
// enabling resets it.
func (tx *Tx) UpdateWebhook(w soc.Webhook) (soc.Webhook, error) {
	w.Version++
	n, err := tx.update(`UPDATE webhook SET name = $3, url = $4, status = $5, event_types = $6, workspaces = $7, authentication = $8, authorization_secret = $9,
signing_token = $10, secret = $11, former_secret = $12, former_until = $13, signature_format = $14, payload_format = $15, consecutive_failures = $16,
disabled_at = $17, disabled_reason = $18, skip_before = $19, updated_at = $20, deleted_at = $21, version = $22 WHERE id = $2 AND organization_id = $1 AND deleted_at = 0`,
		w.Organization, w.ID, w.Name, w.URL, string(w.Status), list(w.EventTypes), list(w.Workspaces), string(w.Authentication), sealed(w.Sealed.Authorization),
		sealed(w.Sealed.SigningToken), sealed(w.Sealed.Secret), sealed(w.Sealed.FormerSecret), micros(w.Sealed.FormerUntil), string(w.SignatureFormat), string(w.PayloadFormat),
		w.ConsecutiveFailures, micros(w.DisabledAt), w.DisabledReason, micros(w.SkipBefore), micros(w.UpdatedAt), micros(w.DeletedAt), w.Version)
	if err == nil && n == 0 {
		err = failure(errStaleRow)
	}
	return w, err
}

// sealed is a blob that is never NULL.
func sealed(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// NoteDelivered counts a delivery: the failures before it are over. The time is
// kept to the second, so that a busy webhook is not written for every event.
func (tx *Tx) NoteDelivered(webhook string, at time.Time) error {
	return tx.insert(`UPDATE webhook SET consecutive_failures = 0, delivered_at = $2 WHERE id = $1 AND (consecutive_failures > 0 OR delivered_at < $3)`,
		webhook, micros(at), micros(at.Add(-time.Second)))
}

// NoteFailed counts an attempt that failed.
func (tx *Tx) NoteFailed(webhook string) error {
	return tx.insert(`UPDATE webhook SET consecutive_failures = consecutive_failures + 1 WHERE id = $1`, webhook)
}

// LeaseWebhook takes or renews the right to send to a webhook. It reports
// false while somebody else has it.
func (tx *Tx) LeaseWebhook(id, lease string, now, until time.Time) (bool, error) {
	n, err := tx.update(`UPDATE webhook SET lease = $2, lease_expires_at = $4 WHERE id = $1 AND (lease = $2 OR lease_expires_at <= $3) AND deleted_at = 0`,
		id, lease, micros(now), micros(until))
	return n == 1, err
}

// FreeWebhook gives the right to send up.
func (tx *Tx) FreeWebhook(id, lease string) error {
	return tx.insert(`UPDATE webhook SET lease = '', lease_expires_at = 0 WHERE id = $1 AND lease = $2`, id, lease)
}

// ForgetWebhookLeases ends every right to send.
func (tx *Tx) ForgetWebhookLeases() error {
	return tx.insert(`UPDATE webhook SET lease = '', lease_expires_at = 0 WHERE lease <> ''`)
}

// WebhooksDue lists, over the whole installation, the webhooks that somebody
// should send to: not paused, with a delivery that is due, and nobody at it.
func (r *Reader) WebhooksDue(now time.Time, limit int) ([]string, error) {
	return all(r, scanString, `SELECT w.id FROM webhook w WHERE w.deleted_at = 0 AND w.status = 'Active' AND w.lease_expires_at <= $1
AND EXISTS (SELECT 1 FROM delivery d WHERE d.webhook_id = w.id AND d.status = 'Pending' AND d.is_test = FALSE AND d.next_attempt_at <= $1) LIMIT $2`, micros(now), limit)
}
