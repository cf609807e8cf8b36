package simrange

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"vedette/backend/connector"
)

// TestS26DuplicateDispatchIsVisible: the range does not hide a second dispatch.
func TestS26DuplicateDispatchIsVisible(t *testing.T) {
	b := start(t, nil)
	for range 2 {
		b.carry("same", "host.scan", "ws", nil)
	}
	if n := len(b.lines()); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
	b.call("PUT", "/control/v1/deduplication", controlToken, `{"enabled":true}`)
	for range 2 {
		if outcome := b.carry("same", "host.scan", "ws", nil); outcome != connector.Accepted {
			t.Error(outcome)
		}
		b.carry("other", "host.scan", "ws", nil)
	}
	if n := len(b.lines()); n != 3 {
		t.Errorf("%d lines, want 3 with deduplication", n)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	now := time.Date(2026, 4, 15, 20, 0, 0, 123456789, time.UTC)
	clock := func(c *Config) { c.Now = func() time.Time { return now } }
	b := start(t, clock)
	b.carry("k1", "host.isolate", "ws", map[string]any{"mode": "selective"})
	b.carry("k2", "host.scan", "ws", nil)
	b.carry("k3", "address.block", "2001:db8::1", map[string]any{"duration_hours": int64(2)})
	b.carry("k4", "account.disable", "a/b@c", nil)
	paths := []string{"/api/v1/endpoints/ws/isolation", "/api/v1/endpoints/ws/scans", "/api/v1/blocklist/2001:db8::1", "/api/v1/accounts/a%2Fb@c/status"}
	views := func() (out []string) {
		for _, path := range paths {
			_, _, members := b.call("GET", path, productToken, "")
			raw, _ := json.Marshal(members)
			out = append(out, string(raw))
		}
		return out
	}
	before := views()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.open(clock)
	after := views()
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("%s\nbefore %s\nafter  %s", paths[i], before[i], after[i])
		}
	}
	if !strings.Contains(before[0], "selective") || !strings.Contains(before[3], "disabled") {
		t.Errorf("views: %s", before)
	}
	if outcome := b.carry("k5", "host.release", "ws", nil); outcome != connector.Accepted || b.lines()[4].Seq != 5 {
		t.Errorf("%s, %+v", outcome, b.lines())
	}
	now = now.Add(2*time.Hour - time.Second)
	if seen := b.see("", "address.state", "2001:db8::1"); seen != "blocked" {
		t.Errorf("before its end the block is %s", seen)
	}
	now = now.Add(time.Second)
	if seen := b.see("", "address.state", "2001:db8::1"); seen != "open" {
		t.Errorf("after its end the block is %s", seen)
	}
}

func TestTornLastLineIsCutAndOtherDamageRefused(t *testing.T) {
	b := start(t, nil)
	b.carry("k1", "host.isolate", "ws", nil)
	b.carry("k2", "host.release", "ws", nil)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for cut := first; cut < len(whole); cut++ {
		if err := os.WriteFile(b.path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := New(Config{Path: b.path, Token: productToken, ControlToken: controlToken})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		r.Close()
		if left, _ := os.ReadFile(b.path); !bytes.Equal(left, whole[:first]) {
			t.Fatalf("cut at %d leaves %q", cut, left)
		}
	}
	for name, damaged := range map[string][]byte{
		"garbage":  append([]byte("x\n"), whole...),
		"gap":      whole[first:],
		"repeated": append(bytes.Clone(whole), whole[:first]...),
	} {
		if err := os.WriteFile(b.path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Path: b.path, Token: productToken, ControlToken: controlToken}); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if left, _ := os.ReadFile(b.path); !bytes.Equal(left, damaged) {
			t.Errorf("%s: the damaged file was changed", name)
		}
	}
}

func TestJournalThatCannotBeWrittenDoesNothing(t *testing.T) {
	b := start(t, nil)
	b.carry("k1", "host.isolate", "ws", nil)
	b.lock.Lock()
	b.journal.file.Close()
	b.lock.Unlock()
	if outcome := b.carry("k2", "host.release", "ws", nil); outcome != connector.Unknown {
		t.Errorf("outcome %s", outcome)
	}
	if seen := b.see("", "host.isolation", "ws"); seen != "isolated" {
		t.Errorf("the state changed without a line: %s", seen)
	}
	b.lock.Lock()
	b.journal.file, _ = os.OpenFile(b.path, os.O_RDWR|os.O_APPEND, 0o600)
	b.lock.Unlock()
}
