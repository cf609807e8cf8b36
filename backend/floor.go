package backend

import (
	"maps"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Bounds of what one triage looks at. An incident beyond them is judged by its
// first rows, and says so by its counts.
const (
	floorAlerts   = 500
	floorEntities = 500
	floorEvidence = 2000
	// floorPrior is how many entities are looked up in earlier incidents, and
	// priorWindow how far back a TruePositive counts (T11).
	floorPrior    = 100
	floorActivity = 20
	priorWindow   = 30 * 24 * time.Hour
)

// priorKinds are the kinds worth asking "seen before?", most telling first.
var priorKinds = []soc.EntityKind{
	soc.KindAccount, soc.KindHost, soc.KindIP, soc.KindFileHash, soc.KindDomain, soc.KindMailbox, soc.KindURL, soc.KindApplication, soc.KindCloudResource,
}

// floorRows loads what the floor judges, from one snapshot.
func (d *Desk) floorRows(r *store.Reader, i soc.Incident, policy soc.PolicyFacts) (rows soc.FloorRows, err error) {
	rows.Incident = i
	if rows.Alerts, err = r.IncidentAlerts(i.Workspace, i.ID, nil, floorAlerts); err != nil {
		return rows, err
	}
	if rows.Entities, err = r.IncidentEntities(i.Workspace, i.ID, "", floorEntities); err != nil {
		return rows, err
	}
	if rows.Evidence, err = r.EvidenceOfAlerts(i.Workspace, i.ID, floorEvidence); err != nil {
		return rows, err
	}
	rows.History = map[soc.AlertKey][]soc.LevelCounts{}
	for _, key := range soc.DistinctAlertKeys(rows.Alerts) {
		if rows.History[key], err = r.History(i.Workspace, key, time.Time{}); err != nil {
			return rows, err
		}
		if !policy.Limits.Pools() {
			continue
		}
		pooled, err := r.PooledHistory(i.Workspace, key, categoryOf(rows.Alerts, key))
		if err != nil {
			return rows, err
		}
		rows.History[key] = append(rows.History[key], pooled...)
	}
	if rows.Prior, err = d.priorSightings(r, i, rows.Entities); err != nil {
		return rows, err
	}
	if rows.Activity, rows.Company, err = hostActivity(r, i, rows); err != nil {
		return rows, err
	}
	if err := d.knownRows(r, &rows); err != nil {
		return rows, err
	}
	rows.Protected = map[string]bool{}
	for _, e := range rows.Entities {
		rows.Protected[e.ID] = soc.ProtectionOf(policy.Protected, e) != soc.ProtectionNone
	}
	for _, severity := range soc.AllSeverities {
		if s, ok := policy.Settings[severity]; ok && s.AutoClose {
			rows.CloseSeverities = append(rows.CloseSeverities, severity)
		}
	}
	for _, p := range d.catalogue.All() {
		if _, off := policy.Disabled[p.ID]; !off {
			rows.Playbooks = append(rows.Playbooks, p.ID)
		}
	}
	return rows, nil
}

// categoryOf is the category of an alert type, as remember keeps it.
func categoryOf(alerts []soc.Alert, key soc.AlertKey) (category string) {
	for _, a := range alerts {
		if a.TitleKey == key.Title && a.DetectorKey == key.Detector {
			category = a.Category
		}
	}
	return category
}

// priorSightings counts the verdicts of earlier incidents per entity.
func (d *Desk) priorSightings(r *store.Reader, i soc.Incident, entities []soc.Entity) (map[string]soc.PriorSightings, error) {
	out := map[string]soc.PriorSightings{}
	// In the time of the incidents, not of the clock: history that was brought
	// in today is as old as it is.
	since := firstTime(i.FirstActivity, i.CreatedAt).Add(-priorWindow).UnixMicro()
	left := floorPrior
	for _, kind := range priorKinds {
		for _, e := range entities {
			if e.Kind != kind || left == 0 {
				continue
			}
			left--
			ever, err := r.PriorVerdicts(i.Workspace, e.Kind, e.Value, i.ID, 0)
			if err != nil {
				return nil, err
			}
			if len(ever) == 0 {
				continue
			}
			recent, err := r.PriorVerdicts(i.Workspace, e.Kind, e.Value, i.ID, since)
			if err != nil {
				return nil, err
			}
			out[e.ID] = soc.PriorSightings{
				TruePositive:   recent[soc.VerdictTruePositive] + recent[soc.VerdictSuspicious],
				BenignPositive: ever[soc.VerdictBenignPositive], FalsePositive: ever[soc.VerdictFalsePositive],
			}
		}
	}
	return out, nil
}

// hostActivity counts how often each detector fired on each host before, and
// what else fired there just before.
func hostActivity(r *store.Reader, i soc.Incident, rows soc.FloorRows) (out []soc.Activity, company []soc.Company, err error) {
	hosts := map[string]soc.Entity{}
	for _, e := range rows.Entities {
		if e.Kind == soc.KindHost && len(hosts) < floorActivity {
			hosts[e.ID] = e
		}
	}
	present := map[[2]string][]time.Time{}
	detectors := map[string]string{}
	for _, a := range rows.Alerts {
		detectors[a.ID] = a.DetectorKey
		for _, e := range rows.Evidence {
			if e.Alert != a.ID {
				continue
			}
			for _, id := range e.Entities {
				if _, ok := hosts[id]; ok {
					key := [2]string{id, a.DetectorKey}
					if n := len(present[key]); n == 0 || !present[key][n-1].Equal(firstTime(a.StartedAt, a.CreatedAt)) {
						present[key] = append(present[key], firstTime(a.StartedAt, a.CreatedAt))
					}
				}
			}
		}
	}
	tallies, err := r.Tallies(i.Workspace)
	if err != nil {
		return nil, nil, err
	}
	total := 0
	for _, t := range tallies {
		total += t.N
	}
	until := firstTime(i.FirstActivity, i.CreatedAt)
	sightings := map[string]int{}
	for _, e := range rows.Entities {
		host, ok := hosts[e.ID]
		if !ok {
			continue
		}
		earlier, hostAlerts, err := r.HostActivity(i.Workspace, i.ID, host.Value, until.Add(-priorWindow), until)
		if err != nil {
			return nil, nil, err
		}
		found, err := companyOf(r, i, rows.Alerts, e.ID, earlier, until.Add(-soc.CompanyWindow))
		if err != nil {
			return nil, nil, err
		}
		company = append(company, found...)
		for _, key := range soc.DistinctAlertKeys(rows.Alerts) {
			times := present[[2]string{e.ID, key.Detector}]
			if len(times) == 0 {
				continue
			}
			if _, counted := sightings[key.Detector]; !counted {
				if sightings[key.Detector], err = r.DetectorSightings(i.Workspace, key.Detector, until); err != nil {
					return nil, nil, err
				}
			}
			before := earlier[key.Detector]
			out = append(out, soc.Activity{
				Host: e.ID, Detector: key.Detector, Present: times, Earlier: before[max(0, len(before)-100):], HostAlerts: hostAlerts,
				WorkspaceSightings: sightings[key.Detector], WorkspaceAlerts: total,
			})
		}
	}
	return out, company, nil
}

// companyOf reads what was decided on the other detectors that fired on a host
// since a moment, in the order of their keys.
func companyOf(r *store.Reader, i soc.Incident, alerts []soc.Alert, host string, earlier map[string][]time.Time, since time.Time) ([]soc.Company, error) {
	own := map[string]bool{}
	for _, a := range alerts {
		own[a.DetectorKey] = true
	}
	var company []soc.Company
	for _, detector := range slices.Sorted(maps.Keys(earlier)) {
		times := earlier[detector]
		if own[detector] || times[len(times)-1].Before(since) || len(company) == floorActivity {
			continue
		}
		counts, err := r.DetectorCounts(i.Workspace, detector)
		if err != nil {
			return nil, err
		}
		company = append(company, soc.Company{Host: host, Counts: counts})
	}
	return company, nil
}
