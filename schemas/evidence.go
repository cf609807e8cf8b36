package schemas

// SearchEvidence are the arguments of search_evidence.
type SearchEvidence struct {
	IncidentID string `json:"incident_id"`
	Query      string `json:"query,omitempty" jsonschema:"maxLength=200" jsonschema_description:"Literal text."`
	Match      string `json:"match,omitempty" jsonschema:"enum=all,enum=any" jsonschema_description:"any: best rows first, each thing once."`
	Type       string `json:"type,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Evidence type as listed by get_incident."`
	EntityID   string `json:"entity_id,omitempty"`
	From       *Time  `json:"from,omitempty"`
	To         *Time  `json:"to,omitempty"`
	Limit      int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=100" jsonschema_description:"Default 25."`
	Cursor     string `json:"cursor,omitempty"`
}

// GetEvidence are the arguments of get_evidence.
type GetEvidence struct {
	IncidentID  string   `json:"incident_id"`
	EvidenceIDs []string `json:"evidence_ids" jsonschema:"minItems=1,maxItems=10" jsonschema_description:"Such as E12."`
	Field       string   `json:"field,omitempty" jsonschema:"maxLength=256" jsonschema_description:"Only this field."`
	Offset      int      `json:"offset,omitempty" jsonschema:"minimum=0" jsonschema_description:"Bytes of the field to skip; without field, fields."`
}

// FindRelated are the arguments of find_related.
type FindRelated struct {
	EntityID string `json:"entity_id,omitempty" jsonschema_description:"Or give type and value."`
	Type     string `json:"type,omitempty" jsonschema:"enum=account,enum=host,enum=ip,enum=url,enum=domain,enum=file,enum=file_hash,enum=process,enum=mailbox,enum=mail_message,enum=registry_key,enum=registry_value,enum=cloud_resource,enum=application,enum=other"`
	Value    string `json:"value,omitempty" jsonschema:"maxLength=2048"`
	Since    *Time  `json:"since,omitempty"`
	Limit    int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=50"`
	Cursor   string `json:"cursor,omitempty"`
}
