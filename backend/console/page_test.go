package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

var assetLink = regexp.MustCompile(`(?:href|src)="(/console/asset/[^"]+)"`)

// firstPageBudget is what the first page may weigh on the wire, in bytes.
const firstPageBudget = 150_000

func TestFirstPageIsSmallAndItsFilesAreKept(t *testing.T) {
	h := openHouse(t)
	page := h.ask("GET", "/console/sign-in", nil)
	mustContain(t, page, http.StatusOK, "<h1>Sign in</h1>", "Simulation")
	weight := page.Body.Len()
	seen := map[string]bool{}
	for _, found := range assetLink.FindAllStringSubmatch(page.Body.String(), -1) {
		if seen[found[1]] {
			continue
		}
		seen[found[1]] = true
		w := h.ask("GET", found[1], nil, "Accept-Encoding: br, gzip")
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", found[1], w.Code, w.Header())
		}
		weight += w.Body.Len()
		if plain := h.ask("GET", found[1], nil); plain.Code != http.StatusOK || plain.Body.Len() <= 100 || plain.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s plain: %d", found[1], plain.Code)
		}
		stale := strings.Replace(found[1], "/asset/", "/asset/0", 1)
		if w := h.ask("GET", stale, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", stale, w.Code)
		}
	}
	if len(seen) < 5 || weight > firstPageBudget {
		t.Errorf("%d files, %d bytes on the wire, want at most %d", len(seen), weight, firstPageBudget)
	}
	t.Logf("the first page weighs %d bytes on the wire", weight)
	for _, path := range []string{"/console/asset/", "/console/asset/x/../htmx.LICENSE", "/favicon.ico", "/nothing"} {
		if w := h.ask("GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestStatusPage(t *testing.T) {
	h := openHouse(t)
	mustContain(t, h.ask("GET", "/", nil), http.StatusOK, "The server is running.", webtest.PublicURL+"/mcp", "Simulation.", "demonstration")
	if w := h.ask("POST", "/", url.Values{}); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// TestS48SignInRotatesAndLeadsBack: the session is new at every proof of
// identity, the one before is dead, and the way back is a page of ours.
func TestS48SignInRotatesAndLeadsBack(t *testing.T) {
	h := openHouse(t)
	person, err := h.Desk.CreatePerson(t.Context(), h.Host, soc.NewPerson{
		Organization: h.OrganizationOf(h.First), Email: "ann@example.org", Name: "Ann", Password: webtest.Password,
		Grants: map[string]soc.Role{h.First: soc.RoleSenior},
	})
	if err != nil {
		t.Fatal(person, err)
	}
	form := func(pairs ...string) url.Values {
		f := url.Values{"email": {"ann@example.org"}, "password": {webtest.Password}}
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return f
	}
	target := h.first("/kill-switch")
	mustLead(t, h.ask("GET", target, nil), "/console/sign-in?next="+url.QueryEscape(target))
	linked := h.ask("GET", target, nil, "Sec-Fetch-Site: cross-site")
	mustContain(t, linked, http.StatusOK, "Opening this page decides nothing.", target)
	mustContain(t, h.ask("GET", "/console/sign-in?next="+url.QueryEscape(target), nil), http.StatusOK, `name="next" value="`+target+`"`)
	mustContain(t, h.ask("POST", "/console/sign-in", form("password", "wrong", "next", target)), http.StatusUnauthorized,
		"The address or the password is wrong", `name="next" value="`+target+`"`, `value="ann@example.org"`)
	w := h.ask("POST", "/console/sign-in", form("next", target))
	mustLead(t, w, target)
	cookie := w.Result().Cookies()[0]
	if cookie.Name != "__Host-vedette" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" {
		t.Errorf("cookie %+v", cookie)
	}
	session := "Cookie: __Host-vedette=" + cookie.Value
	mustContain(t, h.ask("GET", target, nil, session), http.StatusOK, "Kill switch", "Ann")
	for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "/console/../x", "javascript:alert(1)", "/api/ops/v1/session", "/consolex", "/console/sign-out", "\t//evil.example"} {
		mustLead(t, h.ask("POST", "/console/sign-in", form("next", next)), "/console/home")
	}

	h.Advance(soc.FreshFor + time.Minute)
	token := h.token(session)
	release := url.Values{"scope": {"workspace"}, "reason": {"over"}}
	mustLead(t, h.send(session, h.first("/kill-switch/release"), release), "/console/step-up?next="+url.QueryEscape(target))
	mustContain(t, h.ask("GET", "/console/step-up?next="+url.QueryEscape(target), nil, session), http.StatusOK, "Password of Ann")
	mustContain(t, h.send(session, "/console/step-up", url.Values{"password": {"wrong"}, "next": {target}}), http.StatusUnauthorized, `name="next" value="`+target+`"`)
	w = h.send(session, "/console/step-up", url.Values{"password": {webtest.Password}, "next": {target}})
	mustLead(t, w, target)
	renewed := "Cookie: __Host-vedette=" + w.Result().Cookies()[0].Value
	mustLead(t, h.ask("GET", target, nil, session), "/console/sign-in?next="+url.QueryEscape(target))
	if w := h.ask("POST", "/console/sign-out", url.Values{"token": {token}}, renewed); w.Code != http.StatusForbidden {
		t.Errorf("a form of before the sign-in: %d", w.Code)
	}
	t.Run("a page that fetches itself keeps no session alive", func(t *testing.T) {
		for range 3 {
			h.Advance(25 * time.Minute)
			h.ask("GET", target, nil, renewed, "HX-Request: true", "Vedette-Live: 1")
		}
		if w := h.ask("GET", target, nil, renewed, "HX-Request: true", "Vedette-Live: 1"); w.Code != http.StatusUnauthorized {
			t.Errorf("%d", w.Code)
		}
	})
	w = h.ask("POST", "/console/sign-in", form())
	last := "Cookie: __Host-vedette=" + w.Result().Cookies()[0].Value
	out := h.send(last, "/console/sign-out", nil)
	mustLead(t, out, "/console/sign-in?done=signed-out")
	if cookie := out.Result().Cookies()[0]; cookie.MaxAge >= 0 || cookie.Value != "" {
		t.Errorf("%+v", cookie)
	}
	mustLead(t, h.ask("GET", "/console/account", nil, last), "/console/sign-in?next=%2Fconsole%2Faccount")
}

