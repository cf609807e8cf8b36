package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// GetSOPs lists the procedures that fit an incident and why, all that the
// workspace follows where none is named, or one in full by id. A run goes by the
// versions it was started with (S43); only what is named comes with its text.
func (d *Desk) GetSOPs(ctx context.Context, by soc.Actor, incident soc.IncidentRef, id string) (matches []soc.SOPMatch, err error) {
	if err := by.May(soc.ScopeAgentToolsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	var at time.Time
	if by.Run != nil {
		at = by.Run.CreatedAt
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if id != "" {
			s, found, err := r.SOP(by.Workspace, id, at)
			if err != nil {
				return err
			}
			if !found || !s.Enabled {
				return soc.NotFoundf("There is no such procedure.").WithFix("List the procedures and copy the id exactly.")
			}
			matches = []soc.SOPMatch{{SOP: s}}
			return nil
		}
		sops, err := r.SOPs(by.Workspace, at)
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
		s = s.WithText(s.Text)
		s.CreatedAt, s.Enabled, s.ByKind, s.ByName = d.clock(), true, soc.PrincipalSystem, "shipped"
		if err := tx.InsertSOP(s); err != nil {
			return err
		}
	}
	return nil
}
