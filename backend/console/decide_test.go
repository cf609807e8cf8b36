package console_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS14WhatIsApprovedIsAboveTheFold measures the card in a browser: sentence,
// target, class, undo, the bytes under the digest and the digest are within the
// window before anybody scrolls, on a laptop and on a phone, also under an
// engaged kill switch; and the text of the box is what the digest is made of.
func TestS14WhatIsApprovedIsAboveTheFold(t *testing.T) {
	o := openOffice(t)
	b := browse(t, o.house)
	id := o.asked("isolate_host", "")
	o.engage(o.First, "a drill")
	b.as(o.Cookie(o.First, soc.RoleSenior))
	for _, window := range [][2]int64{{1280, 800}, {390, 844}} {
		b.look(window[0], window[1], "light")
		b.open(o.first("/approvals/" + id))
		for _, part := range []string{"#sentence", ".target", ".class-of", ".rollback", "#canonical", "#digest"} {
			bottom := eval[float64](b, `document.querySelector('`+part+`').getBoundingClientRect().bottom`)
			if top := eval[float64](b, `document.querySelector('`+part+`').getBoundingClientRect().top`); top < 0 || bottom > float64(window[1]) {
				t.Errorf("%s stands from %.0f to %.0f in a window of %dx%d", part, top, bottom, window[0], window[1])
			}
		}
	}
	sum := sha256.Sum256([]byte(eval[string](b, `document.getElementById('canonical').textContent`)))
	if shown := eval[string](b, `document.getElementById('digest').textContent`); shown != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Errorf("the bytes shown have sha256:%x, the page says %s", sum, shown)
	}
	b.clean("card")
}

