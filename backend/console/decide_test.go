package console_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
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
		if scripts { // in a tab of its own, which is left alone here
			eval[bool](b, `document.querySelector('a[data-opens]').dispatchEvent(new MouseEvent('auxclick', {bubbles: true, button: 1}))`)
		}
		b.run(chromedp.SendKeys(chromedp.CSS("textarea[name=comment]"), "seen"))
		b.follow(chromedp.CSS("#approve"))
		if detail, err := o.Desk.GetGamebook(t.Context(), o.inFirst(), id, 0); err != nil || detail.Gamebook.NeedsApproval || detail.Gamebook.Approvals[0].Comment != "seen" || detail.Gamebook.Approvals[0].Name != "ann" {
			t.Errorf("scripts %v: %+v %v", scripts, detail.Gamebook.Approvals, err)
		}
		found, err := o.Desk.FindAudit(t.Context(), o.inFirst(), soc.AuditFilter{Gamebook: id, Limit: 10})
		want := map[bool]string{true: `"opened":1`, false: `"opened":0`}[scripts]
		if err != nil || !slices.ContainsFunc(found.Entries, func(e soc.AuditEntry) bool { return strings.Contains(e.Detail, want) }) {
			t.Errorf("scripts %v: what was opened is not on record: %+v %v", scripts, found.Entries, err)
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
