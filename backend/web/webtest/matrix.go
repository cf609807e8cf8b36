package webtest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// Example is a request of one route that succeeds for the right caller.
type Example struct {
	// Target is the path, filled in, with its query.
	Target string
	Body   string
	// Headers beside the credential.
	Headers []string
	// Status of the answer, and the rows it adds. With 0 only those who are
	// refused ask: the right one has a test of its own.
	Status int
	Adds   Counted
	// Session is the least role of a person's session, where a route of keys
	// takes sessions too and asks more of them.
	Session soc.Role
	// Admin is true where of the people only an admin of the organization may.
	Admin bool
	// Elsewhere is the status for a caller with the same rights in another
	// workspace, where the credential and not the path names it; default 404.
	Elsewhere int
}

// Matrix asks every route of a family as everybody: nobody, an unknown key, one
// without the scope, without the role, of another workspace and organization,
// an agent, a person, and the right one. It compares status and code, and
// counts jobs and audit rows: a refusal never adds a job, and adds one audit
// row unless nobody can be named. A route without an example fails.
func (h *House) Matrix(t *testing.T, family *web.Family, examples map[string]Example) {
	for _, route := range h.Registry.Routes() {
		if route.Family != family.Name {
			continue
		}
		name := route.Method + " " + route.Path
		example, known := examples[name]
		if !known {
			t.Errorf("%s has no example in the matrix", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			h.Advance(time.Minute) // the buckets of failed logins refill
			m := &matrix{house: h, t: t, family: family, route: route, example: example}
			m.strangers()
			switch route.Who {
			case web.Scoped:
				m.scoped()
			case web.Person:
				m.person()
			}
		})
	}
	h.badInputs(t, family, examples)
}

type matrix struct {
	house   *House
	t       *testing.T
	family  *web.Family
	route   web.Route
	example Example
}

// expect asks with a credential and compares what came and what it left.
func (m *matrix) expect(who, credential string, status int, code string, adds Counted) {
	m.t.Helper()
	for _, method := range m.methods() {
		headers := slices.Clone(m.example.Headers)
		if credential != "" {
			headers = append(headers, credential)
		}
		before := m.house.Count()
		w := m.house.Ask(method, m.example.Target, m.example.Body, headers...)
		after := m.house.Count()
		got := Counted{after.Jobs - before.Jobs, after.Audit - before.Audit}
		if w.Code != status || got != adds {
			m.t.Errorf("%s as %s: %d and %+v, want %d and %+v: %s", method, who, w.Code, got, status, adds, w.Body)
		} else if code != "" && w.Body.Len() > 0 && CodeOf(m.t, w) != m.spelled(code) {
			m.t.Errorf("%s as %s: %s, want %s", method, who, w.Body, m.spelled(code))
		}
	}
}

// methods adds HEAD to GET: it is another door to the same thing.
func (m *matrix) methods() []string {
	if m.route.Method == http.MethodGet {
		return []string{http.MethodHead, http.MethodGet}
	}
	return []string{m.route.Method}
}

// spelled is a code in the words of the family.
func (m *matrix) spelled(code string) string {
	if m.family.WorkspaceInPath || m.family.Name == "ops" {
		return code
	}
	if code == string(soc.CodeInsufficientWorkspaceRole) {
		return "insufficient_role"
	}
	return strings.ToLower(code)
}

var refused = Counted{Audit: 1}

func (m *matrix) strangers() {
	if m.route.Who == web.Anyone {
		return
	}
	m.expect("nobody", "", 401, "UNAUTHORIZED", Counted{})
	m.expect("an unknown key", "Authorization: Bearer vdt_service_nobody", 401, "UNAUTHORIZED", refused)
	m.expect("an expired key", m.house.Bearer(Key{Role: soc.RoleAdmin, Scopes: soc.AllScopes, Expired: true}), 401, "", refused)
	if m.family.Cookies == web.CookiesIgnored {
		m.expect("a person's cookie", m.house.Cookie(m.house.First, soc.RoleManager), 401, "UNAUTHORIZED", Counted{})
	}
}

