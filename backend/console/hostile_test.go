package console_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// polyglots are texts made to run wherever they are put in unescaped. They are
// ours, after the kinds of the OWASP XSS Filter Evasion Cheat Sheet.
var polyglots = []string{
	`"><script>alert(1)</script>`, `'"><img src=x onerror=alert(1)>`, `</textarea><svg onload=alert(1)>`, `</title><script>alert(1)</script>`,
	`javascript:alert(1)`, `{{.}}${alert(1)}<%= alert(1) %>`, `<!--><script>alert(1)</script>-->`, `</pre><iframe srcdoc="<script>alert(1)</script>">`,
	"\u202etfel\u202c <b>", `<a href="https://evil.example/x">click</a> https://evil.example/y ![x](https://evil.example/z.png)`,
	`hx-get="/console/sign-out" hx-trigger="load" data-live="kill"`, `<meta http-equiv="refresh" content="0;url=https://evil.example">`,
}

// injections are the published prompt injections that the detectors are held
// against, with where each came from in their README.
func injections(t *testing.T) (texts []string) {
	t.Helper()
	packed, err := os.ReadFile("../soc/testdata/hostile/payloads.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	matrix, err := os.Open("../soc/testdata/hostile/soc_matrix.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = matrix.Close() })
	for _, from := range []io.Reader{unpacked, matrix} {
		lines := bufio.NewScanner(from)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var line struct{ Payload string }
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, line.Payload[:min(len(line.Payload), 4000)])
		}
		if lines.Err() != nil {
			t.Fatal(lines.Err())
		}
	}
	return texts
}

// hostileAlert has a text that would run in every member that takes one, and a
// row of evidence for each injection.
func hostileAlert(t *testing.T) []byte {
	t.Helper()
	all := strings.Join(polyglots, " ")
	one := func(n int) string { return polyglots[n%len(polyglots)] }
	entities := []map[string]any{
		{"kind": "host", "value": "ws-043.corp.local", "asserted": true, "names": []string{one(1)}},
		{"kind": "url", "value": "https://evil.example/" + one(1)},
		{"kind": "account", "value": one(2), "display": one(3)},
		{"kind": "process", "value": one(7)},
		{"kind": "file", "value": one(0)},
		{"kind": "domain", "value": one(6)},
	}
	evidence := []map[string]any{{"type": "process", "fields": map[string]any{one(0): all, "command_line": all}}}
	for _, text := range injections(t) {
		evidence = append(evidence, map[string]any{"type": "process", "fields": map[string]any{"command_line": text}})
	}
	alert, err := json.Marshal(map[string]any{
		"external_id": one(0), "source": "odd", "title": all[:500], "description": all, "severity": "high", "detector": one(1), "category": one(2),
		"product": one(3), "vendor": one(6), "vendor_verdict": one(7), "tactics": []string{one(0)}, "techniques": []string{one(1)}, one(3): one(7),
		"entities": entities, "evidence": evidence[:min(len(evidence), 1000)],
	})
	if err != nil {
		t.Fatal(err)
	}
	return alert
}

