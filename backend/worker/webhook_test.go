package worker

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// receiver is somebody's endpoint, over real HTTP.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer http.HandlerFunc
}

type received struct {
	header http.Header
	body   []byte
}

func (b *bench) receiver(answer http.HandlerFunc) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, received{req.Header, body})
		r.mu.Unlock()
		if r.answer != nil {
			r.answer(w, req)
		}
	}))
	b.t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// answering is an endpoint that says one thing.
func answering(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

// admin makes webhooks.
func (b *bench) admin() soc.Actor {
	return soc.Actor{Kind: soc.PrincipalHost, ID: "host:test", Organization: b.organization}
}

// webhook makes a webhook at an address.
func (b *bench) webhook(address string, change func(*soc.WebhookDraft)) soc.IssuedWebhook {
	b.t.Helper()
	draft := soc.WebhookDraft{Name: "receiver", URL: address, EventTypes: []soc.EventType{soc.EventApprovalRequested}}
	if change != nil {
		change(&draft)
	}
	made, err := b.desk.CreateWebhook(ctx, b.admin(), draft, soc.WebhookCredentials{})
	b.must(err)
	return made
}

// happen makes something happen that webhooks are told of: each call another
// gamebook waits for people.
func (b *bench) happen(n int) {
	b.t.Helper()
	for i := range n {
		name := fmt.Sprintf("u%d-%d", len(b.entities), i)
		b.entity(name, soc.KindAccount, name+"@example.com")
		b.submit("reset_password", name)
		b.wait(time.Hour) // past the limits of the hour
		b.wait(-time.Hour)
	}
}

func (b *bench) deliveries(w soc.IssuedWebhook) []soc.Delivery {
	b.t.Helper()
	found, _, err := b.store.Read(ctx).Deliveries(soc.DeliveryFilter{Webhook: w.Webhook.ID, Limit: 1000})
	b.must(err)
	var out []soc.Delivery
	for _, r := range found {
		out = append(out, r.Delivery)
	}
	slices.Reverse(out)
	return out
}

func (b *bench) hook(w soc.IssuedWebhook) soc.Webhook {
	b.t.Helper()
	now, found, err := b.store.Read(ctx).Webhook("", w.Webhook.ID)
	b.must(err)
	if !found {
		b.t.Fatal("the webhook is gone")
	}
	return now
}

// sendDue sends what is due now, as a drain does, and returns how many.
func (b *bench) sendDue(w soc.IssuedWebhook, send func(context.Context, soc.Dispatch) soc.AttemptResult) int {
	b.t.Helper()
	batch, err := b.desk.DueDeliveries(ctx, w.Webhook.ID, nil, 100)
	b.must(err)
	for _, order := range batch.Dispatches {
		b.must(b.desk.RecordAttempt(ctx, order, send(ctx, order)))
	}
	return len(batch.Dispatches)
}

// eventually waits for the worker's own goroutines.
func (b *bench) eventually(what string, done func() bool) {
	b.t.Helper()
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatalf("never: %s", what)
}

func TestS51DeliveriesAreAuthenticInEveryFormat(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		for _, format := range []soc.SignatureFormat{soc.SignatureBase64ISO, soc.SignatureHexUnix} {
			for _, payload := range soc.AllPayloadFormats {
				r := b.receiver(nil)
				w := b.webhook(r.URL, func(d *soc.WebhookDraft) {
					d.SignatureFormat, d.PayloadFormat = format, payload
					if payload == soc.PayloadCase {
						d.EventTypes = []soc.EventType{soc.EventCaseActionPending}
					}
				})
				b.happen(1)
				if n := b.sendDue(w, b.sender.Send); n != 1 {
					t.Fatalf("%d sent", n)
				}
				got := r.all()[0]
				verify, err := standardwebhooks.NewWebhook(w.Secret)
				b.must(err)
				b.must(verify.Verify(got.body, got.header))
				if verify.Verify(append(got.body, ' '), got.header) == nil {
					t.Error("an altered body verifies")
				}
				secret := []byte(w.Secret)
				signed := append([]byte(got.header.Get("X-CF-Timestamp")+"."), got.body...)
				want := base64.StdEncoding.EncodeToString(hash(secret, signed))
				if format == soc.SignatureHexUnix {
					want = "sha256=" + hex.EncodeToString(hash(secret, signed))
				}
				if got.header.Get("X-CF-Signature") != want || got.header.Get("X-CF-Event-Id") != got.header.Get("webhook-id") {
					t.Errorf("%s %s: %v", format, payload, got.header)
				}
				ir := "sha256=" + hex.EncodeToString(hash(secret, got.body))
				if has := got.header.Get("X-IR-Signature"); (payload == soc.PayloadCase) != (has == ir) {
					t.Errorf("%s: X-IR-Signature %q", payload, has)
				}
				if d := b.deliveries(w)[0]; d.Status != soc.DeliveryDelivered || d.Attempts != 1 {
					t.Errorf("%+v", d)
				}
				b.must(b.desk.DeleteWebhook(ctx, b.admin(), w.Webhook.ID, soc.IfMatch{}))
			}
		}
	})
}

