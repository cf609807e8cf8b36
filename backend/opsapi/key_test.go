package opsapi_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// openKeyDoor is a house with this family's door and nothing behind it.
func openKeyDoor(t *testing.T) *webtest.House {
	t.Helper()
	h := webtest.Open(t, func(c *backend.Config) {
		box, err := soc.NewSecretBox(rand.Reader, soc.SecretKey{ID: 1})
		if err != nil {
			t.Fatal(err)
		}
		c.Secrets = box
	})
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	return h.Start()
}

// TestS52KeysAreEndedAndRenewed lists, rotates and revokes keys over the wire.
func TestS52KeysAreEndedAndRenewed(t *testing.T) {
	h := openKeyDoor(t)
	const keys, accounts = "/api/ops/v1/keys", "/api/ops/v1/service-accounts"
	organization := func(workspace string) string {
		w, found, err := h.Store.Read(t.Context()).Workspace(workspace)
		if err != nil || !found {
			t.Fatal(err)
		}
		return w.Organization
	}
	issue := func(name string, change func(*soc.NewCredential)) soc.IssuedCredential {
		t.Helper()
		in := soc.NewCredential{
			Kind: soc.PrincipalService, Name: name, Role: soc.RoleViewer, Workspaces: []string{h.First}, Scopes: []soc.Scope{soc.ScopeOpsRead},
			ExpiresAt: h.Now().Add(240 * time.Hour),
		}
		if change != nil {
			change(&in)
		}
		in.Organization = organization(in.Workspaces[0])
		issued, err := h.Desk.CreateKey(t.Context(), h.Host, in)
		if err != nil {
			t.Fatal(err)
		}
		return issued
	}
	type view struct {
		ID, Kind, Prefix, State, Secret, ExpiresAt string
		WorkspaceIDs                               []string `json:"workspaceIds"`
	}
	ask := func(method, target, body, credential string, status int) string {
		t.Helper()
		w := h.Ask(method, target, body, credential)
		if w.Code != status {
			t.Errorf("%s %s: %d, want %d: %s", method, target, w.Code, status, w.Body)
		}
		return w.Body.String()
	}
	list := func(target, credential string) []view {
		t.Helper()
		w := h.Ask(http.MethodGet, target, "", credential)
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("a list holds a secret: %s", w.Body)
		}
		return webtest.Decode[struct{ Data []view }](t, w, 200).Data
	}
	bearer := func(secret string) string { return "Authorization: Bearer " + secret }
	alive := func(secret string, status int) {
		t.Helper()
		ask(http.MethodGet, "/api/ops/v1/session", "", bearer(secret), status)
	}

	plain := issue("plain", nil)
	both := issue("both", func(in *soc.NewCredential) { in.Workspaces = []string{h.First, h.Second} })
	account := issue("account", func(in *soc.NewCredential) { in.ServiceAccount = true })
	agent := issue("agent", func(in *soc.NewCredential) {
		in.Kind, in.Scopes = soc.PrincipalAgent, []soc.Scope{soc.ScopeIncidentsRead}
	})
	second := issue("second", func(in *soc.NewCredential) { in.Workspaces = []string{h.Second} })
	foreign := issue("foreign", func(in *soc.NewCredential) { in.Workspaces = []string{h.Foreign} })
	admin, manager := h.AdminCookie(h.First), h.Cookie(h.First, soc.RoleManager)
	tighten := h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeOpsTighten}})

	t.Run("S44 lists", func(t *testing.T) {
		if got := list(keys+"?kind=service&state=live", manager); len(got) != 3 { // plain, both and the tightening one
			t.Errorf("a manager sees %+v", got)
		}
		for _, v := range list(keys, manager) {
			if len(v.WorkspaceIDs) != 1 || v.WorkspaceIDs[0] != h.First {
				t.Errorf("a manager of one workspace sees %+v", v)
			}
		}
		if got := list(keys, admin); len(got) != 5 {
			t.Errorf("an admin sees %+v", got)
		}
		if got := list(accounts, admin); len(got) != 1 || got[0].ID != account.Credential.ID {
			t.Errorf("%+v", got)
		}
		first := webtest.Decode[struct {
			Data       []view
			Pagination struct{ ContinuationToken string }
		}](t, h.Ask(http.MethodGet, keys+"?pageSize=3", "", admin), 200)
		if rest := list(keys+"?pageSize=3&continuationToken="+first.Pagination.ContinuationToken, admin); len(first.Data) != 3 || len(rest) != 2 {
			t.Errorf("%+v, then %+v", first, rest)
		}
		for _, workspace := range []string{unknownID, h.Foreign, h.Second} {
			ask(http.MethodGet, keys+"?workspaceId="+workspace, "", manager, 404)
		}
		ask(http.MethodGet, keys, "", h.Cookie(h.First, soc.RoleSenior), 403)
		ask(http.MethodGet, keys, "", bearer(plain.Secret), 403) // a viewer's
		ask(http.MethodGet, keys, "", bearer(agent.Secret), 403)
	})
	t.Run("rotate", func(t *testing.T) {
		path := keys + "/" + plain.Credential.ID + "/rotate"
		for _, hours := range []string{"-1", "169", "0.5"} {
			ask(http.MethodPost, path, `{"overlapHours":`+hours+`}`, admin, 400)
		}
		ask(http.MethodPost, path, `{}`, h.Cookie(h.First, soc.RoleAdmin), 403)
		ask(http.MethodPost, path, `{}`, tighten, 403)
		ask(http.MethodPost, keys+"/"+foreign.Credential.ID+"/rotate", `{}`, admin, 404)
		ask(http.MethodPost, keys+"/"+account.Credential.ID+"/rotate", `{}`, admin, 404)
		got := webtest.Decode[struct{ Data view }](t, h.Ask(http.MethodPost, path, `{"overlapHours":1}`, admin, "Idempotency-Key: one"), 201).Data
		again := webtest.Decode[struct{ Data view }](t, h.Ask(http.MethodPost, path, `{"overlapHours":1}`, admin, "Idempotency-Key: one"), 201).Data
		if got.Secret == "" || got.Secret != again.Secret || got.ExpiresAt == "" {
			t.Errorf("%+v, then %+v", got, again)
		}
		stored, _, err := h.Store.Read(t.Context()).Credential("", plain.Credential.ID)
		if err != nil || !stored.ExpiresAt.Equal(plain.Credential.ExpiresAt) || stored.Role != soc.RoleViewer || len(stored.Scopes) != 1 {
			t.Errorf("rotation changed %+v: %v", stored, err)
		}
		alive(plain.Secret, 200)
		alive(got.Secret, 200)
		const own = keys + "/self/rotate"
		ask(http.MethodPost, own, `{}`, bearer(plain.Secret), 403) // superseded: it renews nothing
		ask(http.MethodPost, own, `{}`, bearer(agent.Secret), 403)
		ask(http.MethodPost, own, `{}`, manager, 403)
		h.Advance(time.Hour)
		admin = h.AdminCookie(h.First) // the session before was idle for too long
		alive(plain.Secret, 401)
		mine := webtest.Decode[struct{ Data view }](t, h.Ask(http.MethodPost, own, `{"overlapHours":0}`, bearer(got.Secret)), 201).Data
		alive(got.Secret, 401)
		alive(mine.Secret, 200)
		if w := h.Ask(http.MethodPost, accounts+"/"+account.Credential.ID+"/rotate", `{}`, admin); w.Code != 201 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		plain.Secret = mine.Secret
	})
	t.Run("revoke", func(t *testing.T) {
		path := keys + "/" + plain.Credential.ID
		for who, credential := range map[string]string{
			"a workspace's admin": h.Cookie(h.First, soc.RoleAdmin), "an agent": bearer(agent.Secret), "itself": bearer(plain.Secret),
			"a key of a manager": h.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeOpsTighten}}),
		} {
			if w := h.Ask(http.MethodDelete, path, "", credential); w.Code != 403 {
				t.Errorf("as %s: %d %s", who, w.Code, w.Body)
			}
		}
		for _, other := range []string{second.Credential.ID, both.Credential.ID, foreign.Credential.ID, account.Credential.ID, unknownID} {
			ask(http.MethodDelete, keys+"/"+other, "", tighten, 404)
		}
		ask(http.MethodDelete, path, "", tighten, 204)
		alive(plain.Secret, 401)
		ask(http.MethodDelete, path, "", tighten, 404)
		ask(http.MethodDelete, keys+"/"+both.Credential.ID, "", admin, 204)
		ask(http.MethodDelete, accounts+"/"+account.Credential.ID, "", admin, 204)
		ask(http.MethodDelete, accounts+"/"+account.Credential.ID, "", admin, 404)
		if got := list(keys+"?state=revoked", admin); len(got) != 2 {
			t.Errorf("%+v", got)
		}
	})
}
