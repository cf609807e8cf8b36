package triageapi_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

type listed struct {
	Data []struct {
		ID       string `json:"id"`
		Severity string `json:"severity"`
		Status   string `json:"status"`
	} `json:"data"`
	Meta struct {
		Page       *int    `json:"page"`
		PerPage    int     `json:"per_page"`
		Total      int     `json:"total"`
		NextCursor *string `json:"next_cursor"`
	} `json:"meta"`
}

func TestAnswersOfTheReads(t *testing.T) {
	d := open(t)
	scan := d.byID(t, "authored-2")
	closed := d.first(t, false)
	for name, target := range map[string]string{
		"list":         "/api/incidents?per_page=2&sort=incident_number",
		"list-filter":  "/api/incidents?status=resolved,triaged&severity=high&severity=medium&created_after=2024-01-01T00:00:00Z&sort=-updated_at",
		"list-past":    "/api/incidents?page=7",
		"list-type":    "/api/incidents?type=unheard_of",
		"open":         path(scan, ""),
		"upper-case":   strings.ToUpper(scan.ID),
		"resolved":     path(closed, ""),
		"malformed":    "/api/incidents/INC-2026-0010",
		"unknown":      "/api/incidents/550e8400-e29b-41d4-a716-446655440000",
		"bad-filter":   "/api/incidents?status=new&perpage=1",
		"too-deep":     "/api/incidents?page=101&per_page=100",
		"bad-cursor":   "/api/incidents?cursor=Gd41",
		"unknown-path": "/api/incidents/" + scan.ID + "/history",
	} {
		t.Run(name, func(t *testing.T) {
			if name == "upper-case" {
				target = "/api/incidents/" + target
			}
			webtest.Golden(t, *update, "read/"+name+".golden", d.Ask("GET", target, "", d.key))
		})
	}
}

