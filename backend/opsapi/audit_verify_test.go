package opsapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"vedette/backend"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// TestS55TheAuditIsVerifiedOverTheWire walks the record whole and in parts, and
// holds it against a checkpoint that fits and one that does not.
func TestS55TheAuditIsVerifiedOverTheWire(t *testing.T) {
	var kept []soc.SignedCheckpoint
	signer := soc.NewSigner([32]byte{1})
	h := webtest.Open(t, func(c *backend.Config) {
		c.Signer = signer
		c.Checkpoints = func() ([]soc.SignedCheckpoint, error) { return kept, nil }
	})
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	h.Start()
	key := h.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopeAuditRead}})
	ask := func(method, path, body string, status int, within ...string) {
		t.Helper()
		headers := []string{key}
		if body != "" {
			headers = append(headers, jsonBody)
		}
		w := h.Ask(method, "/api/ops/v1/audit/"+path, body, headers...)
		if w.Code != status {
			t.Errorf("%s %s %s: %d, want %d: %s", method, path, body, w.Code, status, w.Body)
		}
		for _, text := range within {
			if !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s %s %s: no %s in %s", method, path, body, text, w.Body)
			}
		}
	}
	verify := func(body string, status int, within ...string) {
		t.Helper()
		ask(http.MethodPost, "verify", body, status, within...)
	}
	ask(http.MethodGet, "checkpoints", "", 200, `"checkpoints":[]`, `"warning":"No checkpoint`)
	verify(`{"checkpoint":"last"}`, 400, `"checkpoint"`)
	verify(`{}`, 200, `"ok":true`, `"firstBad":null`, `"checkpoint":null`)
	verify(`{}`, 200, `"ok":true`) // which leaves an entry too
	signed, err := h.Desk.SignHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept = append(kept, signed)
	at := fmt.Sprint(signed.Position)
	ask(http.MethodGet, "checkpoints", "", 200, `"position":`+at, signed.Hash, `"keyId":"`+soc.KeyFingerprint(signer.Key())+`"`, `"warning":null`)
	verify(`{"checkpoint":"last"}`, 200, `"ok":true`, `"checkpoint":{"position":`+at+`,"ok":true}`)
	verify(`{"checkpoint":"`+at+`","from":2,"to":2}`, 200, `"rows":1`, `"from":2,"to":2`, `"checkpoint":null`)
	verify(`{"checkpoint":"999"}`, 400, `"checkpoint"`)
	verify(`{"from":9000}`, 400, `"from"`)
	verify(`{"from":2,"to":1}`, 400, `"to"`)
	verify(`{"from":0}`, 400, `"from"`)
	verify(`{"workspaceId":"x"}`, 400, `"workspaceId"`)

	rewritten, err := signer.SignCheckpoint(soc.AuditCheckpoint{Position: 2, Hash: "sha256:other"}, signed.At)
	if err != nil {
		t.Fatal(err)
	}
	cut, err := signer.SignCheckpoint(soc.AuditCheckpoint{Position: 9000, Hash: "sha256:other"}, signed.At)
	if err != nil {
		t.Fatal(err)
	}
	kept = append(kept, rewritten, cut)
	verify(`{"checkpoint":"2"}`, 200, `"ok":false`, `"firstBad":{"position":2,`, `"checkpoint":{"position":2,"ok":false}`)
	verify(`{"checkpoint":"last","to":2}`, 200, `"ok":false`, `it ends before a checkpoint`, `"checkpoint":{"position":9000,"ok":false}`)
}
