package msgraph

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

func TestS22GraphUnderIllTreatment(t *testing.T) {
	users := connectortest.On(http.MethodGet, "/users/"+objectID)
	for name, trial := range map[string]connectortest.Trial{
		"disable": {
			Action: act("account.disable", objectID), Acts: connectortest.On(http.MethodPatch, "/users/"+objectID),
			Question: ask("account.status", objectID), Reads: users, Expected: "disabled",
		},
		"reset": {
			Action: act("account.reset_password", objectID), Acts: connectortest.On(http.MethodPatch, "/users/"+objectID),
			Question: ask("account.password", objectID), Reads: users, Expected: "changed",
		},
		"revoke": {
			Action: act("account.revoke_sessions", objectID), Acts: connectortest.On(http.MethodPost, "/revokeSignInSessions"),
			Question: ask("account.sessions", objectID), Reads: users, Expected: "revoked",
		},
		"confirm": {
			Action: act("account.confirm_compromised", objectID), Acts: connectortest.On(http.MethodPost, "/confirmCompromised"),
			Question: ask("account.risk", objectID), Reads: connectortest.On(http.MethodGet, "/riskyUsers/"+objectID), Expected: "compromised",
		},
	} {
		trial.New = func(t *testing.T) connectortest.Bench { return open(t, nil).shared() }
		trial.Errors, trial.Secrets = problem("generalException", "General exception while processing"), []string{secret}
		if name == "reset" {
			trial.Question.DispatchedAt = time.Now().Add(-time.Hour) // the fake's clock is the bench's
		}
		t.Run(name, trial.Run)
	}
}

func TestS24GraphUndoesWhatItDid(t *testing.T) {
	b := open(t, nil)
	for _, step := range []struct{ do, ask, want string }{
		{"account.disable", "account.status", "disabled"},
		{"account.disable", "account.status", "disabled"}, // it is so already
		{"account.enable", "account.status", "enabled"},
		{"account.confirm_compromised", "account.risk", "compromised"},
		{"account.dismiss_risk", "account.risk", "dismissed"},
	} {
		if _, err := b.Carry(t.Context(), act(step.do, objectID)); err != nil {
			t.Fatalf("%s: %v", step.do, err)
		}
		if word, err := b.Probe(t.Context(), ask(step.ask, objectID)); err != nil || word != step.want {
			t.Fatalf("after %s: %q, %v", step.do, word, err)
		}
	}
	if other := b.users[otherID]; !other.enabled || other.riskState != "none" {
		t.Error("another account was touched")
	}
	// By its principal name too; risk wants the object id.
	if _, err := b.Carry(t.Context(), act("account.disable", "ada@alpine.example")); err != nil || b.users[objectID].enabled {
		t.Errorf("by name: %v", err)
	}
	if _, err := b.Carry(t.Context(), act("account.confirm_compromised", "ada@alpine.example")); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("risk by name: %v", err)
	}
	// The API's answer of before.
	b.oldAnswer = true
	if _, err := b.Carry(t.Context(), act("account.revoke_sessions", objectID)); err != nil {
		t.Error(err)
	}
}

// A directory shows changes late, and a change before the dispatch proves
// nothing.
func TestS23GraphReadsBackTheAccountItself(t *testing.T) {
	b := open(t, nil)
	b.lag = 2
	if _, err := b.Carry(t.Context(), act("account.disable", objectID)); err != nil {
		t.Fatal(err)
	}
	var words []string
	for range 3 {
		word, err := b.Probe(t.Context(), ask("account.status", objectID))
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, word)
	}
	if want := []string{"enabled", "enabled", "disabled"}; !slices.Equal(words, want) {
		t.Errorf("the probe said %q", words)
	}
	for _, operation := range []string{"account.reset_password", "account.revoke_sessions"} {
		if _, err := b.Carry(t.Context(), act(operation, objectID)); err != nil {
			t.Fatal(err)
		}
	}
	for _, operation := range []string{"account.password", "account.sessions"} {
		later := ask(operation, objectID)
		later.DispatchedAt = b.clock.Now().Add(2 * time.Second)
		if word, err := b.Probe(t.Context(), later); err != nil || word == "changed" || word == "revoked" {
			t.Errorf("what was before the dispatch proves %q, %v", word, err)
		}
		later.DispatchedAt = time.Time{}
		if word, _ := b.Probe(t.Context(), later); word == "changed" || word == "revoked" {
			t.Errorf("without a dispatch: %q", word)
		}
	}
}

func TestS54GraphPasswordsAreDrawnAndKeptNowhere(t *testing.T) {
	b := open(t, nil)
	for range 2 {
		receipt, err := b.Carry(t.Context(), act("account.reset_password", objectID))
		if err != nil || strings.Contains(receipt.Reference, b.passwords[0]) {
			t.Fatalf("%v, %v", receipt, err)
		}
	}
	if len(b.passwords) != 2 || b.passwords[0] == b.passwords[1] || len(b.passwords[0]) < 24 {
		t.Errorf("passwords %q", b.passwords)
	}
	b.users[objectID].synced = true
	if _, err := b.Carry(t.Context(), act("account.reset_password", objectID)); connector.OutcomeOf(err) != connector.Refused {
		t.Errorf("an account mastered elsewhere: %v", err)
	}
}