func TestRawDataIsByteForByte(t *testing.T) {
	d := open(t)
	raw := "{\r\n \"external_id\" : \"raw\",\t\"source\":\"odd\", \"title\":\"<b>&\\u0000\\u2028\", \"severity\":\"low\", \"n\": 1.00e2, \"big\": 12345678901234567890 }"
	d.Ingest(d.First, "generic", []byte(raw))
	w := d.Ask("GET", path(d.byID(t, "raw"), ""), "", d.key)
	if !bytes.Contains(w.Body.Bytes(), []byte(`"raw_data":`+raw+`,`)) || w.Code != 200 || w.Header().Get("ETag") != `"1"` {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if fmt.Sprint(w.Body.Len()) != w.Header().Get("Content-Length") {
		t.Error("the length is not that of the body")
	}
}

func TestPagesAndCursorsHoldEveryIncidentOnce(t *testing.T) {
	d := open(t)
	total := len(d.incidents(t, d.First))
	for _, sort := range []string{"created_at", "-created_at", "updated_at", "severity", "-severity", "status", "-status", "incident_number", "-incident_number"} {
		whole := webtest.Decode[listed](t, d.Ask("GET", "/api/incidents?per_page=100&sort="+sort, "", d.key), 200)
		if len(whole.Data) != total || whole.Meta.Total != total || whole.Meta.NextCursor != nil {
			t.Fatalf("%s: %d of %d", sort, len(whole.Data), total)
		}
		pages, cursors := listed{}, listed{}
		next := ""
		for number := 1; len(cursors.Data) < total; number++ {
			page := webtest.Decode[listed](t, d.Ask("GET", fmt.Sprintf("/api/incidents?per_page=3&page=%d&sort=%s", number, sort), "", d.key), 200)
			pages.Data = append(pages.Data, page.Data...)
			cursor := webtest.Decode[listed](t, d.Ask("GET", "/api/incidents?per_page=3&sort="+sort+next, "", d.key), 200)
			cursors.Data = append(cursors.Data, cursor.Data...)
			if (cursor.Meta.Page == nil) != (next != "") || *page.Meta.Page != number || cursor.Meta.Total != total {
				t.Errorf("meta %+v and %+v", page.Meta, cursor.Meta)
			}
			if cursor.Meta.NextCursor == nil {
				break
			}
			next = "&cursor=" + *cursor.Meta.NextCursor
		}
		if diff := cmp.Diff(whole.Data, pages.Data); diff != "" {
			t.Error(sort, "pages", diff)
		}
		if diff := cmp.Diff(whole.Data, cursors.Data); diff != "" {
			t.Error(sort, "cursors", diff)
		}
	}
}

func TestFiltersSelectWhatTheySay(t *testing.T) {
	d := open(t)
	d.Ingest(d.First, "generic", []byte(`[{"external_id":"i","source":"odd","title":"x","severity":"informational","type":"odd_type","created_at":"2026-05-14T10:00:00.25Z"},
		{"external_id":"l","source":"odd","title":"x","severity":"low","type":"other_type","created_at":"2026-05-14T10:00:00.75Z"}]`))
	all := d.incidents(t, d.First)
	count := func(match func(soc.Incident) bool) (n int) {
		for _, i := range all {
			if match(i) {
				n++
			}
		}
		return n
	}
	created := func(from, to string) string {
		return "created_after=" + url.QueryEscape(from) + "&created_before=" + url.QueryEscape(to)
	}
	for query, want := range map[string]int{
		"":                           len(all),
		"status=open,triaged":        count(soc.Incident.Open),
		"status=resolved":            count(func(i soc.Incident) bool { return !i.Open() }),
		"status=resolved,resolved":   count(func(i soc.Incident) bool { return !i.Open() }),
		"severity=low":               count(func(i soc.Incident) bool { return i.Severity == "low" || i.Severity == "informational" }),
		"severity=high,low,high":     count(func(i soc.Incident) bool { return i.Severity != "medium" && i.Severity != "critical" }),
		"type=odd_type":              1,
		"type=odd_type,other_type":   2,
		"type=odd_type&severity=low": 1,
		created("2026-05-14T10:00:00Z", "2026-05-14T10:00:01Z"):                2,
		created("2026-05-14T12:00:00.25+02:00", "2026-05-14T10:00:00.750001Z"): 1,
		created("2026-05-14T10:00:00.25Z", "2026-05-14T10:00:00.75Z"):          0,
	} {
		got := webtest.Decode[listed](t, d.Ask("GET", "/api/incidents?per_page=100&"+query, "", d.key), 200)
		if len(got.Data) != want || got.Meta.Total != want {
			t.Errorf("%s: %d of %d, want %d", query, len(got.Data), got.Meta.Total, want)
		}
	}
}

func TestS45CursorsAreBound(t *testing.T) {
	d := open(t)
	first := webtest.Decode[listed](t, d.Ask("GET", "/api/incidents?per_page=2&severity=high", "", d.key), 200)
	next := "&cursor=" + *first.Meta.NextCursor
	somebody := d.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: soc.AllScopes})
	for query, want := range map[string]int{
		"severity=high" + next: 200, "severity=high&per_page=5" + next: 200, "per_page=2" + next: 400, "severity=high&sort=created_at" + next: 400,
		"severity=high&page=2" + next: 400, "severity=high" + next + "A": 400,
	} {
		if w := d.Ask("GET", "/api/incidents?"+query, "", d.key); w.Code != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	if w := d.Ask("GET", "/api/incidents?severity=high"+next, "", somebody); w.Code != 400 || webtest.CodeOf(t, w) != "invalid_cursor" {
		t.Errorf("another caller: %d %s", w.Code, w.Body)
	}
	d.Advance(24 * time.Hour)
	if w := d.Ask("GET", "/api/incidents?severity=high"+next, "", d.key); w.Code != 400 {
		t.Errorf("expired: %d", w.Code)
	}
}

func TestS44ForeignReadsLikeRandom(t *testing.T) {
	d := open(t)
	d.Ingest(d.Foreign, "generic", []byte(`{"external_id":"theirs","source":"odd","title":"x","severity":"low"}`))
	theirs := d.incidents(t, d.Foreign)[0]
	ours := d.first(t, true)
	for _, rest := range []string{"", "/triage", "/triage/triage-5kq2x7d9mv"} {
		bodies := map[string]bool{}
		for _, id := range []string{theirs.ID, "550e8400-e29b-41d4-a716-446655440000", theirs.ShortID, ours.ShortID, "42", "INC-2026-0001", "%00"} {
			method := "GET"
			if rest == "/triage" {
				method = "POST"
			}
			w := d.Ask(method, "/api/incidents/"+id+rest, "", d.key)
			if w.Code != 404 {
				t.Errorf("%s%s: %d %s", id, rest, w.Code, w.Body)
			}
			if id != "%00" { // not text at all
				bodies[webtest.Masked(t, w)] = true
			}
		}
		if len(bodies) != 1 {
			t.Errorf("%q: the 404s differ: %v", rest, bodies)
		}
	}
}
