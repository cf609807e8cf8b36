package opsapi_test

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS44PeopleAndWorkspaces lists people, workspaces and the organization as
// those who see all of them, some of them and none.
func TestS44PeopleAndWorkspaces(t *testing.T) {
	h := openKeyDoor(t)
	const people, workspaces, organization = "/api/ops/v1/people", "/api/ops/v1/workspaces", "/api/ops/v1/organization"
	type row struct {
		ID, Name, Email, State, OrganizationRole string
		Role                                     *string
		Grants                                   []struct{ WorkspaceID, Role string }
	}
	type page struct {
		Data       []row
		Pagination struct{ ContinuationToken string }
	}
	read := func(target, credential string) page {
		t.Helper()
		w := h.Ask(http.MethodGet, target, "", credential)
		if strings.Contains(w.Body.String(), "argon2") {
			t.Errorf("a list holds a password: %s", w.Body)
		}
		return webtest.Decode[page](t, w, 200)
	}
	refused := func(target, credential string) {
		t.Helper()
		if w := h.Ask(http.MethodGet, target, "", credential); w.Code != 403 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	admin, manager, senior := h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleManager), h.Cookie(h.First, soc.RoleSenior)
	h.Cookie(h.Second, soc.RoleViewer)
	h.Cookie(h.Foreign, soc.RoleManager)
	key := h.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeOpsRead}})

	for who, credential := range map[string]string{"a manager": manager, "a key": key} {
		if got := read(people, credential).Data; len(got) != 3 { // the admin, the manager and the senior
			t.Errorf("%s sees %+v", who, got)
		}
	}
	if got := read(people, admin).Data; len(got) != 4 {
		t.Errorf("an admin sees %+v", got)
	}
	first := read(people+"?pageSize=3", admin)
	if rest := read(people+"?pageSize=3&continuationToken="+first.Pagination.ContinuationToken, admin); len(first.Data) != 3 || len(rest.Data) != 1 {
		t.Errorf("%+v, then %+v", first, rest)
	}
	refused(people, senior)
	refused(people, h.Bearer(webtest.Key{Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeOpsRead}}))
	refused(people, h.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeOpsRead}}))

	if got := read(workspaces, senior).Data; len(got) != 1 || got[0].ID != h.First || got[0].Role == nil || *got[0].Role != "senior" {
		t.Errorf("a member sees %+v", got)
	}
	if got := read(workspaces, admin).Data; len(got) != 2 || got[0].Role != nil {
		t.Errorf("an admin sees %+v", got)
	}
	refused(workspaces, key)
	got := webtest.Decode[struct{ Data row }](t, h.Ask(http.MethodGet, organization, "", senior), 200)
	if got.Data.Name != "Organization" {
		t.Errorf("%+v", got)
	}
	refused(organization, key)
}
