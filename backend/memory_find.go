package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// memoryEvents bounds how many decisions of one alert type are shown.
const memoryEvents = 50

// InspectMemory shows what the workspace remembers of the alert types of an
// incident, or of one key: counts at each level, the decisions behind them,
// and whether the history alone would let a benign verdict close (T16).
func (d *Desk) InspectMemory(ctx context.Context, by soc.Actor, q soc.MemoryQuery) (found []soc.MemoryOfType, err error) {
	if err := by.May(soc.ScopeOpsRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		keys, categories := []soc.AlertKey{q.AlertKey()}, map[soc.AlertKey]string{}
		if q.Incident != "" {
			i, err := d.incident(r, by, soc.IncidentRef{ID: q.Incident})
			if err != nil {
				return err
			}
			alerts, err := r.IncidentAlerts(i.Workspace, i.ID, nil, floorAlerts)
			if err != nil {
				return err
			}
			keys = soc.DistinctAlertKeys(alerts)
			for _, key := range keys {
				categories[key] = categoryOf(alerts, key)
			}
		}
		limits, loaded, err := r.Limits(by.Workspace)
		if err != nil {
			return err
		}
		for _, key := range keys {
			one, err := memoryOf(r, by.Workspace, key, q.AsOf)
			if err != nil {
				return err
			}
			if loaded && limits.Pools() && q.AsOf.IsZero() { // what others had decided by then is nobody's to ask
				pooled, err := r.PooledHistory(by.Workspace, key, categories[key])
				if err != nil {
					return err
				}
				one.Levels = append(one.Levels, pooled...)
			}
			found = append(found, one)
		}
		return nil
	})
	return found, err
}

func memoryOf(r *store.Reader, workspace string, key soc.AlertKey, asOf time.Time) (m soc.MemoryOfType, err error) {
	m.Key = key
	if m.Levels, err = r.History(workspace, key, asOf); err != nil {
		return m, err
	}
	m.WhyNot = soc.HistoryGaps(m.Levels)
	m.Events, err = r.VerdictEvents(workspace, key, asOf, memoryEvents)
	return m, err
}
