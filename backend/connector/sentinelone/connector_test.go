package sentinelone

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

func TestS22SentinelOneUnderIllTreatment(t *testing.T) {
	for name, trial := range map[string]connectortest.Trial{
		"isolate": {
			Action: connectortest.Act("host.isolate", soc.KindHost, agentID), Acts: connectortest.On(http.MethodPost, "/disconnect"),
			Question: connectortest.Ask("host.isolation", soc.KindHost, agentID), Reads: connectortest.On(http.MethodGet, "/agents"), Expected: "isolated",
		},
		"quarantine": {
			Action: connectortest.Act("file.quarantine", soc.KindFileHash, fileSHA1), Acts: connectortest.On(http.MethodPost, "/quarantine"),
			Question: connectortest.Ask("file.state", soc.KindFileHash, fileSHA1), Reads: connectortest.On(http.MethodGet, "/threats"), Expected: "quarantined",
		},
	} {
		trial.New = func(t *testing.T) connectortest.Bench { return open(t, nil).shared() }
		trial.Errors, trial.Secrets = body(5000010, "Server could not process the request"), []string{token}
		t.Run(name, trial.Run)
	}
}

func TestS24SentinelOneUndoesWhatItDid(t *testing.T) {
	b := open(t, nil)
	for _, step := range []struct {
		action   connector.Action
		question connector.Question
		want     string
	}{
		{connectortest.Act("host.isolate", soc.KindHost, agentID), connectortest.Ask("host.isolation", soc.KindHost, agentID), "isolated"},
		{connectortest.Act("host.isolate", soc.KindHost, agentID), connectortest.Ask("host.isolation", soc.KindHost, agentID), "isolated"}, // affected is 0: it is so already
		{connectortest.Act("host.release", soc.KindHost, agentID), connectortest.Ask("host.isolation", soc.KindHost, agentID), "connected"},
		{connectortest.Act("file.quarantine", soc.KindFile, fileSHA1), connectortest.Ask("file.state", soc.KindFile, fileSHA1), "quarantined"},
		{connectortest.Act("file.restore", soc.KindFile, fileSHA1), connectortest.Ask("file.state", soc.KindFile, fileSHA1), "present"},
	} {
		if _, err := b.Carry(t.Context(), step.action); err != nil {
			t.Fatalf("%s: %v", step.action.Operation, err)
		}
		if word, err := b.Probe(t.Context(), step.question); err != nil || word != step.want {
			t.Fatalf("after %s: %q, %v", step.action.Operation, word, err)
		}
	}
	if b.agents[otherID] != "connected" {
		t.Error("another endpoint was touched")
	}
}

func TestS23SentinelOneOnItsWayIsNotThere(t *testing.T) {
	b := open(t, nil)
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
	if want := []string{"disconnecting", "disconnecting", "isolated"}; !slices.Equal(words, want) {
		t.Errorf("the probe said %q", words)
	}
}

func TestSentinelOneNothingAffectedIsNoSuccess(t *testing.T) {
	b := open(t, nil)
	for _, a := range []connector.Action{
		connectortest.Act("host.isolate", soc.KindHost, "657613730168123000"),
		connectortest.Act("file.quarantine", soc.KindFileHash, strings.Repeat("a", 40)),
	} {
		if _, err := b.Carry(t.Context(), a); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%s of nothing: %v", a.Operation, err)
		}
	}
	b.Once(connectortest.On(http.MethodPost, "/disconnect"), connectortest.Answer(200, "application/json", `{"data":{"affected":2}}`))
	if _, err := b.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); connector.OutcomeOf(err) != connector.Unknown {
		t.Errorf("two endpoints where one was named: %v", err)
	}
}

