package console_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
)

var secretField = regexp.MustCompile(`<code class="secret">([^<]+)</code>`)

// TestS60KeysAndRolesByTwoPeople: a viewer's key is told at once; a senior's
// waits, another admin confirms it, and only whoever asked collects its secret,
// once. Roles above viewer wait the same way; what takes away does not.
func TestS60KeysAndRolesByTwoPeople(t *testing.T) {
	h := openHouse(t)
	admin, second := h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleAdmin)
	key := url.Values{"kind": {"agent"}, "name": {"<i>scout</i>"}, "role": {"viewer"}, "scope": {"incidents:read"}, "expires": {h.Now().AddDate(0, 1, 0).Format(time.DateOnly)}}
	told := h.send(admin, h.first("/keys/new"), key)
	mustContain(t, told, 200, "&lt;i&gt;scout&lt;/i&gt;")
	if secretField.FindString(told.Body.String()) == "" {
		t.Fatal("no secret: " + told.Body.String())
	}
	key.Set("role", "senior")
	key.Set("name", "hunter")
	asked := h.send(admin, h.first("/keys/new"), key)
	change, _, _ := strings.Cut(asked.Header().Get("Location"), "?")
	if asked.Code != 303 || !strings.HasPrefix(change, h.first("/changes/")) {
		t.Fatalf("%d to %q: %s", asked.Code, change, asked.Body)
	}
	mustNotContain(t, h.ask("GET", change, nil, admin), "Collect the secret")
	confirm := func(change string) {
		t.Helper()
		card := h.ask("GET", change, nil, second)
		digest := digestField.FindStringSubmatch(card.Body.String())
		if digest == nil {
			t.Fatal("nothing to confirm: " + card.Body.String())
		}
		mustLead(t, h.send(second, change+"/confirm", url.Values{"digest": {digest[1]}}), change+"?done=change-confirmed")
	}
	confirm(change)
	mustContain(t, h.ask("GET", change, nil, admin), 200, "Collect the secret")
	mustNotContain(t, h.ask("GET", change, nil, second), "Collect the secret")
	one := h.first("/keys/" + strings.TrimPrefix(change, h.first("/changes/")))
	mustContain(t, h.ask("GET", h.first("/keys"), nil, admin), 200, one+"/collect")
	collected := secretField.FindStringSubmatch(h.send(admin, one+"/collect", nil).Body.String())
	if collected == nil {
		t.Fatal("no secret was told")
	}
	mustContain(t, h.send(admin, one+"/collect", nil), 409, "INVALID_STATE")
	rotated := secretField.FindStringSubmatch(h.send(admin, one+"/rotate", url.Values{"overlap": {"1"}}).Body.String())
	if rotated == nil || rotated[1] == collected[1] {
		t.Errorf("rotated to %q", rotated)
	}
	mustNotContain(t, h.ask("GET", h.first("/keys"), nil, admin), rotated[1])

	h.Cookie(h.First, soc.RoleAnalyst)
	person := person(h, soc.RoleAnalyst)
	one = h.first("/people/" + person)
	more := h.send(admin, one+"/roles", url.Values{"grant": {h.First + " senior"}, "reason": {"night shift"}})
	change, _, _ = strings.Cut(more.Header().Get("Location"), "?")
	if more.Code != 303 || !strings.HasPrefix(change, h.first("/changes/")) {
		t.Fatalf("%d to %q: %s", more.Code, change, more.Body)
	}
	if found, err := h.Desk.FindPerson(t.Context(), h.Host, person); err != nil || found.Grants[h.First] != soc.RoleAnalyst {
		t.Errorf("in force before a second person: %v %v", found.Grants, err)
	}
	confirm(change)
	mustContain(t, h.ask("GET", one, nil, admin), 200, `<option value="`+h.First+` senior" selected>`)
	mustLead(t, h.send(admin, one+"/roles", url.Values{"grant": {h.First + " viewer"}, "reason": {"moved on"}}), one+"?done=roles-set")
	mustContain(t, h.ask("GET", one, nil, admin), 200, `<option value="`+h.First+` viewer" selected>`)
}

// person is the id of somebody with a role in the first workspace.
func person(h *house, role soc.Role) string {
	h.t.Helper()
	people, err := h.Desk.ListPeople(h.t.Context(), soc.Actor{Kind: soc.PrincipalHost}, h.OrganizationOf(h.First))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, p := range people {
		if p.Grants[h.First] == role {
			return p.ID
		}
	}
	h.t.Fatalf("nobody is %s", role)
	return ""
}
