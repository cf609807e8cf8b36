package soc

import (
	"crypto/subtle"
	"regexp"
	"slices"
	"strings"
	"time"
)

// AgentKeyLife is how long an agent's key lives unless its maker says
// otherwise (S52).
const AgentKeyLife = 90 * 24 * time.Hour

// MaxOverlap bounds how long a rotated key works beside its successor.
const MaxOverlap = 168 * time.Hour

// NewCredential asks for a key, or with ServiceAccount for a client id with a
// secret (HTTP Basic).
type NewCredential struct {
	Organization   string
	Kind           PrincipalKind
	Name           string
	Scopes         []Scope
	Workspaces     []string
	Role           Role
	Agent          string // existing identity of an agent key; empty makes one named Name
	Owner          string // person of a personal key
	Source         string // source an ingest key is tied to
	ExpiresAt      time.Time
	ServiceAccount bool
	OAuthClient    string // client id at the token issuer; nothing secret is issued
}

// IssuedCredential is a credential with its secret, which is shown once.
type IssuedCredential struct {
	Credential Credential
	Secret     string
}

// neverHeld lists what a kind of credential may never hold, whatever its role
// (ops-api.md sections 2 and 12, section 2 of portal-api.md, triage-api.md and case-api.md).
var neverHeld = map[PrincipalKind][]Scope{
	PrincipalAgent: {
		ScopeOpsRead, ScopeOpsDraft, ScopeOpsTighten, ScopeAuditRead, ScopeAlertsWrite, ScopeWebhooksRead,
		ScopeWebhooksManage, ScopeIncidentsDelete, ScopePlaybooksManage, ScopeAlertsTriage, ScopeObservablesWrite,
	},
	PrincipalPerson:  {ScopeOpsDraft, ScopeRunsWork},
	PrincipalService: {ScopeRunsWork},
}