// TestS47TextOfAlertsRunsNowhere puts texts that would run, and the published
// prompt injections, into every member of an alert and into what agents and
// people write, and opens every page: no script runs, nobody else is asked, no
// markup comes of them, and the policy has nothing to report.
func TestS47TextOfAlertsRunsNowhere(t *testing.T) {
	o := openOffice(t, products(t, "127.0.0.1:9"))
	all := strings.Join(polyglots, " ")
	o.Ingest(o.First, "generic", hostileAlert(t))
	o.find("ws-043")
	done := o.asked("isolate_host", all)
	senior, admin := o.Cookie(o.First, soc.RoleSenior), o.AdminCookie(o.First)
	o.write(senior, admin, all, done)
	id := o.asked("isolate_host", all)
	o.engage(o.First, all)
	b := browse(t, o.house)
	b.look(1280, 800, "light")
	paths := []screen{
		{"evidence", o.first("/incidents/" + o.incident + "/evidence"), soc.RoleSenior},
		{"evidence-row", o.first("/incidents/" + o.incident + "/evidence/E2"), soc.RoleSenior},
		{"denied", o.first("/approvals?state=denied"), soc.RoleSenior},
		{"gamebook-denied", o.first("/gamebooks/" + done), soc.RoleSenior},
		{"audit-of-people", o.first("/audit?event=key_created"), ofTheOrganization},
	}
	for page := 2; page <= 7; page++ { // the rest of the evidence, without a browser
		w := o.ask("GET", o.first(fmt.Sprintf("/incidents/%s/evidence/E%d", o.incident, page*100)), nil, senior)
		if strings.Contains(w.Body.String(), "<script>alert") {
			t.Errorf("row %d holds a script", page*100)
		}
	}
	shown := 0
	for _, s := range append(o.screens(id, done), paths...) {
		switch s.role {
		case soc.RoleNone:
		case ofTheOrganization:
			b.as(admin)
		default:
			b.as(o.Cookie(o.First, max(s.role, soc.RoleSenior)))
		}
		b.open(s.path)
		if n := eval[int](b, `document.querySelectorAll('main script, main iframe, main b, main meta, main title, main [onerror], main [onload], main [srcdoc], main [hx-get], main img').length`); n != 0 {
			t.Errorf("%s holds %d pieces of markup that came from outside", s.name, n)
		}
		if out := eval[string](b, `[...document.querySelectorAll('[href], [src], [action]')].flatMap(e => ['href', 'src', 'action'].map(n => e.getAttribute(n)))
			.filter(a => a !== null && new URL(a, location.href).origin !== location.origin).join(' ')`); out != "" {
			t.Errorf("%s leads to %s", s.name, out)
		}
		if eval[bool](b, `document.querySelector('main').textContent.includes('alert(1)')`) {
			shown++
		}
		b.clean(s.name)
	}
	if shown < 12 {
		t.Errorf("only %d pages show the texts at all", shown)
	}
}

// write puts a text wherever people may write one.
func (o *office) write(senior, admin, all, gamebook string) {
	o.t.Helper()
	incident := o.first("/incidents/" + o.incident)
	short := polyglots[0] + polyglots[1]
	for _, form := range []struct {
		by, target string
		form       url.Values
	}{
		{senior, o.first("/approvals/" + gamebook + "/deny"), url.Values{"reason": {all}}},
		{senior, incident + "/comment", url.Values{"comment": {all}}},
		{senior, o.first("/entities/" + o.host + "/suppress"), url.Values{"days": {"1"}, "reason": {all}}},
		{senior, o.first("/policy/protect"), url.Values{"kind": {"value"}, "value": {short}, "mode": {"never"}, "reason": {all}}},
		{admin, o.first("/webhooks/new"), url.Values{"name": {short}, "url": {"http://127.0.0.1:9/x"}, "reach": {"here"}, "payload": {"portal"}, "event": {"incident.created.v1"}}},
		{admin, o.first("/keys/new"), url.Values{"kind": {"agent"}, "name": {short}, "role": {"senior"}, "scope": {"incidents:read"}, "reason": {all}}},
	} {
		if w := o.send(form.by, form.target, form.form); w.Code != 303 && w.Code != 200 {
			o.t.Fatalf("%s: %d: %s", form.target, w.Code, w.Body)
		}
	}
	if w := o.sendFile(senior, incident+"/attachments", short, all, "token", o.token(senior), "description", all[:500]); w.Code != 303 {
		o.t.Fatalf("%d: %s", w.Code, w.Body)
	}
	if _, err := o.Desk.CreatePerson(o.t.Context(), o.Host, soc.NewPerson{
		Organization: o.OrganizationOf(o.First), Email: "odd@example.org", Name: short, Password: webtest.Password, Grants: map[string]soc.Role{o.First: soc.RoleSenior},
	}); err != nil {
		o.t.Fatal(err)
	}
}
