package store

import (
	"time"

	"vedette/backend/soc"
)

// lookNow makes a clock due at once: what it said may be wrong.
const lookNow = 1

var clockRows = newBulk(`INSERT INTO incident_clock (incident_id, workspace_id, acknowledged_at, triaged_at, due_at, breached)`, 6, "")

// acknowledged reports that somebody has taken note of an incident.
func acknowledged(i soc.Incident) bool {
	return i.Status != soc.StatusNew || i.AssigneeID != "" || i.AssigneeName != "" || i.AssigneeEmail != ""
}

// startClocks begins the clocks of new incidents.
func (tx *Tx) startClocks(incidents []soc.Incident) error {
	values := make([]any, 0, 6*len(incidents))
	for _, i := range incidents {
		var seen, judged, due int64
		if acknowledged(i) {
			seen = micros(i.Begins())
		}
		if i.Phase() != soc.PhaseOpen {
			judged = micros(i.Begins())
		}
		if i.Open() {
			due = lookNow
		}
		values = append(values, i.ID, i.Workspace, seen, judged, due, 0)
	}
	return tx.insertRows(clockRows, values)
}

// keepClock notes what a change means for the targets of an incident.
func (tx *Tx) keepClock(before, i soc.Incident) error {
	seen, judged := acknowledged(i) && !acknowledged(before), i.Phase() != soc.PhaseOpen && before.Phase() == soc.PhaseOpen
	again := i.Severity != before.Severity || i.Open() != before.Open()
	if !seen && !judged && !again {
		return nil
	}
	at := micros(i.UpdatedAt)
	pick := func(wanted bool, value int64) int64 {
		if wanted {
			return value
		}
		return 0
	}
	return tx.insert(`UPDATE incident_clock SET
acknowledged_at = CASE WHEN acknowledged_at = 0 THEN $3 ELSE acknowledged_at END,
triaged_at = CASE WHEN triaged_at = 0 THEN $4 ELSE triaged_at END,
due_at = CASE WHEN $5 > 0 THEN $5 ELSE due_at END WHERE incident_id = $2 AND workspace_id = $1`,
		before.Workspace, before.ID, pick(seen, at), pick(judged, at), pick(again, lookNow))
}

const clockColumns = `SELECT incident_id, workspace_id, acknowledged_at, triaged_at, breached FROM incident_clock`

func scanClock(r row) (soc.IncidentClock, error) {
	var c soc.IncidentClock
	var seen, judged int64
	err := r.Scan(&c.Incident, &c.Workspace, &seen, &judged, &c.Breached)
	c.AcknowledgedAt, c.TriagedAt = fromMicros(seen), fromMicros(judged)
	return c, err
}

// Clock is that of an incident.
func (r *Reader) Clock(workspace, incident string) (soc.IncidentClock, error) {
	c, _, err := one(r, scanClock, clockColumns+` WHERE incident_id = $2 AND workspace_id = $1`, workspace, incident)
	return c, err
}

// DueClocks are the clocks that somebody has to look at by a time, the longest
// due first.
func (r *Reader) DueClocks(now time.Time, limit int) ([]soc.IncidentClock, error) {
	return all(r, scanClock, clockColumns+` WHERE due_at > 0 AND due_at <= $1 ORDER BY due_at, incident_id LIMIT $2`, micros(now), limit)
}

// SetClock stores what a look found and when to look again, zero for never.
func (tx *Tx) SetClock(c soc.IncidentClock, next time.Time) error {
	_, err := tx.update(`UPDATE incident_clock SET breached = $3, due_at = $4 WHERE incident_id = $2 AND workspace_id = $1`, c.Workspace, c.Incident, c.Breached, micros(next))
	return err
}

// SetSLA sets the targets of one severity.
func (tx *Tx) SetSLA(workspace string, severity soc.Severity, t soc.SLATimes) error {
	seconds := func(d time.Duration) int64 { return int64(d / time.Second) }
	return tx.insert(`INSERT INTO sla_target (workspace_id, severity, acknowledge_s, triage_s, resolve_s) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, severity) DO UPDATE SET acknowledge_s = excluded.acknowledge_s, triage_s = excluded.triage_s, resolve_s = excluded.resolve_s`,
		workspace, string(severity), seconds(t.Acknowledge), seconds(t.Triage), seconds(t.Resolve))
}

// LookAgain makes up to limit clocks of a workspace due, behind an incident, and
// returns where the next page begins, "" at the end.
func (tx *Tx) LookAgain(workspace, after string, limit int) (next string, err error) {
	ids, err := all(&tx.Reader, scanString, `SELECT id FROM incident WHERE workspace_id = $1 AND deleted_at = 0 AND `+notClosed+` AND id > $2 ORDER BY id LIMIT $3`, workspace, after, limit)
	for _, id := range ids {
		if err := tx.insert(`UPDATE incident_clock SET due_at = $3 WHERE incident_id = $2 AND workspace_id = $1`, workspace, id, lookNow); err != nil {
			return "", err
		}
	}
	if len(ids) < limit {
		return "", err
	}
	return ids[len(ids)-1], err
}

// SLA reads the targets that a workspace set itself.
func (r *Reader) SLA(workspace string) (soc.SLA, error) {
	type row3 struct {
		severity soc.Severity
		times    soc.SLATimes
	}
	set, err := all(r, func(x row) (row3, error) {
		var t row3
		var seconds [3]int64
		err := x.Scan(&t.severity, &seconds[0], &seconds[1], &seconds[2])
		t.times = soc.SLATimes{Acknowledge: time.Duration(seconds[0]) * time.Second, Triage: time.Duration(seconds[1]) * time.Second, Resolve: time.Duration(seconds[2]) * time.Second}
		return t, err
	}, `SELECT severity, acknowledge_s, triage_s, resolve_s FROM sla_target WHERE workspace_id = $1`, workspace)
	targets := soc.SLA{}
	for _, t := range set {
		targets[t.severity] = t.times
	}
	return targets, err
}
