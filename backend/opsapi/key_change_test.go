package opsapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS60AKeyIsWidenedByTwo narrows a key at one person's word and widens it at
// two's; a key whose secret nobody collects ends by itself.
func TestS60AKeyIsWidenedByTwo(t *testing.T) {
	h := openKeyDoor(t)
	const keys, changes = "/api/ops/v1/keys/", "/api/ops/v1/changes/"
	admin, manager := h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleManager)
	issued, err := h.Desk.CreateKey(t.Context(), h.Host, soc.NewCredential{
		Organization: h.OrganizationOf(h.First), Kind: soc.PrincipalService, Name: "reader", Role: soc.RoleSenior, Workspaces: []string{h.First},
		Scopes: []soc.Scope{soc.ScopeOpsRead, soc.ScopeAuditRead}, ExpiresAt: h.Now().Add(240 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	type change struct{ ID, Digest string }
	type view struct {
		Role, ExpiresAt, Name string
		Scopes                []string
		Change                *change
	}
	put := func(body string, status int) view {
		t.Helper()
		return webtest.Decode[struct{ Data view }](t, h.Ask(http.MethodPut, keys+issued.Credential.ID, body, admin), status).Data
	}
	confirm := func(c *change, status int) {
		t.Helper()
		if w := h.Ask(http.MethodPost, changes+c.ID+"/confirm", `{"digest":"`+c.Digest+`"}`, manager); w.Code != status {
			t.Fatalf("%d, want %d: %s", w.Code, status, w.Body)
		}
	}
	narrow := put(`{"scopes":["ops:read"],"role":"analyst","expiresAt":"`+h.Now().Add(24*time.Hour).Format(time.RFC3339)+`","name":"narrow"}`, http.StatusOK)
	if narrow.Change != nil || narrow.Role != "analyst" || strings.Join(narrow.Scopes, " ") != "ops:read" || narrow.Name != "narrow" {
		t.Errorf("%+v", narrow)
	}
	for _, body := range []string{`{"scopes":["ops:read","audit:read"]}`, `{"role":"senior"}`, `{"expiresAt":"` + h.Now().Add(48*time.Hour).Format(time.RFC3339) + `"}`} {
		if wide := put(body, http.StatusAccepted); wide.Change == nil || wide.Role != "analyst" || len(wide.Scopes) != 1 || wide.ExpiresAt != narrow.ExpiresAt {
			t.Errorf("%s is in force: %+v", body, wide)
		}
	}
	stale := put(`{"role":"manager"}`, http.StatusAccepted).Change
	confirm(put(`{"role":"senior"}`, http.StatusAccepted).Change, http.StatusOK)
	confirm(stale, http.StatusConflict)
	if now := put(`{"name":"wide"}`, http.StatusOK); now.Role != "senior" || len(now.Scopes) != 1 {
		t.Errorf("%+v", now)
	}
	for body, status := range map[string]int{`{"scopes":["runs:work"]}`: 400, `{"kind":"agent"}`: 400, `{"expiresAt":"2001-01-01T00:00:00Z"}`: 400, `{"workspaceIds":["` + h.Foreign + `"]}`: 404} {
		if w := h.Ask(http.MethodPut, keys+issued.Credential.ID, body, admin); w.Code != status {
			t.Errorf("%s: %d, want %d: %s", body, w.Code, status, w.Body)
		}
	}

	order := h.Ask(http.MethodPost, strings.TrimSuffix(keys, "/"), `{"name":"k","kind":"service","scopes":["ops:read"],"workspaceIds":["`+h.First+`"],"role":"analyst"}`, admin)
	waits := webtest.Decode[struct{ Data struct{ Change change } }](t, order, http.StatusAccepted).Data.Change
	confirm(&waits, http.StatusOK)
	for _, step := range []struct {
		by      time.Duration
		revoked bool
	}{{soc.CollectFor - time.Second, false}, {2 * time.Second, true}} {
		h.Advance(step.by)
		if err := h.Desk.RevokeUncollected(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, found, err := h.Store.Read(t.Context()).Credential("", waits.ID); err != nil || !found || c.Revoked() != step.revoked {
			t.Errorf("after %s: %v %v %+v", step.by, err, found, c)
		}
	}
}
