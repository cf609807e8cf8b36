package backend

import (
	"cmp"
	"context"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ListTriagePlaybooks lists the triage playbooks of the workspace by name: its
// own, the classification procedures, and the one for incidents that none fits.
func (d *Desk) ListTriagePlaybooks(ctx context.Context, by soc.Actor) (playbooks []soc.TriagePlaybook, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		playbooks, err = d.triagePlaybooks(r, by.Workspace)
		return err
	})
	return playbooks, err
}

func (d *Desk) triagePlaybooks(r *store.Reader, workspace string) ([]soc.TriagePlaybook, error) {
	playbooks, err := d.procedurePlaybooks(r, workspace)
	if err != nil {
		return nil, err
	}
	versions, err := r.TriagePlaybooks(workspace)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if v.State == soc.TriageInForce {
			playbooks = append(playbooks, ownPlaybook(v))
		} else if last := &playbooks[len(playbooks)-1]; last.Name == v.Draft.Name && d.clock().Before(v.ExpiresAt) { // by name, the one in force first
			last.Pending = &v
		}
	}
	slices.SortFunc(playbooks, func(a, b soc.TriagePlaybook) int { return cmp.Compare(a.Name, b.Name) })
	return playbooks, nil
}

func ownPlaybook(v soc.TriageVersion) soc.TriagePlaybook {
	return soc.TriagePlaybook{TriageDraft: v.Draft, Version: v.Version, Digest: v.Digest, State: v.State, UpdatedAt: later(v.AskedAt, v.DecidedAt)}
}

// procedurePlaybooks are the built-in triage and the classification procedures,
// each with what its text speaks of.
func (d *Desk) procedurePlaybooks(r *store.Reader, workspace string) ([]soc.TriagePlaybook, error) {
	sops, err := r.SOPs(workspace, noTime)
	if err != nil {
		return nil, err
	}
	shipped := map[string]string{}
	for _, s := range ShippedSOPs(workspace) {
		shipped[s.ID] = s.WithText(s.Text).Hash
	}
	builtIn := soc.TriageDraft{Name: builtInPlaybook, Description: "The built-in triage, for incidents that no procedure fits.", Enabled: true}
	playbooks := []soc.TriagePlaybook{{TriageDraft: builtIn, Version: 1, BuiltIn: true, State: soc.TriageInForce}}
	for _, s := range classification(sops) {
		draft := soc.TriageDraft{
			Name: playbookName(s), Description: s.Name, SOP: s.ID, Sources: s.Sources, Types: s.IncidentTypes, Severities: s.Severities, Enabled: true,
		}
		for _, action := range s.Playbooks {
			draft.Steps = append(draft.Steps, soc.TriageStep{Action: action})
		}
		playbooks = append(playbooks, soc.TriagePlaybook{
			TriageDraft: draft, Version: s.Version, BuiltIn: shipped[s.ID] == s.Hash, State: soc.TriageInForce, UpdatedAt: s.CreatedAt,
		})
	}
	return playbooks, nil
}

func classification(sops []soc.SOP) []soc.SOP {
	return slices.DeleteFunc(sops, func(s soc.SOP) bool { return s.Kind != "classification" })
}

// GetTriagePlaybook returns one by name: as it is in force, or (version not 0)
// as one of its versions said.
func (d *Desk) GetTriagePlaybook(ctx context.Context, by soc.Actor, name string, version int) (p soc.TriagePlaybook, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleViewer); err != nil {
		return p, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		if version == 0 {
			p, err = d.namedPlaybook(r, by.Workspace, name)
			return err
		}
		v, found, err := r.TriagePlaybook(by.Workspace, name, version)
		if err != nil {
			return err
		}
		if found {
			p = ownPlaybook(v)
			return nil
		}
		if p, err = d.namedPlaybook(r, by.Workspace, name); err == nil && p.Version != version {
			err = errNoPlaybook()
		}
		return err
	})
	if err != nil {
		return soc.TriagePlaybook{}, err
	}
	return p, nil
}

// FindTriagePlaybook is GetTriagePlaybook for whoever may run it.
func (d *Desk) FindTriagePlaybook(ctx context.Context, by soc.Actor, name string) (p soc.TriagePlaybook, err error) {
	if err := by.May(soc.ScopeTriageRun, soc.RoleAnalyst); err != nil {
		return p, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		p, err = d.namedPlaybook(r, by.Workspace, name)
		return err
	})
	return p, err
}

func (d *Desk) namedPlaybook(r *store.Reader, workspace, name string) (soc.TriagePlaybook, error) {
	playbooks, err := d.triagePlaybooks(r, workspace)
	if err != nil {
		return soc.TriagePlaybook{}, err
	}
	if n := slices.IndexFunc(playbooks, func(p soc.TriagePlaybook) bool { return p.Name == name }); n >= 0 {
		return playbooks[n], nil
	}
	return soc.TriagePlaybook{}, errNoPlaybook()
}

func errNoPlaybook() error {
	return soc.NotFoundf("There is no such playbook.").WithFix("List the playbooks and copy the id exactly.")
}

// chosenPlaybook is the triage playbook that a triage runs with: the one asked
// for, else the first of the workspace's own whose trigger fits, by name, else
// the procedure that fits best, else the built-in triage.
func (d *Desk) chosenPlaybook(r *store.Reader, i soc.Incident, asked string) (name string, version int, err error) {
	if asked == builtInPlaybook {
		return asked, 1, nil
	}
	playbooks, err := d.triagePlaybooks(r, i.Workspace)
	if err != nil {
		return "", 0, err
	}
	var names []string
	for _, p := range playbooks {
		if !p.Enabled {
			continue
		}
		names = append(names, p.Name)
		if p.Name == asked || asked == "" && p.Digest != "" && p.TriggersOn(i) {
			return p.Name, p.Version, nil
		}
	}
	if asked != "" {
		return "", 0, soc.InvalidField("playbook", "must be one of %s", joined(names[:min(len(names), 50)]))
	}
	sops, err := r.SOPs(i.Workspace, noTime)
	if err != nil {
		return "", 0, err
	}
	if matches := soc.MatchSOPs(classification(sops), sopFacts(i)); len(matches) > 0 {
		return playbookName(matches[0].SOP), matches[0].SOP.Version, nil
	}
	return builtInPlaybook, 1, nil
}

// recommendBy replaces what the engine would suggest by the steps of the
// playbook, where the workspace made it. A procedure's text is for its reader;
// the engine's own suggestions stand beside it.
func (d *Desk) recommendBy(r *store.Reader, t soc.Triage, rows soc.FloorRows, result *soc.FloorResult, policy soc.PolicyFacts) error {
	v, found, err := r.TriagePlaybook(t.Workspace, t.Playbook, t.PlaybookVersion)
	if err != nil || !found {
		return err
	}
	enabled := func(id string) bool { _, off := policy.Disabled[id]; return !off }
	facts := soc.TriageFacts{
		Verdict: result.Classification, Score: result.Score, Confidence: result.Confidence, Severity: rows.Incident.HighestSeverity, Entities: rows.Entities,
	}
	result.Actions = v.Draft.RecommendBy(facts, func(id string) (soc.Playbook, bool) {
		p, known := d.catalogue.Lookup(id)
		p.Class = d.catalogue.Class(id, enabled)
		return p, known && enabled(id)
	})
	return nil
}
