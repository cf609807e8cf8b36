package backend

import (
	"context"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// ListSources lists the sources of the workspace by name, with what people set
// about them and what they sent.
func (d *Desk) ListSources(ctx context.Context, by soc.Actor, after *soc.Keyset, limit int) (found []soc.DataSource, next *soc.Keyset, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, nil, err
	}
	limit, last := min(max(limit, 1), 200), ""
	if after != nil {
		last = after.Value
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		found, err = r.DataSourcesAfter(by.Workspace, last, limit+1)
		return err
	})
	if err == nil && len(found) > limit {
		found = found[:limit]
		next = &soc.Keyset{Value: found[limit-1].Source}
	}
	return found, next, err
}

// SetSource replaces the settings of a source that has sent something. What
// tightens, and a name, is in force with the answer; a wider window or a longer
// silence waits for a second person (S60).
func (d *Desk) SetSource(ctx context.Context, by soc.Actor, in soc.SourceChange) (out soc.SourceOutcome, err error) {
	const event = "source_changed"
	if err = d.mayEdit(by, soc.PolicyEdit{}); err == nil {
		err = in.Settings.Check()
	}
	if err == nil && utf8.RuneCountInString(in.Reason) > maxComment {
		err = soc.InvalidField("reason", "must hold at most %d characters", maxComment)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			out, err = d.setSource(tx, by, event, in)
			return err
		})
	}
	if err != nil {
		return soc.SourceOutcome{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Target = soc.DisplayName(in.Source) })
	}
	return out, nil
}

func (d *Desk) setSource(tx *store.Tx, by soc.Actor, event string, in soc.SourceChange) (out soc.SourceOutcome, err error) {
	if err = tx.LockPolicy(by.Workspace); err != nil {
		return out, err
	}
	if by.Kind != soc.PrincipalHost {
		if err = d.unlocked(tx, by.Workspace); err != nil {
			return out, err
		}
	}
	if out.Source, err = sourceIn(&tx.Reader, by.Workspace, in.Source); err != nil {
		return out, err
	}
	if err = in.IfMatch.Check(out.Source.Version); err != nil {
		return out, err
	}
	edit := policyEdit{desk: d, by: by, diff: soc.DiffSource(in.Source, out.Source.SourceSettings, in.Settings)}
	direction := soc.DirectionOf(edit.diff)
	if err = edit.mayGo(direction); err != nil {
		return out, err
	}
	c := soc.PolicyChange{
		Workspace: by.Workspace, Kind: soc.PartSource, Event: event, Target: in.Source, BaseVersion: out.Source.Version, Diff: edit.diff, Reason: in.Reason,
	}
	switch {
	case len(edit.diff) == 0:
	case direction == soc.DirectionLoosening && by.Kind != soc.PrincipalHost:
		out.Change, err = d.askChange(tx, by, d.counts(by), c)
	default:
		if err = d.applySource(tx, by, c); err == nil {
			out.Source, err = sourceIn(&tx.Reader, by.Workspace, in.Source)
		}
	}
	if err != nil {
		return out, err
	}
	return out, d.settleIdempotency(tx, by, out)
}

// applySource puts a change of a source in force.
func (d *Desk) applySource(tx *store.Tx, by soc.Actor, c soc.PolicyChange) error {
	s, err := sourceIn(&tx.Reader, c.Workspace, c.Target)
	if err != nil {
		return err
	}
	after, err := c.SourceSettings(s.SourceSettings)
	if err != nil {
		return err
	}
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.Detail = c.Workspace, c.Target, c.Digest, auditDetail("reason", c.Reason)
	e.Before, e.After = sides(c.Diff)
	tx.Audit(e)
	return tx.SetSource(c.Workspace, c.Target, after)
}

func sourceIn(r *store.Reader, workspace, source string) (soc.DataSource, error) {
	s, found, err := r.DataSource(workspace, source)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such source.").WithFix("List the sources; one is there as soon as it has sent something.")
	}
	return s, err
}
