package falcon

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

func TestS22FalconUnderIllTreatment(t *testing.T) {
	for name, trial := range map[string]connectortest.Trial{
		"contain": {
			Action: connectortest.Act("host.isolate", soc.KindHost, agentID), Acts: connectortest.On(http.MethodPost, "/devices-actions/v2"),
			Question: connectortest.Ask("host.isolation", soc.KindHost, agentID), Reads: connectortest.On(http.MethodGet, "/devices/v2"), Expected: "isolated",
		},
		"scan": {
			Action: connectortest.Act("host.scan", soc.KindHost, agentID), Acts: connectortest.On(http.MethodPost, "/scans/v1"),
			Question: connectortest.Ask("host.scans", soc.KindHost, agentID), Reads: connectortest.On(http.MethodGet, "/queries/scans/v1"), Expected: "completed",
		},
		"block": {
			Action: connectortest.Act("file.block", soc.KindFileHash, fileHash), Acts: connectortest.On(http.MethodPost, "/indicators/v1"),
			Question: connectortest.Ask("file.block_state", soc.KindFileHash, fileHash), Reads: connectortest.On(http.MethodGet, "/indicator/v1"), Expected: "blocked",
		},
	} {
		trial.New = func(t *testing.T) connectortest.Bench { return connect(t, nil).shared() }
		trial.Errors, trial.Secrets = wrong(500), []string{clientSecret, "bearer-for-tests"}
		t.Run(name, trial.Run)
	}
}

func TestS24FalconUndoesWhatItDid(t *testing.T) {
	b := connect(t, nil)
	for _, step := range []struct {
		action   connector.Action
		question connector.Question
		want     string
	}{
		{connectortest.Act("host.isolate", soc.KindHost, agentID), connectortest.Ask("host.isolation", soc.KindHost, agentID), "isolated"},
		{connectortest.Act("host.isolate", soc.KindHost, agentID), connectortest.Ask("host.isolation", soc.KindHost, agentID), "isolated"}, // 409: it is so already
		{connectortest.Act("host.release", soc.KindHost, agentID), connectortest.Ask("host.isolation", soc.KindHost, agentID), "connected"},
		{connectortest.Act("file.block", soc.KindFile, fileHash), connectortest.Ask("file.block_state", soc.KindFile, fileHash), "blocked"},
		{connectortest.Act("file.block", soc.KindFile, fileHash), connectortest.Ask("file.block_state", soc.KindFile, fileHash), "blocked"}, // 400: a second indicator
		{connectortest.Act("file.unblock", soc.KindFile, fileHash), connectortest.Ask("file.block_state", soc.KindFile, fileHash), "open"},
		{connectortest.Act("file.unblock", soc.KindFile, fileHash), connectortest.Ask("file.block_state", soc.KindFile, fileHash), "open"},
	} {
		if _, err := b.Carry(t.Context(), step.action); err != nil {
			t.Fatalf("%s: %v", step.action.Operation, err)
		}
		if word, err := b.Probe(t.Context(), step.question); err != nil || word != step.want {
			t.Fatalf("after %s: %q, %v", step.action.Operation, word, err)
		}
	}
}

func TestFalconDeletesOnlyItsOwnIndicators(t *testing.T) {
	b := connect(t, nil)
	b.indicators = append(b.indicators, map[string]any{"id": "ioc-theirs", "type": "sha256", "value": fileHash, "action": "prevent", "source": "another team", "applied_globally": true})
	if _, err := b.Carry(t.Context(), connectortest.Act("file.block", soc.KindFile, fileHash)); err != nil {
		t.Errorf("the file is blocked already: %v", err)
	}
	if _, err := b.Carry(t.Context(), connectortest.Act("file.unblock", soc.KindFile, fileHash)); connector.OutcomeOf(err) != connector.Refused || len(b.indicators) != 1 {
		t.Errorf("another's indicator: %v, %d left", err, len(b.indicators))
	}
	b.indicators[0]["applied_globally"] = false
	if word, err := b.Probe(t.Context(), connectortest.Ask("file.block_state", soc.KindFile, fileHash)); err != nil || word != partially {
		t.Errorf("a block on some hosts reads %q, %v", word, err)
	}
	b.indicators[0]["expired"] = true
	if word, err := b.Probe(t.Context(), connectortest.Ask("file.block_state", soc.KindFile, fileHash)); err != nil || word != open {
		t.Errorf("an expired block reads %q, %v", word, err)
	}
}

