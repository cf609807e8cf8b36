package triageapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// ownPlaybook recommends two actions for phishing, the second only where the
// verdict is sure.
const ownPlaybook = `{"name":"custom_phishing","description":"Mail that asks for a password","trigger":{"sources":["email_gateway"],"incident_types":["phishing"],"severities":["low","high"]},
 "sop_id":"sop-phishing","steps":[{"action":"add_comment","parameters":{"message":"Ask the recipient."}},
 {"action":"block_ip","condition":{"field":"confidence","op":"gt","value":0.55}},{"action":"scan_host","condition":{"field":"entity.kind","op":"in","value":["host","account"]}}],"enabled":ENABLED}`

func enabledOwn(on string) string { return strings.Replace(ownPlaybook, "ENABLED", on, 1) }

func TestAnswersOfPlaybookChanges(t *testing.T) {
	d := openEmpty(t)
	key := d.Bearer(webtest.Key{Role: soc.RoleManager, Scopes: []soc.Scope{soc.ScopePlaybooksManage, soc.ScopeIncidentsRead}})
	golden := func(name string, w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		t.Helper()
		t.Run(name, func(t *testing.T) { webtest.Golden(t, *update, "playbook/write/"+name+".golden", w) })
		return w
	}
	ask := func(method, rest, body string, headers ...string) *httptest.ResponseRecorder {
		return d.Ask(method, "/api/playbooks"+rest, body, append(headers, key)...)
	}
	wrong := `{"name":"Bad Name","trigger":{"sources":["E-Mail"],"incident_types":["Phishing"],"severities":["urgent"]},"sop_id":"none","steps":[
 {"action":"run_shell"},{"action":"add_comment","parameters":{"color":"red"}},{"action":"scan_host","condition":{"field":"title","op":"eq","value":"x"}},
 {"action":"scan_host","condition":{"field":"verdict","op":"gt","value":"malicious"}},{"action":"scan_host","condition":{"field":"severity","op":"eq","value":"urgent"}},
 {"action":"scan_host","condition":{"field":"confidence","op":"gt","value":0.123}},{"action":"scan_host","condition":{"field":"verdict","op":"eq","value":["benign","malicious"]}}]}`
	golden("validate-wrong", ask("POST", "/validate", wrong))
	golden("validate-right", ask("POST", "/validate", enabledOwn("false")))
	golden("create-wrong", ask("POST", "", wrong))
	golden("create-nothing", ask("POST", "", `{}`))
	golden("create-value", ask("POST", "", `{"name":"x","steps":[{"action":"scan_host","condition":{"field":"verdict","op":"eq","value":{}}}]}`))
	golden("create-taken", ask("POST", "", strings.Replace(enabledOwn("false"), "custom_phishing", "sop_phishing", 1)))
	if w := golden("create", ask("POST", "", enabledOwn("false"), "Idempotency-Key: once")); w.Header().Get("Location") != "/api/playbooks/custom_phishing" {
		t.Errorf("Location %s", w.Header().Get("Location"))
	}
	if w := ask("POST", "", enabledOwn("false"), "Idempotency-Key: once"); w.Code != 201 || w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	golden("change-stale", ask("PUT", "/custom_phishing", enabledOwn("true"), `If-Match: "99"`))
	golden("change-name", ask("PUT", "/custom_phishing", strings.Replace(enabledOwn("false"), "custom_phishing", "other", 1)))
	golden("change-procedure", ask("PUT", "/sop_phishing", strings.Replace(enabledOwn("false"), "custom_phishing", "sop_phishing", 1)))
	golden("change-waits", ask("PUT", "/custom_phishing", enabledOwn("true")))
	golden("version-waits", ask("GET", "/custom_phishing?version=2", ""))
	golden("version-unknown", ask("GET", "/custom_phishing?version=9", ""))
	golden("confirm-key", ask("POST", "/custom_phishing/confirm", `{"digest":"sha256:0"}`))
	manager := d.Cookie(d.First, soc.RoleManager)
	golden("confirm-other", d.Ask("POST", "/api/playbooks/custom_phishing/confirm", `{"digest":"sha256:0"}`, manager))
	golden("reject", d.Ask("POST", "/api/playbooks/custom_phishing/reject", `{"reason":"Not now."}`, manager))
	golden("reject-nothing", d.Ask("POST", "/api/playbooks/custom_phishing/reject", `{"reason":"Not now."}`, manager))
	golden("change-waits-again", ask("PUT", "/custom_phishing", enabledOwn("true")))
	d.Advance(25 * time.Hour)
	golden("confirm-expired", d.Ask("POST", "/api/playbooks/custom_phishing/confirm", `{"digest":"sha256:0"}`, d.Cookie(d.First, soc.RoleManager)))
	if w := ask("DELETE", "/custom_phishing", ""); w.Code != 204 {
		t.Errorf("deleted: %d %s", w.Code, w.Body)
	}
	golden("delete-again", ask("DELETE", "/custom_phishing", ""))
	golden("delete-built-in", ask("DELETE", "/built_in", ""))
}

