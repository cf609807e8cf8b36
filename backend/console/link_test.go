package console_test

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// TestS20TheLinkOpensAPageAndDecidesNothing: scanners of mail and chat open
// every link they see, several times. The page behind one is the same for
// everybody, holds nothing that could be sent, and knows no secret: the link
// has none, so there is nothing to use up, to replay or to expire. From there a
// person goes to the sign-in, and from there to the card.
func TestS20TheLinkOpensAPageAndDecidesNothing(t *testing.T) {
	h := openHouse(t)
	person := h.Cookie(h.First, soc.RoleSenior)
	before := h.Count()
	const link = "/console?gamebook=GB-7K2M9Q01"
	page := h.ask(http.MethodGet, link, nil)
	mustContain(t, page, http.StatusOK, "Opening this page decides nothing.", `href="/console/gamebook/GB-7K2M9Q01"`)
	for _, what := range []string{"<form method=\"post\"", "<input", "onclick", "fetch(", "http-equiv", "<iframe"} {
		if strings.Contains(page.Body.String(), what) {
			t.Errorf("the page holds %s", what)
		}
	}
	for _, cookie := range []string{"X: none", person} {
		other := h.ask(http.MethodGet, link, nil, cookie)
		if other.Body.String() != page.Body.String() || other.Header().Get("Set-Cookie") != "" {
			t.Error("a person with a session gets another page")
		}
		if w := h.ask(http.MethodHead, link, nil, cookie); w.Code != http.StatusOK {
			t.Errorf("HEAD: %d", w.Code)
		}
		for _, query := range []string{"&decision=approve", "&digest=sha256:x&approver_id=mgr", "&_method=POST"} {
			if w := h.ask(http.MethodGet, link+query, nil, cookie); w.Code != http.StatusBadRequest {
				t.Errorf("%s: %d", query, w.Code)
			}
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if w := h.ask(method, link, nil, cookie); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", method, w.Code)
			}
		}
	}
	mustLead(t, h.ask(http.MethodGet, "/console/gamebook/GB-7K2M9Q01", nil), "/console/sign-in?next=%2Fconsole%2Fgamebook%2FGB-7K2M9Q01")
	mustContain(t, h.ask(http.MethodGet, "/console/gamebook/GB-7K2M9Q01", nil, person), http.StatusNotFound, "There is no such gamebook.")
	if after := h.Count(); after != before {
		t.Errorf("opening links left %+v, before %+v", after, before)
	}
	mustLead(t, h.ask(http.MethodGet, "/console?gamebook=%3Cscript%3E", nil), "/console/home")
}
