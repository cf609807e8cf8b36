package caseapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend/web/webtest"
)

type listed struct {
	Items []struct {
		ID, Source, Severity, Status, Title string
		ExternalID                          string  `json:"external_id"`
		CaseID                              *string `json:"case_id"`
		RepeatCount                         int     `json:"repeat_count"`
	}
	NextCursor *string `json:"next_cursor"`
	HasMore    bool    `json:"has_more"`
}

// list reads all pages of a list.
func (d *desk) list(t testing.TB, query string, limit int) (ids []string) {
	t.Helper()
	cursor := ""
	for {
		got := webtest.Decode[listed](t, d.Ask("GET", fmt.Sprintf("/api/v1/alerts?limit=%d&%s%s", limit, query, cursor), "", d.key), 200)
		if got.HasMore != (got.NextCursor != nil) || len(got.Items) > limit {
			t.Fatalf("has_more %v, next_cursor %v, %d items", got.HasMore, got.NextCursor != nil, len(got.Items))
		}
		for _, a := range got.Items {
			ids = append(ids, a.ExternalID)
		}
		if !got.HasMore {
			return ids
		}
		cursor = "&cursor=" + *got.NextCursor
	}
}

// Pages of any size hold every alert that the filter lets through, once, newest
// received first.
func TestAlertsArePagedNewestFirst(t *testing.T) {
	d := open(t)
	severities := []string{"informational", "low", "medium", "high", "critical"}
	var all, severe []string
	for n := range 23 {
		id := fmt.Sprintf("a-%02d", n)
		d.ingestGeneric(id, severities[n%5])
		all = append(all, id)
		if n%5 >= 3 {
			severe = append(severe, id)
		}
	}
	slices.Reverse(all)
	slices.Reverse(severe)
	rapid.Check(t, func(rt *rapid.T) {
		d.Advance(time.Minute) // the bucket of reads refills
		limit := rapid.IntRange(1, 30).Draw(rt, "limit")
		for query, want := range map[string][]string{
			"": all, "source=edge": all, "severity=high,critical": severe, "status=escalated&source=edge,other": all,
			"source=nobody": nil, "status=triage": nil, "external_id=a-07": {"a-07"}, "external_id=a-07&severity=low": nil,
			"detected_before=2020-01-01T00:00:00Z": nil, "detected_after=2020-01-01T00:00:00Z": all,
		} {
			if got := d.list(t, query, limit); !slices.Equal(got, want) {
				rt.Fatalf("%s by %d: %v, want %v", query, limit, got, want)
			}
		}
	})
}

func TestANullPayloadReadsAsNone(t *testing.T) {
	d := open(t)
	sent := d.post(t, `{"source":"odd","external_id":"null-raw","severity":"low","title":"x","raw":null}`)
	if w := d.Ask("GET", "/api/v1/alerts/"+sent.ID+"?raw=true", "", d.key); w.Code != 200 || strings.Contains(w.Body.String(), `"raw":null`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
