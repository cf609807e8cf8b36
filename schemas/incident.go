package schemas

// This file holds the arguments of the agent tools on incidents. Forms of ids
// are not in the schemas: the tools check them by their check character, which
// a pattern cannot (mcp.md M26), and answer with what was meant.

// ListIncidents are the arguments of list_incidents.
type ListIncidents struct {
	Status   []string `json:"status,omitempty" jsonschema:"enum=new,enum=active,enum=contained,enum=eradicated,enum=recovered,enum=closed" jsonschema_description:"Default: all open."`
	Severity []string `json:"severity,omitempty" jsonschema:"enum=informational,enum=low,enum=medium,enum=high,enum=critical"`
	Source   string   `json:"source,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Product, e.g. Sentinel."`
	Query    string   `json:"query,omitempty" jsonschema:"maxLength=200" jsonschema_description:"Words of title, id or number."`
	Since    *Time    `json:"since,omitempty" jsonschema_description:"Created after."`
	Sort     string   `json:"sort,omitempty" jsonschema:"enum=newest,enum=oldest,enum=updated,enum=severity,enum=number"`
	Limit    int      `json:"limit,omitempty" jsonschema:"minimum=1,maximum=50" jsonschema_description:"Default 20."`
	Cursor   string   `json:"cursor,omitempty"`
}

// GetIncident are the arguments of get_incident.
type GetIncident struct {
	IncidentID string   `json:"incident_id"`
	Include    []string `json:"include,omitempty" jsonschema:"enum=alerts,enum=entities,enum=timeline,enum=comments,enum=gamebooks,enum=verdict"`
	Detail     string   `json:"detail,omitempty" jsonschema:"enum=concise,enum=full"`
	Cursor     string   `json:"cursor,omitempty"`
}

// AddComment are the arguments of add_comment.
type AddComment struct {
	IncidentID string `json:"incident_id"`
	Body       string `json:"body" jsonschema:"minLength=1,maxLength=65536" jsonschema_description:"Markdown, shown as your words."`
}

// TriageIncident are the arguments of triage_incident.
type TriageIncident struct {
	IncidentID string `json:"incident_id"`
	Playbook   string `json:"playbook,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Triage playbook; default by incident type."`
	Force      bool   `json:"force,omitempty" jsonschema_description:"Run again although a current result exists."`
}

// GetStatus are the arguments of get_status.
type GetStatus struct {
	IDs         []string `json:"ids" jsonschema:"minItems=1,maxItems=20" jsonschema_description:"GB-, ACT- or triage- handles."`
	WaitSeconds int      `json:"wait_seconds,omitempty" jsonschema:"minimum=0,maximum=20" jsonschema_description:"Wait for a change."`
}
