package backend

import (
	"cmp"
	"context"
	"slices"

	"vedette/backend/playbook"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// catalogueLimit is the most playbooks of one page.
const catalogueLimit = 200

// ListCatalogue lists the playbooks of the workspace by id; next is the last id
// of a page that goes on, empty at the end.
func (d *Desk) ListCatalogue(ctx context.Context, by soc.Actor, f soc.CatalogueFilter) (found []soc.CatalogueEntry, next string, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, "", err
	}
	limit := min(max(f.Limit, 1), catalogueLimit)
	err = d.store.View(ctx, func(r *store.Reader) error {
		policy, err := r.Policy(by.Workspace)
		if err != nil {
			return err
		}
		for _, p := range d.catalogue.All() {
			entry := d.catalogueEntry(policy, p)
			if p.ID > f.After && entryFits(entry, f) {
				found = append(found, entry)
			}
		}
		return nil
	})
	slices.SortFunc(found, func(a, b soc.CatalogueEntry) int { return cmp.Compare(a.Playbook.ID, b.Playbook.ID) })
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Playbook.ID
	}
	return found, next, err
}

func entryFits(e soc.CatalogueEntry, f soc.CatalogueFilter) bool {
	return (f.Class == "" || e.Playbook.Class == f.Class) &&
		(f.Kind == "" || slices.Contains(e.Playbook.EntityKinds, f.Kind)) &&
		(f.Connector == "" || slices.Contains(e.Connectors, f.Connector)) &&
		(f.Enabled == nil || e.Enabled == *f.Enabled)
}

func (d *Desk) catalogueEntry(policy soc.PolicyFacts, p soc.Playbook) soc.CatalogueEntry {
	return soc.CatalogueEntry{PlaybookOffer: d.offer(policy.Workspace, policy, p), DisabledReason: policy.Disabled[p.ID]}
}

// GetPlaybook returns one playbook of the workspace.
func (d *Desk) GetPlaybook(ctx context.Context, by soc.Actor, id string) (entry soc.CatalogueEntry, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return entry, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		entry, err = d.entryOf(r, by.Workspace, id)
		return err
	})
	return entry, err
}

func (d *Desk) entryOf(r *store.Reader, workspace, id string) (soc.CatalogueEntry, error) {
	p, known := d.catalogue.Lookup(id)
	if !known {
		e := soc.NotFoundf("There is no such playbook.").WithFix("List the catalogue and copy the id exactly.")
		e.Hints = soc.NearestIDs(id, d.catalogue.IDs(), 3)
		return soc.CatalogueEntry{}, e
	}
	policy, err := r.Policy(workspace)
	return d.catalogueEntry(policy, p), err
}

// LintCatalogue lists what the workspace's catalogue may be but should not be:
// what is not read back, cannot be undone, or nobody here can carry out.
func (d *Desk) LintCatalogue(ctx context.Context, by soc.Actor) (found []playbook.Finding, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		policy, err := r.Policy(by.Workspace)
		if err != nil {
			return err
		}
		found = d.catalogue.Lint()
		for _, p := range d.catalogue.All() {
			if entry := d.catalogueEntry(policy, p); !p.Internal && len(entry.Connectors) == 0 {
				found = append(found, playbook.Finding{Playbook: p.ID, Code: "no_connector", Message: "Nothing that is connected here can carry it out."})
			}
		}
		return nil
	})
	return found, err
}

// ValidateCatalogue lists what would be wrong with a catalogue file over the
// workspace's catalogue, and stores nothing.
func (d *Desk) ValidateCatalogue(_ context.Context, by soc.Actor, file []byte) ([]playbook.Problem, error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	_, _, err := d.catalogue.With(file)
	return playbook.Problems(err), nil
}

// PlaybookFile is the catalogue file of one playbook that somebody states.
func (d *Desk) PlaybookFile(draft soc.PlaybookDraft) ([]byte, error) { return playbook.File(draft) }
