package backend

import (
	"context"
	"slices"

	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// IncidentCatalogue lists the playbooks of the catalogue, each with the
// entities it could act on among those given, which are of an incident just
// read. What the gate would say of them is ListPlaybooks' to tell.
func (d *Desk) IncidentCatalogue(ctx context.Context, by soc.Actor, entities []soc.Entity) ([]soc.PlaybookOffer, error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	policy, err := d.store.Read(ctx).Policy(by.Workspace)
	if err != nil {
		return nil, err
	}
	var offers []soc.PlaybookOffer
	for _, p := range d.catalogue.All() {
		offer := d.offer(by.Workspace, policy, p)
		for _, e := range entities {
			if e.Provenance != soc.ProvenanceAgentAdded && slices.Contains(p.EntityKinds, e.Kind) && playbook.MissingProperty(p, e) == "" {
				offer.Targets = append(offer.Targets, soc.PlaybookTarget{Entity: e.ID, Name: e.Display})
			}
		}
		offers = append(offers, offer)
	}
	return offers, nil
}
