package defender

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

func TestS22DefenderUnderIllTreatment(t *testing.T) {
	reads := connectortest.On(http.MethodGet, "/machineactions")
	for name, trial := range map[string]connectortest.Trial{
		"isolate": {
			Action: connectortest.Act("host.isolate", soc.KindHost, machine1), Acts: connectortest.On(http.MethodPost, "/isolate"),
			Question: connectortest.Ask("host.isolation", soc.KindHost, machine1), Reads: reads, Expected: "isolated",
		},
		"scan": {
			Action: connectortest.Act("host.scan", soc.KindHost, machine1), Acts: connectortest.On(http.MethodPost, "/runAntiVirusScan"),
			Question: connectortest.Ask("host.scans", soc.KindHost, machine1), Reads: reads, Expected: "completed",
		},
		"block": {
			Action: connectortest.Act("file.block", soc.KindFileHash, sha256), Acts: connectortest.On(http.MethodPost, "/indicators"),
			Question: connectortest.Ask("file.block_state", soc.KindFileHash, sha256), Reads: connectortest.On(http.MethodGet, "/indicators"), Expected: "blocked",
		},
	} {
		trial.New = func(t *testing.T) connectortest.Bench { return start(t, nil).shared() }
		trial.Errors, trial.Secrets = problem("InternalServerError"), []string{secret}
		t.Run(name, trial.Run)
	}
}

func TestS24DefenderUndoesWhatItDid(t *testing.T) {
	b := start(t, nil)
	for _, step := range []struct {
		do, ask string
		kind    soc.EntityKind
		id      string
		want    string
	}{
		{"host.isolate", "host.isolation", soc.KindHost, machine1, "isolated"},
		{"host.release", "host.isolation", soc.KindHost, machine1, "connected"},
		{"host.restrict", "host.execution", soc.KindHost, machine1, "restricted"},
		{"host.unrestrict", "host.execution", soc.KindHost, machine1, "unrestricted"},
		{"file.block", "file.block_state", soc.KindFile, sha1, "blocked"},
		{"file.block", "file.block_state", soc.KindFile, sha1, "blocked"}, // it is so already
		{"file.unblock", "file.block_state", soc.KindFile, sha1, "open"},
		{"file.unblock", "file.block_state", soc.KindFile, sha1, "open"},
	} {
		if _, err := b.Carry(t.Context(), connectortest.Act(step.do, step.kind, step.id)); err != nil {
			t.Fatalf("%s: %v", step.do, err)
		}
		if word, err := b.Probe(t.Context(), connectortest.Ask(step.ask, step.kind, step.id)); err != nil || word != step.want {
			t.Fatalf("after %s: %q, %v", step.do, word, err)
		}
	}
	for _, a := range b.ordered {
		if a["machineId"] != machine1 {
			t.Errorf("another endpoint was touched: %v", a)
		}
	}
}

// Pending is no effect; an order that failed leaves the one before it in force.
func TestS23DefenderBelievesSucceededAlone(t *testing.T) {
	b := start(t, nil)
	b.settling = 1
	var words []string
	read := func() {
		word, err := b.Probe(t.Context(), connectortest.Ask("host.isolation", soc.KindHost, machine1))
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, word)
	}
	order := func(operation string) {
		if _, err := b.Carry(t.Context(), connectortest.Act(operation, soc.KindHost, machine1)); err != nil {
			t.Fatal(err)
		}
	}
	order("host.isolate")
	read()
	order("host.isolate") // 400 ActiveRequestAlreadyExists or done meanwhile: as wanted
	read()
	for _, final := range []string{"Failed", "TimeOut", "Cancelled"} {
		b.final = final
		order("host.release")
		read()
		read()
	}
	if want := []string{"isolating", "isolated", "releasing", "isolated", "releasing", "isolated", "releasing", "isolated"}; !slices.Equal(words, want) {
		t.Errorf("the probe said %q", words)
	}
	b.ordered[len(b.ordered)-1]["status"] = "Sleeping"
	if word, err := b.Probe(t.Context(), connectortest.Ask("host.isolation", soc.KindHost, machine1)); err == nil {
		t.Errorf("an unknown status reads %q", word)
	}
}

