package soc

import (
	"slices"
	"time"
)

// PrincipalKind is what a credential is, fixed when it is made.
type PrincipalKind string

// The principal kinds. Host is the local command line (ops-api.md section 13).
const (
	PrincipalPerson  PrincipalKind = "person"
	PrincipalAgent   PrincipalKind = "agent"
	PrincipalService PrincipalKind = "service"
	PrincipalSystem  PrincipalKind = "system"
	PrincipalHost    PrincipalKind = "host"
)

// AllPrincipalKinds lists the kinds.
var AllPrincipalKinds = []PrincipalKind{PrincipalPerson, PrincipalAgent, PrincipalService, PrincipalSystem, PrincipalHost}

// Role is what somebody may do in a workspace, least first.
type Role string

// The five roles. Admin configures; alone it decides nothing.
const (
	RoleNone    Role = ""
	RoleViewer  Role = "viewer"
	RoleAnalyst Role = "analyst"
	RoleSenior  Role = "senior"
	RoleManager Role = "manager"
	RoleAdmin   Role = "admin"
)

// AllRoles is in rising order.
var AllRoles = []Role{RoleViewer, RoleAnalyst, RoleSenior, RoleManager, RoleAdmin}

// AtLeast reports whether r is min or above.
func (r Role) AtLeast(min Role) bool {
	return slices.Index(AllRoles, r) >= slices.Index(AllRoles, min) && slices.Contains(AllRoles, r)
}

// Scope is a right that a key may hold.
type Scope string

// The scopes of all families. None of them approves anything.
const (
	ScopeIncidentsRead     Scope = "incidents:read"
	ScopeIncidentsWrite    Scope = "incidents:write"
	ScopeIncidentsDelete   Scope = "incidents:delete"
	ScopeIncidentsComments Scope = "incidents:comments"
	ScopeGamebooksRead     Scope = "gamebooks:read"
	ScopeGamebooksSubmit   Scope = "gamebooks:submit"
	ScopeDatasourcesRead   Scope = "datasources:read"
	ScopeAgentToolsRead    Scope = "agent-tools:read"
	ScopeAgentToolsExecute Scope = "agent-tools:execute"
	ScopeWebhooksRead      Scope = "webhooks:read"
	ScopeWebhooksManage    Scope = "webhooks:manage"
	ScopeTriageRun         Scope = "triage:run"
	ScopePlaybooksManage   Scope = "playbooks:manage"
	ScopeAlertsRead        Scope = "alerts:read"
	ScopeAlertsWrite       Scope = "alerts:write"
	ScopeAlertsTriage      Scope = "alerts:triage"
	ScopeCasesRead         Scope = "cases:read"
	ScopeCasesWrite        Scope = "cases:write"
	ScopeObservablesRead   Scope = "observables:read"
	ScopeObservablesWrite  Scope = "observables:write"
	ScopeOpsRead           Scope = "ops:read"
	ScopeOpsDraft          Scope = "ops:draft"
	ScopeOpsTighten        Scope = "ops:tighten"
	ScopeAuditRead         Scope = "audit:read"
	ScopeRunsWork          Scope = "runs:work"
)

// AllScopes lists every scope.
var AllScopes = []Scope{
	ScopeIncidentsRead, ScopeIncidentsWrite, ScopeIncidentsDelete, ScopeIncidentsComments, ScopeGamebooksRead,
	ScopeGamebooksSubmit, ScopeDatasourcesRead, ScopeAgentToolsRead, ScopeAgentToolsExecute, ScopeWebhooksRead,
	ScopeWebhooksManage, ScopeTriageRun, ScopePlaybooksManage, ScopeAlertsRead, ScopeAlertsWrite, ScopeAlertsTriage,
	ScopeCasesRead, ScopeCasesWrite, ScopeObservablesRead, ScopeObservablesWrite, ScopeOpsRead, ScopeOpsDraft,
	ScopeOpsTighten, ScopeAuditRead, ScopeRunsWork,
}

// Actor is who calls an operation. The zero Actor may do nothing.
type Actor struct {
	Kind PrincipalKind
	// ID names the principal: the person, the service account or key, or the
	// agent identity (all keys of one agent share it).
	ID string
	// Credential names the key or session that was presented.
	Credential string
	// Superseded is true where the secret before the last rotation was
	// presented: it works until its overlap ends, and renews nothing.
	Superseded bool
	Name       string
	// Organization the principal belongs to.
	Organization string
	// OrganizationAdmin reads and configures everywhere and decides nothing.
	OrganizationAdmin bool
	// Workspace the call is about; empty on organization-wide calls.
	Workspace string
	// Role in Workspace, for reading and configuring.
	Role Role
	// Granted is the role in Workspace without what being an organization's
	// admin adds; see DecidingRole.
	Granted Role
	// Grants are the roles per workspace that authentication found, by id.
	Grants map[string]Role
	// Scopes are nil for a session (roles alone decide there).
	Scopes []Scope
	// Session is true for a live session cookie of a person.
	Session bool
	// Unfinished is the state of a session that has still to prove or to enrol a
	// second factor, empty for any other. It has no role and does nothing but
	// finish signing in.
	Unfinished SessionState
	// AuthenticatedAt is when the person last proved who they are.
	AuthenticatedAt time.Time
	// Owner is the person behind a personal key, if any.
	Owner string
	// Source limits an ingest key to one source.
	Source string
	// Suspended is true for an agent that misbehaved (S63).
	Suspended bool
	// Run is the run named by a valid run token, nil without one.
	Run *Run
	// Call says through which door and as which request this came.
	Call Call
	// Served collects what the operation gives to the caller, so that the
	// door can have it recorded (Desk.RecordCall) before it answers. Required
	// for agents: a read without it is refused.
	Served *Served
	// Idempotency is the claim of this write, nil where there is none.
	Idempotency *IdempotencyClaim
}

// Call identifies one request at one door, for audit and ledger.
type Call struct {
	// Door is mcp, portal, triage, case, ops, cli, console or worker.
	Door string
	// Operation is the tool name or the route.
	Operation string
	RequestID string
	// CorrelationID is the caller's own request id, if well formed.
	CorrelationID string
	// ArgumentDigest is the SHA-256 of the canonical arguments.
	ArgumentDigest string
	// ClientName is a claim.
	ClientName string
}

// Has reports whether the actor holds a scope. A session holds all that its
// role allows, so scopes do not limit it.
func (a Actor) Has(s Scope) bool {
	if a.Session || a.Kind == PrincipalHost || a.Kind == PrincipalSystem {
		return a.Kind != ""
	}
	return slices.ContainsFunc(a.Scopes, s.Is)
}

// caseSpellings are the scopes that the case family spells in its own way; each
// pair is one scope (case-api.md section 2).
var caseSpellings = map[Scope]Scope{ScopeCasesRead: ScopeIncidentsRead, ScopeCasesWrite: ScopeIncidentsWrite}

// Is reports whether both are spellings of one scope.
func (s Scope) Is(other Scope) bool {
	core := func(s Scope) Scope {
		if c, spelled := caseSpellings[s]; spelled {
			return c
		}
		return s
	}
	return core(s) == core(other)
}

// Fresh reports whether the person signed in within the last five minutes.
func (a Actor) Fresh(now time.Time) bool {
	return a.Session && !a.AuthenticatedAt.IsZero() && now.Sub(a.AuthenticatedAt) <= 5*time.Minute
}
