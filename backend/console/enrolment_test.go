package console_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vedette/backend/soc"
)

// TestEnrolmentShowsASymbolOnce: the secret is told as a QR symbol and as text,
// with the answer and never again; a code of it turns the second factor on.
func TestEnrolmentShowsASymbolOnce(t *testing.T) {
	h := openHouse(t, products(t, "127.0.0.1:9"))
	senior := h.Cookie(h.First, soc.RoleSenior)
	offered := h.send(senior, "/console/enrolment/start", url.Values{})
	// The three finder patterns are what makes a camera see a symbol.
	mustContain(t, offered, 200, `id="qr"`, `d="M0 0h7v1h-7z`, "otpauth://totp/Vedette")
	if n := strings.Count(offered.Body.String(), "h7v1h-7z"); n < 6 {
		t.Errorf("%d rows of finder patterns", n)
	}
	mustNotContain(t, h.ask("GET", "/console/enrolment", nil, senior), `id="qr"`)
	code, err := totp.GenerateCode(secretField.FindStringSubmatch(offered.Body.String())[1], h.Now())
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, h.send(senior, "/console/enrolment/verify", url.Values{"code": {code}}), 200, "Recovery codes")
}

// TestOpenedEvidenceGoesWithTheDecision: rows of evidence on the card say which
// they are, and those that were opened are counted in the record of the decision.
func TestOpenedEvidenceGoesWithTheDecision(t *testing.T) {
	o := openOffice(t)
	id, senior := o.asked("isolate_host", ""), o.Cookie(o.First, soc.RoleSenior)
	card := o.first("/approvals/" + id)
	page := o.ask("GET", card, nil, senior)
	mustContain(t, page, 200, `data-opens="E1"`, "/incidents/"+o.incident+"/evidence/E1")
	o.Advance(10 * time.Second)
	mustLead(t, o.send(senior, card+"/approve", url.Values{
		"digest": {field(t, page.Body.String(), digestField)}, "view": {field(t, page.Body.String(), viewField)}, "opened": {"E1", "E2"},
	}), card+"?done=approved")
	found, err := o.Desk.FindAudit(t.Context(), o.inFirst(), soc.AuditFilter{Gamebook: id, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found.Entries {
		if strings.Contains(e.Detail, `"opened":2`) {
			return
		}
	}
	t.Errorf("what was opened is not on record: %+v", found.Entries)
}
