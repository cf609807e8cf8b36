package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// GetSOPs lists the procedures that fit an incident and why, all of the
// workspace's where none is named, or one in full by id.
func (d *Desk) GetSOPs(ctx context.Context, by soc.Actor, incident soc.IncidentRef, id string) (matches []soc.SOPMatch, err error) {
	if err := by.May(soc.ScopeAgentToolsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if id != "" {
			s, found, err := r.SOP(by.Workspace, id)
			if err != nil {
				return err
			}
			if !found {
				return soc.NotFoundf("There is no such procedure.").WithFix("List the procedures and copy the id exactly.")
			}
			matches = []soc.SOPMatch{{SOP: s}}
			return nil
		}
		sops, err := r.SOPs(by.Workspace)
		if err != nil {
			return err
		}
		if incident == (soc.IncidentRef{}) {
			for _, s := range sops {
				matches = append(matches, soc.SOPMatch{SOP: s})
			}
			return nil
		}
		i, err := d.incident(r, by, incident)
		if err != nil {
			return err
		}
		matches = soc.MatchSOPs(sops, sopFacts(i))
		return nil
	})
	return matches, err
}

// sopFacts are what procedures are matched against.
func sopFacts(i soc.Incident) soc.SOPFacts {
	return soc.SOPFacts{Source: i.Source, Severity: i.HighestSeverity, IncidentType: i.Type, Tactics: i.Tactics}
}

// installSOPs gives a new workspace the procedures that come with the product.
func (d *Desk) installSOPs(tx *store.Tx, workspace string) error {
	for _, s := range ShippedSOPs(workspace) {
		s.CreatedAt = d.clock()
		s.Hash = soc.DigestOf("vedette-sop-v1", []byte(s.Text))
		if err := tx.InsertSOP(s); err != nil {
			return err
		}
	}
	return nil
}
