package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/soc"
)

func TestKindCompletesWhatIsStated(t *testing.T) {
	kind := connector.Kind{
		Name: "x", Title: "X", BaseURL: "https://api.example.com/", Playbooks: []string{"isolate_host", "scan_host"},
		Settings: []connector.Field{{Name: "tenant", Required: true}, {Name: "cloud", Default: "public", OneOf: []string{"public", "gov"}}},
		Secrets:  []connector.Field{{Name: "client_secret", Required: true}}, Limits: connector.Limits{PerSecond: 5, Burst: 10},
	}
	got, err := kind.Complete(connector.Config{Settings: map[string]string{"tenant": "t"}})
	if err != nil || got.BaseURL != "https://api.example.com" || got.Settings["cloud"] != "public" || got.Limits != kind.Limits {
		t.Errorf("%+v, %v", got.Settings, err)
	}
	tenant := map[string]string{"tenant": "t"}
	for name, test := range map[string]struct {
		c     connector.Config
		field string
	}{
		"no tenant":         {connector.Config{}, "settings.tenant"},
		"unknown setting":   {connector.Config{Settings: map[string]string{"tenant": "t", "x": "y"}}, "settings"},
		"foreign word":      {connector.Config{Settings: map[string]string{"tenant": "t", "cloud": "moon"}}, "settings.cloud"},
		"control character": {connector.Config{Settings: map[string]string{"tenant": "t\r"}}, "settings.tenant"},
		"user in URL":       {connector.Config{Settings: tenant, BaseURL: "https://a:b@x.example"}, "baseUrl"},
		"query in URL":      {connector.Config{Settings: tenant, BaseURL: "https://x.example?a=b"}, "baseUrl"},
		"not its playbook":  {connector.Config{Settings: tenant, Playbooks: []string{"disable_user"}}, "playbooks"},
		"declaration":       {connector.Config{Settings: tenant, Declaration: "a: b"}, "declaration"},
		"rate":              {connector.Config{Settings: tenant, Limits: connector.Limits{PerSecond: -1}}, "rate"},
	} {
		if _, err := kind.Complete(test.c); err == nil || soc.AsError(err).Fields[test.field] == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := kind.CheckSecrets(nil, true); err == nil {
		t.Error("a secret is missing")
	}
	if err := kind.CheckSecrets(map[string]string{"password": "x"}, false); err == nil {
		t.Error("the kind has no such secret")
	}
}

// A configuration that ends in a message shows no secret (S54).
func TestS54ConfigIsNotPrinted(t *testing.T) {
	c := connector.Config{ID: "c1", Secrets: map[string]string{"client_secret": "hunter2"}, Client: http.DefaultClient}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, "hunter2") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

// diagnosed is a way out that knows what its permissions are for.
type diagnosed struct {
	connector.Connector
	permissions []soc.ConnectorPermission
}

func (d diagnosed) Diagnose(context.Context) soc.ConnectorCheck {
	return soc.ConnectorCheck{Permissions: slices.Clone(d.permissions)}
}

// A way out left with some of its playbooks misses no permission of the others,
// and goes on missing what no playbook needs: telling verdicts needs it.
func TestANarrowedWayOutStillMissesWhatVerdictsNeed(t *testing.T) {
	permissions := []soc.ConnectorPermission{
		{Name: "isolate", NeededFor: []string{"isolate_host", "unisolate_host"}},
		{Name: "scan", NeededFor: []string{"scan_host"}},
		{Name: "alerts"},
	}
	kind := connector.Kind{
		Name: "x", Title: "X", BaseURL: "https://api.example.com", Playbooks: []string{"isolate_host", "unisolate_host", "scan_host"},
		Limits: connector.Limits{PerSecond: 5, Burst: 10},
		New:    func(connector.Config) (connector.Connector, error) { return diagnosed{permissions: permissions}, nil },
	}
	way, err := kind.Make(connector.Config{ID: "c", Client: http.DefaultClient, Playbooks: []string{"isolate_host"}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range way.(connector.Diagnoser).Diagnose(t.Context()).Permissions {
		names = append(names, p.Name+" for "+strings.Join(p.NeededFor, ","))
	}
	if want := []string{"isolate for isolate_host", "alerts for "}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if len(permissions[0].NeededFor) != 2 {
		t.Error("what the product told was changed in place")
	}
}
