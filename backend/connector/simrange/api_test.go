package simrange

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/playbook"
	"vedette/backend/soc"
)

func TestEveryAnswerIsLabelledASimulation(t *testing.T) {
	b := start(t, nil)
	for _, test := range []struct {
		method, path, token, body string
		status                    int
	}{
		{"GET", "/api/v1/health", productToken, "", 200},
		{"GET", "/api/v1/health", "", "", 401},
		{"GET", "/api/v1/health", "wrong-token-wrong-token", "", 401},
		{"GET", "/api/v1/health", controlToken, "", 401},
		{"GET", "/control/v1/faults", productToken, "", 401},
		{"GET", "/control/v1/faults", controlToken, "", 200},
		{"GET", "/control/v1/dispatches?key=none", controlToken, "", 200},
		{"GET", "/", productToken, "", 404},
		{"GET", "/api/v1/nothing", productToken, "", 404},
		{"DELETE", "/api/v1/endpoints/ws/isolation", productToken, "", 404},
		{"GET", "/api/v1/endpoints/ws/isolation", productToken, "", 200},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `{"state":"isolated"}`, 200},
		{"POST", "/api/v1/endpoints/ws/scans", productToken, `{}`, 202},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `{"state":"melted"}`, 422},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `{"state":"isolated","mode":"half"}`, 422},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `{"state":"isolated","extra":1}`, 422},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `{"state":7}`, 422},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `[]`, 400},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `null`, 400},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `{} {}`, 400},
		{"PUT", "/api/v1/blocklist/1.2.3.4", productToken, `{"state":"blocked","duration_hours":1.5}`, 422},
		{"PUT", "/api/v1/blocklist/1.2.3.4", productToken, `{"state":"blocked","duration_hours":8761}`, 422},
		{"PUT", "/api/v1/endpoints/ws/isolation", productToken, `{"state":"` + strings.Repeat("x", 70_000) + `"}`, 400},
		{"PUT", "/api/v1/mailboxes/a@b.co/messages/m1", productToken, `{"state":"quarantined"}`, 200},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"host.isolate","behaviour":"drop","count":1}`, 201},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"host.melt","behaviour":"drop"}`, 422},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"host.isolate","behaviour":"explode"}`, 422},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"host.isolation","behaviour":"ignore"}`, 422},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"*","behaviour":"delay"}`, 422},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"*","behaviour":"delay","delay_ms":9223372036854775807}`, 422},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"*","behaviour":"drop","count":-1}`, 422},
		{"POST", "/control/v1/faults", controlToken, `{"operation":"*","unknown":1}`, 400},
		{"DELETE", "/control/v1/faults", controlToken, "", 200},
		{"PUT", "/control/v1/deduplication", controlToken, `{}`, 400},
	} {
		status, header, members := b.call(test.method, test.path, test.token, test.body)
		if status != test.status {
			t.Errorf("%s %s %.60s: status %d, want %d: %v", test.method, test.path, test.body, status, test.status, members)
		}
		if header.Get("X-Simulation") != Label || members["simulation"] != Label {
			t.Errorf("%s %s %d: not labelled: %v %v", test.method, test.path, status, header, members)
		}
	}
	if len(b.lines()) != 3 {
		t.Errorf("journal: %+v", b.lines())
	}
}

func TestActWithoutKeyIsDeclined(t *testing.T) {
	b := start(t, nil)
	req, _ := http.NewRequest("PUT", b.url+"/api/v1/endpoints/ws/isolation", strings.NewReader(`{"state":"isolated"}`))
	req.Header.Set("Authorization", "Bearer "+productToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 || len(b.lines()) != 0 {
		t.Errorf("status %d, %d lines", resp.StatusCode, len(b.lines()))
	}
}

func TestConnectorBelievesNothingUnlabelled(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no label": func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`{"accepted":true,"state":"isolated"}`)) },
		"header only": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(labelHeader, Label)
			w.Write([]byte(`{"accepted":true,"state":"isolated"}`))
		},
		"member only": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte(`{"simulation":"vedette-range","accepted":true,"state":"isolated"}`))
		},
		"no JSON": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(labelHeader, Label)
			w.Write([]byte(`ok`))
		},
		"not accepted": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(labelHeader, Label)
			w.Write([]byte(`{"simulation":"vedette-range"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			c, err := NewConnector("r", server.URL, productToken, server.Client())
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Carry(t.Context(), connector.Action{IdempotencyKey: "k", Operation: "host.isolate", NativeID: "ws"})
			if connector.OutcomeOf(err) != connector.Unknown {
				t.Errorf("carry: %v", err)
			}
			if seen, err := c.Probe(t.Context(), connector.Question{Operation: "host.isolation", NativeID: "ws"}); err == nil {
				t.Errorf("probe: %s", seen)
			}
			if err := c.Check(t.Context()); err == nil && name != "not accepted" {
				t.Error("check passes")
			}
		})
	}
}

