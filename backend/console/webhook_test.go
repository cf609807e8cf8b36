package console_test

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"vedette/backend"
	"vedette/backend/soc"
)

func init() {
	unknown := "webhook=" + unknownID
	// The matrix has no key to seal with, so nothing is changed there.
	maps.Copy(examples, map[string]example{
		"GET w/webhooks":                                            {Status: 200},
		"GET w/webhooks/new":                                        {Status: 200},
		"POST w/webhooks/new":                                       {Form: url.Values{"name": {""}, "url": {"https://x.example.com"}}, Status: 503},
		"GET w/webhooks/{webhook}":                                  {Params: unknown, Status: 404},
		"POST w/webhooks/{webhook}/edit":                            {Params: unknown, Form: url.Values{"name": {"x"}}, Status: 404},
		"POST w/webhooks/{webhook}/credentials":                     {Params: unknown, Form: url.Values{"authentication": {"None"}}, Status: 503},
		"POST w/webhooks/{webhook}/test":                            {Params: unknown, Status: 503},
		"POST w/webhooks/{webhook}/pause":                           {Params: unknown, Status: 503},
		"POST w/webhooks/{webhook}/resume":                          {Params: unknown, Status: 503},
		"POST w/webhooks/{webhook}/enable":                          {Params: unknown, Status: 503},
		"POST w/webhooks/{webhook}/delete":                          {Params: unknown, Form: url.Values{"version": {"1"}}, Status: 503},
		"POST w/webhooks/{webhook}/deliveries/{delivery}/redeliver": {Params: unknown + "&delivery=" + unknownID, Form: url.Values{"made": {"1"}}, Status: 503},
	})
}

// listening is a house whose webhooks are sent nowhere and answer 500.
func listening(t *testing.T) *house {
	t.Helper()
	box, err := soc.NewSecretBox(rand.Reader, soc.SecretKey{ID: 1, Key: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	return openHouse(t, func(c *backend.Config) {
		c.Secrets = box
		c.CheckURL = func(string) *soc.Error { return nil }
		c.Send = func(context.Context, soc.Dispatch) soc.AttemptResult {
			return soc.AttemptResult{Attempt: soc.Attempt{Number: 1, HTTPStatus: 500, Error: "The endpoint answered 500.", Snippet: "<script>alert(1)</script>"}}
		}
	})
}

var webhookAddress = regexp.MustCompile(`/webhooks/([0-9a-f-]{36})`)

// TestWebhookPages makes, tests, pauses, changes, renews and deletes a webhook;
// its secret is told once, and an endpoint's answer stays text.
func TestWebhookPages(t *testing.T) {
	h := listening(t)
	admin := h.AdminCookie(h.First)
	mustContain(t, h.ask("GET", h.first("/webhooks"), nil, admin), 200, "Nobody is told.")
	made := h.send(admin, h.first("/webhooks/new"), url.Values{
		"name": {"tickets"}, "url": {"https://tickets.example.com/in"}, "reach": {"here"}, "payload": {"portal"}, "event": {"incident.created.v1"},
	})
	mustContain(t, made, 200, "whsec_", "tickets")
	one := h.first("/webhooks/" + webhookAddress.FindStringSubmatch(made.Body.String())[1])
	mustContain(t, h.ask("GET", one, nil, admin), 200, "https://tickets.example.com/in", "It was told nothing yet.", "incident.created.v1")
	mustNotContain(t, h.ask("GET", one, nil, admin), "whsec_")
	mustLead(t, h.send(admin, one+"/test", url.Values{}), one+"?done=webhook-tested")
	mustContain(t, h.ask("GET", one, nil, admin), 200, "The endpoint answered 500.", "&lt;script&gt;alert(1)")
	mustLead(t, h.send(admin, one+"/pause", url.Values{}), one+"?done=webhook-paused")
	mustContain(t, h.ask("GET", one, nil, admin), 200, "paused", "Resume")
	change := url.Values{"name": {"ticket system"}, "url": {"https://tickets.example.com/in"}, "reach": {"same"}, "payload": {"case"}, "event": {"case.created"}}
	change.Set("version", "999")
	if w := h.send(admin, one+"/edit", change); w.Code != 412 {
		t.Errorf("an old version: %d", w.Code)
	}
	change.Set("version", regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(h.ask("GET", one, nil, admin).Body.String())[1])
	mustLead(t, h.send(admin, one+"/edit", change), one+"?done=webhook-saved")
	mustContain(t, h.ask("GET", one, nil, admin), 200, "ticket system", "case.created")
	mustContain(t, h.send(admin, one+"/credentials", url.Values{"authentication": {"None"}, "rotate": {"true"}}), 200, "whsec_")
	mustLead(t, h.send(admin, one+"/resume", url.Values{}), one+"?done=webhook-resumed")
	manager := h.Cookie(h.First, soc.RoleAdmin)
	if w := h.ask("GET", h.first("/webhooks"), nil, manager); w.Code != 403 {
		t.Errorf("an admin of the workspace alone: %d", w.Code)
	}
	mustNotContain(t, h.ask("GET", h.first("/incidents"), nil, manager), ">Webhooks<")
}

func mustNotContain(t *testing.T, w *httptest.ResponseRecorder, text string) {
	t.Helper()
	if strings.Contains(w.Body.String(), text) {
		t.Errorf("the page says %q", text)
	}
}