// TestDecidingInABrowser signs in and decides as a person does, with scripts and
// without.
func TestDecidingInABrowser(t *testing.T) {
	o := openOffice(t)
	for name, role := range map[string]soc.Role{"ann": soc.RoleSenior, "bob": soc.RoleManager} {
		if _, err := o.Desk.CreatePerson(t.Context(), o.Host, soc.NewPerson{
			Organization: o.OrganizationOf(o.First), Email: name + "@example.org", Name: name, Password: webtest.Password, Grants: map[string]soc.Role{o.First: role},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, scripts := range []bool{true, false} {
		b := browse(t, o.house)
		call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
		b.look(1280, 800, "light")
		id := o.asked("isolate_host", "")
		b.open("/console?gamebook=" + id)
		if scripts { // the page goes on by itself
			b.eventually(`document.querySelector('input[name=password]') !== null`)
			b.clean("the link")
			b = browse(t, o.house)
			b.look(1280, 800, "light")
			b.open("/console/sign-in?next=%2Fconsole%2Fgamebook%2F" + id)
		} else {
			b.follow(chromedp.CSS("a[data-go]"))
		}
		b.run(chromedp.SendKeys(chromedp.CSS("input[name=email]"), "ann@example.org"), chromedp.SendKeys(chromedp.CSS("input[name=password]"), webtest.Password))
		b.follow(chromedp.CSS("main form button"))
		b.run(chromedp.SendKeys(chromedp.CSS("textarea[name=comment]"), "seen"))
		b.follow(chromedp.CSS("#approve"))
		if detail, err := o.Desk.GetGamebook(t.Context(), o.inFirst(), id, 0); err != nil || detail.Gamebook.NeedsApproval || detail.Gamebook.Approvals[0].Comment != "seen" || detail.Gamebook.Approvals[0].Name != "ann" {
			t.Errorf("scripts %v: %+v %v", scripts, detail.Gamebook.Approvals, err)
		}
		if _, err := o.Desk.CancelGamebook(t.Context(), o.inFirst(), soc.GamebookOrder{Gamebook: id, Reason: "next"}); err != nil {
			t.Fatal(err)
		}
		b.clean("deciding")
	}
}

// follow clicks on what leads to another page, and waits for that.
func (b *tab) follow(what chromedp.CSS) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(what)); err != nil {
		b.t.Fatal(err)
	}
}

// inFirst is the host in the first workspace.
func (o *office) inFirst() soc.Actor {
	by := o.Host
	by.Workspace = o.First
	return by
}

// TestPagesFollowWhatHappens: a queue that is on screen shows what is asked for
// next, a card that somebody reads says that it has changed and stays as it is,
// keys lead on, and times are in the viewer's zone.
func TestPagesFollowWhatHappens(t *testing.T) {
	o := openOffice(t)
	b := browse(t, o.house)
	b.look(1280, 800, "light")
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"})
	b.as(o.Cookie(o.First, soc.RoleSenior))
	b.open(o.first("/approvals"))
	b.eventually(`document.body.dataset.streaming === 'yes'`)
	id := o.asked("isolate_host", "")
	b.eventually(`document.querySelector('#queue a[href$="` + id + `"]') !== null`)
	b.run(chromedp.KeyEvent("j"))
	b.eventually(`document.querySelector('[data-row][data-current] a') === document.activeElement`)
	b.run(chromedp.KeyEvent("\r"))
	b.eventually(`document.getElementById('approve') !== null`)
	if at := eval[string](b, `document.querySelector('.facts time').textContent`); !strings.Contains(at, "9:00") && !strings.Contains(at, "21:00") && !strings.Contains(at, "09:00") {
		t.Errorf("noon UTC in Tokyo is shown as %q", at)
	}
	b.eventually(`document.body.dataset.streaming === 'yes'`)
	b.run(chromedp.SendKeys(chromedp.CSS("textarea[name=comment]"), "half a sen"))
	if _, err := o.Desk.AddComment(t.Context(), o.inFirst(), soc.IncidentRef{Workspace: o.First, ID: o.incident}, soc.NewComment{Body: "news"}); err != nil {
		t.Fatal(err)
	}
	b.eventually(`document.getElementById('live').textContent.includes('has changed')`)
	if typed := eval[string](b, `document.querySelector('textarea[name=comment]').value`); typed != "half a sen" {
		t.Errorf("what was being typed is now %q", typed)
	}
	b.run(chromedp.Blur(chromedp.CSS("textarea[name=comment]")))
	b.run(chromedp.KeyEvent("?"))
	b.eventually(`document.getElementById('keys').open`)
	b.run(chromedp.KeyEvent("\x1b"))
	b.run(chromedp.KeyEvent("g"), chromedp.KeyEvent("a"))
	b.eventually(`location.pathname.endsWith('/approvals')`)
	b.clean("live")
}

// polyglots are texts made to run wherever they are put in unescaped. They are
// ours, after the kinds of the OWASP XSS Filter Evasion Cheat Sheet.
var polyglots = []string{
	`"><script>alert(1)</script>`, `'"><img src=x onerror=alert(1)>`, `</textarea><svg onload=alert(1)>`, `</title><script>alert(1)</script>`,
	`javascript:alert(1)`, `{{.}}${alert(1)}<%= alert(1) %>`, `<!--><script>alert(1)</script>-->`, `</pre><iframe srcdoc="<script>alert(1)</script>">`,
	"\u202etfel\u202c <b>", `<a href="https://evil.example/x">click</a> https://evil.example/y ![x](https://evil.example/z.png)`,
	`hx-get="/console/sign-out" hx-trigger="load" data-live="kill"`, `<meta http-equiv="refresh" content="0;url=https://evil.example">`,
}

// TestS47TextOfAlertsRunsNowhere puts texts that would run into every field of
// an alert that the pages show, and into what agents and people write, and
// opens the pages: no script runs, nobody else is asked, the policy has nothing
// to report.
func TestS47TextOfAlertsRunsNowhere(t *testing.T) {
	o := openOffice(t)
	all := strings.Join(polyglots, " ")
	alert, err := json.Marshal(map[string]any{
		"external_id": "x-1", "source": "odd", "title": all, "description": all, "severity": "high", "category": polyglots[0],
		"entities": []map[string]any{{"kind": "host", "value": "ws-043.corp.local", "asserted": true}, {"kind": "url", "value": "https://evil.example/" + polyglots[1]}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Ingest(o.First, "generic", alert)
	o.find("ws-043")
	id := o.asked("isolate_host", all)
	o.engage(o.First, all)
	b := browse(t, o.house)
	b.look(1280, 800, "light")
	b.as(o.Cookie(o.First, soc.RoleSenior))
	o.send(o.Cookie(o.First, soc.RoleSenior), o.first("/approvals/"+id+"/deny"), map[string][]string{"reason": {all}})
	for _, path := range []string{"/approvals?state=denied", "/approvals/" + id, "/gamebooks/" + id, "/kill-switch"} {
		b.open(o.first(path))
		if eval[int](b, `document.querySelectorAll('main iframe, main svg, main script, main b, main meta, main [onerror], main [onload], main a[href^="http"], main [hx-get]').length`) != 0 {
			t.Errorf("%s holds markup that came from outside", path)
		}
		if !strings.Contains(eval[string](b, `document.querySelector('main').textContent`), "onerror=alert(1)") {
			t.Errorf("%s does not show the text at all", path)
		}
		b.clean(path)
	}
}
