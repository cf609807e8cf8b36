package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestSecondFactorInABrowser enrols an authenticator as a person does, from the
// picture and the secret on the page to the codes on paper, and signs in with it.
func TestSecondFactorInABrowser(t *testing.T) {
	o := openOffice(t, products(t, "127.0.0.1:9"))
	if _, err := o.Desk.CreatePerson(t.Context(), o.Host, soc.NewPerson{
		Organization: o.OrganizationOf(o.First), Email: "ann@example.org", Name: "ann", Password: webtest.Password, Grants: map[string]soc.Role{o.First: soc.RoleSenior},
	}); err != nil {
		t.Fatal(err)
	}
	b := browse(t, o.house)
	b.look(390, 844, "dark")
	signIn := func(next string) {
		b.open("/console/sign-in?next=" + next)
		b.run(chromedp.SendKeys(chromedp.CSS("input[name=email]"), "ann@example.org"), chromedp.SendKeys(chromedp.CSS("input[name=password]"), webtest.Password))
		b.follow(chromedp.CSS("main form button"))
	}
	code := func(secret string) {
		now, err := totp.GenerateCode(secret, o.Now())
		if err != nil {
			t.Fatal(err)
		}
		b.run(chromedp.SendKeys(chromedp.CSS("input[name=code]"), now))
	}
	signIn("%2Fconsole%2Fenrolment")
	b.follow(chromedp.CSS("main form button"))
	secret := eval[string](b, `document.querySelector('code.secret').textContent`)
	// The three finder patterns are what makes a camera see a symbol.
	path := eval[string](b, `document.querySelector('#qr path').getAttribute('d')`)
	if !strings.HasPrefix(path, "M0 0h7v1h-7z") || strings.Count(path, "h7v1h-7z") < 6 {
		t.Errorf("no symbol: %.80s", path)
	}
	if wide := eval[float64](b, `document.getElementById('qr').getBoundingClientRect().width`); wide < 150 || wide > 390 {
		t.Errorf("the symbol is %.0f px wide on a phone", wide)
	}
	b.shoot("enrolment-qr", true)
	code(secret)
	b.follow(chromedp.CSS(`form[action="/console/enrolment/verify"] button`))
	if codes := eval[int](b, `document.querySelectorAll('main code').length`); codes < 8 {
		t.Errorf("%d recovery codes are told", codes)
	}
	o.Advance(time.Minute) // a code counts once
	b.as("Cookie: __Host-vedette=none")
	signIn("")
	if at := eval[string](b, `location.pathname`); at != "/console/second-factor" {
		t.Fatalf("after the password the page is %s", at)
	}
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=code]"), "000000"))
	b.follow(chromedp.CSS("main form button"))
	b.eventually(`document.getElementById('refusal') !== null`)
	code(secret)
	b.follow(chromedp.CSS("main form button"))
	b.eventually(`document.querySelector('nav.side') !== null`)
	b.clean("second factor")
}
