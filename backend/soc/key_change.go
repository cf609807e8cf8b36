package soc

import (
	"slices"
	"time"
)

// CredentialChange asks for other terms of a credential; nil members stay.
type CredentialChange struct {
	Name       *string
	Scopes     []Scope // nil stays
	Workspaces []string
	Role       *Role
	Source     *string
	ExpiresAt  *time.Time
	Reason     string
}

// ChangedKey is a credential on terms that are in force, or the change that they
// wait as.
type ChangedKey struct {
	Credential Credential
	Change     *PolicyChange
}

// Terms are a credential as somebody would ask for it.
func (c Credential) Terms() NewCredential {
	return NewCredential{
		Organization: c.Organization, Kind: c.Kind, Name: c.Name, Scopes: slices.Clone(c.Scopes), Workspaces: slices.Clone(c.Workspaces), Role: c.Role,
		Agent: c.Agent, Owner: c.Owner, Source: c.Source, ExpiresAt: c.ExpiresAt, ServiceAccount: c.ClientID != "", OAuthClient: c.OAuthClient,
	}
}

// On are terms with what a change states put in.
func (in CredentialChange) On(n NewCredential) NewCredential {
	if in.Name != nil {
		n.Name = *in.Name
	}
	if in.Scopes != nil {
		n.Scopes = in.Scopes
	}
	if in.Workspaces != nil {
		n.Workspaces = in.Workspaces
	}
	if in.Role != nil {
		n.Role = *in.Role
	}
	if in.Source != nil {
		n.Source = *in.Source
	}
	if in.ExpiresAt != nil {
		n.ExpiresAt = in.ExpiresAt.UTC().Truncate(time.Second) // as a change shows it
	}
	return n
}

// Widens reports whether terms let a credential do more than others, or for
// longer (S60): a scope, a workspace or a source that was not there, a higher
// role, a later expiry. What is not known to take away, widens.
func (n NewCredential) Widens(before NewCredential) bool {
	for _, scope := range n.Scopes {
		if !slices.Contains(before.Scopes, scope) {
			return true
		}
	}
	for _, workspace := range n.Workspaces {
		if !slices.Contains(before.Workspaces, workspace) {
			return true
		}
	}
	if !before.Role.AtLeast(n.Role) {
		return true
	}
	if n.Source != before.Source && before.Source != "" {
		return true
	}
	if before.ExpiresAt.IsZero() {
		return false
	}
	return n.ExpiresAt.IsZero() || n.ExpiresAt.After(before.ExpiresAt)
}
