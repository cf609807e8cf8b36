package soc

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

var keyTime = time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)

func agentKey() NewCredential {
	return NewCredential{
		Kind: PrincipalAgent, Name: "triage-agent", Role: RoleSenior, Workspaces: []string{"w"},
		Scopes: []Scope{ScopeIncidentsRead, ScopeAgentToolsExecute},
	}
}

func TestS52RefusedCombinations(t *testing.T) {
	tests := []struct {
		name   string
		change func(*NewCredential)
		field  string // "" passes
	}{
		{"agent key", func(*NewCredential) {}, ""},
		{"execute below senior", func(n *NewCredential) { n.Role = RoleAnalyst }, "scopes"},
		{"runs:work on an agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeRunsWork} }, ""},
		{"runs:work on a service", func(n *NewCredential) { n.Kind, n.Scopes = PrincipalService, []Scope{ScopeRunsWork} }, "scopes"},
		{"ops:read on an agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeOpsRead} }, "scopes"},
		{"audit:read on an agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeAuditRead} }, "scopes"},
		{"ingest by an agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeAlertsWrite} }, "scopes"},
		{"webhooks on an agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeWebhooksManage} }, "scopes"},
		{"hiding agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeObservablesWrite} }, "scopes"},
		{"dismissing agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeAlertsTriage} }, "scopes"},
		{"deleting agent", func(n *NewCredential) { n.Scopes = []Scope{ScopeIncidentsDelete} }, "scopes"},
		{"drafting person", func(n *NewCredential) { n.Kind, n.Owner, n.Scopes = PrincipalPerson, "p", []Scope{ScopeOpsDraft} }, "scopes"},
		{"reading person", func(n *NewCredential) { n.Kind, n.Owner, n.Scopes = PrincipalPerson, "p", []Scope{ScopeOpsRead} }, ""},
		{"person without person", func(n *NewCredential) { n.Kind = PrincipalPerson }, "kind"},
		{"agent with person", func(n *NewCredential) { n.Owner = "p" }, "kind"},
		{"service account of an agent", func(n *NewCredential) { n.ServiceAccount = true }, "kind"},
		{"no scope", func(n *NewCredential) { n.Scopes = nil }, "scopes"},
		{"scope twice", func(n *NewCredential) { n.Scopes = []Scope{ScopeIncidentsRead, ScopeIncidentsRead} }, "scopes"},
		{"made-up scope", func(n *NewCredential) { n.Scopes = []Scope{"gamebooks:approve"} }, "scopes"},
		{"no workspace", func(n *NewCredential) { n.Workspaces = nil }, "workspaceIds"},
		{"workspace twice", func(n *NewCredential) { n.Workspaces = []string{"w", "w"} }, "workspaceIds"},
		{"past expiry", func(n *NewCredential) { n.ExpiresAt = keyTime }, "expiresAt"},
		{"system", func(n *NewCredential) { n.Kind = PrincipalSystem }, "kind"},
		{"no role", func(n *NewCredential) { n.Role = RoleNone }, "role"},
		{"hidden name", func(n *NewCredential) { n.Name = "a\u202eb" }, "name"},
		{"source on an agent", func(n *NewCredential) { n.Source = "wazuh" }, "source"},
		{"ingest key", func(n *NewCredential) {
			n.Kind, n.Role, n.Scopes, n.Source = PrincipalService, RoleViewer, []Scope{ScopeAlertsWrite}, "wazuh"
		}, ""},
		{"ingest key of a case variant", func(n *NewCredential) {
			n.Kind, n.Role, n.Scopes, n.Source = PrincipalService, RoleViewer, []Scope{ScopeAlertsWrite}, "SENTINEL"
		}, "source"},
	}
	for _, test := range tests {
		n := agentKey()
		test.change(&n)
		err := n.Check(keyTime)
		if (err == nil) != (test.field == "") {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err != nil && !slices.Contains(slices.Collect(maps.Keys(AsError(err).Fields)), test.field) {
			t.Errorf("%s: fields %v, want %s", test.name, AsError(err).Fields, test.field)
		}
	}
}

// No scope of the list lets its holder decide anything.
func TestS4NoScopeDecides(t *testing.T) {
	for _, scope := range AllScopes {
		for _, word := range []string{"approve", "deny", "confirm", "release", "accept", "grant"} {
			if strings.Contains(string(scope), word) {
				t.Errorf("scope %s", scope)
			}
		}
	}
}

func TestS52RotationOverlap(t *testing.T) {
	now, next := HashSecret("now"), HashSecret("next")
	c := Credential{SecretHash: next, FormerHash: now, FormerUntil: keyTime.Add(time.Hour)}
	for _, test := range []struct {
		hash        []byte
		at          time.Time
		right, live bool
	}{
		{next, keyTime, true, true},
		{now, keyTime, true, true},
		{now, keyTime.Add(time.Hour), true, false},
		{next, keyTime.Add(time.Hour), true, true},
		{HashSecret("other"), keyTime, false, false},
		{nil, keyTime, false, false},
	} {
		if right, live := c.Accepts(test.hash, test.at); right != test.right || live != test.live {
			t.Errorf("%x at %v: right %v live %v", test.hash, test.at, right, live)
		}
	}
	c = Credential{SecretHash: next, ExpiresAt: keyTime}
	if right, live := c.Accepts(nil, keyTime); right || live {
		t.Error("no secret is not the former one of a key that was never rotated")
	}
	if right, live := c.Accepts(next, keyTime); !right || live {
		t.Error("an expired key is right and not live")
	}
}
