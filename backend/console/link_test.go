package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vedette/backend/console"
)

// TestS20TheLinkOpensAPageAndDecidesNothing: scanners of mail and chat open
// every link they see, several times. The page behind one is the same for
// everybody, holds nothing that could be sent, and knows no secret: the link
// has none, so there is nothing to use up, to replay or to expire.
func TestS20TheLinkOpensAPageAndDecidesNothing(t *testing.T) {
	pages := console.Status(console.Facts{PublicURL: "https://vedette.example"})
	ask := func(method, query string, cookie bool) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), method, "/console?"+query, http.NoBody)
		if cookie {
			r.AddCookie(&http.Cookie{Name: "__Host-vedette", Value: "somebody"})
		}
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		if w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s %s sets a cookie", method, query)
		}
		return w.Code, w.Body.String()
	}
	const link = "gamebook=GB-7K2M9Q01"
	status, page := ask(http.MethodGet, link, false)
	if status != http.StatusOK || !strings.Contains(page, "Opening this page decides nothing.") {
		t.Fatalf("%d %s", status, page)
	}
	for _, what := range []string{"<form", "<button", "<input", "<script", "onclick", "method=", "fetch(", "http-equiv", "<img", "<iframe"} {
		if strings.Contains(strings.ToLower(page), what) {
			t.Errorf("the page holds %s", what)
		}
	}
	for _, query := range []string{link + "&decision=approve", link + "&digest=sha256:x&approver_id=mgr", link + "&token=x&_method=POST"} {
		for _, cookie := range []bool{false, true} {
			if status, other := ask(http.MethodGet, query, cookie); status != http.StatusOK || other != page {
				t.Errorf("%s with a cookie %v: %d, another page", query, cookie, status)
			}
		}
	}
	if status, _ := ask(http.MethodHead, link, true); status != http.StatusOK {
		t.Errorf("HEAD: %d", status)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if status, _ := ask(method, link, true); status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, status)
		}
	}
}
