package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// example is a request of one page.
type example struct {
	// Params fill the pattern beside the workspace; Query stands behind it.
	Params, Query string
	Form          url.Values
	// Status is what the right person gets; 303 leads elsewhere.
	Status int
	// Adds is what the right person's request leaves.
	Adds webtest.Counted
}

const unknownID = "0197aaaa-0000-7000-8000-000000000000"

var audited = webtest.Counted{Audit: 1}

// examples has one row for every page, by method and pattern below /console.
// Patterns of workspaces are written as in Page.Path, behind "w".
var examples = map[string]example{
	"GET ":                                 {Status: 303},
	"GET /home":                            {Status: 303},
	"GET /gamebook/{gamebook}":             {Params: "gamebook=GB-00000000", Status: 404},
	"GET w":                                {Status: 303},
	"GET /sign-in":                         {Status: 200},
	"POST /sign-in":                        {Form: url.Values{"email": {"nobody@example.org"}, "password": {"x"}}, Status: 401, Adds: audited},
	"GET /step-up":                         {Status: 200},
	"POST /step-up":                        {Form: url.Values{"password": {"wrong"}}, Status: 401, Adds: audited},
	"GET /second-factor":                   {Status: 200},
	"POST /second-factor":                  {Form: url.Values{"code": {"000000"}}, Status: 409},
	"GET /enrolment":                       {Status: 200},
	"POST /enrolment/start":                {Status: 503},
	"POST /enrolment/verify":               {Form: url.Values{"code": {"000000"}}, Status: 503},
	"POST /account/second-factor/remove":   {Status: 404, Adds: audited},
	"POST /sign-out":                       {Form: url.Values{}, Status: 303, Adds: audited},
	"GET /account":                         {Status: 200},
	"POST /account/end":                    {Form: url.Values{"id": {unknownID}}, Status: 404},
	"POST /account/password":               {Form: url.Values{"current": {"x"}, "new": {"y"}, "again": {"z"}}, Status: 400},
	"GET w/approvals":                      {Status: 200},
	"GET w/approvals/batch":                {Query: "pick=GB-00000000&pick=GB-00000001", Status: 404},
	"POST w/approvals/batch":               {Form: url.Values{"decision": {"deny"}, "reason": {"no"}, "item": {"GB-00000000 x", "GB-00000001 x"}}, Status: 404, Adds: audited},
	"GET w/approvals/{gamebook}":           {Params: "gamebook=GB-00000000", Status: 404},
	"POST w/approvals/{gamebook}/approve":  {Params: "gamebook=GB-00000000", Form: url.Values{"digest": {"sha256:x"}}, Status: 404, Adds: audited},
	"POST w/approvals/{gamebook}/deny":     {Params: "gamebook=GB-00000000", Form: url.Values{"reason": {"no"}}, Status: 404, Adds: audited},
	"POST w/approvals/{gamebook}/ask":      {Params: "gamebook=GB-00000000", Form: url.Values{"question": {"why?"}}, Status: 404, Adds: audited},
	"POST w/approvals/{gamebook}/say":      {Params: "gamebook=GB-00000000", Form: url.Values{"note": {"so."}}, Status: 404, Adds: audited},
	"POST w/approvals/{gamebook}/resubmit": {Params: "gamebook=GB-00000000", Form: url.Values{"reason": {"again"}}, Status: 404, Adds: audited},
	"GET w/gamebooks/{gamebook}":           {Params: "gamebook=GB-00000000", Status: 404},
	"GET w/gamebooks/{gamebook}/receipt":   {Params: "gamebook=GB-00000000", Status: 404},
	"POST w/gamebooks/{gamebook}/rollback": {Params: "gamebook=GB-00000000", Form: url.Values{"reason": {"no"}}, Status: 404, Adds: audited},
	"POST w/gamebooks/{gamebook}/cancel":   {Params: "gamebook=GB-00000000", Form: url.Values{"reason": {"no"}}, Status: 404, Adds: audited},
	"POST w/gamebooks/{gamebook}/verify":   {Params: "gamebook=GB-00000000", Status: 404, Adds: audited},
	"GET w/kill-switch":                    {Status: 200},
	"POST w/kill-switch/engage":            {Form: url.Values{"scope": {"agent"}, "id": {unknownID}, "reason": {"drill"}}, Status: 404, Adds: audited},
	"POST w/kill-switch/release":           {Form: url.Values{"scope": {"agent"}, "id": {unknownID}, "reason": {"drill"}}, Status: 404, Adds: audited},
}

