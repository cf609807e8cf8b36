package backend

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// TestS33OnlyTheOperatorReleasesTheWholeServer: on a server of several
// organizations two people of any one of them must not start what the operator
// stopped for all.
func TestS33OnlyTheOperatorReleasesTheWholeServer(t *testing.T) {
	b := lite(t)
	b.wait(time.Second)
	other, err := b.CreateOrganization(ctx, b.host, "Tenant")
	b.must(err)
	w, err := b.CreateWorkspace(ctx, b.host, other.ID, "Theirs")
	b.must(err)
	tenant := func(name string, role soc.Role, admin bool) soc.Actor {
		p := soc.Person{
			ID: uuid.NewString(), Organization: other.ID, Email: name + "@example.net", Name: name, PasswordHash: "x", CreatedAt: b.now(),
			OrganizationAdmin: admin, Grants: map[string]soc.Role{w.ID: role},
		}
		b.write(func(tx *store.Tx) error { return tx.InsertPerson(p) })
		return soc.Actor{
			Kind: soc.PrincipalPerson, ID: p.ID, Organization: other.ID, OrganizationAdmin: admin, Workspace: w.ID, Role: role, Granted: role,
			Grants: p.Grants, Session: true, AuthenticatedAt: b.now(),
		}
	}
	_, err = b.EngageKillSwitch(ctx, b.host, soc.KillOrder{Scope: soc.KillGlobal, Reason: "stop", Via: "cli"})
	b.must(err)
	release := soc.KillOrder{Scope: soc.KillGlobal, Reason: "over", Via: "api"}
	for _, by := range []soc.Actor{tenant("theirs-mgr", soc.RoleManager, false), tenant("theirs-adm", soc.RoleManager, true)} {
		_, _, err := b.ReleaseKillSwitch(ctx, by, release)
		refusedWith(t, "another organization", err, soc.Denied, soc.CodeForbidden)
	}
	// An organization's own switch stays its own affair.
	own := tenant("theirs-sr", soc.RoleSenior, false)
	_, err = b.EngageKillSwitch(ctx, own, soc.KillOrder{Scope: soc.KillGlobal, Reason: "ours", Via: "api"})
	b.must(err)
	for i, by := range []soc.Actor{own, tenant("theirs-mgr2", soc.RoleManager, false)} {
		if k, released, err := b.ReleaseKillSwitch(ctx, by, release); err != nil || released != (i == 1) || k.ID != other.ID {
			t.Errorf("their own: %+v %v %v", k, released, err)
		}
	}
	for i, name := range []string{"sr1", "mgr"} {
		if k, released, err := b.ReleaseKillSwitch(ctx, b.as(name), release); err != nil || released != (i == 1) || k.ID != "" {
			t.Errorf("the operator's %s: %+v %v %v", name, k, released, err)
		}
	}
}

// TestS33TheRoleCountsWhereTheSwitchStops: a manager of one workspace is
// nobody in another, whichever workspace the request names.
func TestS33TheRoleCountsWhereTheSwitchStops(t *testing.T) {
	b := lite(t)
	grant := func(name string, role soc.Role) {
		b.write(func(tx *store.Tx) error {
			return tx.SetGrant(soc.WorkspaceGrant{Person: b.people[name].ID, Workspace: b.second, Role: role})
		})
		p := b.people[name]
		p.Grants = map[string]soc.Role{b.first: p.Grants[b.first], b.second: role}
		b.people[name] = p
	}
	grant("mgr", soc.RoleAnalyst)
	grant("sr1", soc.RoleSenior)
	grant("sr2", soc.RoleSenior)
	grant("op1", soc.RoleManager)
	_, err := b.EngageKillSwitch(ctx, b.host, soc.KillOrder{Scope: soc.KillWorkspace, ID: b.second, Reason: "stop", Via: "cli"})
	b.must(err)
	release := soc.KillOrder{Scope: soc.KillWorkspace, ID: b.second, Reason: "over", Via: "api"}
	_, _, err = b.ReleaseKillSwitch(ctx, b.as("mgr"), release)
	refusedWith(t, "an analyst there", err, soc.Denied, soc.CodeInsufficientWorkspaceRole)
	for _, name := range []string{"sr1", "sr2"} {
		if _, released, err := b.ReleaseKillSwitch(ctx, b.as(name), release); err != nil || released {
			t.Errorf("%s without a manager: %v %v", name, released, err)
		}
	}
	// The first of the two counts by the role there is when the second comes.
	there := b.as("op1")
	there.Workspace, there.Role, there.Granted = b.second, soc.RoleManager, soc.RoleManager
	b.write(func(tx *store.Tx) error {
		return tx.SetGrant(soc.WorkspaceGrant{Person: b.people["sr2"].ID, Workspace: b.second, Role: soc.RoleViewer})
	})
	if _, released, err := b.ReleaseKillSwitch(ctx, there, release); err != nil || released {
		t.Errorf("the first was demoted: %v %v", released, err)
	}
	if _, released, err := b.ReleaseKillSwitch(ctx, b.as("sr1"), release); err != nil || !released {
		t.Errorf("%v %v", released, err)
	}
	if len(b.switches()) != 0 {
		t.Error("still engaged")
	}
}

func (b *bench) switches() []soc.KillSwitch {
	b.t.Helper()
	engaged, err := b.store.Read(ctx).KillSwitches("")
	b.must(err)
	return engaged
}
