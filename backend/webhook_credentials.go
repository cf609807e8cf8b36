package backend

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// formerSecret is how long the secret before a rotation signs along.
const formerSecret = 24 * time.Hour

// SetWebhookCredentials replaces what deliveries prove themselves with, and
// makes a new signing secret where that is asked for: the old one signs along
// for a day. The secret is returned this once.
func (d *Desk) SetWebhookCredentials(ctx context.Context, by soc.Actor, id string, proof soc.WebhookCredentials) (out soc.IssuedWebhook, err error) {
	err = d.changeWebhooks(ctx, by, "webhook_credentials_changed", id, func() (err error) {
		if err := proof.Check(); err != nil {
			return err
		}
		if proof.Rotate {
			out.Secret, err = soc.NewWebhookSecret(rand.Reader)
		}
		return err
	}, func(tx *store.Tx) (string, any, error) {
		w, err := webhookOf(&tx.Reader, by, id)
		if err != nil {
			return id, nil, err
		}
		w.Authentication, w.UpdatedAt = proof.Authentication, d.clock()
		if w, err = d.sealProof(w, proof); err != nil {
			return id, nil, err
		}
		if proof.Rotate {
			if w, err = d.rotate(w, out.Secret); err != nil {
				return id, nil, err
			}
		}
		out.Webhook, err = tx.UpdateWebhook(w)
		return id, out, err
	})
	if err != nil {
		return soc.IssuedWebhook{}, err
	}
	return out, nil
}

// The purposes that a webhook's secrets are sealed for.
const (
	purposeSecret        = "webhook signing secret"
	purposeFormer        = "webhook former signing secret"
	purposeAuthorization = "webhook authorization"
	purposeToken         = "webhook signing token"
)

// sealProof seals what goes into the Authorization header, ready to be sent.
func (d *Desk) sealProof(w soc.Webhook, proof soc.WebhookCredentials) (soc.Webhook, error) {
	header := ""
	switch proof.Authentication {
	case soc.AuthenticationBasic:
		header = "Basic " + base64.StdEncoding.EncodeToString([]byte(proof.Username+":"+proof.Password))
	case soc.AuthenticationBearer:
		header = "Bearer " + proof.Token
	}
	var err error
	if w.Sealed.Authorization, err = d.secrets.Seal(purposeAuthorization, w.ID, header); err != nil {
		return w, err
	}
	w.Sealed.SigningToken, err = d.secrets.Seal(purposeToken, w.ID, proof.SigningToken)
	return w, err
}

// rotate makes secret the present one; the one before signs along.
func (d *Desk) rotate(w soc.Webhook, secret string) (soc.Webhook, error) {
	before, err := d.secrets.Open(purposeSecret, w.ID, w.Sealed.Secret)
	if err != nil {
		return w, err
	}
	if w.Sealed.FormerSecret, err = d.secrets.Seal(purposeFormer, w.ID, before); err != nil {
		return w, err
	}
	w.Sealed.FormerUntil = d.clock().Add(formerSecret)
	w.Sealed.Secret, err = d.secrets.Seal(purposeSecret, w.ID, secret)
	return w, err
}