func TestS23FalconOnItsWayIsNotThere(t *testing.T) {
	b := connect(t, nil)
	b.settling = 2
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); err != nil {
		t.Fatal(err)
	}
	var words []string
	for range 3 {
		word, err := b.Probe(t.Context(), connectortest.Ask("host.isolation", soc.KindHost, agentID))
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, word)
	}
	if want := []string{"containment pending", "containment pending", "isolated"}; !slices.Equal(words, want) {
		t.Errorf("the probe said %q", words)
	}
	b.scanStatus = "running"
	if _, err := b.Carry(t.Context(), connectortest.Act("host.scan", soc.KindHost, agentID)); err != nil {
		t.Fatal(err)
	}
	if word, err := b.Probe(t.Context(), connectortest.Ask("host.scans", soc.KindHost, agentID)); err != nil || word != "running" {
		t.Errorf("a running scan reads %q, %v", word, err)
	}
	other := connectortest.Ask("host.scans", soc.KindHost, agentID)
	other.IdempotencyKey = "key-2"
	if word, err := b.Probe(t.Context(), other); err != nil || word != "none" {
		t.Errorf("another step's scan reads %q, %v", word, err)
	}
}

func TestFalconErrorInsideASuccess(t *testing.T) {
	b := connect(t, nil)
	unknown := strings.Repeat("0", 32)
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, unknown)); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("202 with 404 inside: %v", err)
	}
	both := `{"meta":{"trace_id":"t"},"resources":[{"id":"` + agentID + `"}],"errors":[{"code":404,"message":"x"}]}`
	b.Once(connectortest.On(http.MethodPost, "/devices-actions/v2"), connectortest.Answer(202, "application/json", both))
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("202 with both: %v", err)
	}
	another := `{"meta":{"trace_id":"t"},"resources":[{"id":"` + unknown + `"}],"errors":[]}`
	b.Once(connectortest.On(http.MethodPost, "/devices-actions/v2"), connectortest.Answer(202, "application/json", another))
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("202 for another host: %v", err)
	}
}

func TestFalconSignsInAgain(t *testing.T) {
	b := connect(t, nil)
	look := func() error {
		_, err := b.Probe(t.Context(), connectortest.Ask("host.isolation", soc.KindHost, agentID))
		return err
	}
	for range 3 {
		if err := look(); err != nil {
			t.Fatal(err)
		}
	}
	if b.issued != 1 {
		t.Errorf("%d tokens for three calls", b.issued)
	}
	b.clock.Pass(29 * time.Minute) // less than a minute is left
	if err := look(); err != nil || b.issued != 2 {
		t.Errorf("before the end: %v, %d tokens", err, b.issued)
	}
	b.bearers = map[string]bool{} // revoked by the product
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); err != nil || b.issued != 3 || b.effects != 1 {
		t.Errorf("after a 401: %v, %d tokens, %d effects", err, b.issued, b.effects)
	}
	denied := connect(t, func(c *connector.Config) { c.Secrets["client_secret"] = "wrong-secret" })
	if _, err := denied.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); connector.OutcomeOf(err) != connector.Refused || strings.Contains(err.Error(), connectortest.Canary) {
		t.Errorf("a wrong secret: %v", err)
	}
	if err := denied.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("a wrong secret checks: %v", err)
	}
}

func TestFalconComesBackWhenItWasTold(t *testing.T) {
	b := connect(t, nil)
	soon := func(w http.ResponseWriter, r *http.Request, product http.Handler) {
		w.Header().Set("X-RateLimit-RetryAfter", fmt.Sprint(b.clock.Now().Unix()-1))
		connectortest.Answer(http.StatusTooManyRequests, "application/json", wrong(429))(w, r, product)
	}
	b.Once(connectortest.On(http.MethodPost, "/devices-actions/v2"), soon)
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); err != nil || b.effects != 1 {
		t.Errorf("after the pause: %v, %d effects", err, b.effects)
	}
	later := func(w http.ResponseWriter, r *http.Request, product http.Handler) {
		w.Header().Set("X-RateLimit-RetryAfter", fmt.Sprint(b.clock.Now().Add(5*time.Minute).Unix()))
		connectortest.Answer(http.StatusTooManyRequests, "application/json", wrong(429))(w, r, product)
	}
	b.Once(connectortest.On(http.MethodGet, "/devices/v2"), later)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := b.Connector.Probe(ctx, connectortest.Ask("host.isolation", soc.KindHost, agentID)); err == nil {
		t.Error("a probe waited five minutes in one")
	}
	if held := b.Health().HeldUntil; held.Sub(b.clock.Now()) < 4*time.Minute {
		t.Errorf("calls are held until %s", held)
	}
}

