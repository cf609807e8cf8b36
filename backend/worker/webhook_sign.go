package worker

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"vedette/backend/soc"
)

// sign puts the signatures of one attempt on a request (portal-api.md section 9,
// case-api.md section 8). Standard Webhooks 1.0 is always there, and while a
// secret rotates it carries a signature by each; the older headers of the two
// families, which existing receivers check, use the present secret alone.
func sign(header http.Header, order soc.Dispatch, body []byte, at time.Time) error {
	w, event := order.Webhook, order.Record.Event
	// As the contracts spell them: not every receiver compares without case.
	set := func(name, value string) { header[name] = []string{value} }
	unix := strconv.FormatInt(at.Unix(), 10)
	signature, err := standardSignature(order.Secrets.Secret, event.ID, unix, body)
	if err != nil {
		return err
	}
	if order.Secrets.Former != "" {
		former, err := standardSignature(order.Secrets.Former, event.ID, unix, body)
		if err != nil {
			return err
		}
		signature += " " + former
	}
	set("webhook-id", event.ID)
	set("webhook-timestamp", unix)
	set("webhook-signature", signature)

	secret := []byte(order.Secrets.Secret)
	if w.PayloadFormat == soc.PayloadCase {
		set("X-IR-Signature", "sha256="+hex.EncodeToString(mac(secret, body)))
	}
	if order.Secrets.SigningToken != "" {
		secret = []byte(order.Secrets.SigningToken)
	}
	timestamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
	if w.SignatureFormat == soc.SignatureHexUnix {
		timestamp = unix
	}
	sum := mac(secret, append([]byte(timestamp+"."), body...))
	set("X-CF-Schema", string(event.Type))
	set("X-CF-Event-Id", event.ID)
	set("X-CF-Timestamp", timestamp)
	if w.SignatureFormat == soc.SignatureHexUnix {
		set("X-CF-Signature", "sha256="+hex.EncodeToString(sum))
	} else {
		set("X-CF-Signature", base64.StdEncoding.EncodeToString(sum))
	}
	if order.Record.Delivery.Test {
		set("X-CF-Test", "true")
	}
	if order.Secrets.Authorization != "" {
		header.Set("Authorization", order.Secrets.Authorization)
	}
	return nil
}

// standardSignature is one entry of webhook-signature.
func standardSignature(secret, id, timestamp string, body []byte) (string, error) {
	key, err := soc.WebhookKey(secret)
	if err != nil {
		return "", err
	}
	return "v1," + base64.StdEncoding.EncodeToString(mac(key, append([]byte(id+"."+timestamp+"."), body...))), nil
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}
