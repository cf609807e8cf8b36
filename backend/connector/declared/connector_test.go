package declared

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

func TestS22DeclaredProductUnderIllTreatment(t *testing.T) {
	connectortest.Trial{
		New:    func(t *testing.T) connectortest.Bench { return open(t, nil).shared() },
		Action: act1("address.block", address, nil), Acts: connectortest.On(http.MethodPost, "/entries"),
		Question: ask(address), Reads: connectortest.On(http.MethodGet, "/entries/"+address), Expected: "blocked",
		Errors: wrong(500), Secrets: []string{clientSecret, "bearer-for-tests"},
	}.Run(t)
}

func TestS24DeclaredProductUndoesWhatItDid(t *testing.T) {
	b := open(t, nil)
	receipt, err := b.Carry(t.Context(), act1("address.block", address, map[string]any{"direction": "inbound", "duration_hours": 24}))
	if err != nil || receipt.Reference != "entry-1" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	want := map[string]any{
		"entry": map[string]any{"address": address, "direction": "in", "hours": 24.0},
		"notes": []any{"blocked by step key-1", "{not a reference}"}, "silent": true,
	}
	if diff := cmp.Diff(want, b.bodies[0]); diff != "" {
		t.Errorf("the body (-want +got):\n%s", diff)
	}
	if b.keys[0] != "key-1" {
		t.Errorf("the idempotency key came as %q", b.keys[0])
	}
	if word, err := b.Probe(t.Context(), ask(address)); err != nil || word != "blocked" {
		t.Errorf("after the block: %q, %v", word, err)
	}
	if _, err := b.Carry(t.Context(), act1("address.unblock", address, nil)); err != nil {
		t.Error(err)
	}
	if word, err := b.Probe(t.Context(), ask(address)); err != nil || word != "open" {
		t.Errorf("after the unblock: %q, %v", word, err)
	}
}

func TestS23DeclaredProductOnItsWayIsNotThere(t *testing.T) {
	b := open(t, nil)
	b.settling = 1
	if _, err := b.Carry(t.Context(), act1("address.block", address, nil)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pending", "blocked"} {
		if word, err := b.Probe(t.Context(), ask(address)); err != nil || word != want {
			t.Errorf("%q, %v, want %s", word, err, want)
		}
	}
}

func TestDeclaredProductSaysNoInASuccess(t *testing.T) {
	b := open(t, nil)
	if _, err := b.Carry(t.Context(), act1("address.block", "192.0.2.99", nil)); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("a declared refusal: %v", err)
	}
	other := `{"result":{"state":"accepted","address":"192.0.2.8"}}`
	b.Once(connectortest.On(http.MethodPost, "/entries"), connectortest.Answer(200, "application/json", other))
	if _, err := b.Carry(t.Context(), act1("address.block", address, nil)); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("acceptance for another target: %v", err)
	}
}

func TestS12DeclaredProductSendsOnlyWhatIsDeclared(t *testing.T) {
	b := open(t, nil)
	for _, a := range []connector.Action{
		act1("address.block", "x", nil),
		act1("address.block", "192.0.2.7/../../admin", nil),
		act1("host.isolate", address, nil),
		act1("address.block", address, map[string]any{"direction": "outbound"}), // no word for it
		act1("address.block", address, map[string]any{"duration_hours": "24; DROP"}),
		act1("address.block", address, map[string]any{"host": "evil.example"}),
		{IdempotencyKey: "a\r\nX-Evil: 1", Operation: "address.block", Kind: soc.KindIP, NativeID: address},
		{IdempotencyKey: "key-1", Operation: "address.block", Kind: soc.KindHost, NativeID: address},
	} {
		if _, err := b.Carry(t.Context(), a); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%s %q %v: %v", a.Operation, a.NativeID, a.Parameters, err)
		}
	}
	if calls := b.Calls(); len(calls) != 0 {
		t.Errorf("something was sent: %+v", calls)
	}
	if id, ok := b.Resolve(soc.Entity{Kind: soc.KindIP, Value: address}); !ok || id != address {
		t.Errorf("the target is %q, %v", id, ok)
	}
	if id, ok := b.Resolve(soc.Entity{Kind: soc.KindHost, Value: "ws-1"}); ok {
		t.Errorf("a host is %q", id)
	}
}

func TestDeclaredProductSignsIn(t *testing.T) {
	b := open(t, nil)
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	b.issued++ // the product forgets its tokens
	if _, err := b.Carry(t.Context(), act1("address.block", address, nil)); err != nil || b.effects != 1 {
		t.Errorf("after a 401: %v, %d effects", err, b.effects)
	}
	b.denied = true
	found := b.Diagnose(t.Context())
	if found.OK() || len(found.Permissions) != 1 || found.Permissions[0].Granted || found.Permissions[0].Name != "blocklist: view" {
		t.Errorf("a missing permission is not named: %+v", found)
	}
	if _, err := b.Carry(t.Context(), act1("address.block", address, nil)); connector.OutcomeOf(err) != connector.Refused || !strings.Contains(err.Error(), "blocklist: edit") {
		t.Errorf("a missing permission to act: %v", err)
	}
	wrongSecret := open(t, func(c *connector.Config) { c.Secrets["client_secret"] = "another" })
	if err := wrongSecret.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "client id and secret") {
		t.Errorf("a wrong secret: %v", err)
	}
	byKey := open(t, func(c *connector.Config) {
		from := c.Declaration[strings.Index(c.Declaration, "auth:"):strings.Index(c.Declaration, "key_header")]
		c.Declaration = strings.Replace(c.Declaration, from, "auth: {type: key, header: X-Api-Key, prefix: \"Token \"}\n", 1)
		c.Secrets = map[string]string{"key": clientSecret}
	})
	if err := byKey.Check(t.Context()); err != nil || byKey.issued != 0 {
		t.Errorf("by key: %v, %d tokens", err, byKey.issued)
	}
}

func TestDeclaredProductIsMadeWholeOrNotAtAll(t *testing.T) {
	whole := connector.Config{
		ID: "con-1", BaseURL: "https://fw.example/api", Declaration: strings.ReplaceAll(Example(), "https://firewall.example.com", "https://fw.example"), Client: &http.Client{},
		Secrets: map[string]string{"client_id": "a", "client_secret": "b"},
	}
	if _, err := Kind().Make(whole); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*connector.Config){
		"another base":     func(c *connector.Config) { c.BaseURL = "https://elsewhere.example/api" },
		"no secret":        func(c *connector.Config) { c.Secrets = nil },
		"no declaration":   func(c *connector.Config) { c.Declaration = "" },
		"unknown playbook": func(c *connector.Config) { c.Playbooks = []string{"isolate_host"} },
	} {
		config := whole
		change(&config)
		if _, err := Kind().Make(config); err == nil {
			t.Errorf("%s: it is made", name)
		}
	}
}
