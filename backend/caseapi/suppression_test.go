package caseapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

const day = 24 * time.Hour

// declares is an alert whose sender declares values of type domain.
func declares(id, severity string, domains ...string) string {
	list := make([]string, len(domains))
	for n, domain := range domains {
		list[n] = fmt.Sprintf(`{"type":"domain","value":%q}`, domain)
	}
	return alertText(id, `"severity":"`+severity+`","observables":[`+strings.Join(list, ",")+`],"raw":{"note":"see https://uncovered.example.net/x"}`)
}

func TestSuppressionHoldsBackOnlyWhatIsWhollyCovered(t *testing.T) {
	d := open(t)
	before := d.post(t, declares("before", "high", "stats.example.com"))
	id := d.suppress(t, "domain", "STATS[.]example.com.", "global", day)
	d.suppress(t, "domain", "elsewhere.example.com", "source:wazuh", day)
	if got := d.get(t, before.ID); got.Status != "triage" {
		t.Errorf("a suppression looked back: %+v", got)
	}
	for _, c := range []struct {
		name, body, status, because string
		matched                     int
	}{
		{"covered", declares("s-1", "high", "stats.example.com"), "suppressed", "", 1},
		{"covered twice over", declares("s-2", "low", "stats.example.com", "Stats.Example.COM"), "suppressed", "", 1},
		{"one uncovered", declares("s-3", "high", "stats.example.com", "other.example.com"), "triage", "uncovered_observables", 1},
		{"subdomain", declares("s-4", "high", "a.stats.example.com"), "triage", "", 0},
		{"critical", declares("s-5", "critical", "stats.example.com"), "triage", "critical_floor", 1},
		{"other scope", declares("s-6", "high", "elsewhere.example.com"), "triage", "", 0},
		{"none declared", alertText("s-7", `"raw":{"domain":"stats.example.com"}`), "triage", "no_declared_observables", 1},
		{"nothing at all", alertText("s-8", ""), "triage", "", 0},
		{"not of its type", alertText("s-9", `"observables":[{"type":"domain","value":"stats.example.com"},{"type":"ip","value":"nine"}]`), "triage", "uncovered_observables", 1},
	} {
		dry := d.postTo(t, "/api/v1/alerts/dry-run", c.body)
		got := d.post(t, c.body)
		because := ""
		if got.Suppression.Because != nil {
			because = *got.Suppression.Because
		}
		if got.Status != c.status || got.Suppression.Applied != (c.status == "suppressed") || because != c.because || len(got.Suppression.Matched) != c.matched {
			t.Errorf("%s: %+v", c.name, got)
		}
		if dry.ID != "" || dry.Status != got.Status || dry.ObservablesAdded != got.ObservablesAdded {
			t.Errorf("%s: the dry run said %+v, then came %+v", c.name, dry, got)
		}
	}
	if got := d.suppression(t, id); got.Hits != 2 || !got.Active {
		t.Errorf("%+v", got)
	}
	// A resend is no hit, and an escalated one leaves the list.
	d.post(t, declares("s-1", "high", "stats.example.com"))
	if got := d.suppression(t, id); got.Hits != 2 {
		t.Errorf("%+v", got)
	}
}

type listedSuppression struct {
	ID         string
	Active     bool
	Hits       int
	Until      string
	Matched24h int  `json:"would_have_matched_24h"`
	Known      bool `json:"known_source"`
}

