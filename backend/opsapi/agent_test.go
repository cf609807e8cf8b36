package opsapi_test

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS4AdminsMakeAgents: an agent identity is made and described by an admin
// of the organization in person. Before it has a key nobody else sees it, and
// no other organization ever does; the same request twice makes one.
func TestS4AdminsMakeAgents(t *testing.T) {
	o := openOffice(t)
	const path = "/api/ops/v1/agents"
	type agent struct{ ID, Name, Description string }
	admin, analyst := o.AdminCookie(o.First), o.Cookie(o.First, soc.RoleAnalyst)
	here := "Vedette-Workspace: " + o.First
	ask := func(method, target, body string, headers ...string) agent {
		t.Helper()
		return webtest.Decode[struct{ Data agent }](t, o.Ask(method, target, body, append(headers, admin, here, jsonBody)...), map[string]int{http.MethodPost: 201, http.MethodPut: 200}[method]).Data
	}
	list := func(who string) []agent {
		t.Helper()
		return webtest.Decode[struct{ Data []agent }](t, o.Ask(http.MethodGet, path, "", who, here), http.StatusOK).Data
	}
	made := ask(http.MethodPost, path, `{"name":"hunter","description":"Looks at <b>mail</b>."}`, "Idempotency-Key: once")
	if again := ask(http.MethodPost, path, `{"name":"hunter","description":"Looks at <b>mail</b>."}`, "Idempotency-Key: once"); again != made {
		t.Errorf("%+v, then %+v", made, again)
	}
	if got := list(admin); len(got) != 1 || got[0] != made || made.Description != "Looks at <b>mail</b>." {
		t.Errorf("an admin sees %+v", got)
	}
	if got := list(analyst); len(got) != 0 {
		t.Errorf("an agent without a key is shown: %+v", got)
	}
	changed := ask(http.MethodPut, path+"/"+made.ID, `{"name":"mail hunter"}`)
	if changed.Name != "mail hunter" || changed.Description != "" || changed.ID != made.ID {
		t.Errorf("%+v", changed)
	}
	foreign := o.AdminCookie(o.Foreign)
	if w := o.Ask(http.MethodPut, path+"/"+made.ID, `{"name":"mine"}`, foreign, "Vedette-Workspace: "+o.Foreign, jsonBody); w.Code != http.StatusNotFound {
		t.Errorf("another organization: %d %s", w.Code, w.Body)
	}
	for name, body := range map[string]string{"unseen characters": `{"name":"a\u202eb"}`, "no name": `{"name":" "}`, "too much": `{"name":"a","description":"` + strings.Repeat("x", 1001) + `"}`} {
		if w := o.Ask(http.MethodPost, path, body, admin, here, jsonBody); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	key, err := o.Desk.CreateKey(t.Context(), o.Host, soc.NewCredential{
		Organization: o.OrganizationOf(o.First), Kind: soc.PrincipalAgent, Agent: made.ID, Name: "key", Role: soc.RoleAnalyst,
		Workspaces: []string{o.First}, Scopes: []soc.Scope{soc.ScopeIncidentsRead}, ExpiresAt: o.Now().AddDate(0, 1, 0),
	})
	if err != nil || key.Credential.Agent != made.ID {
		t.Fatal(key, err)
	}
	if got := list(analyst); len(got) != 1 || got[0].Name != "mail hunter" {
		t.Errorf("with a key here an analyst sees %+v", got)
	}
}