// SourceSlug is the form of a source that is none of KnownSources.
var SourceSlug = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Check refuses a combination of kind, role and scopes that may not exist
// (S52), naming every member at fault.
func (n NewCredential) Check(now time.Time) error {
	e := Errorf(Invalid, CodeValidationError, "One or more members are not valid.")
	if name := strings.TrimSpace(n.Name); name == "" || len(n.Name) > 100 || EscapeVisible(n.Name) != n.Name {
		e.WithField("name", "Must be 1 to 100 bytes of visible text.")
	}
	if !slices.Contains(keyKinds, n.Kind) {
		e.WithField("kind", "Must be person, agent or service.")
	}
	if !slices.Contains(AllRoles, n.Role) {
		e.WithField("role", "Must be viewer, analyst, senior, manager or admin.")
	}
	if len(n.Workspaces) == 0 || len(n.Workspaces) != len(slices.Compact(slices.Sorted(slices.Values(n.Workspaces)))) {
		e.WithField("workspaceIds", "Must name at least one workspace, each once.")
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now) {
		e.WithField("expiresAt", "Must be in the future.")
	}
	n.checkScopes(e)
	n.checkTies(e)
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func (n NewCredential) checkScopes(e *Error) {
	if len(n.Scopes) == 0 {
		e.WithField("scopes", "Must name at least one scope.")
	}
	for i, scope := range n.Scopes {
		switch {
		case !slices.Contains(AllScopes, scope):
			e.WithField("scopes", "%s is not a scope.", EscapeVisible(string(scope[:min(len(scope), 64)])))
		case slices.Contains(n.Scopes[:i], scope):
			e.WithField("scopes", "%s is named twice.", scope)
		case slices.Contains(neverHeld[n.Kind], scope):
			e.WithField("scopes", "%s may not be held by a credential of kind %s.", scope, n.Kind)
		case scope == ScopeAgentToolsExecute && !n.Role.AtLeast(RoleSenior):
			e.WithField("scopes", "%s needs role senior or above.", scope)
		}
	}
}

func (n NewCredential) checkTies(e *Error) {
	if n.Agent != "" && n.Kind != PrincipalAgent {
		e.WithField("agentId", "Only a key of kind agent belongs to an agent.")
	}
	if (n.Kind == PrincipalPerson) != (n.Owner != "") {
		e.WithField("kind", "A key of kind person, and no other, belongs to a person.")
	}
	if n.ServiceAccount && n.Kind != PrincipalService {
		e.WithField("kind", "A service account is of kind service.")
	}
	n.checkOAuthClient(e)
	if n.Source == "" {
		return
	}
	if n.Kind != PrincipalService || !slices.Contains(n.Scopes, ScopeAlertsWrite) {
		e.WithField("source", "Only a service key with alerts:write is tied to a source.")
	}
	if !slices.Contains(KnownSources, n.Source) && !SourceSlug.MatchString(n.Source) {
		e.WithField("source", "Must be %s or a slug.", strings.Join(KnownSources, ", "))
	}
}

// checkOAuthClient holds a client of the token issuer to one workspace (M18) and
// to the kinds that MCP lets in.
func (n NewCredential) checkOAuthClient(e *Error) {
	if n.OAuthClient == "" {
		return
	}
	if len(n.OAuthClient) > 256 || EscapeVisible(n.OAuthClient) != n.OAuthClient {
		e.WithField("oauthClient", "Must be 1 to 256 bytes of visible text: the client's id at the token issuer.")
	}
	if n.Kind != PrincipalAgent && n.Kind != PrincipalService || n.ServiceAccount {
		e.WithField("oauthClient", "Belongs to a credential of kind agent or service that is no service account.")
	}
	if len(n.Workspaces) > 1 {
		e.WithField("workspaceIds", "An OAuth client has exactly one workspace.")
	}
}

// Live reports whether a credential that needs no secret of ours may be used.
func (c Credential) Live(now time.Time) bool {
	return c.ExpiresAt.IsZero() || now.Before(c.ExpiresAt)
}

// Accepts compares a presented secret's hash in constant time and says whether
// it is the right one, and whether the credential is live with it at now.
func (c Credential) Accepts(hash []byte, now time.Time) (right, live bool) {
	current := subtle.ConstantTimeCompare(hash, c.SecretHash) == 1
	former := c.Superseded(hash)
	right = current || former
	live = right && c.Live(now) && (current || now.Before(c.FormerUntil))
	return right, live
}

// Superseded reports whether a hash is of the secret before the last rotation.
func (c Credential) Superseded(hash []byte) bool {
	return len(c.FormerHash) > 0 && subtle.ConstantTimeCompare(hash, c.FormerHash) == 1
}

// Revoked reports whether the credential was taken back.
func (c Credential) Revoked() bool { return !c.RevokedAt.IsZero() }

// CredentialNoun tells API keys from service accounts.
type CredentialNoun string

// The nouns; AnyCredential is for the host, who names either.
const (
	AnyCredential     CredentialNoun = ""
	KeyCredential     CredentialNoun = "key"
	AccountCredential CredentialNoun = "service_account"
)

// Is reports whether a credential goes by the noun.
func (n CredentialNoun) Is(c Credential) bool {
	return n == AnyCredential || (n == AccountCredential) == (c.ClientID != "")
}

// CredentialState is what a credential is at a moment.
type CredentialState string

// The states of a credential.
const (
	CredentialLive    CredentialState = "live"
	CredentialExpired CredentialState = "expired"
	CredentialRevoked CredentialState = "revoked"
)

// StateAt is the state at now.
func (c Credential) StateAt(now time.Time) CredentialState {
	switch {
	case c.Revoked():
		return CredentialRevoked
	case !c.Live(now):
		return CredentialExpired
	}
	return CredentialLive
}

// CredentialFilter asks for a page of credentials; empty members ask for all.
type CredentialFilter struct {
	Noun      CredentialNoun
	Kind      PrincipalKind
	Workspace string
	State     CredentialState
	After     *Keyset
	Limit     int
}

// Fits reports whether a credential is one of those asked for.
func (f CredentialFilter) Fits(c Credential, now time.Time) bool {
	return f.Noun.Is(c) && (f.Kind == "" || f.Kind == c.Kind) && (f.State == "" || f.State == c.StateAt(now)) &&
		(f.Workspace == "" || slices.Contains(c.Workspaces, f.Workspace))
}
