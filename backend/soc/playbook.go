package soc

import "time"

// Playbook is one version of a typed response action (safety.md section 1).
type Playbook struct {
	ID          string
	Version     int
	Hash        string // sha256:... over the canonical record
	Name        string
	Description string
	Class       Class
	Impact      Impact
	EntityKinds []EntityKind
	// RequiredProperties names entity properties a connector needs; any one
	// of each "a|b" alternative is enough.
	RequiredProperties []string
	Parameters         []Parameter
	// Operation is what the connector is asked to do.
	Operation string
	Probe     *Probe
	Rollback  string // playbook id of the inverse
	// RecoveryWindow is how long the inverse may be used.
	RecoveryWindow time.Duration
	AutoRevert     time.Duration
	Idempotent     bool
	ConflictsWith  []string
	D3FEND         string
	// Internal playbooks act inside Vedette and need no connector.
	Internal bool
}

// Parameter is one typed parameter; numbers are integers (D4).
type Parameter struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"` // string, integer, boolean
	Description string   `json:"description"`
	Required    bool     `json:"required"`
	Enum        []string `json:"enum,omitempty"`
	Default     string   `json:"default,omitempty"`
	MaxLength   int      `json:"max_length,omitempty"`
	Minimum     int64    `json:"minimum,omitempty"`
	Maximum     int64    `json:"maximum,omitempty"`
}

// Probe is the read-back of a step: what to ask and what to expect.
type Probe struct {
	Operation string
	Expect    string
	Timeout   time.Duration
	Retries   int
}
