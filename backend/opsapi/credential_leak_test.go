package opsapi_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS54NoCredentialLeavesByAnyDoor plants one secret of every kind that this
// server keeps or hands out, asks every route for everything, sends the secrets
// where they do not belong, and searches all answers, the database and its log.
func TestS54NoCredentialLeavesByAnyDoor(t *testing.T) {
	folder := t.TempDir()
	h := webtest.OpenAt(t, filepath.Join(folder, "vedette.db"), products(t, "127.0.0.1:1"))
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	h.Start()
	cookie, admin := h.Cookie(h.First, soc.RoleManager), h.Cookie(h.First, soc.RoleAdmin)
	key := h.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: soc.AllScopes})
	agent := h.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	token := func(header string) string { return header[strings.LastIndexAny(header, " =")+1:] }

	made := webtest.Decode[struct{ Data struct{ ID string } }](t, h.Ask(http.MethodPost, "/api/ops/v1/connectors", `{"kind":"range","name":"drill","baseUrl":"http://127.0.0.1:1"}`, admin), 202)
	const connector = "planted connector token 7"
	if w := h.Ask(http.MethodPut, "/api/ops/v1/connectors/"+made.Data.ID+"/secrets", `{"secrets":{"token":"`+connector+`"}}`, admin); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	drawn := webtest.Decode[struct{ Data struct{ Secret string } }](t, h.Ask(http.MethodPost, session+"/totp", `{}`, cookie), 201).Data.Secret
	code, err := totp.GenerateCode(drawn, h.Now())
	if err != nil {
		t.Fatal(err)
	}
	verified := h.Ask(http.MethodPost, session+"/totp/verify", `{"code":"`+code+`"}`, cookie)
	codes := webtest.Decode[struct {
		Data struct{ RecoveryCodes []string }
	}](t, verified, 200).Data.RecoveryCodes
	cookie = cookieOf(t, verified)
	secrets := map[string]string{
		"the password": webtest.Password, "a session": token(cookie), "an admin's session": token(admin), "a service key": token(key), "an agent's key": token(agent),
		"the connector's token": connector, "the second factor": drawn, "a recovery code": codes[0], "a recovery code without dashes": strings.ReplaceAll(codes[9], "-", ""),
	}
	search := func(where, text string) {
		t.Helper()
		for name, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in %s", name, where)
			}
		}
	}

	// Where they do not belong: errors tell what is wrong and not what was sent.
	for name, secret := range secrets {
		h.Advance(time.Minute)
		for where, w := range map[string]string{
			"an unknown member": h.Ask(http.MethodPost, "/api/ops/v1/policy/restore", `{"version":1,"reason":7,"`+"x"+`":"`+secret+`"}`, cookie).Body.String(),
			"a login":           h.Ask(http.MethodPost, session, `{"email":"nobody@example.org","password":"`+secret+`"}`).Body.String(),
			"a second factor":   h.Ask(http.MethodPost, session+"/reauth", `{"password":"`+secret+`","code":"000000"}`, admin).Body.String(),
			"a wrong scheme":    h.Ask(http.MethodGet, session, "", "Authorization: Digest "+strings.ReplaceAll(secret, " ", "")).Body.String(),
		} {
			search(where+" that was sent "+name, w)
		}
		// A value of a wrong type is quoted to whoever sent it, but for what has the
		// shape of a credential.
		if strings.HasPrefix(secret, "vdt_") {
			search("a wrong type that was sent "+name, h.Ask(http.MethodPost, "/api/ops/v1/policy/restore", `{"version":"`+secret+`"}`, cookie).Body.String())
		}
	}
	h.Advance(time.Hour / 2)
	filled := regexp.MustCompile(`\{[a-zA-Z]+\}`)
	words := strings.NewReplacer("{severity}", "High", "connectors/{id}", "connectors/"+made.Data.ID)
	for _, route := range h.Registry.Routes() {
		if route.Method != http.MethodGet {
			continue
		}
		for _, credential := range []string{cookie, admin, key} {
			h.Advance(time.Second)
			w := h.Ask(http.MethodGet, filled.ReplaceAllString(words.Replace(route.Path), unknownID), "", credential)
			search(route.Path, w.Body.String())
			for name, values := range w.Header() {
				search(route.Path+" "+name, strings.Join(values, " "))
			}
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) < 2 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		body, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		search(file.Name(), string(body))
	}
}
