package soc

import (
	"encoding/json"
	"strings"
	"time"
)

// KeyOrder is a credential above viewer as the change that asks for it shows it.
type KeyOrder struct {
	Kind           PrincipalKind `json:"kind"`
	Name           string        `json:"name"`
	Role           Role          `json:"role"`
	Scopes         []Scope       `json:"scopes"`
	Workspaces     []string      `json:"workspaceIds"`
	Agent          string        `json:"agentId"`
	Owner          string        `json:"ownerId"`
	Source         string        `json:"source"`
	ExpiresAt      string        `json:"expiresAt"`
	ServiceAccount bool          `json:"serviceAccount"`
}

// CollectFor is how long the secret of a key that two people let through may be
// collected. Until then it is known to nobody, and afterwards it never is.
const CollectFor = 24 * time.Hour

// KeyOutcome is a key with its secret, or the change that it waits as.
type KeyOutcome struct {
	Issued IssuedCredential
	Change *PolicyChange
}

// Order is a request for a credential as a change shows it.
func (n NewCredential) Order() KeyOrder {
	o := KeyOrder{
		Kind: n.Kind, Name: n.Name, Role: n.Role, Scopes: append([]Scope{}, n.Scopes...), Workspaces: append([]string{}, n.Workspaces...),
		Agent: n.Agent, Owner: n.Owner, Source: n.Source, ServiceAccount: n.ServiceAccount,
	}
	if !n.ExpiresAt.IsZero() {
		o.ExpiresAt = n.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return o
}

// KeyID is the key that a change of kind key changes, empty where it makes one.
func (c PolicyChange) KeyID() string {
	if c.Kind != PartKey || len(c.Diff) != 1 {
		return ""
	}
	id, _ := strings.CutPrefix(c.Diff[0].Path, "/keys")
	return strings.TrimPrefix(id, "/")
}

// KeyOrder reads what a change of kind key asks for.
func (c PolicyChange) KeyOrder(organization string) (n NewCredential, err error) {
	if c.Kind != PartKey || len(c.Diff) != 1 {
		return n, Errorf(Internal, CodeInternalError, "The change asks for no key.")
	}
	record, err := json.Marshal(c.Diff[0].To)
	if err != nil {
		return n, err
	}
	var o KeyOrder
	if err := json.Unmarshal(record, &o); err != nil {
		return n, err
	}
	n = NewCredential{
		Organization: organization, Kind: o.Kind, Name: o.Name, Role: o.Role, Scopes: o.Scopes, Workspaces: o.Workspaces,
		Agent: o.Agent, Owner: o.Owner, Source: o.Source, ServiceAccount: o.ServiceAccount,
	}
	if o.ExpiresAt != "" {
		n.ExpiresAt, err = time.Parse(time.RFC3339, o.ExpiresAt)
	}
	return n, err
}
