package simrange

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/playbook"
	"vedette/backend/soc"
)

const (
	productToken = "product-token-for-tests"
	controlToken = "control-token-for-tests"
)

// bench is a range on a real listener and a connector to it.
type bench struct {
	*Range
	*Connector
	t    *testing.T
	url  string
	path string
	http *http.Client
}

func start(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "range.jsonl")}
	b.open(change)
	return b
}

// open starts a range on the bench's journal, as after a restart.
func (b *bench) open(change func(*Config)) {
	b.t.Helper()
	config := Config{Path: b.path, Token: productToken, ControlToken: controlToken}
	if change != nil {
		change(&config)
	}
	r, err := New(config)
	if err != nil {
		b.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(l) }()
	b.t.Cleanup(func() {
		if err := r.Close(); err != nil {
			b.t.Error(err)
		}
		if err := <-served; err != nil {
			b.t.Error(err)
		}
	})
	policy, err := egress.NewPolicy([]string{l.Addr().String()})
	if err != nil {
		b.t.Fatal(err)
	}
	b.http = policy.Client(egress.Options{})
	b.t.Cleanup(b.http.CloseIdleConnections)
	b.url = "http://" + l.Addr().String()
	b.Range = r
	if b.Connector, err = NewConnector("range-1", b.url, productToken, b.http); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) carry(key, operation, id string, parameters map[string]any) connector.Outcome {
	b.t.Helper()
	_, err := b.Carry(b.t.Context(), connector.Action{IdempotencyKey: key, Operation: operation, NativeID: id, Parameters: parameters})
	return connector.OutcomeOf(err)
}

func (b *bench) see(key, operation, id string) string {
	b.t.Helper()
	seen, err := b.Probe(b.t.Context(), connector.Question{Operation: operation, NativeID: id, IdempotencyKey: key})
	if err != nil {
		b.t.Fatalf("%s of %s: %v", operation, id, err)
	}
	return seen
}

func (b *bench) lines() []Dispatch {
	b.t.Helper()
	all, err := b.Dispatches()
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// call is a plain HTTP client; it returns status, header and body.
func (b *bench) call(method, path, token, body string) (int, http.Header, map[string]any) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Idempotency-Key", "plain")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(raw, &members); err != nil {
		b.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
	return resp.StatusCode, resp.Header, members
}

// targets is one entity the range can act on, for every kind.
var targets = map[soc.EntityKind]soc.Entity{
	soc.KindAccount:  {Kind: soc.KindAccount, Value: "santiago@vnevado.alpineskihouse.co"},
	soc.KindHost:     {Kind: soc.KindHost, Value: "mb-winclient", Properties: map[string]string{"device_id": "31A048E5EEA6AD6E6BC025BFA9E0E571C4C20F7E"}},
	soc.KindIP:       {Kind: soc.KindIP, Value: "72.5.72.208"},
	soc.KindFile:     {Kind: soc.KindFile, Value: "powershell.exe", Properties: map[string]string{"sha1": "a2d8d23854e33984c08dcf8b03edc619c9c5ec69"}},
	soc.KindFileHash: {Kind: soc.KindFileHash, Value: strings.Repeat("ab", 32)},
}

// TestEveryShippedPlaybookIsCarriedOutAndReadBack goes through the whole
// catalogue: act, read the expected effect back, undo, read that back.
func TestEveryShippedPlaybookIsCarriedOutAndReadBack(t *testing.T) {
	b := start(t, nil)
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range playbook.Shipped().All() {
		if p.Internal {
			if b.Carries(p.ID) {
				t.Errorf("%s acts inside Vedette", p.ID)
			}
			continue
		}
		if !b.Carries(p.ID) {
			t.Errorf("the range does not carry %s", p.ID)
			continue
		}
		for _, kind := range p.EntityKinds {
			id, ok := b.Resolve(targets[kind])
			if !ok {
				t.Fatalf("%s: cannot resolve %s", p.ID, kind)
			}
			parameters, bad := playbook.CheckParameters(p, nil)
			if bad != nil {
				t.Fatal(bad)
			}
			key := p.ID + "/" + string(kind)
			if outcome := b.carry(key, p.Operation, id, parameters); outcome != connector.Accepted {
				t.Errorf("%s on %s: %s", p.ID, kind, outcome)
			}
			if seen := b.see(key, p.Probe.Operation, id); seen != p.Probe.Expect {
				t.Errorf("%s on %s: saw %s, expected %s", p.ID, kind, seen, p.Probe.Expect)
			}
			inverse, has := playbook.Shipped().Inverse(p.ID)
			if !has {
				continue
			}
			parameters, _ = playbook.CheckParameters(inverse, nil)
			if outcome := b.carry(key+"/undo", inverse.Operation, id, parameters); outcome != connector.Accepted {
				t.Errorf("undo of %s: %s", p.ID, outcome)
			}
			if seen := b.see(key+"/undo", inverse.Probe.Operation, id); seen != inverse.Probe.Expect {
				t.Errorf("undo of %s: saw %s, expected %s", p.ID, seen, inverse.Probe.Expect)
			}
		}
	}
}