func hash(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

func TestS51ARotatedSecretSignsAlongForADay(t *testing.T) {
	b := lite(t)
	r := b.receiver(nil)
	w := b.webhook(r.URL, nil)
	rotated, err := b.desk.SetWebhookCredentials(ctx, b.admin(), w.Webhook.ID, soc.WebhookCredentials{Authentication: soc.AuthenticationNone, Rotate: true})
	b.must(err)
	old, err := standardwebhooks.NewWebhook(w.Secret)
	b.must(err)
	fresh, err := standardwebhooks.NewWebhook(rotated.Secret)
	b.must(err)
	b.happen(1)
	b.sendDue(w, b.sender.Send)
	got := r.all()[0]
	b.must(old.Verify(got.body, got.header))
	b.must(fresh.Verify(got.body, got.header))
	b.wait(25 * time.Hour)
	b.happen(1)
	b.sendDue(w, b.sender.Send)
	got = r.all()[1]
	b.must(fresh.Verify(got.body, got.header))
	if old.Verify(got.body, got.header) == nil {
		t.Error("the old secret signs for ever")
	}
	// A replay is told by its time.
	b.sender.Now = func() time.Time { return time.Now().Add(-6 * time.Minute) }
	b.happen(1)
	b.sendDue(w, b.sender.Send)
	got = r.all()[2]
	if fresh.Verify(got.body, got.header) == nil {
		t.Error("what is older than five minutes verifies")
	}
}

// TestS51AttemptsOfADay lets an endpoint fail for a day of the desk's clock.
func TestS51AttemptsOfADay(t *testing.T) {
	b := lite(t)
	w := b.webhook(b.receiver(nil).URL, nil)
	b.happen(1)
	begun := b.now()
	var at []time.Duration
	ids := map[string]bool{}
	for range 24*60*60/5 + 24 {
		b.sendDue(w, func(_ context.Context, order soc.Dispatch) soc.AttemptResult {
			at = append(at, b.now().Sub(begun))
			ids[order.Record.Event.ID] = true
			return soc.AttemptResult{Attempt: soc.Attempt{StartedAt: b.now(), HTTPStatus: 500, Error: "The endpoint answered 500."}}
		})
		b.wait(5 * time.Second)
		if b.hook(w).Status == soc.WebhookAutoDisabled {
			break
		}
	}
	want := []time.Duration{0, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	if len(at) != len(want) || len(ids) != 1 {
		t.Fatalf("attempts at %v, %d ids", at, len(ids))
	}
	for n := range want {
		if d := at[n] - want[n]; d < -want[n]/10-time.Second || d > want[n]/10+11*time.Second || at[n] > 24*time.Hour+10*time.Second {
			t.Errorf("attempt %d at %v, want %v", n+1, at[n], want[n])
		}
	}
	hook := b.hook(w)
	if hook.Status != soc.WebhookAutoDisabled || hook.ConsecutiveFailures != 10 || hook.DisabledReason == "" || b.count("webhook_disabled") != 1 {
		t.Errorf("%+v", hook)
	}
	b.happen(1) // skipped
	_, err := b.desk.EnableWebhook(ctx, b.admin(), w.Webhook.ID)
	b.must(err)
	b.wait(time.Second)
	b.happen(1)
	b.sendDue(w, b.sender.Send)
	var states []soc.DeliveryStatus
	for _, d := range b.deliveries(w) {
		states = append(states, d.Status)
	}
	if !slices.Equal(states, []soc.DeliveryStatus{soc.DeliveryFailed, soc.DeliverySkipped, soc.DeliveryDelivered}) || b.hook(w).ConsecutiveFailures != 0 {
		t.Errorf("%v", states)
	}
}

func TestS51WhatAnEndpointAnswersDecides(t *testing.T) {
	elsewhere := lite(t).receiver(nil)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status soc.DeliveryStatus
		least  time.Duration // until the next attempt
		hook   soc.WebhookStatus
	}{
		"204":               {answering(204), soc.DeliveryDelivered, 0, soc.WebhookActive},
		"500":               {answering(500), soc.DeliveryPending, 4 * time.Second, soc.WebhookActive},
		"429 in a minute":   {answering(429, "Retry-After", "60"), soc.DeliveryPending, 59 * time.Second, soc.WebhookActive},
		"503 in a year":     {answering(503, "Retry-After", "31536000"), soc.DeliveryPending, 23 * time.Hour, soc.WebhookActive},
		"400 with a wish":   {answering(400, "Retry-After", "60"), soc.DeliveryPending, 4 * time.Second, soc.WebhookActive},
		"a redirect":        {answering(302, "Location", elsewhere.URL), soc.DeliveryPending, 4 * time.Second, soc.WebhookActive},
		"gone":              {answering(410), soc.DeliveryFailed, 0, soc.WebhookAutoDisabled},
		"an endless answer": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, zeroes{}, 1<<20) }, soc.DeliveryDelivered, 0, soc.WebhookActive},
		"drops the line":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, soc.DeliveryPending, 4 * time.Second, soc.WebhookActive},
	} {
		t.Run(name, func(t *testing.T) {
			b := lite(t)
			w := b.webhook(b.receiver(c.answer).URL, nil)
			b.happen(1)
			b.sendDue(w, b.sender.Send)
			d := b.deliveries(w)[0]
			if d.Status != c.status || d.Status == soc.DeliveryPending && d.NextAttemptAt.Sub(b.now()) < c.least || b.hook(w).Status != c.hook || len(d.Snippet) > 1<<10 {
				t.Errorf("%+v, next in %v, webhook %s", d, d.NextAttemptAt.Sub(b.now()), b.hook(w).Status)
			}
			if d.NextAttemptAt.Sub(d.FirstAttemptAt) > 25*time.Hour {
				t.Errorf("past the window: %v", d.NextAttemptAt)
			}
		})
	}
	if n := len(elsewhere.all()); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestS50ARefusedAddressIsNeverDialled(t *testing.T) {
	b := lite(t)
	r := b.receiver(nil)
	w := b.webhook(r.URL, nil)
	b.happen(1)
	b.damage(`UPDATE webhook SET url = $1`, "https://169.254.169.254/latest/meta-data")
	var result soc.AttemptResult
	b.sendDue(w, func(ctx context.Context, order soc.Dispatch) soc.AttemptResult {
		result = b.sender.Send(ctx, order)
		return result
	})
	if !result.Refused || result.Error != "The address may not be called by this server." || len(r.all()) != 0 {
		t.Errorf("%+v", result)
	}
}

