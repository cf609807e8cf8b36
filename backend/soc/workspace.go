package soc

import "time"

// Organization operates workspaces and owns people and credentials.
type Organization struct {
	ID        string
	Name      string
	CreatedAt time.Time
	// SecondFactorRoles are those whose people must have a second factor (S49).
	SecondFactorRoles []Role
}

// Workspace is a tenant.
type Workspace struct {
	ID           string
	Organization string
	Name         string
	// Locked refuses every write but ingest; LegalHold keeps anything from being
	// deleted.
	Locked         bool
	LegalHold      bool
	CreatedAt      time.Time
	IncidentSerial int64
	PolicyVersion  int64
}

// WorkspaceChange locks a workspace or holds it; nil members stay.
type WorkspaceChange struct {
	Workspace         string
	Locked, LegalHold *bool
	Reason            string
}

// Person signs in at the console or the ops API.
type Person struct {
	ID                string
	Organization      string
	Email             string
	Name              string
	PasswordHash      string
	OrganizationAdmin bool
	Disabled          bool
	CreatedAt         time.Time
	// FailedLogins counts wrong passwords since the last right one; RetryAt is
	// when the next attempt is looked at (S49).
	FailedLogins int
	RetryAt      time.Time
	// SecondFactor is true for whoever has enrolled one; SecondFactorRoles are
	// those of the organization that have to.
	SecondFactor      bool
	SecondFactorRoles []Role
	// Grants are roles per workspace id.
	Grants map[string]Role
}

// Session is a person's login. Token is never stored, only its SHA-256.
type Session struct {
	ID              string
	Person          string
	TokenHash       []byte
	AuthenticatedAt time.Time
	CreatedAt       time.Time
	LastSeenAt      time.Time
	ExpiresAt       time.Time
	// SecondFactor is true once the session proved its person's second factor.
	SecondFactor bool
	// Address and Client (the agent string) are claims of whoever signed in.
	Address string
	Client  string
}

// Credential is an API key, or a service account when ClientID is set (Basic).
type Credential struct {
	ID           string
	Organization string
	Kind         PrincipalKind
	Name         string
	// Prefix is shown in lists; SecretHash is the SHA-256 of the secret.
	Prefix     string
	ClientID   string
	SecretHash []byte
	// OAuthClient is the client's id at the token issuer (M14); such a credential
	// has no secret of ours.
	OAuthClient string
	// FormerHash is the secret before the last rotation, good until FormerUntil.
	FormerHash  []byte
	FormerUntil time.Time
	Scopes      []Scope
	Workspaces  []string
	Role        Role
	// Agent is the agent identity of an agent key; Owner the person of a
	// personal key; Source ties an ingest key to one source.
	Agent      string
	Owner      string
	Source     string
	CreatedBy  string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	RevokedAt  time.Time
	LastUsedAt time.Time
}

// Agent is an agent identity; several keys may belong to it.
type Agent struct {
	ID           string
	Organization string
	Name         string
	// Description is what people say it is for.
	Description string
	SuspendedAt time.Time
	// SuspendedBy is who suspended it: a person, a key, or "containment".
	SuspendedBy  string
	SuspendedWhy string
	CreatedAt    time.Time
}

// AgentWords is what people say of an agent: its name and what it is for.
type AgentWords struct{ Name, Description string }

// AgentRecord is an agent identity with what people need to judge it.
type AgentRecord struct {
	Agent Agent
	// Keys are its credentials that have not ended.
	Keys []Credential
	// Refusals are its hard refusals in the period that containment looks at.
	Refusals int
}