// TestUntouchedObjectsAreOrdinary: everything exists, in its ordinary state, so
// no probe of a catalogue act is satisfied before the act.
func TestUntouchedObjectsAreOrdinary(t *testing.T) {
	b := start(t, nil)
	for operation, want := range map[string]string{
		"account.status": "enabled", "account.sessions": "active", "account.password": "none", "host.isolation": "connected",
		"host.scans": "none", "file.state": "present", "address.state": "open", "message.state": "delivered",
	} {
		if got := b.see("k", operation, "new/one"); got != want {
			t.Errorf("%s is %s, want %s", operation, got, want)
		}
	}
	if n := len(b.lines()); n != 0 {
		t.Errorf("reading left %d lines", n)
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		behaviour Behaviour
		outcome   connector.Outcome
		seen      string
	}{
		{Ignore, connector.Accepted, "connected"},
		{ActThenDrop, connector.Unknown, "isolated"},
		{Drop, connector.Unknown, "connected"},
		{ActThenError, connector.Unknown, "isolated"},
		{Error, connector.Unknown, "connected"},
		{Decline, connector.Refused, "connected"},
		{Delay, connector.Accepted, "isolated"},
	} {
		for _, operation := range []string{"host.isolate", "*"} {
			t.Run(string(test.behaviour)+" "+operation, func(t *testing.T) {
				b := start(t, nil)
				if outcome := b.carry("warm", "host.isolate", "other", nil); outcome != connector.Accepted {
					t.Fatal(outcome) // so that the connection is a pooled one
				}
				if err := b.Inject(Fault{Operation: operation, Behaviour: test.behaviour, Delay: time.Millisecond, Count: 1}); err != nil {
					t.Fatal(err)
				}
				if outcome := b.carry("k1", "host.isolate", "ws-042", nil); outcome != test.outcome {
					t.Errorf("outcome %s, want %s", outcome, test.outcome)
				}
				if seen := b.see("k1", "host.isolation", "ws-042"); seen != test.seen {
					t.Errorf("saw %s, want %s", seen, test.seen)
				}
				lines := b.lines()
				if len(lines) != 2 || lines[1].Key != "k1" || lines[1].Fault != test.behaviour || lines[1].Effect != (test.seen == "isolated") {
					t.Errorf("journal: %+v", lines)
				}
				if len(b.Faults()) != 0 {
					t.Error("the fault was not used up")
				}
				if outcome := b.carry("k2", "host.isolate", "ws-042", nil); outcome != connector.Accepted {
					t.Errorf("after the fault: %s", outcome)
				}
			})
		}
	}
}

func TestFaultsOfReads(t *testing.T) {
	b := start(t, nil)
	for _, behaviour := range []Behaviour{Drop, Error, Decline} {
		if err := b.Inject(Fault{Operation: "host.isolation", Behaviour: behaviour, Count: 1}); err != nil {
			t.Fatal(err)
		}
		if seen, err := b.Probe(t.Context(), connector.Question{Operation: "host.isolation", NativeID: "x"}); err == nil {
			t.Errorf("%s: saw %s", behaviour, seen)
		}
	}
	if got := b.see("", "host.isolation", "x"); got != "connected" {
		t.Error(got)
	}
}

// TestDelayedActHappensAlthoughTheCallerHasGone is what makes a timeout Unknown.
func TestDelayedActHappensAlthoughTheCallerHasGone(t *testing.T) {
	b := start(t, nil)
	if err := b.Inject(Fault{Operation: "host.isolate", Behaviour: Delay, Delay: 30 * time.Millisecond, Count: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := b.Carry(ctx, connector.Action{IdempotencyKey: "k", Operation: "host.isolate", NativeID: "ws"})
	if connector.OutcomeOf(err) == connector.Accepted {
		t.Fatal("the caller did not time out")
	}
	for len(b.lines()) == 0 && connector.OutcomeOf(err) == connector.Unknown {
		runtime.Gosched()
	}
}

func TestCloseStopsDelayedActs(t *testing.T) {
	b := start(t, nil)
	if err := b.Inject(Fault{Operation: "*", Behaviour: Delay, Delay: maxDelay, Count: 1}); err != nil {
		t.Fatal(err)
	}
	done := make(chan connector.Outcome)
	go func() {
		_, err := b.Carry(context.Background(), connector.Action{IdempotencyKey: "k", Operation: "host.isolate", NativeID: "ws"})
		done <- connector.OutcomeOf(err)
	}()
	for len(b.Faults()) > 0 { // until the call has taken its fault
		runtime.Gosched()
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if outcome := <-done; outcome != connector.Unknown {
		t.Errorf("outcome %s", outcome)
	}
	if n := len(b.lines()); n != 0 {
		t.Errorf("%d lines after closing", n)
	}
}
