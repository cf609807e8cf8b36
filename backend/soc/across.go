package soc

// AcrossStream is one source of one workspace in a list across workspaces, and
// where it goes on; After is nil at its beginning.
type AcrossStream struct {
	Workspace, Source string
	After             *Keyset
}

// AcrossPage is one page of incidents over several workspaces, newest first.
type AcrossPage struct {
	Incidents []Incident
	// Entities are the first entities of each row by incident id, Workspaces
	// those of the rows by id.
	Entities   map[string][]Entity
	Workspaces map[string]Workspace
	// Streams are those that have more, in the order of the workspaces.
	Streams []AcrossStream
	// Unavailable are the workspaces that could not be read; their streams end.
	Unavailable []string
}