// A scan of somebody else's proves nothing of ours.
func TestS23DefenderScansAreTheStepsOwn(t *testing.T) {
	b := start(t, nil)
	other := connectortest.Act("host.scan", soc.KindHost, machine1)
	other.IdempotencyKey = "key-12"
	if _, err := b.Carry(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if word, err := b.Probe(t.Context(), connectortest.Ask("host.scans", soc.KindHost, machine1)); err != nil || word != "none" {
		t.Errorf("another's scan reads %q, %v", word, err)
	}
}

func TestDefenderStopsAFileWhereItWasSeen(t *testing.T) {
	b := start(t, nil)
	b.perPage = 1
	if _, err := b.Carry(t.Context(), connectortest.Act("file.stop", soc.KindFile, sha256)); err != nil {
		t.Fatal(err)
	}
	if word, err := b.Probe(t.Context(), connectortest.Ask("file.stopped", soc.KindFile, sha256)); err != nil || word != "stopped" || b.effects != 2 {
		t.Errorf("%q, %v, %d orders", word, err, b.effects)
	}
	b.seenBy[sha1] = append(b.seenBy[sha1], "1e5bc9d7e413ddd7902c2932e418702b84d0cc09") // it turned up elsewhere
	if word, err := b.Probe(t.Context(), connectortest.Ask("file.stopped", soc.KindFile, sha256)); err != nil || word != "stopped on 2 of 3 endpoints" {
		t.Errorf("%q, %v", word, err)
	}

	b = start(t, nil)
	b.machines[machine2] = false // one endpoint is gone: some of it happened
	if _, err := b.Carry(t.Context(), connectortest.Act("file.stop", soc.KindFile, sha1)); connector.OutcomeOf(err) != connector.Unknown || b.effects != 1 {
		t.Errorf("half an order: %v", err)
	}
	if word, err := b.Probe(t.Context(), connectortest.Ask("file.stopped", soc.KindFile, sha1)); err != nil || word != "stopped on 1 of 2 endpoints" {
		t.Errorf("%q, %v", word, err)
	}

	for name, change := range map[string]func(bench){
		"no endpoint": func(b bench) { b.seenBy[sha1] = nil },
		"too many":    func(b bench) { b.seenBy[sha1] = slices.Repeat([]string{machine1}, maxEndpoints+1) },
		"list dropped": func(b bench) {
			b.Always(connectortest.On(http.MethodGet, "/machines"), connectortest.ActThenDrop())
		},
	} {
		b := start(t, nil)
		change(b)
		if _, err := b.Carry(t.Context(), connectortest.Act("file.stop", soc.KindFile, sha1)); connector.OutcomeOf(err) != connector.Refused || b.effects != 0 {
			t.Errorf("%s: %v, %d orders", name, err, b.effects)
		}
	}
}

// The API overwrites an indicator of the same value; those of others stay.
func TestDefenderLeavesIndicatorsOfOthersAlone(t *testing.T) {
	for action, want := range map[string]struct {
		block, unblock connector.Outcome
		reads          string
	}{
		"Block":   {connector.Accepted, connector.Refused, "blocked"},
		"Allowed": {connector.Refused, connector.Accepted, "open"},
		"Warn":    {connector.Refused, connector.Accepted, "open"},
	} {
		b := start(t, nil)
		b.indicators = []map[string]any{{"id": 7, "indicatorValue": sha256, "action": action, "title": "an analyst's"}}
		_, err := b.Carry(t.Context(), connectortest.Act("file.block", soc.KindFile, sha256))
		if connector.OutcomeOf(err) != want.block {
			t.Errorf("block over %s: %v", action, err)
		}
		_, err = b.Carry(t.Context(), connectortest.Act("file.unblock", soc.KindFile, sha256))
		if connector.OutcomeOf(err) != want.unblock {
			t.Errorf("unblock under %s: %v", action, err)
		}
		if word, err := b.Probe(t.Context(), connectortest.Ask("file.block_state", soc.KindFile, sha256)); err != nil || word != want.reads || b.effects != 0 {
			t.Errorf("%s reads %q, %v, %d changes", action, word, err, b.effects)
		}
	}
	b := start(t, nil)
	b.indicators = []map[string]any{{"id": 8, "indicatorValue": sha256, "action": "Block", "title": "x", "rbacGroupNames": []string{"Servers"}}, {"id": 9, "indicatorValue": sha1, "action": "Block", "title": "x", "expirationTime": "2020-01-01T00:00:00Z"}}
	for hash, want := range map[string]string{sha256: partially, sha1: open} {
		if word, err := b.Probe(t.Context(), connectortest.Ask("file.block_state", soc.KindFile, hash)); err != nil || word != want {
			t.Errorf("%q, %v, want %s", word, err, want)
		}
	}
}

func TestDefenderDiagnosisNamesWhatIsMissing(t *testing.T) {
	b := start(t, nil)
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	b = start(t, nil)
	b.roles = []string{"Machine.ReadWrite.All", "Ti.ReadWrite.All", "File.Read.All", "Machine.Scan"}
	missing := map[string][]string{}
	for _, p := range b.Diagnose(t.Context()).Permissions {
		if !p.Granted {
			missing[p.Name] = p.NeededFor
		}
	}
	if len(missing) != 3 || !slices.Equal(missing["Machine.Isolate"], []string{"isolate_host", "unisolate_host"}) {
		t.Errorf("missing: %v", missing)
	}
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, machine1)); !connector.Missing(err) || !strings.Contains(err.Error(), "Machine.Isolate") {
		t.Errorf("the refusal names no permission: %v", err)
	}
	wrong := start(t, func(c *connector.Config) { c.Secrets["client_secret"] = "wr0ng" })
	if err := wrong.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "client id and secret") || strings.Contains(err.Error(), connectortest.Canary) {
		t.Errorf("a wrong secret: %v", err)
	}
}

