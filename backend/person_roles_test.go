package backend

import (
	"testing"

	"vedette/backend/soc"
)

// TestS60RolesAboveViewerTakeTwoPeople: to take a role away takes one admin, to
// give one takes somebody else of that workspace too, and never whom it is for.
func TestS60RolesAboveViewerTakeTwoPeople(t *testing.T) {
	h := newHouse(t)
	target := h.person("op1", false, soc.RoleAnalyst)
	h.person("admin", true, soc.RoleNone)
	h.person("mgr", false, soc.RoleManager)
	admin, _ := h.session("admin")
	manager, _ := h.session("mgr")
	_, token := h.session("op1")
	roles := func() map[string]soc.Role {
		t.Helper()
		p, _, err := h.store.Read(ctx).Person(target.ID)
		h.must(err)
		return p.Grants
	}
	ask := func(by soc.Actor, grants map[string]soc.Role) (soc.RoleOutcome, error) {
		return h.SetRoles(ctx, by, soc.RoleChange{Person: target.ID, Grants: grants, Reason: "on call"})
	}
	confirm := func(by soc.Actor, c soc.PolicyChange) (soc.PolicyChange, error) {
		by.Workspace = c.Workspace
		if by.OrganizationAdmin {
			by.Role = soc.RoleAdmin
		}
		return h.DecideChange(ctx, by, soc.ChangeDecision{ID: c.ID, Digest: c.Digest, Confirm: true})
	}

	_, err := ask(manager, map[string]soc.Role{h.first: soc.RoleViewer})
	refusedWith(t, "a manager", err, soc.Denied, soc.CodeForbidden)
	_, err = h.SetRoles(ctx, admin, soc.RoleChange{Person: admin.ID, Grants: map[string]soc.Role{h.first: soc.RoleAdmin}})
	refusedWith(t, "the own roles", err, soc.Denied, soc.CodeForbidden)
	_, err = ask(admin, map[string]soc.Role{h.first: soc.RoleSenior, h.second: soc.RoleAnalyst})
	refusedWith(t, "two workspaces", err, soc.Invalid, soc.CodeValidationError)
	yes := true
	_, err = h.SetRoles(ctx, admin, soc.RoleChange{Person: target.ID, Grants: target.Grants, OrganizationAdmin: &yes})
	refusedWith(t, "an admin of the organization", err, soc.Denied, soc.CodeForbidden)

	out, err := ask(admin, map[string]soc.Role{h.first: soc.RoleManager, h.second: soc.RoleViewer})
	h.must(err)
	c := out.Change
	if c == nil || c.Kind != soc.PartRoles || c.Workspace != h.first || len(c.Diff) != 2 || len(c.Confirmations) != 1 || roles()[h.first] != soc.RoleAnalyst || len(roles()) != 1 {
		t.Fatalf("%+v %v", c, roles())
	}
	if again, err := ask(admin, map[string]soc.Role{h.first: soc.RoleManager, h.second: soc.RoleViewer}); err != nil || again.Change.ID != c.ID {
		t.Errorf("asked again: %+v %v", again.Change, err)
	}
	_, err = confirm(admin, *c)
	refusedWith(t, "the same person", err, soc.Conflict, soc.CodeConflict)
	other := *c
	other.Digest = "sha256:other"
	_, err = confirm(manager, other)
	refusedWith(t, "another digest", err, soc.Conflict, soc.CodeDigestMismatch)
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err != nil {
		t.Errorf("a change that waits ended a session: %v", err)
	}
	done, err := confirm(manager, *c)
	h.must(err)
	if done.State != soc.ChangeApplied || roles()[h.first] != soc.RoleManager || roles()[h.second] != soc.RoleViewer {
		t.Errorf("%s %v", done.State, roles())
	}
	if _, err := h.AuthenticateSession(ctx, token, soc.Caller{}); err == nil {
		t.Error("a session outlived a change of roles")
	}

	// Whom it is for does not count, whatever they hold by now.
	out, err = ask(admin, map[string]soc.Role{h.first: soc.RoleAdmin, h.second: soc.RoleViewer})
	h.must(err)
	own, _ := h.session("op1")
	_, err = confirm(own, *out.Change)
	refusedWith(t, "whom it is for", err, soc.Denied, soc.CodeRequesterCannotApprove)

	// Less is in force at once.
	out, err = ask(admin, map[string]soc.Role{h.second: soc.RoleViewer})
	h.must(err)
	if out.Change != nil || len(roles()) != 1 || roles()[h.second] != soc.RoleViewer {
		t.Errorf("%+v %v", out.Change, roles())
	}
	if e := h.audited("roles_changed"); e.Actor != admin.ID || e.Target != target.ID {
		t.Errorf("%+v", e)
	}
}
