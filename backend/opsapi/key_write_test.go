package opsapi_test

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS60KeysAboveViewerTakeTwoPeople makes keys over the wire: a viewer's at
// once, any other by two people, its secret collected once by whoever asked.
func TestS60KeysAboveViewerTakeTwoPeople(t *testing.T) {
	h := openKeyDoor(t)
	const keys, changes = "/api/ops/v1/keys", "/api/ops/v1/changes/"
	type key struct{ ID, Secret, Prefix, Role string }
	type ordered struct {
		Data struct {
			Key    *key
			Change *struct{ ID, Digest, WorkspaceID, Kind string }
		}
	}
	admin, other, manager := h.AdminCookie(h.First), h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleManager)
	order := func(role, scope, workspaces string) string {
		return `{"name":"soar","kind":"service","scopes":["` + scope + `"],"workspaceIds":[` + workspaces + `],"role":"` + role + `","reason":"automation"}`
	}
	first := `"` + h.First + `"`
	uses := func(secret string, status int) {
		t.Helper()
		if w := h.Ask(http.MethodGet, "/api/ops/v1/session", "", "Authorization: Bearer "+secret); w.Code != status {
			t.Errorf("the key answers %d, want %d", w.Code, status)
		}
	}

	made := webtest.Decode[ordered](t, h.Ask(http.MethodPost, keys, order("viewer", "ops:read", first), admin), 201)
	if made.Data.Key == nil || made.Data.Change != nil {
		t.Fatalf("%+v", made)
	}
	uses(made.Data.Key.Secret, 200)
	for name, body := range map[string]string{
		"two workspaces": order("manager", "ops:tighten", first+`,"`+h.Second+`"`), "a scope of another kind": order("manager", "runs:work", first),
		"an unknown role": order("boss", "ops:read", first),
	} {
		if w := h.Ask(http.MethodPost, keys, body, admin); w.Code != 400 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := h.Ask(http.MethodPost, keys, order("viewer", "ops:read", `"`+h.Foreign+`"`), admin); w.Code != 404 {
		t.Errorf("a foreign workspace: %d %s", w.Code, w.Body)
	}

	asked := webtest.Decode[ordered](t, h.Ask(http.MethodPost, keys, order("manager", "ops:tighten", first), admin), 202)
	c := asked.Data.Change
	if c == nil || asked.Data.Key != nil || c.Kind != "key" || c.WorkspaceID != h.First {
		t.Fatalf("%+v", asked)
	}
	collect := func(who string) (int, key) {
		w := h.Ask(http.MethodPost, keys+"/"+c.ID+"/secret", `{}`, who)
		if w.Code != 201 {
			return w.Code, key{}
		}
		return w.Code, webtest.Decode[struct{ Data key }](t, w, 201).Data
	}
	if code, _ := collect(admin); code != 404 {
		t.Errorf("collected before anybody confirmed: %d", code)
	}
	confirm := func(who string) int {
		return h.Ask(http.MethodPost, changes+c.ID+"/confirm", `{"digest":"`+c.Digest+`"}`, who, "Vedette-Workspace: "+h.First).Code
	}
	if code := confirm(admin); code != 409 {
		t.Errorf("the same person: %d", code)
	}
	if code := confirm(manager); code != 200 {
		t.Errorf("a manager of the workspace: %d", code)
	}
	if code, _ := collect(other); code != 403 {
		t.Errorf("another admin collects: %d", code)
	}
	code, issued := collect(admin)
	if code != 201 || !strings.HasPrefix(issued.Secret, "vdt_service_") || issued.Role != "manager" {
		t.Fatalf("%d %+v", code, issued)
	}
	uses(issued.Secret, 200)
	if code, _ := collect(admin); code != 409 {
		t.Errorf("collected twice: %d", code)
	}
}
