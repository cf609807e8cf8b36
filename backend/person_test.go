package backend

import (
	"testing"
	"time"

	"vedette/backend/soc"
)

// TestS4WhoAdministers is the table of actor and right: nobody but the host
// gives out more than viewer alone, and no key makes anybody (S4, S60).
func TestS4WhoAdministers(t *testing.T) {
	h := newHouse(t)
	h.person("adm", true, soc.RoleNone)
	h.person("mgr", false, soc.RoleManager)
	h.person("vw", false, soc.RoleViewer)
	adm, _ := h.session("adm")
	mgr, _ := h.session("mgr")
	opsScopes := []soc.Scope{soc.ScopeOpsRead, soc.ScopeOpsDraft, soc.ScopeOpsTighten, soc.ScopeAuditRead}
	ops := h.authenticated(h.key("ops", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleAdmin, Scopes: opsScopes}))
	agent := h.authenticated(h.key("ag", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}}))
	foreign, err := h.CreateOrganization(ctx, h.host, "Foreign")
	h.must(err)
	stranger := adm
	stranger.Organization, stranger.ID = foreign.ID, "stranger"

	actors := map[string]soc.Actor{"nobody": {}, "host": h.host, "adm": adm, "mgr": mgr, "ops key": ops, "agent": agent, "foreign admin": stranger}
	n := 0
	newPerson := func(role soc.Role, admin bool) func(soc.Actor) error {
		return func(by soc.Actor) error {
			n++
			_, err := h.CreatePerson(ctx, by, soc.NewPerson{
				Organization: h.organization, Email: "p" + string(rune('a'+n)) + "@example.org", Name: "P", Password: testPassword,
				OrganizationAdmin: admin, Grants: map[string]soc.Role{h.first: role},
			})
			return err
		}
	}
	newKey := func(role soc.Role) func(soc.Actor) error {
		return func(by soc.Actor) error {
			_, err := h.CreateKey(ctx, by, soc.NewCredential{
				Organization: h.organization, Kind: soc.PrincipalService, Name: "k", Role: role, Workspaces: []string{h.first}, Scopes: []soc.Scope{soc.ScopeIncidentsRead},
			})
			return err
		}
	}
	on := true
	rights := []struct {
		name string
		call func(soc.Actor) error
		may  map[string]bool
	}{
		{"make a viewer", newPerson(soc.RoleViewer, false), map[string]bool{"host": true, "adm": true}},
		{"make an analyst", newPerson(soc.RoleAnalyst, false), map[string]bool{"host": true}},
		{"make an admin", newPerson(soc.RoleViewer, true), map[string]bool{"host": true}},
		{"make a viewer key", newKey(soc.RoleViewer), map[string]bool{"host": true, "adm": true}},
		{"make an admin key", newKey(soc.RoleAdmin), map[string]bool{"host": true}},
		{"raise a role", func(by soc.Actor) error {
			err := h.GrantRole(ctx, by, soc.WorkspaceGrant{Person: h.people["vw"].ID, Workspace: h.first, Role: soc.RoleSenior})
			h.must(h.GrantRole(ctx, h.host, soc.WorkspaceGrant{Person: h.people["vw"].ID, Workspace: h.first, Role: soc.RoleViewer}))
			return err
		}, map[string]bool{"host": true}},
		{"take a role", func(by soc.Actor) error {
			return h.GrantRole(ctx, by, soc.WorkspaceGrant{Person: h.people["vw"].ID, Workspace: h.first})
		}, map[string]bool{"host": true, "adm": true}},
		{"make a workspace", func(by soc.Actor) error {
			_, err := h.CreateWorkspace(ctx, by, h.organization, "W")
			return err
		}, map[string]bool{"host": true, "adm": true}},
		{"make an organization", func(by soc.Actor) error { _, err := h.CreateOrganization(ctx, by, "O"); return err }, map[string]bool{"host": true}},
		{"change settings alone", func(by soc.Actor) error {
			_, err := h.ChangeSettings(ctx, by, soc.SettingsChange{Workspace: h.first, Severity: soc.SeverityLow, Gamebooks: &on})
			return err
		}, map[string]bool{"host": true}},
		{"list keys", func(by soc.Actor) error { _, err := h.ListKeys(ctx, by, h.organization); return err }, map[string]bool{"host": true, "adm": true}},
		{"revoke a key", func(by soc.Actor) error {
			issued, err := h.CreateKey(ctx, h.host, soc.NewCredential{
				Organization: h.organization, Kind: soc.PrincipalService, Name: "k", Role: soc.RoleViewer, Workspaces: []string{h.first}, Scopes: []soc.Scope{soc.ScopeIncidentsRead},
			})
			h.must(err)
			return h.RevokeKey(ctx, by, issued.Credential.ID)
		}, map[string]bool{"host": true, "adm": true, "ops key": true}},
		{"suspend an agent", func(by soc.Actor) error { _, err := h.SuspendAgent(ctx, by, h.keys["ag"].Agent, "r"); return err }, map[string]bool{"host": true, "mgr": true, "ops key": true}},
		{"lift a suspension", func(by soc.Actor) error { _, err := h.UnsuspendAgent(ctx, by, h.keys["ag"].Agent, "r"); return err }, map[string]bool{"host": true, "mgr": true}},
		{"disable a person", func(by soc.Actor) error { return h.DisablePerson(ctx, by, h.people["vw"].ID, "left") }, map[string]bool{"host": true, "adm": true, "ops key": true}},
	}
	for _, right := range rights {
		for name, by := range actors {
			err := right.call(by)
			want := right.may[name] || name == "adm" && (right.name == "suspend an agent" || right.name == "lift a suspension")
			if (err == nil) != want {
				t.Errorf("%s may %s: %v", name, right.name, err)
			}
			if kind := soc.KindOf(err); err != nil && kind != soc.Denied && kind != soc.Unauthenticated && kind != soc.NotFound {
				t.Errorf("%s, %s: %s", name, right.name, kind)
			}
		}
	}
}

