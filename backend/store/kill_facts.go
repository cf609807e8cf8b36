package store

import "vedette/backend/soc"

// Kill says which engaged switches stop a request of an agent in a workspace.
// A global switch may be the whole server's or that of one organization.
func (r *Reader) Kill(w soc.Workspace, agent string) (soc.KillFacts, error) {
	var k soc.KillFacts
	scopes, err := all(r, scanString, `SELECT scope FROM kill_switch WHERE engaged = TRUE AND
((scope = 'global' AND id IN ('', $1)) OR (scope = 'workspace' AND id = $2) OR (scope = 'agent' AND id = $3 AND $3 <> ''))`, w.Organization, w.ID, agent)
	for _, scope := range scopes {
		switch scope {
		case "global":
			k.Global = true
		case "workspace":
			k.Workspace = true
		default:
			k.Agent = true
		}
	}
	return k, err
}