func TestS12SentinelOneTargets(t *testing.T) {
	b := open(t, nil)
	for _, test := range []struct {
		entity soc.Entity
		want   string
	}{
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1", Properties: map[string]string{soc.PropertyDeviceID: agentID}}, agentID},
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1"}, ""},
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1", Properties: map[string]string{soc.PropertyDeviceID: "../" + agentID}}, ""},
		{soc.Entity{Kind: soc.KindFileHash, Value: fileSHA1, Properties: map[string]string{soc.PropertySHA1: strings.ToUpper(fileSHA1)}}, fileSHA1},
		{soc.Entity{Kind: soc.KindFileHash, Value: strings.Repeat("b", 64)}, ""},
		{soc.Entity{Kind: soc.KindAccount, Value: "a@b.example"}, ""},
	} {
		got, ok := b.Resolve(test.entity)
		if ok != (test.want != "") || (ok && got != test.want) {
			t.Errorf("%v is %q, %v", test.entity, got, ok)
		}
	}
	before := len(b.Calls())
	for _, a := range []connector.Action{
		connectortest.Act("host.isolate", soc.KindHost, "*"), connectortest.Act("host.isolate", soc.KindHost, ""), connectortest.Act("file.quarantine", soc.KindFile, "x"),
		connectortest.Act("host.scan", soc.KindHost, agentID),
		{Operation: "host.isolate", Kind: soc.KindHost, NativeID: agentID, Parameters: map[string]any{"mode": "selective"}},
	} {
		if _, err := b.Carry(t.Context(), a); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%s of %q: %v", a.Operation, a.NativeID, err)
		}
	}
	if len(b.Calls()) != before {
		t.Error("something was sent")
	}
}

func TestSentinelOneReadsEveryPage(t *testing.T) {
	b := open(t, nil)
	for range 4 {
		b.threats = append(b.threats, &fakeThreat{id: "715718962991148225", sha1: fileSHA1})
	}
	b.perPage = 2
	if _, err := b.Carry(t.Context(), connectortest.Act("file.quarantine", soc.KindFile, fileSHA1)); err != nil {
		t.Fatal(err)
	}
	b.threats[4].mitigations[0]["status"] = "failed" // on the last page
	if word, err := b.Probe(t.Context(), connectortest.Ask("file.state", soc.KindFile, fileSHA1)); err != nil || word != mixed {
		t.Errorf("a failure on the last page reads %q, %v", word, err)
	}
	b.perPage = 0 // a cursor that leads nowhere
	if word, err := b.Probe(t.Context(), connectortest.Ask("file.state", soc.KindFile, fileSHA1)); err == nil {
		t.Errorf("an endless list reads %q", word)
	}
}

func TestSentinelOneDiagnosis(t *testing.T) {
	b := open(t, nil)
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	b.denied["/web/api/v2.1/threats"] = true
	found := b.Diagnose(t.Context())
	if found.OK() || len(found.Permissions) != 2 || found.Permissions[1].Granted || found.Permissions[1].Name != "Endpoint Threats: View" || !slices.Contains(found.Permissions[1].NeededFor, "quarantine_file") {
		t.Errorf("a missing permission is not named: %+v", found)
	}
	wrong := open(t, func(c *connector.Config) { c.Secrets["api_token"] = "wrong" })
	err := wrong.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "credential") || strings.Contains(err.Error(), connectortest.Canary) {
		t.Errorf("a wrong token: %v", err)
	}
	if _, err := wrong.Carry(t.Context(), connectortest.Act("host.isolate", soc.KindHost, agentID)); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("a wrong token acts: %v", err)
	}
}

func TestSentinelOneAsksOnlyWhatItsTableSays(t *testing.T) {
	b := open(t, nil)
	_ = b.Check(t.Context())
	for _, a := range []connector.Action{
		connectortest.Act("host.isolate", soc.KindHost, agentID), connectortest.Act("host.release", soc.KindHost, agentID),
		connectortest.Act("file.quarantine", soc.KindFile, fileSHA1), connectortest.Act("file.restore", soc.KindFile, fileSHA1),
	} {
		if _, err := b.Carry(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive)); err != nil {
		t.Fatal(err)
	}
	connectortest.CheckEndpoints(t, Endpoints, b.Calls())
	for _, id := range carried {
		if !slices.ContainsFunc(Endpoints, func(e connector.Endpoint) bool { return slices.Contains(e.Playbooks, id) }) {
			t.Errorf("no endpoint carries %s out", id)
		}
	}
}
