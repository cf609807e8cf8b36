package main

import "testing"

// TestS44SelftestSeesADifference: what the self-test compares must not hide
// what would tell a foreign id from a random one.
func TestS44SelftestSeesADifference(t *testing.T) {
	body := func(text string) answer { return answer{status: 404, body: []byte(text)} }
	foreign := body(`{"instance":"/x/INC-1","requestId":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","timestamp":"2026-01-02T03:04:05.6+00:00"}`)
	random := body(`{"instance":"/x/INC-2","requestId":"ZBCDEFGHIJKLMNOPQRSTUVWXYZ","timestamp":"2026-01-02T03:04:06Z"}`)
	if a, b := normal(foreign, "INC-1"), normal(random, "INC-2"); a != b {
		t.Errorf("%s\n%s", a, b)
	}
	for name, other := range map[string]answer{
		"a status": {status: 403, body: random.body}, "a word": body(`{"instance":"/x/INC-2","requestId":"ZBCDEFGHIJKLMNOPQRSTUVWXYZ","timestamp":"2026-01-02T03:04:06Z","a":1}`),
	} {
		if normal(foreign, "INC-1") == normal(other, "INC-2") {
			t.Errorf("%s is not seen", name)
		}
	}
	for _, id := range []string{"INC-7K2M9Q4S", "0197e2f0-0000-7000-8000-000000000000"} {
		if random, err := likewise(id); err != nil || len(random) != len(id) || random == id {
			t.Errorf("%s is like %s (%v)", random, id, err)
		}
	}
}
