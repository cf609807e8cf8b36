package soc

import (
	"fmt"
	"slices"
	"time"
)

// ChangeState is where a change that loosens stands (ops-api.md section 4).
type ChangeState string

// The states. All but pending are final.
const (
	ChangePending  ChangeState = "pending"
	ChangeApplied  ChangeState = "applied"
	ChangeRejected ChangeState = "rejected"
	ChangeExpired  ChangeState = "expired"
	ChangeStale    ChangeState = "stale"
)

// AllChangeStates lists the states.
var AllChangeStates = []ChangeState{ChangePending, ChangeApplied, ChangeRejected, ChangeExpired, ChangeStale}

// PolicyPart is what a change replaces whole.
type PolicyPart string

// The parts; policy is several of them at once, by restore. Those from roles on
// are no parts of the policy: they widen what somebody may do in a workspace, or
// what it works with, and wait for two people in the same way.
const (
	PartSettings  PolicyPart = "settings"
	PartLimits    PolicyPart = "limits"
	PartProtected PolicyPart = "protected"
	PartRules     PolicyPart = "rules"
	PartPolicy    PolicyPart = "policy"
	PartRoles     PolicyPart = "roles"
	PartKey       PolicyPart = "key"
	PartSource    PolicyPart = "source"
	PartPerson    PolicyPart = "person"
	PartCatalogue PolicyPart = "catalogue"
	PartSOP       PolicyPart = "sop"
)

// AllPolicyParts lists the parts.
var AllPolicyParts = []PolicyPart{PartSettings, PartLimits, PartProtected, PartRules, PartPolicy, PartRoles, PartKey, PartSource, PartPerson, PartCatalogue, PartSOP}

// OfPolicy reports whether the part is one of the policy document.
func (p PolicyPart) OfPolicy() bool {
	return !slices.Contains([]PolicyPart{PartRoles, PartKey, PartSource, PartPerson, PartCatalogue, PartSOP}, p)
}

// ChangeLife is how long a change waits for its second person; it is never
// extended, and silence applies nothing.
const ChangeLife = 24 * time.Hour

// PolicyChange is a loosening that waits for people, or did.
type PolicyChange struct {
	ID        string
	Workspace string
	Kind      PolicyPart
	// Event is what the audit says when it is applied, Target the member.
	Event, Target string
	State         ChangeState
	Direction     Direction
	ByKind        PrincipalKind
	By, ByName    string
	RequestedAt   time.Time
	ExpiresAt     time.Time
	// BaseVersion is that of the policy, or of the procedure, it is made of.
	BaseVersion int64
	Diff        []PolicyDifference
	// Proposed is the whole document after the change.
	Proposed      PolicyDocument
	Reason        string
	Digest        string
	Confirmations []Confirmation
	// DecidedBy and DecidedAt are of what ended it; DecisionReason of a rejection.
	DecidedBy      string
	DecidedAt      time.Time
	DecisionReason string
	Version        int64
	// Eligible is how many more people could confirm it, as of reading.
	Eligible int
	// Effect is what it would have decided otherwise in the week before it was
	// asked for; nil where nobody asked.
	Effect *PolicyRehearsal
}

// Confirmation is one person's word for a change.
type Confirmation struct {
	Person      string    `json:"personId"`
	At          time.Time `json:"at"`
	AsRequester bool      `json:"asRequester"`
}

// ChangeNeed is how many people a change of policy takes, and who (S17, S60).
const ChangeNeed = 2

// ChangeConfirms reports whether a role may confirm a change.
func ChangeConfirms(role Role) bool { return role.AtLeast(RoleManager) }

// ChangeDigest is what a person confirms: SHA-256 over vedette-change-v1, a
// line feed and the RFC 8785 form of what the change is.
func ChangeDigest(c PolicyChange) (string, error) {
	record, err := CanonicalRecord(map[string]any{
		"id": c.ID, "kind": c.Kind, "workspaceId": c.Workspace, "baseVersion": c.BaseVersion, "diff": c.Diff,
		"requestedBy": map[string]any{"kind": c.ByKind, "id": c.By}, "expiresAt": c.ExpiresAt.UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return "", err
	}
	return DigestOf("vedette-change-v1", record), nil
}

// Confirmed reports whether a person counts already.
func (c PolicyChange) Confirmed(person string) bool {
	return slices.ContainsFunc(c.Confirmations, func(o Confirmation) bool { return o.Person == person })
}

// PolicyBase is the version of the policy that the change is made of, 0 where it is
// made of something else.
func (c PolicyChange) PolicyBase() int64 {
	if c.Kind.OfPolicy() {
		return c.BaseVersion
	}
	return 0
}

// PolicyEdit is what somebody asks of the policy.
type PolicyEdit struct {
	Workspace string
	Part      PolicyPart
	// Event and Target are for the audit.
	Event, Target string
	Reason        string
	IfMatch       IfMatch
	// Edit makes the document after it of the one before.
	Edit func(PolicyDocument) (PolicyDocument, error)
	// Least is the role that may tighten so, default manager. Loosening always
	// takes a manager.
	Least Role
}

// PolicyOutcome is what became of an edit: a change that waits, or the policy
// as it stands. Made says that a new version came to be.
type PolicyOutcome struct {
	Policy PolicyFacts
	Change *PolicyChange
	Made   bool
	Diff   []PolicyDifference
}

// ChangeFilter selects changes. Zero members do not filter.
type ChangeFilter struct {
	Workspace string
	State     ChangeState
	Kind      PolicyPart
	// Mine keeps those the principal of this id asked for.
	Mine string
	// Now tells which of the pending ones have expired.
	Now   time.Time
	After *Keyset
	Limit int
}

// ChangeDecision is a person's word on a change.
type ChangeDecision struct {
	ID      string
	Digest  string
	Comment string // the reason, of a rejection
	Confirm bool
}

// StateAt is the state as of a time: what nobody finished in time has expired,
// whether or not a row says so yet.
func (c PolicyChange) StateAt(now time.Time) ChangeState {
	if c.State == ChangePending && !now.Before(c.ExpiresAt) {
		return ChangeExpired
	}
	return c.State
}

// PolicyDamaged says why a policy cannot be changed in part: what it is now
// cannot be read whole.
func PolicyDamaged(faults []string) error {
	return Errorf(Conflict, CodeInvalidState, "The stored policy cannot be read whole (%s); nothing that changes state runs.", fmt.Sprint(faults)).
		WithFix("Restore a version, or have the host apply a whole policy.")
}