func TestS12ResolveGivesOneThingOneID(t *testing.T) {
	c := &Connector{}
	for name, test := range map[string]struct {
		entity soc.Entity
		want   string
	}{
		"host by device":       {targets[soc.KindHost], "31a048e5eea6ad6e6bc025bfa9e0e571c4c20f7e"},
		"host by name":         {soc.Entity{Kind: soc.KindHost, Value: "ws-042"}, "ws-042"},
		"host by full name":    {soc.Entity{Kind: soc.KindHost, Value: "dc01", Properties: map[string]string{"fqdn": "DC01.corp.local."}}, "dc01.corp.local"},
		"account by object id": {soc.Entity{Kind: soc.KindAccount, Value: "a@b.co", Properties: map[string]string{"object_id": "A2D0F7C2-B0A0-43BD-BCE0-27D8AE3BE4D0"}}, "a2d0f7c2-b0a0-43bd-bce0-27d8ae3be4d0"},
		"account by upn":       {soc.Entity{Kind: soc.KindAccount, Value: "b", Properties: map[string]string{"upn": "A@B.co"}}, "a@b.co"},
		"account by sid":       {soc.Entity{Kind: soc.KindAccount, Value: "S-1-5-21-1-2-3-4"}, "S-1-5-21-1-2-3-4"},
		"account by domain":    {soc.Entity{Kind: soc.KindAccount, Value: `corp\svc-backup`}, `corp\svc-backup`},
		"account by name":      {soc.Entity{Kind: soc.KindAccount, Value: "root"}, ""},
		"address":              {soc.Entity{Kind: soc.KindIP, Value: "2001:db8::1"}, "2001:db8::1"},
		"hash":                 {targets[soc.KindFileHash], strings.Repeat("ab", 32)},
		"file without hash":    {soc.Entity{Kind: soc.KindFile, Value: "evil.exe"}, ""},
		"no address":           {soc.Entity{Kind: soc.KindIP, Value: "10.0.0"}, ""},
		"not canonical":        {soc.Entity{Kind: soc.KindIP, Value: "::ffff:10.0.0.5"}, ""},
		"other kind":           {soc.Entity{Kind: soc.KindURL, Value: "https://x"}, ""},
		"dots":                 {soc.Entity{Kind: soc.KindHost, Value: ".."}, ""},
		"control":              {soc.Entity{Kind: soc.KindHost, Value: "a\r\nb"}, ""},
		"empty":                {soc.Entity{Kind: soc.KindHost}, ""},
	} {
		if got, ok := c.Resolve(test.entity); got != test.want || ok != (test.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, ok, test.want)
		}
	}
}

// TestOddIDsReachTheirOwnObject: no id can become another path or object.
func TestOddIDsReachTheirOwnObject(t *testing.T) {
	b := start(t, nil)
	ids := []string{"a/b", "a%2fb", "a b", "a?b", "a#b", "...", "../x", "a/../b", "{id}", "ä", "a;b", "a%", "a//b", "a\\b", "~", "a:b@c", "%2e%2e"}
	for i, id := range ids {
		key := fmt.Sprint("k", i)
		if outcome := b.carry(key, "account.disable", id, nil); outcome != connector.Accepted {
			t.Errorf("%q: %s", id, outcome)
		}
		if got := b.lines()[i].Object; got != id {
			t.Errorf("%q became %q", id, got)
		}
		if seen := b.see(key, "account.status", id); seen != "disabled" {
			t.Errorf("%q: saw %s", id, seen)
		}
	}
	for _, id := range []string{"", ".", "..", "a\x00b", strings.Repeat("a", 257)} {
		if outcome := b.carry("k", "account.disable", id, nil); outcome != connector.Refused {
			t.Errorf("%q: %s", id, outcome)
		}
	}
}

func TestConcurrentActsEachLeaveOneLine(t *testing.T) {
	b := start(t, nil)
	const callers, acts = 8, 10
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			for j := range acts {
				_, err := b.Carry(t.Context(), connector.Action{IdempotencyKey: fmt.Sprintf("%d-%d", i, j), Operation: "host.scan", NativeID: "ws"})
				if err != nil {
					t.Error(err)
				}
				b.Faults()
			}
		})
	}
	group.Wait()
	seen := map[string]int{}
	for i, d := range b.lines() {
		seen[d.Key]++
		if d.Seq != int64(i+1) {
			t.Fatalf("line %d has seq %d", i+1, d.Seq)
		}
	}
	if len(seen) != callers*acts {
		t.Errorf("%d keys", len(seen))
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Path: t.TempDir() + "/r.jsonl", Token: productToken, ControlToken: controlToken}
	for name, change := range map[string]func(*Config){
		"no path": func(c *Config) { c.Path = "" }, "no token": func(c *Config) { c.Token = "" }, "short": func(c *Config) { c.ControlToken = "x" },
		"equal": func(c *Config) { c.ControlToken = c.Token }, "no folder": func(c *Config) { c.Path = t.TempDir() + "/none/r.jsonl" },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, url := range []string{"", "127.0.0.1:80", "http://h/api", "http://h/?a=b"} {
		if _, err := NewConnector("r", url, productToken, http.DefaultClient); err == nil {
			t.Errorf("base URL %q is accepted", url)
		}
	}
}

// TestWhatTheCatalogueRequiresIsWhatTheRangeReads: an entity that passes the
// entry checks can be addressed, and the other way round.
func TestWhatTheCatalogueRequiresIsWhatTheRangeReads(t *testing.T) {
	for _, p := range playbook.Shipped().All() {
		if p.Internal {
			continue
		}
		for _, kind := range p.EntityKinds {
			if want := strings.Join(addressedBy[kind], "|"); len(p.RequiredProperties) != 1 || p.RequiredProperties[0] != want {
				t.Errorf("%s on %s requires %v; the range reads %s", p.ID, kind, p.RequiredProperties, want)
			}
		}
	}
}
