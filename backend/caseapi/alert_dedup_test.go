package caseapi_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend/web/webtest"
)

// shuffled is a JSON object with its members in another order and white space
// between them.
func shuffled(t *rapid.T, members []string) string {
	order := rapid.Permutation(members).Draw(t, "order")
	space := rapid.SampledFrom([]string{"", " ", "\n\t"}).Draw(t, "space")
	return "{" + space + strings.Join(order, ","+space) + space + "}"
}

// Resends of one alert, in any order of members and any number, leave one row.
// Another payload changes nothing unless it says so.
func TestResendsLeaveOneAlert(t *testing.T) {
	d := open(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		d.Advance(time.Minute)
		n++
		id := fmt.Sprintf("resend-%d", n)
		members := []string{
			`"source":"crowdstrike"`, `"external_id":"` + id + `"`, `"severity":"high"`, `"title":"Odd ` + id + `"`, `"asset":{"hostname":"WS-042","owner":null}`,
			`"observables":[{"type":"ip","value":"203.0.113.4"}]`, `"raw":{"n":1.0,"list":[1,2],"u":"\u00e9"}`, `"description":null`,
		}
		first := d.post(t, shuffled(rt, members))
		for range rapid.IntRange(0, 4).Draw(rt, "resends") {
			again := d.post(t, shuffled(rt, members))
			if again.ID != first.ID || !again.Deduplicated || again.Dedup.Rule != "key" || again.RepeatCount != 1 || again.Updated {
				rt.Fatalf("a resend gave %+v", again)
			}
		}
		other := strings.Replace(shuffled(rt, members), `"n":1.0`, `"n":2`, 1)
		w := d.Ask("POST", "/api/v1/alerts", strings.Replace(other, `"severity":"high"`, `"severity":"low"`, 1), d.key)
		var conflict struct {
			Error   string
			Details struct {
				AlertID         string   `json:"alert_id"`
				DifferingFields []string `json:"differing_fields"`
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &conflict); err != nil || w.Code != 409 || conflict.Error != "conflict" || conflict.Details.AlertID != first.ID ||
			!slices.Equal(conflict.Details.DifferingFields, []string{"raw", "severity"}) {
			rt.Fatalf("another payload: %d %s", w.Code, w.Body)
		}
		if got := d.list(t, "external_id="+id, 5); len(got) != 1 {
			rt.Fatalf("%d rows", len(got))
		}
	})
}

// Concurrent posts of one key: one is new, the rest recognise it or conflict.
func TestConcurrentPostsOfOneKeyMakeOneAlert(t *testing.T) {
	d := open(t)
	for round := range 20 {
		d.Advance(time.Minute)
		answers := make([]*httptest.ResponseRecorder, 8)
		var all sync.WaitGroup
		for n := range answers {
			all.Go(func() {
				body := alertText(fmt.Sprintf("c-%d", round), fmt.Sprintf(`"description":"%d"`, rand.IntN(3)))
				answers[n] = d.Ask("POST", "/api/v1/alerts", body, d.key)
			})
		}
		all.Wait()
		codes := map[int]int{}
		for _, w := range answers {
			codes[w.Code]++
		}
		if codes[201] != 1 || codes[200]+codes[409] != len(answers)-1 {
			t.Fatalf("%v", codes)
		}
		if got := d.list(t, fmt.Sprintf("external_id=c-%d", round), 5); len(got) != 1 {
			t.Fatalf("%d rows", len(got))
		}
	}
}

const alike = `"title":"Beacon","asset":{"hostname":"WS-042"},"observables":[{"type":"domain","value":"c2.example.com"},{"type":"ip","value":"203.0.113.4"}]`

