package connector_test

import (
	"fmt"
	"net/http"
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
