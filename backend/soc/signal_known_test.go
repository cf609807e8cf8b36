package soc

import (
	"testing"
	"time"
)

func TestS35SuppressedTriageKeepsEveryVeto(t *testing.T) {
	covered := FloorInput{Suppression: "sup_X", KnownGood: true, Entities: []EntityFact{{Kind: KindHost, VendorVerdict: "malicious"}}}
	result := Floor(covered, ShippedWeights())
	if result.Classification.Benign() || result.Closable {
		t.Errorf("%+v", result)
	}
}

func TestKnownGoodNamesActorHostAndTime(t *testing.T) {
	at := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	values := func(host, account string) []Observable {
		return []Observable{{Kind: KindHost, Value: host, Valid: true}, {Kind: KindAccount, Value: account, Valid: true}, {Kind: KindIP, Value: "203.0.113.4", Valid: true}}
	}
	alert := Alert{DetectorKey: "d", StartedAt: at}
	dismissed := alert
	dismissed.Dismissal = &Dismissal{Reason: DismissKnownGood, ByKind: PrincipalPerson}
	change := func(f func(*Alert)) Alert {
		a := dismissed
		d := *dismissed.Dismissal
		a.Dismissal = &d
		f(&a)
		return a
	}
	for _, c := range []struct {
		name   string
		values []Observable
		other  Alert
		want   bool
	}{
		{"the same", values("ws-1", "alice"), dismissed, true},
		{"another host", values("ws-2", "alice"), dismissed, false},
		{"another account", values("ws-1", "bob"), dismissed, false},
		{"one account more", append(values("ws-1", "alice"), Observable{Kind: KindAccount, Value: "bob", Valid: true}), dismissed, false},
		{"no account", values("ws-1", "alice")[:1], dismissed, false},
		{"another detector", values("ws-1", "alice"), change(func(a *Alert) { a.DetectorKey = "e" }), false},
		{"two days ago", values("ws-1", "alice"), change(func(a *Alert) { a.StartedAt = at.Add(-48 * time.Hour) }), false},
		{"for another reason", values("ws-1", "alice"), change(func(a *Alert) { a.Dismissal.Reason = "test" }), false},
		{"by a key", values("ws-1", "alice"), change(func(a *Alert) { a.Dismissal.ByKind = PrincipalService }), false},
	} {
		if got := KnownGood(alert, c.values, c.other, values("ws-1", "alice")); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
