package console_test

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

func init() {
	maps.Copy(examples, map[string]example{
		"GET w/connectors":                      {Status: 200},
		"POST w/connectors/{connector}/check":   {Params: "connector=" + unknownID, Status: 404, Adds: audited},
		"POST w/connectors/{connector}/enable":  {Params: "connector=" + unknownID, Form: url.Values{"reason": {"x"}, "version": {"1"}}, Status: 404, Adds: audited},
		"POST w/connectors/{connector}/disable": {Params: "connector=" + unknownID, Form: url.Values{"reason": {"x"}}, Status: 404, Adds: audited},
		"GET w/connectors/{connector}":          {Params: "connector=" + unknownID, Status: 404},
		"GET w/connectors/new":                  {Status: 200},
		"POST w/connectors/new":                 {Form: url.Values{"kind": {"x"}, "name": {"x"}}, Status: 503},
		"POST w/connectors/{connector}/edit":    {Params: "connector=" + unknownID, Form: url.Values{"name": {"x"}, "version": {"1"}}, Status: 404, Adds: audited},
		"POST w/connectors/{connector}/secrets": {Params: "connector=" + unknownID, Form: url.Values{"secret.token": {"x"}}, Status: 404, Adds: audited},
		"POST w/connectors/{connector}/delete":  {Params: "connector=" + unknownID, Form: url.Values{"reason": {"x"}}, Status: 404, Adds: audited},
		"GET w/people":                          {Status: 200},
		"GET w/people/{person}":                 {Params: "person=" + unknownID, Status: 404},
		"POST w/people/{person}/roles":          {Params: "person=" + unknownID, Form: url.Values{"reason": {"x"}}, Status: 404, Adds: audited},
		"GET w/keys/new":                        {Status: 200},
		"POST w/keys/new":                       {Form: url.Values{"kind": {"agent"}, "name": {""}}, Status: 400, Adds: audited},
		"POST w/keys/{key}/rotate":              {Params: "key=" + unknownID, Form: url.Values{"overlap": {"1"}}, Status: 404, Adds: audited},
		"POST w/keys/{key}/collect":             {Params: "key=" + unknownID, Status: 404, Adds: audited},
		"POST w/people/{person}/disable":        {Params: "person=" + unknownID, Form: url.Values{"reason": {"x"}}, Status: 404, Adds: audited},
		"GET w/keys":                            {Query: "state=live", Status: 200},
		"POST w/keys/{key}/revoke":              {Params: "key=" + unknownID, Status: 404, Adds: audited},
		"GET w/playbooks":                       {Status: 200},
		"GET w/procedures/{procedure}":          {Params: "procedure=" + unknownID, Status: 404},
	})
}

// TestPeopleAndKeysAreShutOut: an admin of the organization disables a person
// and revokes a key, each once and on record; a manager sees both and no way to.
func TestPeopleAndKeysAreShutOut(t *testing.T) {
	h := openHouse(t)
	victim := h.Cookie(h.First, soc.RoleSenior)
	h.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	admin, manager := h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleManager)
	for _, page := range []string{"/people", "/keys"} {
		for _, viewer := range []string{h.ask("GET", h.first(page), nil, manager).Body.String()} {
			if strings.Contains(viewer, "/disable") || strings.Contains(viewer, "/revoke") {
				t.Errorf("%s offers a manager what would be refused", page)
			}
		}
	}
	mustContain(t, h.ask("GET", h.first("/people"), nil, manager), 200, "senior", "may sign in")
	mustContain(t, h.ask("GET", h.first("/keys"), nil, manager), 200, "incidents:read", "live")

	id := person(h, soc.RoleSenior)
	mustContain(t, h.ask("GET", h.first("/people"), nil, admin), 200, "/people/"+id)
	mustContain(t, h.ask("GET", h.first("/people/"+id), nil, admin), 200, "/people/"+id+"/disable")
	before := h.Count()
	mustLead(t, h.send(admin, h.first("/people/"+id+"/disable"), url.Values{"reason": {"left the team"}}), h.first("/people/"+id+"?done=person-disabled"))
	if h.Count().Audit != before.Audit+1 {
		t.Error("not on record once")
	}
	if w := h.ask("GET", "/console/account", nil, victim); w.Code != 303 {
		t.Errorf("the session of whoever was disabled lives: %d", w.Code)
	}
	page := h.ask("GET", h.first("/keys"), nil, admin).Body.String()
	key := regexp.MustCompile(`/keys/([0-9a-f-]{36})/revoke`).FindStringSubmatch(page)
	if key == nil {
		t.Fatal("no way to revoke: " + page)
	}
	mustLead(t, h.send(admin, h.first("/keys/"+key[1]+"/revoke"), url.Values{}), h.first("/keys?done=key-revoked"))
	mustContain(t, h.ask("GET", h.first("/keys?state=revoked"), nil, admin), 200, key[1])
}

// TestPlaybookPages: the catalogue, and a procedure as the text that it is.
func TestPlaybookPages(t *testing.T) {
	h := openHouse(t, generics)
	viewer := h.Cookie(h.First, soc.RoleViewer)
	page := h.ask("GET", h.first("/playbooks"), nil, viewer)
	mustContain(t, page, 200, "isolate_host", "unisolate_host", "Procedures")
	if found := regexp.MustCompile(`/procedures/([^"]+)"`).FindStringSubmatch(page.Body.String()); found != nil {
		mustContain(t, h.ask("GET", h.first("/procedures/"+found[1]), nil, viewer), 200, "sha256:")
	}
	mustContain(t, h.ask("GET", h.first("/connectors"), nil, viewer), 200, "No real product is connected.", "Nothing has been sent yet.")
	h.Ingest(h.First, "generic", []byte(oneAlert))
	mustContain(t, h.ask("GET", h.first("/connectors"), nil, viewer), 200, "Unreadable", "<code>generic</code>")
}
