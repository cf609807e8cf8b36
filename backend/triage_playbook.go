package backend

import (
	"cmp"
	"context"
	"slices"

	"vedette/backend/soc"
)

// ListTriagePlaybooks lists the triage playbooks of the workspace by name: the
// classification procedures, and the one for incidents that no procedure fits.
func (d *Desk) ListTriagePlaybooks(ctx context.Context, by soc.Actor) ([]soc.TriagePlaybook, error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	return d.triagePlaybooks(ctx, by)
}

func (d *Desk) triagePlaybooks(ctx context.Context, by soc.Actor) ([]soc.TriagePlaybook, error) {
	sops, err := d.store.Read(ctx).SOPs(by.Workspace)
	if err != nil {
		return nil, err
	}
	shipped := map[string]string{}
	for _, s := range ShippedSOPs(by.Workspace) {
		shipped[s.ID] = s.Text
	}
	playbooks := []soc.TriagePlaybook{{
		Name: builtInPlaybook, Description: "The built-in triage, for incidents that no procedure fits.", Version: 1, BuiltIn: true,
	}}
	for _, s := range sops {
		if s.Kind != "classification" {
			continue
		}
		playbooks = append(playbooks, soc.TriagePlaybook{
			Name: playbookName(s), Description: s.Name, Version: s.Version, BuiltIn: shipped[s.ID] == s.Text, SOP: s.ID,
			Sources: s.Sources, Types: s.IncidentTypes, Severities: s.Severities, Actions: s.Playbooks, UpdatedAt: s.CreatedAt,
		})
	}
	slices.SortFunc(playbooks, func(a, b soc.TriagePlaybook) int { return cmp.Compare(a.Name, b.Name) })
	return playbooks, nil
}

// GetTriagePlaybook returns one by name.
func (d *Desk) GetTriagePlaybook(ctx context.Context, by soc.Actor, name string) (soc.TriagePlaybook, error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return soc.TriagePlaybook{}, err
	}
	return d.namedPlaybook(ctx, by, name)
}

// FindTriagePlaybook is GetTriagePlaybook for whoever may run it.
func (d *Desk) FindTriagePlaybook(ctx context.Context, by soc.Actor, name string) (soc.TriagePlaybook, error) {
	if err := by.May(soc.ScopeTriageRun, soc.RoleAnalyst); err != nil {
		return soc.TriagePlaybook{}, err
	}
	return d.namedPlaybook(ctx, by, name)
}

func (d *Desk) namedPlaybook(ctx context.Context, by soc.Actor, name string) (soc.TriagePlaybook, error) {
	playbooks, err := d.triagePlaybooks(ctx, by)
	if err != nil {
		return soc.TriagePlaybook{}, err
	}
	if n := slices.IndexFunc(playbooks, func(p soc.TriagePlaybook) bool { return p.Name == name }); n >= 0 {
		return playbooks[n], nil
	}
	return soc.TriagePlaybook{}, soc.NotFoundf("There is no such playbook.").WithFix("List the playbooks and copy the id exactly.")
}
