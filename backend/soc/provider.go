package soc

import (
	"slices"
	"time"
)

// ProviderRules say what the people of an OpenID Connect provider are here.
// Whoever runs the server states them.
type ProviderRules struct {
	// Issuer is the provider, exactly as in its tokens. Empty for none.
	Issuer string
	// Grants give roles by group. Where there are some, they decide the roles in
	// every workspace that they name, at each sign-in; without any, roles are
	// given here and people have to be known here.
	Grants []ProviderGrant
}

// ProviderGrant gives a role in a workspace to a group of the provider.
type ProviderGrant struct {
	Group     string
	Workspace string
	Role      Role
}

// ProviderIdentity is what a provider proved of somebody who signs in.
type ProviderIdentity struct {
	Issuer, Subject string
	// Email is empty unless the provider says that it is verified.
	Email, Name string
	Groups      []string
	// AuthenticatedAt is when the person last proved to the provider who they
	// are; zero if it does not say.
	AuthenticatedAt time.Time
}

// Roles are the roles of somebody with these groups in every workspace that the
// rules name, the highest where several apply, RoleNone where none does.
func (r ProviderRules) Roles(groups []string) map[string]Role {
	roles := map[string]Role{}
	for _, g := range r.Grants {
		role := roles[g.Workspace]
		if slices.Contains(groups, g.Group) && !role.AtLeast(g.Role) {
			role = g.Role
		}
		roles[g.Workspace] = role
	}
	return roles
}