func TestPausedWebhooksKeepEventsForADay(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		r := b.receiver(nil)
		w := b.webhook(r.URL, nil)
		_, err := b.desk.PauseWebhook(ctx, b.admin(), w.Webhook.ID)
		b.must(err)
		b.happen(1)
		b.wait(23 * time.Hour)
		b.happen(1)
		if n := b.sendDue(w, b.sender.Send); n != 0 {
			t.Errorf("%d sent while paused", n)
		}
		b.wait(2 * time.Hour)
		_, err = b.desk.ResumeWebhook(ctx, b.admin(), w.Webhook.ID)
		b.must(err)
		b.sendDue(w, b.sender.Send)
		d := b.deliveries(w)
		if d[0].Status != soc.DeliverySkipped || d[1].Status != soc.DeliveryDelivered || len(r.all()) != 1 {
			t.Errorf("%s, %s, %d arrived", d[0].Status, d[1].Status, len(r.all()))
		}
	})
}

func TestRedeliverySendsTheSameEventAgain(t *testing.T) {
	b := lite(t)
	status := 410
	r := b.receiver(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	w := b.webhook(r.URL, nil)
	b.happen(1)
	b.sendDue(w, b.sender.Send)
	failed := b.deliveries(w)[0]
	again := func() error {
		_, err := b.desk.Redeliver(ctx, b.admin(), w.Webhook.ID, failed.ID, failed.CreatedAt)
		return err
	}
	if soc.KindOf(again()) != soc.Conflict {
		t.Error("sent again to a disabled webhook")
	}
	_, err := b.desk.EnableWebhook(ctx, b.admin(), w.Webhook.ID)
	b.must(err)
	b.wait(time.Second)
	status = 200
	b.must(again())
	if soc.KindOf(again()) != soc.Conflict {
		t.Error("sent again twice at once")
	}
	b.sendDue(w, b.sender.Send)
	d := b.deliveries(w)
	got := r.all()
	if len(d) != 2 || d[1].Original != failed.ID || d[1].Event != failed.Event || d[0].RedeliveryRequestedAt.IsZero() || d[1].Status != soc.DeliveryDelivered {
		t.Errorf("%+v", d)
	}
	if len(got) != 2 || string(got[0].body) != string(got[1].body) || got[0].header.Get("webhook-id") != got[1].header.Get("webhook-id") {
		t.Error("a redelivery is another message")
	}
	if _, err := b.desk.Redeliver(ctx, b.admin(), w.Webhook.ID, d[1].ID, d[1].CreatedAt); soc.KindOf(err) != soc.Conflict {
		t.Errorf("a delivered one was sent again: %v", err)
	}
}

// TestS51NothingIsLostBetweenCommitAndDelivery loses the job, then the result of
// an attempt: the next process sends, and sends again, under one id.
func TestS51NothingIsLostBetweenCommitAndDelivery(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		r := b.receiver(nil)
		w := b.webhook(r.URL, nil)
		b.happen(3)
		dead, err := b.desk.TakeWebhook(ctx, w.Webhook.ID, "dead process")
		b.must(err)
		batch, err := b.desk.DueDeliveries(ctx, w.Webhook.ID, nil, 8)
		b.must(err)
		if !dead || len(batch.Dispatches) != 3 {
			t.Fatalf("%v %d", dead, len(batch.Dispatches))
		}
		b.sender.Send(ctx, batch.Dispatches[0]) // and dies before it is recorded
		b.wait(time.Minute)                     // its turn ends
		b.must(b.webhooks.look(ctx))
		b.eventually("all are delivered", func() bool {
			return !slices.ContainsFunc(b.deliveries(w), func(d soc.Delivery) bool { return d.Status != soc.DeliveryDelivered })
		})
		ids := map[string]int{}
		for _, got := range r.all() {
			ids[got.header.Get("webhook-id")]++
		}
		if len(ids) != 3 || len(r.all()) != 4 {
			t.Errorf("%v", ids)
		}
		b.Drain()
		b.webhooks.wait(ctx)
	})
}

