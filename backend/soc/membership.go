package soc

// InWorkspace is the actor narrowed to a workspace: an unknown workspace (nil)
// and one of another organization are the same 404 (S44), one of its own
// organization without a role is Denied.
func (a Actor) InWorkspace(w *Workspace) (Actor, error) {
	if w == nil || w.Organization != a.Organization {
		return a, NotFoundf("There is no such workspace.")
	}
	return a.inGranted(w.ID)
}

// InGranted is InWorkspace for an id that need not be looked up, because
// authentication found a grant for it; ok is false where it did not.
func (a Actor) InGranted(id string) (in Actor, ok bool) {
	if _, granted := a.Grants[id]; !granted {
		return a, false
	}
	in, err := a.inGranted(id)
	return in, err == nil
}

func (a Actor) inGranted(id string) (Actor, error) {
	granted, held := a.Grants[id]
	if !held && !a.OrganizationAdmin {
		return a, Errorf(Denied, CodeInsufficientWorkspaceRole, "This needs a role in the workspace.").
			WithFix("Ask an administrator for a role there.")
	}
	a.Workspace, a.Role, a.Granted = id, granted, granted
	if a.OrganizationAdmin {
		a.Role = RoleAdmin
	}
	return a, nil
}

// DecidingRole is the role that counts where something is approved, denied,
// accepted or released: the one granted in the workspace. To be admin, of the
// organization or there, is to configure and decides nothing (safety.md
// section 1), and only a person's session decides (S4).
func (a Actor) DecidingRole() Role {
	if !a.Session || a.Kind != PrincipalPerson || a.Granted == RoleAdmin {
		return RoleNone
	}
	return a.Granted
}

// LesserRole is the smaller of two roles; no role is the smallest.
func LesserRole(a, b Role) Role {
	if a.AtLeast(b) {
		return b
	}
	return a
}

// WorkspaceGrant gives a person a role in a workspace; RoleNone takes it away.
type WorkspaceGrant struct {
	Person, Workspace string
	Role              Role
}
