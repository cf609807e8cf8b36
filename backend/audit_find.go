package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

const (
	// auditLook is how many entries one page looks at: a filter that few match
	// is answered in short pages and not in one long read.
	auditLook = 10_000
	// auditSkew is how far the order of times may differ from that of positions:
	// replicas have clocks of their own, and a transaction takes its time.
	auditSkew = 10 * time.Minute
)

// FindAudit lists the entries of the actor's workspace that match, newest
// first, at most 200 (S44: those of another workspace, and of none, are never
// among them). Reading leaves no entry.
func (d *Desk) FindAudit(ctx context.Context, by soc.Actor, f soc.AuditFilter) (page soc.AuditPage, err error) {
	if err := mayReadAuditOf(by); err != nil {
		return page, err
	}
	if f.Workspace != "" && f.Workspace != by.Workspace {
		return page, soc.NotFoundf("There is no such workspace.").WithFix("Name the workspace of the request, or leave the filter out.")
	}
	f.Workspace, f.Limit = by.Workspace, min(max(f.Limit, 1), 200)
	err = d.store.View(ctx, func(r *store.Reader) error {
		if soc.CheckID(soc.PrefixIncident, f.Incident) {
			i, err := d.incident(r, by, soc.IncidentRef{Workspace: by.Workspace, ID: f.Incident})
			if err != nil {
				return err
			}
			f.Incident = i.ID
		}
		page, err = findAudit(r, f)
		return err
	})
	return page, err
}

// mayReadAuditOf is the right to read the record of one workspace.
func mayReadAuditOf(by soc.Actor) error {
	if err := mayReadAudit(by); err != nil {
		return err
	}
	if by.Workspace == "" {
		return soc.InvalidField("workspace", "must name a workspace")
	}
	return nil
}

// findAudit fills one page.
func findAudit(r *store.Reader, f soc.AuditFilter) (page soc.AuditPage, err error) {
	var floor int64
	if !f.From.IsZero() {
		if floor, err = r.AuditPosition(f.From.Add(-auditSkew)); err != nil {
			return page, err
		}
	}
	if !f.To.IsZero() {
		top, err := r.AuditPosition(f.To.Add(auditSkew))
		if err != nil {
			return page, err
		}
		if f.Before == 0 || top < f.Before {
			f.Before = top
		}
	}
	part := f
	part.Limit = f.Limit + 1
	for looked := 0; looked < auditLook; part.Limit = auditPage {
		entries, err := r.AuditEntries(part)
		if err != nil {
			return page, err
		}
		for _, e := range entries {
			switch {
			case e.Position < floor:
				return page, nil
			case !f.Matches(e):
			case len(page.Entries) == f.Limit:
				page.Next = page.Entries[f.Limit-1].Position
				return page, nil
			default:
				page.Entries = append(page.Entries, e)
			}
		}
		if len(entries) < part.Limit {
			return page, nil
		}
		part.Before = entries[len(entries)-1].Position
		looked += len(entries)
	}
	page.Next = part.Before
	return page, nil
}

// GetAudit returns one entry. That of another workspace is unknown (S44).
func (d *Desk) GetAudit(ctx context.Context, by soc.Actor, position int64) (soc.AuditEntry, error) {
	if err := mayReadAuditOf(by); err != nil {
		return soc.AuditEntry{}, err
	}
	if position > 0 {
		found, err := d.store.Read(ctx).AuditEntries(soc.AuditFilter{Workspace: by.Workspace, Before: position + 1, Limit: 1})
		if err != nil {
			return soc.AuditEntry{}, err
		}
		if len(found) == 1 && found[0].Position == position {
			return found[0], nil
		}
	}
	return soc.AuditEntry{}, soc.NotFoundf("There is no such entry.").WithFix("List the audit and use a position as shown.")
}
