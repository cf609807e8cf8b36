package backend

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// noTime asks for what stands now.
var noTime time.Time

// sopLimit is the most procedures, or versions of one, of a page.
const sopLimit = 200

// ListSOPs lists the procedures of the workspace by id, also those switched off;
// with an incident those it would be triaged by, best first, in one page. next is
// the last id of a page that goes on, empty at the end.
func (d *Desk) ListSOPs(ctx context.Context, by soc.Actor, f soc.SOPFilter) (found []soc.SOPMatch, next string, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, "", err
	}
	limit := min(max(f.Limit, 1), sopLimit)
	f.Workspace, f.Limit = by.Workspace, limit+1
	err = d.store.View(ctx, func(r *store.Reader) error {
		if f.Incident != (soc.IncidentRef{}) {
			found, err = d.fittingSOPs(r, by, f)
			return err
		}
		sops, err := r.ListSOPs(f)
		for _, s := range sops {
			found = append(found, soc.SOPMatch{SOP: s})
		}
		return err
	})
	if len(found) > limit {
		found = found[:limit]
		if f.Incident == (soc.IncidentRef{}) {
			next = found[limit-1].SOP.ID
		}
	}
	return found, next, err
}

func (d *Desk) fittingSOPs(r *store.Reader, by soc.Actor, f soc.SOPFilter) ([]soc.SOPMatch, error) {
	i, err := d.incident(r, by, f.Incident)
	if err != nil {
		return nil, err
	}
	sops, err := r.SOPs(by.Workspace, noTime)
	if err != nil {
		return nil, err
	}
	sops = slices.DeleteFunc(sops, func(s soc.SOP) bool {
		return f.Kind != "" && s.Kind != f.Kind || !strings.Contains(strings.ToLower(s.Name), strings.ToLower(f.Query))
	})
	return soc.MatchSOPs(sops, sopFacts(i)), nil
}

// GetSOP returns a procedure with its text, of a version or, for 0, the newest.
func (d *Desk) GetSOP(ctx context.Context, by soc.Actor, id string, version int) (s soc.SOP, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return s, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		s, err = sopVersion(r, by.Workspace, id, version)
		return err
	})
	return s, err
}

func sopVersion(r *store.Reader, workspace, id string, version int) (soc.SOP, error) {
	if version == 0 {
		return sopOf(r, workspace, id)
	}
	s, found, err := r.SOPVersion(workspace, id, version)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such version of the procedure.").WithFix("List the versions.")
	}
	return s, err
}

// ListSOPVersions lists the versions of a procedure below one, newest first.
func (d *Desk) ListSOPVersions(ctx context.Context, by soc.Actor, id string, below, limit int) (found []soc.SOP, more bool, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, false, err
	}
	limit = min(max(limit, 1), sopLimit)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if _, err := sopOf(r, by.Workspace, id); err != nil {
			return err
		}
		found, err = r.SOPVersions(by.Workspace, id, int64(below), limit+1)
		return err
	})
	if len(found) > limit {
		found, more = found[:limit], true
	}
	return found, more, err
}

// CompareSOPVersions says what differs between two versions of a procedure, 0 for
// the newest; with a change, between what stands and what the change asks for, so
// that whoever confirms it reads the lines.
func (d *Desk) CompareSOPVersions(ctx context.Context, by soc.Actor, id string, from, to int, change string) (out soc.SOPDiff, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return out, err
	}
	var before, after soc.SOP
	err = d.store.View(ctx, func(r *store.Reader) error {
		if change != "" {
			before, after, err = draftedSOP(r, by.Workspace, id, change)
			return err
		}
		if before, err = sopVersion(r, by.Workspace, id, from); err == nil {
			after, err = sopVersion(r, by.Workspace, id, to)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	out = soc.SOPDiff{From: before.Version, To: after.Version, Differences: soc.DiffSOP(before, after)}
	if before.Text != after.Text {
		out.Lines = string(diff.Diff("before", []byte(before.Text), "after", []byte(after.Text)))
	}
	return out, nil
}

func draftedSOP(r *store.Reader, workspace, id, change string) (before, after soc.SOP, err error) {
	after, found, err := r.SOPDraft(workspace, change)
	if err == nil && (!found || after.ID != id) {
		err = soc.NotFoundf("There is no version of this procedure that waits so.").WithFix("List the changes that are pending.")
	}
	if err != nil {
		return before, after, err
	}
	before, _, err = r.SOP(workspace, id, noTime)
	after.Version = before.Version + 1
	return before, after, err
}
