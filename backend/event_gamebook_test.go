package backend

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// listener adds a webhook that is told of everything its format has.
func (b *bench) listener(format soc.PayloadFormat) soc.Webhook {
	b.t.Helper()
	w := soc.Webhook{
		ID: uuid.NewString(), Organization: b.organization, Name: "listener", URL: "https://hooks.example.com/", Status: soc.WebhookActive,
		EventTypes: format.Events(), Authentication: soc.AuthenticationNone, SignatureFormat: soc.SignatureBase64ISO, PayloadFormat: format,
		CreatedAt: b.now(), UpdatedAt: b.now(), Version: 1,
	}
	b.write(func(tx *store.Tx) error { return tx.InsertWebhook(w) })
	return w
}

// told is what a webhook is told, oldest first: the type and a gamebook's state.
func (b *bench) told(w soc.Webhook) (told []string) {
	b.t.Helper()
	found, _, err := b.store.Read(ctx).Deliveries(soc.DeliveryFilter{Webhook: w.ID, Limit: 1000})
	b.must(err)
	for _, r := range found {
		told = append(told, string(r.Event.Type)+" "+string(r.Event.Facts.GamebookStatus))
	}
	slices.Reverse(told)
	return told
}

func TestS22EveryEndOfAGamebookIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		portal, cases := b.listener(soc.PayloadPortal), b.listener(soc.PayloadCase)
		g := b.queued(b.agent, "isolate_host", "host")
		b.submit(b.agent, "isolate_host", "host") // the same plan: nobody is told again
		_, err := b.Deny(ctx, b.as("sr1"), soc.Decision{Gamebook: g.ID, Comment: "no"})
		b.must(err)
		b.queued(b.agent, "disable_user", "user")
		b.wait(b.stored(g.ID).ApprovalExpiresAt.Sub(b.now()))
		b.must(b.ExpireGamebooks(ctx))
		want := []string{
			"gamebook.approval.requested.v1 Queued", "gamebook.finished.v1 Rejected", "gamebook.approval.requested.v1 Queued", "gamebook.finished.v1 Expired",
		}
		if got := b.told(portal); !slices.Equal(got, want) {
			t.Errorf("told %v", got)
		}
		if got := b.told(cases); !slices.Equal(got, []string{"case.action_pending Queued", "case.action_pending Queued"}) {
			t.Errorf("told %v", got)
		}
	})
}
