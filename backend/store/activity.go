package store

import (
	"strings"
	"time"

	"vedette/backend/soc"
)

// activityIncidents bounds how many earlier incidents of a host are looked at.
const activityIncidents = 200

// HostActivity reads how often detectors fired on a host before an incident:
// the starts of earlier alerts per detector key, newest incidents first, and
// the number of alerts on the host altogether. Both are bounded.
func (r *Reader) HostActivity(workspace, excludeIncident, host string, since, until time.Time) (earlier map[string][]time.Time, hostAlerts int, err error) {
	type alert struct {
		detector string
		at       int64
	}
	found, err := all(r, func(x row) (alert, error) {
		var a alert
		err := x.Scan(&a.detector, &a.at)
		return a, err
	}, `SELECT a.detector_key, CASE WHEN a.started_at > 0 THEN a.started_at ELSE a.created_at END FROM (
  SELECT id FROM entity WHERE workspace_id = $1 AND kind = 'host' AND value_key = $2 AND incident_id <> $3 ORDER BY incident_seq DESC LIMIT $4
) e CROSS JOIN sighting s CROSS JOIN alert a
WHERE s.entity_id = e.id AND s.evidence_number = 0 AND a.id = s.alert_id AND a.workspace_id = $1 AND a.created_at >= $5 AND a.created_at < $6
GROUP BY a.id, a.detector_key, a.started_at, a.created_at ORDER BY 2 LIMIT 2000`,
		workspace, valueKey(soc.KindHost, host), excludeIncident, activityIncidents, micros(since), micros(until))
	earlier = map[string][]time.Time{}
	for _, a := range found {
		earlier[a.detector] = append(earlier[a.detector], fromMicros(a.at))
	}
	return earlier, len(found), err
}

// DetectorSightings counts the alerts of a detector in the workspace before a
// moment, up to 1,000.
func (r *Reader) DetectorSightings(workspace, detectorKey string, until time.Time) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE workspace_id = $1 AND detector_key = $2 AND created_at < $3 LIMIT 1000) counted`,
		workspace, detectorKey, micros(until)).Scan(&n)
	return n, failure(err)
}

// EvidenceOfAlerts reads the first rows of each alert of an incident, so that
// a verdict on a large incident can cite every alert it rests on.
func (r *Reader) EvidenceOfAlerts(workspace, incident string, limit int) ([]soc.Evidence, error) {
	return all(r, scanEvidence, strings.TrimSpace(evidenceColumns)+` WHERE incident_id = $2 AND workspace_id = $1 ORDER BY number LIMIT $3`, workspace, incident, limit)
}
