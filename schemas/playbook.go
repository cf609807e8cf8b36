package schemas

// ListPlaybooks are the arguments of list_playbooks.
type ListPlaybooks struct {
	EntityType string `json:"entity_type,omitempty" jsonschema:"maxLength=32" jsonschema_description:"Such as host or account."`
	IncidentID string `json:"incident_id,omitempty" jsonschema_description:"Adds targets and what the gate would say."`
	PlaybookID string `json:"playbook_id,omitempty" jsonschema:"maxLength=64"`
	Cursor     string `json:"cursor,omitempty"`
}

// GetSOPs are the arguments of get_sops.
type GetSOPs struct {
	IncidentID string `json:"incident_id,omitempty" jsonschema_description:"Procedures that fit it."`
	SOPID      string `json:"sop_id,omitempty" jsonschema:"maxLength=128" jsonschema_description:"One in full."`
	Offset     int    `json:"offset,omitempty" jsonschema:"minimum=0"`
}
