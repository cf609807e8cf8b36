package soc

// May is the first question of every operation, and of every door before it
// looks at a body: is there a live principal, is it in good standing, does it
// hold the scope, and then the role, in this order (portal-api.md section 2).
// An empty scope or role asks for none. The system and the host need no role.
func (a Actor) May(scope Scope, least Role) error {
	if a.Kind == "" {
		return Errorf(Unauthenticated, CodeUnauthorized, "Missing or invalid credentials.")
	}
	if a.Suspended {
		return Errorf(Denied, CodeAgentSuspended, "This agent is suspended after too many refused requests.").
			WithFix("Stop. A person has to look at the agent and lift the suspension.")
	}
	if err := a.MayScope(scope); err != nil {
		return err
	}
	if least == RoleNone || a.Kind == PrincipalSystem || a.Kind == PrincipalHost {
		return nil
	}
	if a.Workspace == "" || !a.Role.AtLeast(least) {
		e := Errorf(Denied, CodeInsufficientWorkspaceRole, "This needs the role %s in the workspace.", least).
			WithFix("Ask an administrator for the role %s.", least)
		e.Roles = []Role{least}
		return e
	}
	return nil
}

// MayScope is the part of May that needs no workspace.
func (a Actor) MayScope(scope Scope) error {
	if scope == "" || a.Has(scope) {
		return nil
	}
	e := Errorf(Denied, CodeInsufficientScope, "The credential lacks the scope %s.", scope).
		WithFix("Use a credential that holds %s.", scope)
	e.Target = string(scope)
	return e
}
