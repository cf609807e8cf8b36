package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// TestWebhooksOnTheCommandLine operates one webhook as the host would: beside
// the API's rows, with its rules.
func TestWebhooksOnTheCommandLine(t *testing.T) {
	status := http.StatusInternalServerError
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer receiver.Close()
	at, err := url.Parse(receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "vedette.db")
	e := &environment{program: &program{DB: db}, out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	if _, err := makeKeyRing(db + ".key"); err != nil {
		t.Fatal(err)
	}
	allow := webhookFlags{EgressAllow: []string{at.Host}}
	l, err := e.openWebhooks(t.Context(), "test", allow)
	if err != nil {
		t.Fatal(err)
	}
	o, err := l.desk.CreateOrganization(t.Context(), l.host, "Acme")
	if err == nil {
		l.host.Organization = o.ID
		_, err = l.desk.CreateWorkspace(t.Context(), l.host, o.ID, "Main")
	}
	if err != nil {
		t.Fatal(err)
	}
	made, err := l.desk.CreateWebhook(t.Context(), l.host, soc.WebhookDraft{Name: "soar", URL: receiver.URL, EventTypes: []soc.EventType{soc.EventIncidentCreated}}, soc.WebhookCredentials{})
	l.close()
	if err != nil {
		t.Fatal(err)
	}
	id := made.Webhook.ID
	vedette := func(code int, arguments ...string) string {
		t.Helper()
		var out, stderr bytes.Buffer
		if got := run(t.Context(), append([]string{"--db", db, "webhooks"}, arguments...), nil, &out, &stderr); got != code {
			t.Errorf("%v: exit %d, want %d: %s", arguments, got, code, &stderr)
		}
		if strings.Contains(out.String(), made.Secret) {
			t.Errorf("%v prints the secret", arguments)
		}
		return out.String() + stderr.String()
	}
	wants := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in:\n%s", part, text)
			}
		}
	}
	wants(vedette(0, "list"), id, "soar", "Active")
	wants(vedette(0, "show", id), receiver.URL, "incident.created.v1")
	wants(vedette(1, "show", "nobody"), "There is no such webhook.")
	wants(vedette(0, "pause", id), "Paused")
	wants(vedette(0, "resume", id), "Active")
	wants(vedette(1, "test", id), "may not be called")
	flag := "--egress-allow=" + at.Host
	wants(vedette(1, "test", id, flag), "did not arrive", "500")
	status = http.StatusNoContent
	wants(vedette(0, "test", id, flag), "Delivered", "204")
	var told struct {
		Deliveries []struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		} `json:"deliveries"`
	}
	if err := json.Unmarshal([]byte(vedette(0, "deliveries", id, "--json")), &told); err != nil || len(told.Deliveries) < 2 || told.Deliveries[0].Status != "Delivered" {
		t.Fatalf("%+v (%v)", told, err)
	}
	wants(vedette(0, "deliveries", id, "--limit=1"), told.Deliveries[0].ID)
	wants(vedette(1, "redeliver", id, told.Deliveries[0].ID), "Only a delivery that is Failed or Skipped")
	wants(vedette(1, "redeliver", id, told.Deliveries[1].ID), "A test is not sent again.")
	wants(vedette(1, "redeliver", id, "nothing"), "There is no such delivery.")
	wants(vedette(1, "pause", id, "--secret-key-file="+filepath.Join(t.TempDir(), "none")), "does not exist")
}