func (m *matrix) scoped() {
	h, op := m.house, m.route
	others := slices.DeleteFunc(slices.Clone(soc.AllScopes), func(s soc.Scope) bool { return op.Scope.Is(s) || op.Or != "" && op.Or.Is(s) })
	right := Key{Role: cmp.Or(op.MinRole, soc.RoleViewer), Scopes: []soc.Scope{op.Scope}}
	with := func(change func(*Key)) string {
		key := right
		change(&key)
		return h.Bearer(key)
	}
	m.expect("every other scope", with(func(k *Key) { k.Scopes, k.Role = others, soc.RoleAdmin }), 403, "INSUFFICIENT_SCOPE", refused)
	if below := slices.Index(soc.AllRoles, op.MinRole) - 1; below >= 0 {
		m.expect("the role below", with(func(k *Key) { k.Role = soc.AllRoles[below] }), 403, "INSUFFICIENT_WORKSPACE_ROLE", refused)
	}
	m.elsewhere(with)
	if m.family.Cookies == web.CookiesAccepted {
		m.session()
	}
	agent := with(func(k *Key) { k.Kind = soc.PrincipalAgent })
	switch {
	case len(op.Kinds) > 0 && !slices.Contains(op.Kinds, soc.PrincipalAgent):
		m.expect("an agent", agent, 403, "FORBIDDEN", refused)
	case m.example.Status != 0:
		adds := m.example.Adds
		adds.Audit++ // the call
		if op.Write {
			adds.Audit++ // once before, once after
		}
		m.expect("an agent", agent, m.example.Status, "", adds)
	}
	m.right("the right key", h.Bearer(right))
}

// right asks as somebody who may.
func (m *matrix) right(who, credential string) {
	m.t.Helper()
	if m.example.Status != 0 {
		m.expect(who, credential, m.example.Status, "", m.example.Adds)
	}
}

// session asks as people, where a route of keys takes sessions too.
func (m *matrix) session() {
	if m.example.Admin {
		m.admin()
		return
	}
	least := m.example.Session
	if least == "" {
		least = m.route.MinRole
	}
	if below := slices.Index(soc.AllRoles, least) - 1; below >= 0 {
		m.expect("a person of the role below", m.house.Cookie(m.house.First, soc.AllRoles[below]), 403, "INSUFFICIENT_WORKSPACE_ROLE", refused)
	}
	m.right("a person", m.house.Cookie(m.house.First, least))
}

// admin asks as people, where only an admin of the organization may.
func (m *matrix) admin() {
	m.expect("a workspace's admin", m.house.Cookie(m.house.First, soc.RoleAdmin), 403, "FORBIDDEN", refused)
	m.right("an admin of the organization", m.house.AdminCookie(m.house.First))
}

// elsewhere asks with the same rights in another workspace and organization.
func (m *matrix) elsewhere(with func(func(*Key)) string) {
	second := with(func(k *Key) { k.Workspaces = []string{m.house.Second} })
	foreign := with(func(k *Key) { k.Workspaces = []string{m.house.Foreign} })
	if m.route.Organization { // no workspace is named that could be another's
		return
	}
	if m.family.WorkspaceInPath {
		m.expect("no role in the workspace", second, 403, "INSUFFICIENT_WORKSPACE_ROLE", refused)
		m.expect("another organization", foreign, 404, "NOT_FOUND", Counted{})
		return
	}
	status := m.example.Elsewhere
	if status == 0 {
		status = http.StatusNotFound
	}
	for who, credential := range map[string]string{"another workspace": second, "another organization": foreign} {
		w := m.house.Ask(m.route.Method, m.example.Target, m.example.Body, append(slices.Clone(m.example.Headers), credential)...)
		if w.Code != status {
			m.t.Errorf("as %s: %d, want %d: %s", who, w.Code, status, w.Body)
		}
		named := append(slices.Clone(m.example.Headers), credential, "Vedette-Workspace: "+m.house.First)
		if w := m.house.Ask(m.route.Method, m.example.Target, m.example.Body, named...); w.Code != http.StatusNotFound {
			m.t.Errorf("as %s naming the workspace: %d: %s", who, w.Code, w.Body)
		}
	}
}

func (m *matrix) person() {
	h, op := m.house, m.route
	const code = string(soc.CodeHumanSessionRequired)
	m.expect("a key with everything", h.Bearer(Key{Role: soc.RoleManager, Scopes: soc.AllScopes}), 403, code, refused)
	m.expect("a dead session", "Cookie: __Host-vedette=gone", 403, code, refused)
	if below := slices.Index(soc.AllRoles, op.MinRole) - 1; below >= 0 {
		m.expect("the role below", h.Cookie(h.First, soc.AllRoles[below]), 403, "INSUFFICIENT_WORKSPACE_ROLE", refused)
	}
	if op.Fresh {
		stale := h.Cookie(h.First, op.MinRole)
		h.Advance(6 * time.Minute)
		m.expect("a stale sign-in", stale, 403, code, refused)
	}
	if m.example.Admin {
		m.admin()
		return
	}
	m.right("the right person", h.Cookie(h.First, op.MinRole))
}
