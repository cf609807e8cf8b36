package soc

// CatalogueFilter selects playbooks of a workspace's catalogue. Zero members do
// not filter.
type CatalogueFilter struct {
	Class Class
	Kind  EntityKind
	// Connector is the id of one that can carry the playbook out.
	Connector string
	Enabled   *bool
	// After is the id behind which the page begins; ids rise.
	After string
	Limit int
}

// CatalogueEntry is a playbook as a workspace has it. Its class is that of the
// moment: with its inverse switched off it cannot be undone (S24).
type CatalogueEntry struct {
	PlaybookOffer
	// DisabledReason is why it is switched off, empty where it is not.
	DisabledReason string
}

// PlaybookOutcome is a playbook after a change, and the change that waits for a
// second person, nil for one in force. Made says that something was changed.
type PlaybookOutcome struct {
	Entry  CatalogueEntry
	Change *PolicyChange
	Made   bool
}

// DiffSwitch is what switching a playbook on or off changes: on gives agents and
// people something to do to the world, off takes it (S60).
func DiffSwitch(playbook string, on bool) []PolicyDifference {
	return []PolicyDifference{{"/" + playbook + "/enabled", !on, on, looserBy("true", !on, on)}}
}

// PlaybookDraft is a playbook as somebody states it: the catalogue file's members
// in the words of the API. Durations are whole seconds.
type PlaybookDraft struct {
	ID                 string           `json:"playbookId" jsonschema:"minLength=1,maxLength=64"`
	Version            int              `json:"version" jsonschema:"minimum=1,maximum=1000000"`
	Name               string           `json:"name" jsonschema:"minLength=1,maxLength=80"`
	Description        string           `json:"description" jsonschema:"minLength=1,maxLength=500"`
	Class              string           `json:"class,omitempty" jsonschema:"enum=ReadOnly,enum=Reversible,enum=ExternallyReversible,enum=Irreversible" jsonschema_description:"May be stricter than what the facts allow, never milder; absent takes the computed one."`
	Impact             string           `json:"impact" jsonschema:"enum=low,enum=high"`
	EntityKinds        []string         `json:"entityKinds" jsonschema:"minItems=1,maxItems=64"`
	RequiredProperties []string         `json:"requiredProperties,omitempty" jsonschema:"maxItems=16"`
	Parameters         []ParameterDraft `json:"parameters,omitempty" jsonschema:"maxItems=16"`
	Operation          string           `json:"operation" jsonschema:"minLength=1,maxLength=65"`
	Probe              *ProbeDraft      `json:"probe,omitempty"`
	Rollback           string           `json:"rollback,omitempty" jsonschema:"maxLength=64"`
	RecoveryWindow     int64            `json:"recoveryWindowSeconds,omitempty"`
	AutoRevert         int64            `json:"autoRevertSeconds,omitempty"`
	Undo               string           `json:"undo,omitempty" jsonschema:"enum=nothing_done,enum=nothing_left,enum=by_others"`
	Idempotent         *bool            `json:"idempotent"`
	ConflictsWith      []string         `json:"conflictsWith,omitempty" jsonschema:"maxItems=100"`
	D3FEND             string           `json:"d3fendId,omitempty" jsonschema:"maxLength=16"`
	Internal           bool             `json:"internal,omitempty"`
}

// ParameterDraft is a parameter of a draft.
type ParameterDraft struct {
	Name        string   `json:"name" jsonschema:"minLength=1,maxLength=64"`
	Type        string   `json:"type" jsonschema:"enum=string,enum=integer,enum=boolean"`
	Description string   `json:"description" jsonschema:"maxLength=500"`
	Required    bool     `json:"required,omitempty"`
	Enum        []string `json:"enum,omitempty" jsonschema:"maxItems=64"`
	Default     string   `json:"default,omitempty" jsonschema:"maxLength=256"`
	MaxLength   int      `json:"maxLength,omitempty"`
	Minimum     *int64   `json:"minimum,omitempty"`
	Maximum     *int64   `json:"maximum,omitempty"`
}

// ProbeDraft is the read-back of a draft.
type ProbeDraft struct {
	Operation string `json:"operation" jsonschema:"minLength=1,maxLength=65"`
	Expect    string `json:"expect" jsonschema:"minLength=1,maxLength=64"`
	Timeout   int64  `json:"timeoutSeconds" jsonschema:"minimum=1,maximum=300"`
	Retries   int    `json:"retries,omitempty" jsonschema:"minimum=0,maximum=20"`
}