// TestS51ADeadEndpointDelaysNobody hangs one endpoint with hundreds waiting; the
// others get theirs while it hangs, and it holds two attempts at most.
func TestS51ADeadEndpointDelaysNobody(t *testing.T) {
	b := lite(t)
	release := make(chan struct{})
	dead := b.receiver(func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-release:
		case <-req.Context().Done():
		}
	})
	hanging := b.webhook(dead.URL, nil)
	b.happen(1)
	record, found, err := b.store.Read(ctx).Delivery(hanging.Webhook.ID, b.deliveries(hanging)[0].ID)
	b.must(err)
	if !found {
		t.Fatal("nothing waits")
	}
	b.write(func(tx *store.Tx) error { // hundreds more, and it failed before
		for n := range 400 {
			d, e := record.Delivery, record.Event
			d.ID, e.ID = fmt.Sprintf("%s-%d", d.ID, n), fmt.Sprintf("%s-%d", e.ID, n)
			d.Event = e.ID
			if err := tx.InsertEvent(e); err != nil {
				return err
			}
			if err := tx.InsertDelivery(d); err != nil {
				return err
			}
		}
		return tx.NoteFailed(hanging.Webhook.ID)
	})
	b.must(b.webhooks.look(ctx))
	b.eventually("the dead one is tried", func() bool { return len(dead.all()) > 0 })
	var healthy []soc.IssuedWebhook
	for range 9 {
		healthy = append(healthy, b.webhook(b.receiver(nil).URL, nil))
	}
	b.happen(5)
	b.must(b.webhooks.look(ctx))
	b.eventually("the healthy ones have theirs", func() bool {
		return !slices.ContainsFunc(healthy, func(w soc.IssuedWebhook) bool {
			d := b.deliveries(w)
			return len(d) != 5 || slices.ContainsFunc(d, func(d soc.Delivery) bool { return d.Status != soc.DeliveryDelivered })
		})
	})
	if n := len(dead.all()); n > 2 {
		t.Errorf("%d attempts hang at the dead endpoint", n)
	}
	close(release)
	b.Drain()
	b.webhooks.wait(ctx)
}

func TestDeliveriesAreForgottenAfterThirtyDays(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		w := b.webhook(b.receiver(nil).URL, nil)
		b.happen(2)
		b.sendDue(w, b.sender.Send)
		b.wait(29 * 24 * time.Hour)
		b.must(b.desk.SweepDeliveries(ctx))
		if n := len(b.deliveries(w)); n != 2 {
			t.Errorf("%d left after 29 days", n)
		}
		b.happen(1)
		b.must(b.desk.DeleteWebhook(ctx, b.admin(), w.Webhook.ID, soc.IfMatch{}))
		b.must(b.desk.SweepDeliveries(ctx))
		if d := b.deliveries(w); d[2].Status != soc.DeliverySkipped {
			t.Errorf("a deleted webhook's delivery is %s", d[2].Status)
		}
		b.wait(2 * 24 * time.Hour)
		b.must(b.desk.SweepDeliveries(ctx))
		if n := len(b.deliveries(w)); n != 1 {
			t.Errorf("%d left after 31 days", n)
		}
	})
}
