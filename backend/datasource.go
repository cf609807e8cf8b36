package backend

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// countSources keeps what every source of a request sent, in its transaction.
// An item that could not be read says no source: it counts for that of the key,
// of the rest of the request, or of the format.
func countSources(tx *store.Tx, by soc.Actor, format string, items []*ingestItem, at time.Time) error {
	received, rejected := map[string]int{}, 0
	for _, m := range items {
		if m.result.Status == "rejected" {
			rejected++
			continue
		}
		received[sourceOf(m.inbound)]++
	}
	blamed := map[string]int{}
	if rejected > 0 {
		blamed[blame(by, format, received)] = rejected
	}
	sources := maps.Clone(received)
	maps.Copy(sources, blamed)
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		if err := tx.CountSource(by.Workspace, source, format, received[source], blamed[source], at); err != nil {
			return err
		}
	}
	return nil
}

func blame(by soc.Actor, format string, received map[string]int) string {
	if by.Source != "" {
		return by.Source
	}
	if len(received) == 1 {
		for source := range received {
			return source
		}
	}
	for _, known := range soc.KnownSources {
		if strings.EqualFold(known, format) {
			return known
		}
	}
	return format
}

// WorkspaceSources are the data sources of a workspace and its ways out.
type WorkspaceSources struct {
	Workspace  soc.Workspace
	Sources    []soc.DataSource
	Connectors []Connector
}

// DataSources lists what sends to the workspace, and through what it acts.
func (d *Desk) DataSources(ctx context.Context, by soc.Actor) (WorkspaceSources, error) {
	if err := by.May(soc.ScopeDatasourcesRead, soc.RoleViewer); err != nil {
		return WorkspaceSources{}, err
	}
	w, err := d.GetWorkspace(ctx, by)
	if err != nil {
		return WorkspaceSources{}, err
	}
	found, err := d.dataSources(ctx, by, []soc.Workspace{w})
	if err != nil {
		return WorkspaceSources{}, err
	}
	return found[0], nil
}

// DataSourcesAcross is DataSources of the named workspaces, or of all that the
// caller may look into.
func (d *Desk) DataSourcesAcross(ctx context.Context, by soc.Actor, workspaces []string) ([]WorkspaceSources, error) {
	if err := by.May(soc.ScopeDatasourcesRead, soc.RoleNone); err != nil {
		return nil, err
	}
	chosen, err := d.chosen(ctx, by, "workspaceIds", workspaces)
	if err != nil {
		return nil, err
	}
	return d.dataSources(ctx, by, chosen)
}

func (d *Desk) dataSources(ctx context.Context, by soc.Actor, workspaces []soc.Workspace) (all []WorkspaceSources, err error) {
	err = d.store.View(ctx, func(r *store.Reader) error {
		for _, w := range workspaces {
			found := WorkspaceSources{Workspace: w}
			if found.Sources, err = r.DataSources(w.ID); err != nil {
				return err
			}
			for _, c := range d.ways() {
				if len(c.Workspaces) == 0 || slices.Contains(c.Workspaces, w.ID) {
					found.Connectors = append(found.Connectors, c)
				}
			}
			if err := serve(by, soc.Incident{}, len(found.Sources), false, false); err != nil {
				return err
			}
			all = append(all, found)
		}
		return nil
	})
	return all, err
}

// Anomalies tells which data sources of the named workspaces, or of all that
// the caller may look into, were not in a span of time as they were before:
// newest first, and nothing where nothing is odd. The clock cuts the span.
func (d *Desk) Anomalies(ctx context.Context, by soc.Actor, workspaces []string, from, to time.Time) (found []soc.Anomaly, names map[string]string, err error) {
	if err := by.May(soc.ScopeDatasourcesRead, soc.RoleNone); err != nil {
		return nil, nil, err
	}
	chosen, err := d.chosen(ctx, by, "workspaceIds", workspaces)
	if err != nil {
		return nil, nil, err
	}
	if now := d.clock(); to.After(now) {
		to = now
	}
	names = map[string]string{}
	err = d.store.View(ctx, func(r *store.Reader) error {
		for _, w := range chosen {
			names[w.ID] = w.Name
			odd, err := d.anomaliesOf(r, w, from, to)
			if err != nil {
				return err
			}
			found = append(found, odd...)
		}
		return nil
	})
	slices.SortFunc(found, func(a, b soc.Anomaly) int {
		return cmp.Or(b.DetectedAt.Compare(a.DetectedAt), strings.Compare(a.Workspace, b.Workspace), strings.Compare(a.Source, b.Source), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	if err == nil {
		err = serve(by, soc.Incident{}, len(found), false, false)
	}
	return found, names, err
}

func (d *Desk) anomaliesOf(r *store.Reader, w soc.Workspace, from, to time.Time) (found []soc.Anomaly, err error) {
	sources, err := r.DataSources(w.ID)
	if err != nil || len(sources) == 0 || !from.Before(to) {
		return nil, err
	}
	keys, err := r.Credentials(w.Organization)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		since := from
		if !s.LastAt.IsZero() && s.LastAt.Before(since) {
			since = s.LastAt
		}
		h := soc.SourceHistory{DataSource: s}
		if h.Hours, err = r.SourceHours(w.ID, s.Source, since.Add(-soc.BaselineSpan-time.Hour), to); err != nil {
			return nil, err
		}
		found = append(found, soc.FindAnomalies(h, from, to)...)
		if at, dead := lastKeyGone(keys, w.ID, s.Source, to); dead && !at.Before(from) {
			found = append(found, soc.Anomaly{
				Workspace: w.ID, Source: s.Source, Kind: soc.AnomalyAuthFailure, Severity: soc.SeverityHigh, DetectedAt: at,
				Description: "The last key that may send for this source expired or was revoked.",
			})
		}
	}
	return found, nil
}

// lastKeyGone is when the last key that may send for a source ended, false
// where one lives, or there never was one.
func lastKeyGone(keys []soc.Credential, workspace, source string, now time.Time) (at time.Time, gone bool) {
	for _, k := range keys {
		if !slices.Contains(k.Workspaces, workspace) || !slices.Contains(k.Scopes, soc.ScopeAlertsWrite) || k.Source != "" && k.Source != source {
			continue
		}
		ended := k.RevokedAt
		if ended.IsZero() || !k.ExpiresAt.IsZero() && k.ExpiresAt.Before(ended) {
			ended = k.ExpiresAt
		}
		if ended.IsZero() || ended.After(now) {
			return time.Time{}, false
		}
		if ended.After(at) {
			at = ended
		}
	}
	return at, !at.IsZero()
}
