package soc

// EntityDetail is an entity of an incident with where it was seen.
type EntityDetail struct {
	Entity   Entity
	Incident Incident
	// Sightings are the first places it was seen in the incident.
	Sightings []Sighting
	// Protection by the workspace's list; ProtectionKnown is false where the list
	// could not be read, which the gate takes for the strictest.
	Protection      Protection
	ProtectionKnown bool
}
