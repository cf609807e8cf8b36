package opsapi_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/connector/simrange"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// products let a desk configure the one kind, whose calls may reach address.
func products(t *testing.T, address string) func(*backend.Config) {
	t.Helper()
	policy, err := egress.NewPolicy([]string{address})
	if err != nil {
		t.Fatal(err)
	}
	kind, client := simrange.Kind(), policy.Client(egress.Options{})
	t.Cleanup(client.CloseIdleConnections)
	box, err := soc.NewSecretBox(rand.Reader, soc.SecretKey{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	config := func(c soc.Connector) connector.Config {
		return connector.Config{
			ID: c.ID, BaseURL: c.BaseURL, Settings: c.Settings, Playbooks: c.Playbooks, Declaration: c.Declaration, Client: client,
			Limits: connector.Limits{PerSecond: float64(c.Rate) / 1000, Burst: c.Burst},
		}
	}
	return func(b *backend.Config) {
		b.Secrets, b.CheckURL = box, policy.Check
		b.Products = backend.Products{
			Complete: func(c soc.Connector) (soc.Connector, error) {
				kind, err := connector.Kinds{kind}.Find(c.Kind)
				if err != nil {
					return c, err
				}
				whole, err := kind.Complete(config(c))
				c.BaseURL, c.Settings, c.Rate, c.Burst = whole.BaseURL, whole.Settings, int64(whole.Limits.PerSecond*1000), whole.Limits.Burst
				return c, err
			},
			CheckSecrets: func(_ string, secrets map[string]string) error { return kind.CheckSecrets(secrets, false) },
			Required:     func(string) []string { return kind.SecretNames() },
			Carries:      func(c soc.Connector) []string { return kind.Carries(config(c)) },
			Health:       func(string) (soc.ConnectorHealth, bool) { return soc.ConnectorHealth{}, false },
			Check: func(ctx context.Context, c soc.Connector, secrets map[string]string) (soc.ConnectorCheck, error) {
				whole := config(c)
				whole.Secrets = secrets
				made, err := kind.Make(whole)
				if err != nil {
					return soc.ConnectorCheck{}, err
				}
				return connector.Diagnose(ctx, made, time.Now), nil
			},
		}
	}
}

// TestS53ConnectorsByTwoPeople configures a way out by the API, from the first
// wish to its end.
func TestS53ConnectorsByTwoPeople(t *testing.T) {
	simulation, err := simrange.New(simrange.Config{Path: filepath.Join(t.TempDir(), "range.jsonl"), Token: "the right range token", ControlToken: "another control token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = simulation.Close() })
	product := httptest.NewServer(simulation)
	t.Cleanup(product.Close)
	h := webtest.Open(t, products(t, product.Listener.Addr().String()))
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	h.Start()

	type view struct {
		Data struct {
			ID, State      string
			SecretsMissing []string
			Secrets        []struct{ Name string }
			Playbooks      []string
			OK             bool
		}
	}
	const path = "/api/ops/v1/connectors"
	people := map[soc.Role]string{}
	for _, role := range []soc.Role{soc.RoleViewer, soc.RoleManager, soc.RoleAdmin} {
		people[role] = h.Cookie(h.First, role)
	}
	ask := func(role soc.Role, method, where, body string, status int, headers ...string) view {
		t.Helper()
		w := h.Ask(method, where, body, append(headers, people[role])...)
		if w.Code != status {
			t.Errorf("%s %s as %s is %d, want %d: %s", method, where, role, w.Code, status, w.Body)
		}
		if strings.Contains(w.Body.String(), "range token") {
			t.Errorf("%s %s shows a secret: %s", method, where, w.Body)
		}
		if w.Code == http.StatusNoContent || w.Code >= 400 {
			return view{}
		}
		return webtest.Decode[view](t, w, status)
	}
	state := func(id, want string) {
		t.Helper()
		if got := ask(soc.RoleViewer, http.MethodGet, path+"/"+id, "", 200); got.Data.State != want {
			t.Errorf("the connector is %s, want %s", got.Data.State, want)
		}
	}
	body := `{"kind":"range","name":"drill","baseUrl":"` + product.URL + `"}`
	ask(soc.RoleManager, http.MethodPost, path, body, 403)
	ask(soc.RoleAdmin, http.MethodPost, path, `{"kind":"range","name":"inward","baseUrl":"http://169.254.169.254"}`, 400)
	made := ask(soc.RoleAdmin, http.MethodPost, path, body, 202)
	id := made.Data.ID
	if made.Data.State != "proposed" || len(made.Data.SecretsMissing) != 1 || len(made.Data.Playbooks) == 0 {
		t.Errorf("%+v", made)
	}
	ask(soc.RoleAdmin, http.MethodPost, path, body, 409) // of this name already
	ask(soc.RoleAdmin, http.MethodPut, path+"/"+id+"/secrets", `{"secrets":{"password":"x"}}`, 400)
	ask(soc.RoleAdmin, http.MethodPut, path+"/"+id+"/secrets", `{"secrets":{"token":"the right range token"}}`, 204)
	if found := ask(soc.RoleManager, http.MethodPost, path+"/"+id+"/check", "{}", 200); !found.Data.OK {
		t.Errorf("%+v", found)
	}
	ask(soc.RoleAdmin, http.MethodPost, path+"/"+id+"/enable", `{"reason":"mine"}`, 409) // whoever asked does not count again
	state(id, "proposed")

	first := people[soc.RoleAdmin]
	people[soc.RoleAdmin] = h.Cookie(h.First, soc.RoleAdmin) // another admin
	enable := func(status int, headers ...string) {
		t.Helper()
		ask(soc.RoleAdmin, http.MethodPost, path+"/"+id+"/enable", `{"reason":"agreed"}`, status, headers...)
	}
	enable(400)                  // the second says what was read
	enable(412, `If-Match: "1"`) // the secret was set since
	state(id, "proposed")
	enable(200, `If-Match: "2"`)
	state(id, "enabled")
	people[soc.RoleAdmin] = first
	narrow := strings.TrimSuffix(body, "}") + `,"playbooks":["isolate_host","unisolate_host"]}`
	if got := ask(soc.RoleAdmin, http.MethodPut, path+"/"+id, narrow, 200); got.Data.State != "enabled" || len(got.Data.Playbooks) != 2 {
		t.Errorf("fewer playbooks are in force at once: %+v", got)
	}
	if got := ask(soc.RoleAdmin, http.MethodPut, path+"/"+id, body, 202); got.Data.State != "proposed" || len(got.Data.Secrets) != 1 {
		t.Errorf("more playbooks wait: %+v", got)
	}
	// Another port erases the secrets, so that nobody sends them elsewhere.
	moved := strings.Replace(body, product.URL, "https://range.example.com", 1)
	if got := ask(soc.RoleAdmin, http.MethodPut, path+"/"+id, moved, 202); len(got.Data.Secrets) != 0 || len(got.Data.SecretsMissing) != 1 {
		t.Errorf("the secrets went along: %+v", got)
	}
	ask(soc.RoleManager, http.MethodPost, path+"/"+id+"/disable", `{"reason":"over"}`, 200)
	state(id, "disabled")
	ask(soc.RoleAdmin, http.MethodDelete, path+"/"+id, "", 204)
	ask(soc.RoleViewer, http.MethodGet, path+"/"+id, "", 404)
}
