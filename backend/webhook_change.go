package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// PauseWebhook keeps events waiting.
func (d *Desk) PauseWebhook(ctx context.Context, by soc.Actor, id string) (out soc.Webhook, err error) {
	err = d.switchWebhook(ctx, by, "webhook_paused", id, soc.WebhookPaused, &out)
	return out, err
}

// ResumeWebhook sends what waited and is under 24 hours old.
func (d *Desk) ResumeWebhook(ctx context.Context, by soc.Actor, id string) (out soc.Webhook, err error) {
	err = d.switchWebhook(ctx, by, "webhook_resumed", id, soc.WebhookActive, &out)
	return out, err
}

func (d *Desk) switchWebhook(ctx context.Context, by soc.Actor, event, id string, to soc.WebhookStatus, out *soc.Webhook) error {
	return d.changeWebhook(ctx, by, event, id, soc.IfMatch{}, out, nil, func(tx *store.Tx, w soc.Webhook) (soc.Webhook, error) {
		if w.Status == soc.WebhookAutoDisabled {
			return w, soc.Errorf(soc.Conflict, soc.CodeConflict, "The webhook was disabled by the server.").WithFix("Enable it first.")
		}
		w.Status = to
		if to == soc.WebhookPaused {
			return w, nil
		}
		return w, tx.Enqueue(soc.DeliveryJob{Webhooks: []string{w.ID}}, d.clock())
	})
}

// EnableWebhook takes a webhook that the server disabled into use again. The
// counter begins anew and nothing old is sent.
func (d *Desk) EnableWebhook(ctx context.Context, by soc.Actor, id string) (out soc.Webhook, err error) {
	err = d.changeWebhook(ctx, by, "webhook_enabled", id, soc.IfMatch{}, &out, nil, func(_ *store.Tx, w soc.Webhook) (soc.Webhook, error) {
		if w.Status != soc.WebhookAutoDisabled {
			return w, soc.Errorf(soc.Conflict, soc.CodeConflict, "The webhook is %s and was not disabled by the server.", w.Status).WithFix("Resume a paused webhook; an active one needs nothing.")
		}
		w.Status, w.ConsecutiveFailures, w.DisabledAt, w.DisabledReason, w.SkipBefore = soc.WebhookActive, 0, time.Time{}, "", d.clock()
		return w, nil
	})
	return out, err
}

// mayCall asks whether the server may call an address (S50).
func (d *Desk) mayCall(address string) error {
	if err := d.checkURL(address); err != nil {
		return err
	}
	return nil
}

func errNoSecretKey() error {
	return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "This process has no key to seal secrets with.").WithFix("Send the request to the server.")
}

// changeWebhook changes one webhook that was found. Asked for what is so
// already it writes nothing.
func (d *Desk) changeWebhook(ctx context.Context, by soc.Actor, event, id string, match soc.IfMatch, out *soc.Webhook, whole func() error, change func(*store.Tx, soc.Webhook) (soc.Webhook, error)) error {
	return d.changeWebhooks(ctx, by, event, id, whole, func(tx *store.Tx) (string, any, error) {
		w, err := webhookOf(&tx.Reader, by, id)
		if err != nil {
			return id, nil, err
		}
		if err := match.Check(w.Version); err != nil {
			return id, nil, err
		}
		after, err := change(tx, w)
		if err != nil {
			return id, nil, err
		}
		if after.Status == w.Status && (event == "webhook_paused" || event == "webhook_resumed") {
			*out = w
			return "", w, nil
		}
		after.UpdatedAt = d.clock()
		*out, err = tx.UpdateWebhook(after)
		return id, *out, err
	})
}

// changeWebhooks is the frame of every write: who may, what is whole, one
// transaction with its audit entry. change returns the id of what it changed,
// empty for nothing, and what to answer with.
func (d *Desk) changeWebhooks(ctx context.Context, by soc.Actor, event, id string, whole func() error, change func(*store.Tx) (string, any, error)) error {
	err := mayWebhooks(by, soc.ScopeWebhooksManage)
	if err == nil {
		err = d.mayWrite()
	}
	if err == nil && d.secrets == nil {
		err = errNoSecretKey()
	}
	if err == nil && whole != nil {
		err = whole()
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			changed, answer, err := change(tx)
			if err != nil {
				return err
			}
			if changed == "" { // it was so already
				return nil
			}
			e := d.entry(by, event)
			e.Target = changed
			tx.Audit(e)
			return d.settleIdempotency(tx, by, answer)
		})
	}
	if err != nil {
		return d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(id) })
	}
	return nil
}