func (d *desk) suppression(t testing.TB, id string) listedSuppression {
	t.Helper()
	got := webtest.Decode[struct{ Items []listedSuppression }](t, d.Ask("GET", "/api/v1/observables/suppressions?limit=200", "", d.key), 200)
	for _, s := range got.Items {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("%s is not listed", id)
	return listedSuppression{}
}

// A suppression stops by itself, stays listed with its hits, and can be lifted.
func TestSuppressionEnds(t *testing.T) {
	d := open(t)
	d.post(t, declares("e-0", "high", "stats.example.com"))
	body := fmt.Sprintf(`{"type":"domain","value":"stats.example.com","scope":"global","until":%q}`, d.Now().Add(day).Format(time.RFC3339))
	first := webtest.Decode[listedSuppression](t, d.Ask("POST", "/api/v1/observables/suppress", body, d.key), 201)
	if first.Matched24h != 1 || !first.Known {
		t.Errorf("%+v", first)
	}
	// The same again moves the end of the one there is.
	longer := strings.Replace(body, d.Now().Add(day).Format(time.RFC3339), d.Now().Add(2*day).Format(time.RFC3339), 1)
	if again := webtest.Decode[listedSuppression](t, d.Ask("POST", "/api/v1/observables/suppress", longer, d.key), 200); again.ID != first.ID || again.Until == first.Until {
		t.Errorf("%+v", again)
	}
	status := func(id string) string { return d.post(t, declares(id, "high", "stats.example.com")).Status }
	if got := status("e-1"); got != "suppressed" {
		t.Error(got)
	}
	d.Advance(2 * day)
	if got := status("e-2"); got != "triage" {
		t.Errorf("after its end: %s", got)
	}
	if got := d.suppression(t, first.ID); got.Active || got.Hits != 1 {
		t.Errorf("%+v", got)
	}
	second := d.suppress(t, "domain", "stats.example.com", "global", day)
	if second == first.ID {
		t.Error("an ended suppression came back to life")
	}
	for range 2 { // to lift what has ended changes nothing
		if w := d.Ask("DELETE", "/api/v1/observables/suppressions/"+second, "", d.key); w.Code != 204 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if got := status("e-3"); got != "triage" {
		t.Errorf("after it was lifted: %s", got)
	}
	if got := d.Ask("GET", "/api/v1/observables/suppressions?active=true", "", d.key); strings.Contains(got.Body.String(), "sup_") {
		t.Errorf("%s", got.Body)
	}
}

func TestSuppressionNeedsAnEndAndAnExactValue(t *testing.T) {
	d := open(t)
	soon, far := d.Now().Add(day).Format(time.RFC3339), d.Now().Add(367*day).Format(time.RFC3339)
	body := func(kind, value, scope, until string) string {
		return fmt.Sprintf(`{"type":%q,"value":%q,"scope":%q,"until":%q}`, kind, value, scope, until)
	}
	for _, c := range []struct{ body, field string }{
		{body("domain", "a.example", "global", far), "until"},
		{body("domain", "a.example", "global", d.Now().Format(time.RFC3339)), "until"},
		{`{"type":"domain","value":"a.example","scope":"global"}`, "until"},
		{`{"type":"domain","value":"a.example","scope":"global","until":null}`, "until"},
		{body("domain", "*.example", "global", soon), "value"},
		{body("ip", "10.0.0.0/8", "global", soon), "value"},
		{body("ip", "10.0.0.1-10.0.0.9", "global", soon), "value"},
		{body("other", "x", "global", soon), "type"},
		{body("domain", "a.example", "everything", soon), "scope"},
		{body("domain", "a.example", "source:", soon), "scope"},
		{body("domain", "a.example", "source:Wazuh", soon), "scope"},
	} {
		w := d.Ask("POST", "/api/v1/observables/suppress", c.body, d.key)
		if w.Code != 400 || !strings.Contains(w.Body.String(), `"`+c.field) {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
	}
	w := d.Ask("POST", "/api/v1/observables/suppress", body("domain", "a.example", "source:brand-new", soon), d.key)
	if got := webtest.Decode[listedSuppression](t, w, 201); got.Known {
		t.Errorf("%+v", got)
	}
}

// No agent hides anything, whatever its key says (S35).
func TestS35AgentsNeverHideAlerts(t *testing.T) {
	d := open(t)
	a := d.post(t, alertText("h-1", ""))
	agent := d.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleAdmin, Scopes: soc.AllScopes})
	until := d.Now().Add(day).Format(time.RFC3339)
	for target, body := range map[string]string{
		"POST /api/v1/alerts/" + a.ID + "/dismiss":  `{"reason_code":"test"}`,
		"POST /api/v1/alerts/" + a.ID + "/escalate": `{}`,
		"POST /api/v1/alerts/bulk":                  `{"operation":"dismiss","ids":["` + a.ID + `"],"reason_code":"test"}`,
		"POST /api/v1/alerts":                       alertText("h-2", ""),
		"POST /api/v1/observables/suppress":         `{"type":"ip","value":"192.0.2.1","scope":"global","until":"` + until + `"}`,
		"POST /api/v1/alerts?update=true":           alertText("h-1", `"severity":"low"`),
	} {
		method, path, _ := strings.Cut(target, " ")
		if w := d.Ask(method, path, body, agent); w.Code != 403 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if got := d.get(t, a.ID); got.Status != "triage" || got.Severity != "high" {
		t.Errorf("%+v", got)
	}
}

// Managers are told once, seven days before a suppression ends.
func TestManagersAreToldBeforeASuppressionEnds(t *testing.T) {
	d := open(t)
	d.suppress(t, "domain", "stats.example.com", "global", 30*day)
	told := func() (n int) {
		t.Helper()
		if err := d.Desk.NoteEndingSuppressions(t.Context()); err != nil {
			t.Fatal(err)
		}
		lite, _ := d.Store.Pools()
		if err := lite.QueryRow(`SELECT COUNT(*) FROM audit WHERE event = 'suppression_ending'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {22 * day, 0}, {2 * day, 1}, {day, 1}, {20 * day, 1}} {
		d.Advance(c.after)
		if got := told(); got != c.want {
			t.Errorf("%v later: told %d times, want %d", c.after, got, c.want)
		}
	}
}
