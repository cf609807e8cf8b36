package backend

import (
	"context"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// IncidentVerdicts finds where the shown verdicts of incidents came from, by
// incident id. The incidents are those of a list or a get just made, whose
// serving was noted then; those without an investigation are not in the answer,
// and neither are, under a run token, those of another incident (S8).
func (d *Desk) IncidentVerdicts(ctx context.Context, by soc.Actor, incidents []soc.Incident) (map[string]soc.IncidentVerdict, error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	verdicts := map[string]soc.IncidentVerdict{}
	err := d.store.View(ctx, func(r *store.Reader) error {
		for _, i := range incidents {
			if i.Workspace != by.Workspace || i.Investigation == "" || runScope(by, i.ID) != nil {
				continue
			}
			verdict, err := incidentVerdict(r, i)
			if err != nil {
				return err
			}
			verdicts[i.ID] = verdict
		}
		return nil
	})
	return verdicts, err
}

func incidentVerdict(r *store.Reader, i soc.Incident) (verdict soc.IncidentVerdict, err error) {
	if i.Investigation == "" {
		return verdict, nil
	}
	investigation, found, err := r.Investigation(i.Workspace, i.Investigation)
	if err != nil || !found {
		return verdict, err
	}
	verdict.Investigation = &investigation
	triage, found, err := r.TriageByInvestigation(i.Workspace, i.ID, investigation.ID)
	if found {
		verdict.Triage = &triage
	}
	return verdict, err
}
