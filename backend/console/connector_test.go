package console_test

import (
	"context"
	"crypto/rand"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/connector/simrange"
	"vedette/backend/soc"
)

// products let a desk configure ranges, whose calls may reach address.
func products(t *testing.T, address string) func(*backend.Config) {
	t.Helper()
	policy, err := egress.NewPolicy([]string{address})
	if err != nil {
		t.Fatal(err)
	}
	kinds, client := connector.Kinds{simrange.Kind()}, policy.Client(egress.Options{})
	t.Cleanup(client.CloseIdleConnections)
	box, err := soc.NewSecretBox(rand.Reader, soc.SecretKey{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	config := func(c soc.Connector) connector.Config {
		return connector.Config{
			ID: c.ID, BaseURL: c.BaseURL, Settings: c.Settings, Playbooks: c.Playbooks, Client: client,
			Limits: connector.Limits{PerSecond: float64(c.Rate) / 1000, Burst: c.Burst},
		}
	}
	return func(b *backend.Config) {
		b.Secrets, b.CheckURL = box, policy.Check
		b.Products = backend.Products{
			Kinds: kinds.Describe,
			Complete: func(c soc.Connector) (soc.Connector, error) {
				kind, err := kinds.Find(c.Kind)
				if err != nil {
					return c, err
				}
				whole, err := kind.Complete(config(c))
				c.BaseURL, c.Settings, c.Rate, c.Burst = whole.BaseURL, whole.Settings, int64(whole.Limits.PerSecond*1000), whole.Limits.Burst
				return c, err
			},
			CheckSecrets: func(_ string, secrets map[string]string) error { return kinds[0].CheckSecrets(secrets, false) },
			Required:     func(string) []string { return kinds[0].SecretNames() },
			Carries:      func(c soc.Connector) []string { return kinds[0].Carries(config(c)) },
			Health:       func(string) (soc.ConnectorHealth, bool) { return soc.ConnectorHealth{}, false },
			Check: func(ctx context.Context, c soc.Connector, secrets map[string]string) (soc.ConnectorCheck, error) {
				whole := config(c)
				whole.Secrets = secrets
				made, err := kinds[0].Make(whole)
				if err != nil {
					return soc.ConnectorCheck{}, err
				}
				return connector.Diagnose(ctx, made, time.Now), nil
			},
		}
	}
}

// TestS53ConnectorPages states a connector, sets its secret, checks it against a
// range over HTTP, puts it in force by two admins, narrows it, takes it out and
// ends it. The secret stands on no page.
func TestS53ConnectorPages(t *testing.T) {
	const token = "the right range token"
	simulation, err := simrange.New(simrange.Config{Path: filepath.Join(t.TempDir(), "range.jsonl"), Token: token, ControlToken: "another control token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = simulation.Close() })
	product := httptest.NewServer(simulation)
	t.Cleanup(product.Close)
	h := openHouse(t, products(t, product.Listener.Addr().String()))
	admin, second, manager := h.Cookie(h.First, soc.RoleAdmin), h.Cookie(h.First, soc.RoleAdmin), h.Cookie(h.First, soc.RoleManager)
	list := h.first("/connectors")
	mustNotContain(t, h.ask("GET", list, nil, manager), "New connector")
	mustContain(t, h.ask("GET", list+"/new", nil, admin), 200, "simulated range (range)")
	mustContain(t, h.ask("GET", list+"/new?kind=range", nil, admin), 200, "isolate_host", `name="kind" value="range"`)
	form := url.Values{"kind": {"range"}, "name": {"<b>drill</b>"}, "base_url": {"http://169.254.169.254"}}
	mustContain(t, h.send(admin, list+"/new", form), 400, "base", "&lt;b&gt;drill&lt;/b&gt;")
	mustContain(t, h.send(admin, list+"/new", url.Values{"kind": {"range"}, "name": {"x"}, "rate": {"fast"}}), 400, "calls a second")
	form.Set("base_url", product.URL)
	made := h.send(admin, list+"/new", form)
	one, _, _ := strings.Cut(made.Header().Get("Location"), "?")
	if made.Code != 303 || !strings.HasPrefix(one, list+"/") {
		t.Fatalf("%d: %s", made.Code, made.Body)
	}
	mustContain(t, h.ask("GET", one, nil, admin), 200, "proposed", "missing:", `name="secret.token"`)
	mustNotContain(t, h.ask("GET", one, nil, manager), `name="secret.token"`)
	mustContain(t, h.send(admin, one+"/secrets", url.Values{"secret.password": {"x"}}), 400)
	mustContain(t, h.send(admin, one+"/secrets", url.Values{"secret.token": {token}, "remove": {"token"}}), 400)
	mustLead(t, h.send(admin, one+"/secrets", url.Values{"secret.token": {token}}), one+"?done=connector-secrets")
	mustContain(t, h.send(manager, one+"/check", nil), 200, ">works<")
	version := func() string {
		return regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(h.ask("GET", one, nil, admin).Body.String())[1]
	}
	mustContain(t, h.send(admin, one+"/enable", url.Values{"reason": {"mine"}, "version": {version()}}), 409)
	mustLead(t, h.send(second, one+"/enable", url.Values{"reason": {"agreed"}, "version": {version()}}), one+"?done=connector-enabled")
	narrow := url.Values{"kind": {"range"}, "name": {"drill"}, "base_url": {product.URL}, "narrow": {"true"}, "playbook": {"isolate_host", "unisolate_host"}}
	narrow.Set("version", "1")
	mustContain(t, h.send(admin, one+"/edit", narrow), 412)
	narrow.Set("version", version())
	mustLead(t, h.send(admin, one+"/edit", narrow), one+"?done=connector-saved")
	page := h.ask("GET", one, nil, admin)
	mustContain(t, page, 200, "in force", `value="isolate_host" checked`)
	mustNotContain(t, page, token)
	mustLead(t, h.send(manager, one+"/disable", url.Values{"reason": {"over"}}), one+"?done=connector-disabled")
	mustLead(t, h.send(admin, one+"/secrets", url.Values{"remove": {"token"}}), one+"?done=connector-secrets")
	mustLead(t, h.send(admin, one+"/delete", url.Values{"reason": {"over"}}), list+"?done=connector-deleted")
	mustContain(t, h.ask("GET", one, nil, admin), 404)
}

// connector is the id of one that was stated and has no secret yet.
func (o *office) connector() string {
	o.t.Helper()
	view, err := o.Desk.CreateConnector(o.t.Context(), o.inFirst(), soc.ConnectorDraft{Kind: "range", Name: "drill", BaseURL: "http://127.0.0.1:9"})
	if err != nil {
		o.t.Fatal(err)
	}
	return view.Connector.ID
}
