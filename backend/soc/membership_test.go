package soc

import "testing"

func TestS44WorkspaceOfTheCredential(t *testing.T) {
	own, other, foreign := &Workspace{ID: "a", Organization: "o"}, &Workspace{ID: "b", Organization: "o"}, &Workspace{ID: "c", Organization: "p"}
	analyst := Actor{Kind: PrincipalPerson, Session: true, Organization: "o", Grants: map[string]Role{"a": RoleAnalyst}}
	admin := analyst
	admin.OrganizationAdmin = true
	for _, test := range []struct {
		name     string
		by       Actor
		to       *Workspace
		kind     Kind
		role     Role
		deciding Role
	}{
		{"granted", analyst, own, "", RoleAnalyst, RoleAnalyst},
		{"no role", analyst, other, Denied, "", ""},
		{"foreign", analyst, foreign, NotFound, "", ""},
		{"unknown", analyst, nil, NotFound, "", ""},
		{"admin where granted", admin, own, "", RoleAdmin, RoleAnalyst},
		{"admin alone", admin, other, "", RoleAdmin, RoleNone},
		{"admin of another organization", admin, foreign, NotFound, "", ""},
		{"nobody", Actor{}, &Workspace{ID: "x"}, Denied, "", ""},
	} {
		in, err := test.by.InWorkspace(test.to)
		if KindOf(err) != test.kind || in.Role != test.role || in.DecidingRole() != test.deciding {
			t.Errorf("%s: %v, role %q, deciding %q", test.name, err, in.Role, in.DecidingRole())
		}
	}
	// The two 404 tell nothing apart.
	_, unknown := analyst.InWorkspace(nil)
	_, elsewhere := analyst.InWorkspace(foreign)
	if unknown.Error() != elsewhere.Error() {
		t.Errorf("%v and %v", unknown, elsewhere)
	}
}

func TestS4OnlyASessionDecides(t *testing.T) {
	grants := map[string]Role{"a": RoleManager}
	for _, by := range []Actor{
		{Kind: PrincipalPerson, Grants: grants},
		{Kind: PrincipalService, Grants: grants},
		{Kind: PrincipalAgent, Grants: grants},
		{Kind: PrincipalAgent, Session: true, Grants: grants},
		{Kind: PrincipalPerson, Session: true, Grants: map[string]Role{"a": RoleAdmin}},
	} {
		if in, ok := by.InGranted("a"); !ok || in.DecidingRole() != RoleNone {
			t.Errorf("%+v decides", by)
		}
	}
}