// TestKillSwitchPage: one engages, two release, and the banner stands on every
// page until then.
func TestKillSwitchPage(t *testing.T) {
	h := openHouse(t)
	page := h.first("/kill-switch")
	viewer, analyst := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.First, soc.RoleAnalyst)
	if w := h.ask("GET", page, nil, viewer); strings.Contains(w.Body.String(), "Engage the kill switch") {
		t.Error("a viewer sees a control that would be refused")
	}
	mustContain(t, h.send(analyst, page+"/engage", url.Values{"scope": {"workspace"}}), http.StatusBadRequest, "VALIDATION_ERROR", "reason")
	mustLead(t, h.send(analyst, page+"/engage", url.Values{"scope": {"workspace"}, "reason": {"<b>odd</b>"}}), page+"?done=engaged")
	mustContain(t, h.ask("GET", page, nil, viewer), http.StatusOK, "Kill switch engaged for this workspace", "&lt;b&gt;odd&lt;/b&gt;")
	if w := h.ask("GET", h.first("/kill-switch"), nil, analyst); strings.Contains(w.Body.String(), "Ask for its release") {
		t.Error("an analyst sees a control that would be refused")
	}
	senior, manager := h.Cookie(h.First, soc.RoleSenior), h.Cookie(h.First, soc.RoleManager)
	release := url.Values{"scope": {"workspace"}, "reason": {"over"}}
	mustLead(t, h.send(senior, page+"/release", release), page+"?done=release-asked")
	mustContain(t, h.ask("GET", page, nil, senior), http.StatusOK, "you cannot be both")
	mustContain(t, h.send(senior, page+"/release", release), http.StatusConflict, "CONFLICT")
	mustContain(t, h.ask("GET", page, nil, manager), http.StatusOK, "You are the second person")
	mustLead(t, h.send(manager, page+"/release", release), page+"?done=released")
	mustContain(t, h.ask("GET", page+"?done=released", nil, manager), http.StatusOK, "No switch is engaged.", "Nothing resumes by itself.")
}