// The second layer folds what says the same, in any spelling, into the alert
// that is being worked on, and into nothing else.
func TestAlikeAlertsAreFolded(t *testing.T) {
	d := open(t)
	first := d.post(t, alertText("f-1", alike))
	spelled := `"title":"  BEACON ","asset":{"hostname":"ws-042."},"observables":[{"type":"ip","value":"203[.]0[.]113[.]4"},{"type":"domain","value":"C2.EXAMPLE.com"}]`
	again := d.post(t, alertText("f-2", spelled))
	if again.ID != first.ID || again.Dedup == nil || again.Dedup.Rule != "content" || again.Dedup.WindowH != 24 || again.RepeatCount != 2 || again.Status != "triage" {
		t.Fatalf("%+v", again)
	}
	absorbed := webtest.Decode[struct {
		Status      string
		DuplicateOf string `json:"duplicate_of"`
	}](t, d.Ask("GET", "/api/v1/alerts/"+again.Dedup.AbsorbedID, "", d.key), 200)
	if absorbed.Status != "deduplicated" || absorbed.DuplicateOf != first.ID {
		t.Errorf("%+v", absorbed)
	}
	if w := d.Ask("POST", "/api/v1/alerts/"+again.Dedup.AbsorbedID+"/escalate", `{}`, d.key); w.Code != 409 || !strings.Contains(w.Body.String(), `"duplicate_of":"`+first.ID) {
		t.Errorf("escalating a duplicate: %d %s", w.Code, w.Body)
	}
	fresh := func(why, body string) {
		t.Helper()
		if got := d.post(t, body); got.Deduplicated {
			t.Errorf("%s was folded: %+v", why, got)
		}
	}
	fresh("a graver one", alertText("f-3", `"severity":"critical",`+alike))
	fresh("one of another source", strings.Replace(alertText("f-4", alike), "crowdstrike", "wazuh", 1))
	fresh("one with another value", alertText("f-5", strings.Replace(alike, "113.4", "113.5", 1)))
	// f-3 now stands in front of f-1 and absorbs what is no graver.
	if got := d.post(t, alertText("f-6", alike)); got.Dedup == nil || got.RepeatCount != 2 {
		t.Errorf("%+v", got)
	}
	d.Advance(25 * time.Hour)
	fresh("one after the window", alertText("f-7", alike))
}

// Coming back after somebody put it aside is news.
func TestS35NothingIsFoldedIntoWhatWasPutAside(t *testing.T) {
	d := open(t)
	first := d.post(t, alertText("n-1", alike))
	d.move(t, first.ID, "dismiss", `{"reason_code":"false-positive"}`, 200)
	second := d.post(t, alertText("n-2", alike))
	if second.Deduplicated {
		t.Fatalf("folded into a dismissed alert: %+v", second)
	}
	into := d.escalate(t, second.ID, "")
	if got := d.post(t, alertText("n-3", alike)); got.ID != second.ID || got.Status != "escalated" {
		t.Fatalf("not folded into the open case: %+v", got)
	}
	d.close(t, into)
	if got := d.post(t, alertText("n-4", alike)); got.Deduplicated {
		t.Fatalf("folded into a closed case: %+v", got)
	}
}

// An update keeps what was said before, never lowers the severity that decides,
// and brings back what a graver one shows.
func TestUpdateReplacesAndKeepsTheOldRevision(t *testing.T) {
	d := open(t)
	first := d.post(t, alertText("u-1", `"severity":"medium","observables":[{"type":"ip","value":"203.0.113.4"}]`))
	d.move(t, first.ID, "dismiss", `{"reason_code":"known-good"}`, 200)
	lower := d.postTo(t, "/api/v1/alerts?update=true", alertText("u-1", `"severity":"low","observables":[{"type":"ip","value":"203.0.113.5"}]`))
	if !lower.Updated || lower.Status != "dismissed" || lower.ObservablesAdded != 1 {
		t.Fatalf("%+v", lower)
	}
	got := d.get(t, first.ID)
	if got.Severity != "medium" || got.SentSeverity != "low" || len(got.Observables) != 2 {
		t.Errorf("%+v", got)
	}
	higher := d.postTo(t, "/api/v1/alerts?update=true", alertText("u-1", `"severity":"critical"`))
	if higher.Status != "triage" {
		t.Errorf("a graver update of a dismissed alert: %+v", higher)
	}
	if got := d.get(t, first.ID); got.Severity != "critical" || len(got.Observables) != 2 || got.Dismissed != nil {
		t.Errorf("%+v", got)
	}
	var kept int
	lite, _ := d.Store.Pools()
	if err := lite.QueryRow(`SELECT COUNT(*) FROM alert_revision`).Scan(&kept); err != nil || kept != 2 {
		t.Errorf("%d revisions (%v)", kept, err)
	}
}