func TestNobodyChangesTheirOwnRoles(t *testing.T) {
	h := newHouse(t)
	h.person("adm", true, soc.RoleSenior)
	adm, _ := h.session("adm")
	refusedWith(t, "own role", h.GrantRole(ctx, adm, soc.WorkspaceGrant{Person: adm.ID, Workspace: h.first, Role: soc.RoleViewer}), soc.Denied, soc.CodeForbidden)
	refusedWith(t, "disable oneself", h.DisablePerson(ctx, adm, adm.ID, "left"), soc.Denied, soc.CodeForbidden)
	if e := h.audited("roles_changed_refused"); e.Code != soc.CodeForbidden || e.Target != adm.ID {
		t.Errorf("%+v", e)
	}
}

func TestS63AgentIsContained(t *testing.T) {
	h := newHouse(t)
	secret := h.key("ag", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	sibling := h.key("ag2", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}, Agent: h.keys["ag"].Agent})
	other := h.key("other", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleSenior, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	refuse := func(times int, code soc.Code) {
		for range times {
			h.must(h.RecordRefusal(ctx, h.authenticated(secret), soc.Call{Door: "mcp", Operation: "get_incident"}, soc.Errorf(soc.NotFound, code, "x")))
		}
	}
	refuse(40, soc.CodeValidationError) // slips of form do not count
	refuse(19, soc.CodeNotFound)
	h.wait(11 * time.Minute) // and old ones are forgotten
	refuse(19, soc.CodeForbidden)
	if h.authenticated(secret).Suspended {
		t.Fatal("suspended after nineteen refusals")
	}
	refuse(1, soc.CodePolicyForbids)
	for _, key := range []string{secret, sibling} {
		by := h.authenticated(key)
		refusedWith(t, "suspended", by.May(soc.ScopeIncidentsRead, soc.RoleViewer), soc.Denied, soc.CodeAgentSuspended)
	}
	if h.authenticated(other).Suspended {
		t.Error("another agent is suspended too")
	}
	h.Desk = New(Config{Store: h.store, Now: h.now}) // another process
	if !h.authenticated(sibling).Suspended {
		t.Error("a restart lifted the suspension")
	}
	if e := h.audited("agent_suspended"); e.ActorKind != soc.PrincipalSystem || e.Target != h.keys["ag"].Agent {
		t.Errorf("%+v", e)
	}
	h.person("sr1", false, soc.RoleSenior)
	senior, _ := h.session("sr1")
	_, err := h.UnsuspendAgent(ctx, senior, h.keys["ag"].Agent, "it was a broken script")
	h.must(err)
	refuse(19, soc.CodeNotFound)
	if h.authenticated(secret).Suspended {
		t.Error("refusals from before the lift still count")
	}
}

func TestChangeSettingsRaisesTheVersionOnce(t *testing.T) {
	h := newHouse(t)
	on := true
	change := soc.SettingsChange{Workspace: h.first, Severity: soc.SeverityHigh, Gamebooks: &on, Reason: "pilot"}
	facts, err := h.ChangeSettings(ctx, h.host, change)
	h.must(err)
	if facts.Version != 2 || !facts.Settings[soc.SeverityHigh].Gamebooks || facts.Settings[soc.SeverityLow].Gamebooks {
		t.Errorf("%+v", facts)
	}
	facts, err = h.ChangeSettings(ctx, h.host, change)
	h.must(err)
	if facts.Version != 2 {
		t.Errorf("an equal change made version %d", facts.Version)
	}
	other, err := h.GetPolicy(ctx, h.host, h.second)
	h.must(err)
	if other.Version != 1 || other.Settings[soc.SeverityHigh].Gamebooks {
		t.Error("another workspace changed too")
	}
	bad := soc.Ceiling{Class: soc.ClassIrreversible, Impact: soc.ImpactLow}
	_, err = h.ChangeSettings(ctx, h.host, soc.SettingsChange{Workspace: h.first, Severity: soc.SeverityHigh, CeilingClean: &bad})
	refusedWith(t, "irreversible ceiling", err, soc.Invalid, soc.CodeValidationError)
}