type playbookState struct {
	Data struct {
		Version int    `json:"version"`
		Enabled bool   `json:"enabled"`
		State   string `json:"state"`
		Pending *struct {
			Digest        string `json:"digest"`
			Confirmations []any  `json:"confirmations"`
		} `json:"pending"`
	} `json:"data"`
}

// TestS60APlaybookThatWidensTakesTwoPeople: nothing is in force before two
// managers in person have confirmed the very version, and then the triage uses
// it; what narrows is in force at once.
func TestS60APlaybookThatWidensTakesTwoPeople(t *testing.T) {
	d := openEmpty(t)
	key := d.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopePlaybooksManage, soc.ScopeIncidentsRead, soc.ScopeIncidentsWrite, soc.ScopeTriageRun}})
	of := func(w *httptest.ResponseRecorder, status int) playbookState {
		return webtest.Decode[playbookState](t, w, status)
	}
	incident := made(t, d.Ask("POST", "/api/incidents", phish, key))
	triaged := func(force string) (name string, actions []string) {
		name = webtest.Decode[struct {
			Data struct {
				Playbook string `json:"playbook"`
			} `json:"data"`
		}](t, d.Ask("POST", "/api/incidents/"+incident+"/triage", `{"force":`+force+`}`, key), 200).Data.Playbook
		actions = webtest.Decode[struct {
			Data struct {
				Actions []string `json:"recommended_actions"`
			} `json:"data"`
		}](t, d.Ask("GET", "/api/incidents/"+incident, "", key), 200).Data.Actions
		return name, actions
	}
	asked := of(d.Ask("POST", "/api/playbooks", enabledOwn("true"), key), 202)
	if asked.Data.Enabled || asked.Data.Pending == nil {
		t.Fatalf("in force already: %+v", asked.Data)
	}
	if name, _ := triaged("true"); name != "sop_phishing" {
		t.Errorf("triage with %s before anybody confirmed", name)
	}
	digest := asked.Data.Pending.Digest
	confirm := func(who string) *httptest.ResponseRecorder {
		return d.Ask("POST", "/api/playbooks/custom_phishing/confirm", `{"digest":"`+digest+`"}`, who)
	}
	first, second := d.Cookie(d.First, soc.RoleManager), d.Cookie(d.First, soc.RoleManager)
	if w := confirm(d.Cookie(d.First, soc.RoleSenior)); w.Code != 403 {
		t.Errorf("a senior: %d %s", w.Code, w.Body)
	}
	if got := of(confirm(first), 200); got.Data.Enabled || len(got.Data.Pending.Confirmations) != 1 {
		t.Errorf("after one: %+v", got.Data)
	}
	if w := confirm(first); w.Code != 409 || webtest.CodeOf(t, w) != "conflict" {
		t.Errorf("the same person: %d %s", w.Code, w.Body)
	}
	if got := of(confirm(second), 200); !got.Data.Enabled || got.Data.Version != 2 || got.Data.Pending != nil {
		t.Errorf("after two: %+v", got.Data)
	}
	if w := confirm(d.Cookie(d.First, soc.RoleManager)); w.Code != 409 || webtest.CodeOf(t, w) != "invalid_state" {
		t.Errorf("used up: %d %s", w.Code, w.Body)
	}
	if name, actions := triaged("false"); name != "custom_phishing" || strings.Join(actions, " ") != "add_comment" {
		t.Errorf("triage with %s recommends %v", name, actions)
	}
	wider := strings.Replace(enabledOwn("true"), `"email_gateway"`, `"email_gateway","wazuh"`, 1)
	if got := of(d.Ask("PUT", "/api/playbooks/custom_phishing", wider, key), 202); got.Data.Version != 2 || got.Data.Pending == nil {
		t.Errorf("wider: %+v", got.Data)
	}
	// Switching it off takes one, at once, and voids what waited.
	if got := of(d.Ask("PUT", "/api/playbooks/custom_phishing", enabledOwn("false"), key), 200); got.Data.Enabled || got.Data.Pending != nil {
		t.Errorf("off: %+v", got.Data)
	}
	if name, _ := triaged("false"); name != "sop_phishing" {
		t.Errorf("triage with %s after it was switched off", name)
	}
}

// TestS43AnAgentNeverChangesPlaybooks: whatever scopes and role its key has.
func TestS43AnAgentNeverChangesPlaybooks(t *testing.T) {
	d := openEmpty(t)
	agent := d.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleAdmin, Scopes: soc.AllScopes})
	for target, method := range map[string]string{
		"": "POST", "/validate": "POST", "/custom_phishing": "PUT", "/custom_phishing/confirm": "POST", "/custom_phishing/reject": "POST",
	} {
		body := map[string]string{"/custom_phishing/confirm": `{"digest":"x"}`, "/custom_phishing/reject": `{"reason":"x"}`}[target]
		if body == "" {
			body = enabledOwn("true")
		}
		if w := d.Ask(method, "/api/playbooks"+target, body, agent); w.Code != 403 {
			t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
	}
}
