package soc

// NewIncident is an incident that a request makes, with the one alert that it is
// about. The alert's Source, Title or Type, Severity and Raw (a JSON object) are
// what the incident gets; its Entities and Evidence are what is known.
type NewIncident struct {
	// Alert: an empty ExternalID is an incident made inside Vedette, which uses its
	// own short id; else (workspace, source, external id) is the alert's key.
	Alert InboundAlert
	// Assignee, nil for nobody.
	Assignee *Assignee
}

// CreatedIncident is the answer: Deduplicated where the key was known with the
// same payload.
type CreatedIncident struct {
	Incident     Incident
	Deduplicated bool
}
