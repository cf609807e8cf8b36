package caseapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) \u202e`

// made makes a case by hand and returns its path.
func (d *desk) made(t testing.TB, body string) string {
	t.Helper()
	w := d.Ask("POST", "/api/v1/cases", body, d.key)
	if w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func (d *desk) agentKey() string {
	return d.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeCasesRead, soc.ScopeCasesWrite}})
}

func TestCasesFromOpenToResolved(t *testing.T) {
	d := open(t)
	post := func(path, body string, headers ...string) *httptest.ResponseRecorder {
		return d.Ask("POST", path, body, append(headers, d.key)...)
	}
	golden := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		webtest.Golden(t, *update, "case_"+name+".json", w)
	}
	body := `{"severity":"high","title":"Suspicious PowerShell","description":"d","techniques":["T1059.001"],"asset":{"hostname":"WS-042","owner":"a@example.com"},` +
		`"observables":[{"type":"ip","value":"203[.]0[.]113[.]4"},{"type":"ip","value":"no address"}]}`
	w := post("/api/v1/cases", body)
	golden("created", w)
	path := w.Header().Get("Location")
	golden("get", d.Ask("GET", path, "", d.key))
	golden("list", d.Ask("GET", "/api/v1/cases?status=open&source=manual&severity=high&held=false", "", d.key))
	d.Advance(time.Minute)
	golden("transition", post(path+"/transition", `{"to":"contained","comment":"blocked"}`))
	golden("transition_resolved", post(path+"/transition", `{"to":"resolved"}`))
	golden("transition_unexplained", post(path+"/transition", `{"to":"investigating"}`))
	golden("transition_back", post(path+"/transition", `{"to":"investigating","comment":"it came back"}`))
	golden("transition_never_back_to_open", post(path+"/transition", `{"to":"open","comment":"x"}`))
	golden("report_before", d.Ask("GET", path+"/report", "", d.key))
	golden("resolve_without_cause", post(path+"/resolve", `{"verdict":"benign"}`))
	golden("resolve_unknown_original", post(path+"/resolve", `{"verdict":"duplicate","root_cause":"x","duplicate_of":"case_00000000000000000000000000"}`))
	golden("resolve_original_of_none", post(path+"/resolve", `{"verdict":"benign","root_cause":"x","duplicate_of":"case_00000000000000000000000000"}`))
	d.Advance(time.Minute)
	done := `{"verdict":"true_positive","root_cause":"a macro","narrative":"Seen in [E1]."}`
	first := post(path+"/resolve", done, "Idempotency-Key: r")
	golden("resolved", first)
	if again := post(path+"/resolve", done, "Idempotency-Key: r"); again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %d %s", again.Code, again.Body)
	}
	golden("resolved_same", post(path+"/resolve", done))
	golden("resolved_other", post(path+"/resolve", `{"verdict":"benign","root_cause":"x"}`))
	golden("timeline", d.Ask("GET", path+"/timeline", "", d.key))
	d.Advance(time.Minute)
	golden("reopened", post(path+"/transition", `{"to":"investigating","comment":"not over"}`))
	again := post(path+"/resolve", `{"verdict":"duplicate","root_cause":"x"}`)
	golden("resolved_again", again)
	for version, want := range map[string]string{"": `"version":2`, "&version=1": `"version":1`, "&version=2": `"version":2`} {
		if w := d.Ask("GET", path+"/report?format=json"+version, "", d.key); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("version %q: %d %s", version, w.Code, w.Body)
		}
	}
	if w := d.Ask("GET", path+"/report?version=3", "", d.key); w.Code != 404 {
		t.Errorf("version 3: %d", w.Code)
	}
}

// TestS34AnAgentsResolveIsHeld: an agent proposes; until a person decides no
// key changes what the case says.
func TestS34AnAgentsResolveIsHeld(t *testing.T) {
	d := open(t)
	path := d.made(t, `{"severity":"low","title":"x"}`)
	body := `{"verdict":"benign","root_cause":"nothing"}`
	webtest.Golden(t, *update, "case_resolve_agent.json", d.Ask("POST", path+"/resolve", body, d.agentKey()))
	webtest.Golden(t, *update, "case_resolve_held.json", d.Ask("POST", path+"/resolve", body, d.key))
	held := d.Ask("GET", "/api/v1/cases?held=true", "", d.key)
	if !strings.Contains(held.Body.String(), `"proposed_verdict":"benign"`) || !strings.Contains(held.Body.String(), `"status":"open"`) {
		t.Errorf("%s", held.Body)
	}
	if w := d.Ask("POST", path+"/transition", `{"to":"contained"}`, d.key); w.Code != 409 || webtest.CodeOf(t, w) != "held_for_review" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestS47ReportsAreInert: nothing that an alert, a file or a person wrote can
// act on who reads a report, in any of its forms.
func TestS47ReportsAreInert(t *testing.T) {
	d := open(t)
	path := d.made(t, `{"severity":"low","title":"`+strings.ReplaceAll(hostile, `"`, `\"`)+`","observables":[{"type":"other","value":"<script>alert(2)</script>"}]}`)
	d.Ask("POST", path+"/attachments", form(file("<img src=x onerror=alert(3)>.txt", "x")), d.key, multipartType)
	w := d.Ask("POST", path+"/resolve", `{"verdict":"benign","root_cause":"<script>alert(4)</script>","narrative":"# x\n<b onclick=alert(5)> ![i](https://evil.example/p.png) [E1]"}`, d.key)
	made := webtest.Decode[struct {
		Report struct{ SHA256 string }
	}](t, w, 200)
	source := d.Ask("GET", path+"/report?format=json", "", d.key)
	if sum := sha256.Sum256(source.Body.Bytes()); hex.EncodeToString(sum[:]) != made.Report.SHA256 {
		t.Errorf("the hash is of other bytes than %s", source.Body)
	}
	page := d.Ask("GET", path+"/report?format=html", "", d.key)
	if page.Code != 200 || page.Header().Get("Content-Security-Policy") != "default-src 'none'; style-src 'unsafe-inline'; sandbox" || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v", page.Code, page.Header())
	}
	tags := 0
	for _, bad := range []string{"<script", "<img", "<b ", "<a ", "\u202e", "src=\"", "href", "url("} {
		tags += strings.Count(page.Body.String(), bad)
	}
	if tags != 0 || !strings.Contains(page.Body.String(), "&lt;script&gt;alert(4)") {
		t.Errorf("the page holds what it was given: %s", page.Body)
	}
	text := d.Ask("GET", path+"/report", "", d.key)
	for _, bad := range []string{"<script", "<img", "<b", "](", "![", "https://", "\u202e", "\n# x"} {
		if strings.Contains(text.Body.String(), bad) {
			t.Errorf("the Markdown holds %q: %s", bad, text.Body)
		}
	}
	if again := d.Ask("GET", path+"/report?format=html", "", d.key); again.Body.String() != page.Body.String() {
		t.Error("the same report, other bytes")
	}
}

// TestTargetsMissedAreToldOnce: a breach is one entry of the timeline, however
// often somebody looks.
func TestTargetsMissedAreToldOnce(t *testing.T) {
	d := open(t)
	webtest.Golden(t, *update, "sla.json", d.Ask("GET", "/api/v1/sla", "", d.key))
	path := d.made(t, `{"severity":"critical","title":"x"}`)
	type shown struct {
		SLA struct{ Breached []string }
	}
	look := func(after time.Duration, want ...string) {
		t.Helper()
		d.Advance(after)
		for range 2 {
			if err := d.Desk.WatchSLA(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := webtest.Decode[shown](t, d.Ask("GET", path, "", d.key), 200).SLA.Breached; !slices.Equal(got, want) {
			t.Errorf("after %v: %v, want %v", after, got, want)
		}
		timeline := d.Ask("GET", path+"/timeline?limit=200", "", d.key).Body.String()
		if n := strings.Count(timeline, `"kind":"sla_breached"`); n != len(want) {
			t.Errorf("%d entries of the timeline for %v", n, want)
		}
	}
	look(14 * time.Minute)
	look(2*time.Minute, "acknowledge")
	d.Ask("POST", path+"/transition", `{"to":"investigating"}`, d.key)
	look(time.Hour, "acknowledge", "triage")
	if w := d.Ask("PUT", "/api/v1/sla", `{"critical":{"acknowledge_seconds":60,"triage_seconds":60,"resolve_seconds":7200}}`, d.key); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	look(time.Minute, "acknowledge", "triage")
	look(time.Hour, "acknowledge", "triage", "resolve")
	quick := d.made(t, `{"severity":"critical","title":"y"}`)
	d.Ask("POST", quick+"/resolve", `{"verdict":"benign","root_cause":"x"}`, d.key)
	d.Advance(24 * time.Hour)
	if err := d.Desk.WatchSLA(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := webtest.Decode[shown](t, d.Ask("GET", quick, "", d.key), 200).SLA.Breached; len(got) != 0 {
		t.Errorf("a case closed in time missed %v", got)
	}
}