func TestGraphSignsInAnew(t *testing.T) {
	b := open(t, nil)
	disable := act("account.disable", objectID)
	for _, expire := range []func(){func() {}, func() { b.clock.Pass(time.Hour) }, func() { b.valid = "revoked" }} {
		expire()
		if _, err := b.Carry(t.Context(), disable); err != nil {
			t.Fatal(err)
		}
	}
	if b.signIns != 3 {
		t.Errorf("%d sign-ins", b.signIns)
	}
	for name, change := range map[string]func(*connector.Config){
		"secret": func(c *connector.Config) { c.Secrets["client_secret"] = "wr0ng" },
		"tenant": func(c *connector.Config) { c.Settings["tenant_id"] = "nowhere.example" },
	} {
		wrong := open(t, change)
		_, err := wrong.Carry(t.Context(), disable)
		if connector.OutcomeOf(err) != connector.Refused || wrong.effects != 0 || strings.Contains(err.Error(), connectortest.Canary) || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("wrong %s: %v", name, err)
		}
		if found := wrong.Diagnose(t.Context()); found.OK() || found.Steps[0].Name != "token" || found.Steps[0].Problem == "" {
			t.Errorf("wrong %s: %+v", name, found)
		}
	}
}

func TestGraphDiagnosisNamesWhatIsMissing(t *testing.T) {
	b := open(t, nil)
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	b = open(t, nil)
	b.roles = []string{"User.ReadWrite.All"} // wider: accounts and sessions, but neither passwords nor risk
	found := b.Diagnose(t.Context())
	missing := map[string][]string{}
	for _, p := range found.Permissions {
		if !p.Granted {
			missing[p.Name] = p.NeededFor
		}
	}
	if len(missing) != 3 || !slices.Contains(missing["User-PasswordProfile.ReadWrite.All"], "reset_password") || !slices.Contains(missing["IdentityRiskyUser.ReadWrite.All"], "confirm_compromised") {
		t.Errorf("missing: %v", missing)
	}
	_, err := b.Carry(t.Context(), act("account.reset_password", objectID))
	if !connector.Missing(err) || !strings.Contains(err.Error(), "User-PasswordProfile.ReadWrite.All") {
		t.Errorf("the refusal names no permission: %v", err)
	}
	for _, call := range b.Calls() {
		if call.Method != http.MethodPost && call.Method != http.MethodPatch && call.Method != http.MethodGet {
			t.Errorf("the check changed something: %s %s", call.Method, call.Path)
		}
	}
}

func TestS12GraphTargets(t *testing.T) {
	b := open(t, nil)
	of := func(value string, properties map[string]string) soc.Entity {
		return soc.Entity{Kind: soc.KindAccount, Value: value, Properties: properties}
	}
	for _, test := range []struct {
		entity soc.Entity
		want   string
	}{
		{of("ada@alpine.example", map[string]string{soc.PropertyObjectID: strings.ToUpper(objectID)}), objectID},
		{of("ada@alpine.example", nil), "ada@alpine.example"},
		{of(`ALPINE\ada`, nil), ""},
		{of("S-1-5-21-1-2-3-1001", nil), ""},
		{soc.Entity{Kind: soc.KindHost, Value: "ws-1"}, ""},
	} {
		got, ok := b.Resolve(test.entity)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("%v is %q, %v", test.entity, got, ok)
		}
	}
	if b.Takes("confirm_compromised", "ada@alpine.example") || !b.Takes("confirm_compromised", objectID) || !b.Takes("disable_user", "ada@alpine.example") {
		t.Error("risk is judged by object id, the rest by either")
	}
	before := len(b.Calls())
	for _, id := range []string{"", "me", "$count", "../groups", objectID + "/manager", "a@b/../c", "a?b@c.example", strings.Repeat("a", 65) + "@b.example"} {
		if _, err := b.Carry(t.Context(), act("account.disable", id)); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := b.Carry(t.Context(), act("account.delete", objectID)); connector.OutcomeOf(err) != connector.Refused || len(b.Calls()) != before {
		t.Errorf("%d calls: %v", len(b.Calls())-before, err)
	}
}

func TestGraphAsksOnlyWhatItsTableSays(t *testing.T) {
	b := open(t, nil)
	for _, operation := range []string{"account.disable", "account.enable", "account.reset_password", "account.revoke_sessions", "account.confirm_compromised", "account.dismiss_risk"} {
		if _, err := b.Carry(t.Context(), act(operation, objectID)); err != nil {
			t.Fatal(err)
		}
	}
	for _, operation := range []string{"account.status", "account.sessions", "account.password", "account.risk"} {
		if _, err := b.Probe(t.Context(), ask(operation, objectID)); err != nil {
			t.Fatal(err)
		}
	}
	connectortest.CheckEndpoints(t, Endpoints, b.Calls())
	for _, id := range carried {
		if !slices.ContainsFunc(Endpoints, func(e connector.Endpoint) bool { return slices.Contains(e.Playbooks, id) }) {
			t.Errorf("no endpoint carries %s out", id)
		}
	}
}