// TestS48EveryPageAsEverybody asks every page as nobody, with a dead session, as
// the role below, from another workspace and organization, from another site,
// without the token of the session and with another's, and as the right person;
// and counts what each left behind. A page without an example fails, so none
// can be forgotten; a GET that leaves anything fails.
func TestS48EveryPageAsEverybody(t *testing.T) {
	h := openHouse(t)
	seen := map[string]bool{}
	for _, route := range h.console.Routes() {
		name := route.Method + " " + strings.TrimPrefix(route.Pattern, "/console")
		name = strings.Replace(name, " /w/{workspace}", " w", 1)
		seen[name] = true
		e, known := examples[name]
		if !known {
			t.Errorf("%q has no example in the matrix", name)
			continue
		}
		if e.Form == nil {
			e.Form = url.Values{}
		}
		t.Run(name, func(t *testing.T) {
			h.Advance(time.Minute)
			target := strings.Replace(route.Pattern, "{workspace}", h.First, 1)
			for pair := range strings.SplitSeq(e.Params, "&") {
				param, value, _ := strings.Cut(pair, "=")
				target = strings.Replace(target, "{"+param+"}", value, 1)
			}
			if e.Query != "" {
				target += "?" + e.Query
			}
			expect := func(who string, status int, adds webtest.Counted, form url.Values, headers ...string) {
				t.Helper()
				methods := []string{route.Method}
				if route.Method == http.MethodGet {
					methods, form = []string{http.MethodHead, http.MethodGet}, nil
				}
				for _, method := range methods {
					before := h.Count()
					w := h.ask(method, target, form, headers...)
					after := h.Count()
					left := webtest.Counted{Jobs: after.Jobs - before.Jobs, Audit: after.Audit - before.Audit}
					if w.Code != status || left != adds {
						t.Errorf("%s as %s: %d, left %+v; want %d and %+v\n%s", method, who, w.Code, left, status, adds, w.Body)
					}
					if strings.Contains(w.Header().Get("Content-Type"), "html") && !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'") {
						t.Errorf("%s as %s: policy %q", method, who, w.Header().Get("Content-Security-Policy"))
					}
				}
			}
			role := route.Role
			if role == soc.RoleNone {
				role = soc.RoleViewer
			}
			with := func(token string) url.Values {
				form := url.Values{"token": {token}}
				for name, values := range e.Form {
					form[name] = values
				}
				return form
			}
			none, refused := webtest.Counted{}, audited
			if route.Who == 1 { // Anyone
				if route.Method == http.MethodPost {
					expect("another site", 403, none, with("x"), "Sec-Fetch-Site: cross-site")
					expect("another site by origin", 403, none, with("x"), "Sec-Fetch-Site: ", "Origin: https://evil.example")
				}
				expect("anybody", e.Status, e.Adds, with(""))
				return
			}
			expect("nobody", 303, none, with("x"))
			expect("a dead session", 303, none, with("x"), "Cookie: __Host-vedette=gone")
			entitled := func() string {
				if route.Admin {
					return h.AdminCookie(h.First)
				}
				return h.Cookie(h.First, role)
			}
			right := entitled()
			token := h.token(right)
			if route.Method == http.MethodPost {
				other := h.token(entitled())
				expect("another site", 403, none, with(token), right, "Sec-Fetch-Site: cross-site")
				expect("another site by origin", 403, none, with(token), right, "Sec-Fetch-Site: ", "Origin: https://evil.example")
				expect("without the token", 403, none, e.Form, right)
				expect("the token of another session", 403, none, with(other), right)
				expect("JSON", 400+15, none, with(token), right, "Content-Type: application/json")
			}
			if strings.Contains(route.Pattern, "{workspace}") {
				if route.Admin {
					lesser := h.Cookie(h.First, soc.RoleAdmin)
					expect("an admin of the workspace alone", 403, refused, with(h.token(lesser)), lesser)
				} else if below := slices.Index(soc.AllRoles, role) - 1; below >= 0 {
					lesser := h.Cookie(h.First, soc.AllRoles[below])
					expect("the role below", 403, refused, with(h.token(lesser)), lesser)
				}
				for _, workspace := range []string{h.Second, h.Foreign} {
					stranger := h.Cookie(workspace, soc.RoleAdmin)
					expect("another workspace", 404, none, with(h.token(stranger)), stranger)
				}
			}
			if route.Fresh {
				stale := entitled()
				h.Advance(6 * time.Minute)
				expect("a stale sign-in", 303, refused, with(h.token(stale)), stale)
				right = entitled()
				token = h.token(right)
			}
			expect("the right person", e.Status, e.Adds, with(token), right)
		})
	}
	for name := range examples {
		if !seen[name] {
			t.Errorf("the example %q is of no page", name)
		}
	}
}