func TestS12FalconTargets(t *testing.T) {
	b := connect(t, nil)
	for _, test := range []struct {
		entity soc.Entity
		want   string
	}{
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1", Properties: map[string]string{soc.PropertyDeviceID: strings.ToUpper(agentID)}}, agentID},
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1"}, ""},
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1", Properties: map[string]string{soc.PropertyDeviceID: strings.Repeat("a", 40)}}, ""}, // Defender's
		{soc.Entity{Kind: soc.KindFileHash, Value: fileHash}, fileHash},
		{soc.Entity{Kind: soc.KindFileHash, Value: strings.Repeat("b", 40)}, ""}, // no SHA-1 indicators
		{soc.Entity{Kind: soc.KindIP, Value: "192.0.2.1"}, ""},
	} {
		got, ok := b.Resolve(test.entity)
		if ok != (test.want != "") || (ok && got != test.want) {
			t.Errorf("%v is %q, %v", test.entity, got, ok)
		}
	}
	for _, a := range []connector.Action{
		connectortest.Act("host.isolate", soc.KindHost, agentID+"'"), connectortest.Act("file.block", soc.KindFile, fileHash+"'+action:'x"), connectortest.Act("host.reboot", soc.KindHost, agentID),
		{IdempotencyKey: "key-1", Operation: "host.isolate", Kind: soc.KindHost, NativeID: agentID, Parameters: map[string]any{"mode": "selective"}},
		{IdempotencyKey: "it's", Operation: "host.scan", Kind: soc.KindHost, NativeID: agentID},
		{Operation: "host.scan", Kind: soc.KindHost, NativeID: agentID},
	} {
		if _, err := b.Carry(t.Context(), a); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%s of %q: %v", a.Operation, a.NativeID, err)
		}
	}
	if len(b.Calls()) != 0 {
		t.Error("something was sent")
	}
}

func TestFalconDiagnosis(t *testing.T) {
	b := connect(t, nil)
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	b.denied["/ods/queries/scans/v1"] = true
	found := b.Diagnose(t.Context())
	if found.OK() || !slices.ContainsFunc(found.Permissions, func(p soc.ConnectorPermission) bool {
		return !p.Granted && p.Name == "On-demand scans (ODS): Read" && slices.Equal(p.NeededFor, []string{"scan_host"})
	}) {
		t.Errorf("a missing scope is not named: %+v", found)
	}
	b.denied["/devices/entities/devices-actions/v2"] = true
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); connector.OutcomeOf(err) != connector.Refused || !strings.Contains(err.Error(), "Hosts: Write") {
		t.Errorf("a missing scope to act: %v", err)
	}
}

func TestFalconAsksOnlyWhatItsTableSays(t *testing.T) {
	b := connect(t, nil)
	_ = b.Check(t.Context())
	for _, a := range []connector.Action{
		connectortest.Act("host.isolate", soc.KindHost, agentID), connectortest.Act("host.isolate", soc.KindHost, agentID), connectortest.Act("host.release", soc.KindHost, agentID), connectortest.Act("host.scan", soc.KindHost, agentID),
		connectortest.Act("file.block", soc.KindFile, fileHash), connectortest.Act("file.unblock", soc.KindFile, fileHash),
	} {
		if _, err := b.Carry(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Probe(t.Context(), connectortest.Ask("host.scans", soc.KindHost, agentID)); err != nil {
		t.Error(err)
	}
	if err := b.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive)); err != nil {
		t.Error(err)
	}
	connectortest.CheckEndpoints(t, Endpoints, b.Calls())
	for _, id := range carried {
		if !slices.ContainsFunc(Endpoints, func(e connector.Endpoint) bool { return slices.Contains(e.Playbooks, id) }) {
			t.Errorf("no endpoint carries %s out", id)
		}
	}
}