func TestS12DefenderTargets(t *testing.T) {
	b := start(t, nil)
	for _, test := range []struct {
		entity soc.Entity
		want   string
	}{
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1", Properties: map[string]string{soc.PropertyDeviceID: strings.ToUpper(machine1)}}, machine1},
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1"}, ""},
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1", Properties: map[string]string{soc.PropertyDeviceID: machine1 + "' or 1 eq 1"}}, ""},
		{soc.Entity{Kind: soc.KindFile, Value: "a.exe", Properties: map[string]string{soc.PropertySHA1: sha1, soc.PropertySHA256: sha256}}, sha256},
		{soc.Entity{Kind: soc.KindFileHash, Value: sha1}, sha1},
		{soc.Entity{Kind: soc.KindFileHash, Value: strings.Repeat("a", 32)}, ""},
	} {
		got, ok := b.Resolve(test.entity)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("%v is %q, %v", test.entity, got, ok)
		}
	}
	before := len(b.Calls())
	for _, a := range []connector.Action{
		connectortest.Act("host.isolate", soc.KindHost, machine1+"'"), connectortest.Act("host.isolate", soc.KindFile, sha1), connectortest.Act("file.block", soc.KindHost, machine1), connectortest.Act("host.reboot", soc.KindHost, machine1),
		{Operation: "host.scan", Kind: soc.KindHost, NativeID: machine1},
	} {
		if _, err := b.Carry(t.Context(), a); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%s of %q: %v", a.Operation, a.NativeID, err)
		}
	}
	if len(b.Calls()) != before {
		t.Error("something was sent")
	}
}

func TestDefenderAsksOnlyWhatItsTableSays(t *testing.T) {
	b := start(t, nil)
	for _, a := range []connector.Action{
		connectortest.Act("host.isolate", soc.KindHost, machine1), connectortest.Act("host.release", soc.KindHost, machine1), connectortest.Act("host.restrict", soc.KindHost, machine1),
		connectortest.Act("host.unrestrict", soc.KindHost, machine1), connectortest.Act("host.scan", soc.KindHost, machine1), connectortest.Act("file.stop", soc.KindFile, sha256),
		connectortest.Act("file.block", soc.KindFile, sha256), connectortest.Act("file.unblock", soc.KindFile, sha256),
	} {
		if _, err := b.Carry(t.Context(), a); err != nil {
			t.Fatalf("%s: %v", a.Operation, err)
		}
	}
	if _, err := b.Probe(t.Context(), connectortest.Ask("host.scans", soc.KindHost, machine1)); err != nil {
		t.Fatal(err)
	}
	connectortest.CheckEndpoints(t, Endpoints, b.Calls())
	for _, id := range carried {
		if !slices.ContainsFunc(Endpoints, func(e connector.Endpoint) bool { return slices.Contains(e.Playbooks, id) }) {
			t.Errorf("no endpoint carries %s out", id)
		}
	}
}
