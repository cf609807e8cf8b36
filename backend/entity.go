package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// entitySightings is the most places of one entity that are shown at once.
const entitySightings = 200

// GetEntity returns an entity of the workspace with where it was seen, who
// vouches for each sighting, and how it is protected. One of another workspace
// is not found.
func (d *Desk) GetEntity(ctx context.Context, by soc.Actor, id string) (out soc.EntityDetail, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return out, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		var found bool
		if out.Entity, found, err = r.EntityAnywhere(by.Workspace, id); err != nil {
			return err
		}
		if !found || runScope(by, out.Entity.Incident) != nil {
			return soc.NotFoundf("There is no such entity.").WithFix("Get the incident with its entities and copy the id exactly.")
		}
		if out.Incident, found, err = r.Incident(by.Workspace, out.Entity.Incident); err != nil {
			return err
		}
		if !found {
			return soc.NotFoundf("There is no such entity.").WithFix("Its incident was deleted.")
		}
		policy, err := r.Policy(by.Workspace)
		if err != nil {
			return err
		}
		out.Protection, out.ProtectionKnown = soc.ProtectionOf(policy.Protected, out.Entity), policy.ProtectedLoaded
		out.Sightings, err = r.Sightings(by.Workspace, id, entitySightings)
		return err
	})
	if err != nil {
		return soc.EntityDetail{}, err
	}
	return out, serve(by, out.Incident, 1+len(out.Sightings), true, len(out.Entity.Flags) > 0)
}
