package store

import (
	"time"

	"vedette/backend/soc"
)

const runColumns = `SELECT id, workspace_id, incident_id, agent_id, run_trigger, implicit, started_by, state, taint, envelope_class, envelope_impact, envelope_entities,
nonce, triage_id, hashes, created_at, updated_at, expires_at FROM run`

func scanRun(r row) (soc.Run, error) {
	var u soc.Run
	var created, updated, expires int64
	var hashes string
	err := r.Scan(&u.ID, &u.Workspace, &u.Incident, &u.Agent, &u.Trigger, &u.Implicit, &u.StartedBy, &u.State, &u.Taint, &u.EnvelopeClass, &u.EnvelopeImpact, &u.EnvelopeEntities,
		&u.Nonce, &u.Triage, &hashes, &created, &updated, &expires)
	if err == nil {
		err = decode(hashes, &u.Hashes)
	}
	u.CreatedAt, u.UpdatedAt, u.ExpiresAt = fromMicros(created), fromMicros(updated), fromMicros(expires)
	return u, err
}

// Run finds a run by id.
func (r *Reader) Run(workspace, id string) (soc.Run, bool, error) {
	return one(r, scanRun, runColumns+` WHERE id = $2 AND workspace_id = $1`, workspace, id)
}

// ImplicitRun finds the OnQueue run of (agent, incident) that calls without a
// token join.
func (r *Reader) ImplicitRun(workspace, agent, incident string) (soc.Run, bool, error) {
	return one(r, scanRun, runColumns+` WHERE agent_id = $2 AND incident_id = $3 AND workspace_id = $1 AND implicit = TRUE`, workspace, agent, incident)
}

// InsertRun adds a run. A second implicit run of the same agent and incident
// is not added; read it back with ImplicitRun.
func (tx *Tx) InsertRun(u soc.Run) error {
	return tx.insert(`INSERT INTO run (id, workspace_id, incident_id, agent_id, run_trigger, implicit, started_by, state, taint, envelope_class, envelope_impact,
envelope_entities, nonce, triage_id, hashes, created_at, updated_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT DO NOTHING`, u.ID, u.Workspace, u.Incident, u.Agent, string(u.Trigger), u.Implicit, u.StartedBy, string(u.State), string(u.Taint), string(u.EnvelopeClass), string(u.EnvelopeImpact),
		u.EnvelopeEntities, u.Nonce, u.Triage, text(u.Hashes), micros(u.CreatedAt), micros(u.UpdatedAt), micros(u.ExpiresAt))
}

// OpenRun finds the run of an agent on an incident that was started and has not
// ended, whether or not its time is over.
func (r *Reader) OpenRun(workspace, agent, incident string, now time.Time) (soc.Run, bool, error) {
	return one(r, scanRun, runColumns+` WHERE incident_id = $3 AND agent_id = $2 AND workspace_id = $1 AND implicit = FALSE
AND state IN ('Queued', 'Leased', 'Investigating', 'Submitting') AND expires_at > $4 ORDER BY id DESC LIMIT 1`, workspace, agent, incident, micros(now))
}

// RunOfTriage is the newest run that answers a triage of an incident.
func (r *Reader) RunOfTriage(workspace, incident, triage string) (soc.Run, bool, error) {
	return one(r, scanRun, runColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND triage_id = $3 ORDER BY id DESC LIMIT 1`, workspace, incident, triage)
}

// SetRunTriage lets a run answer a triage, where it answers none yet.
func (tx *Tx) SetRunTriage(workspace, id, triage string) error {
	_, err := tx.update(`UPDATE run SET triage_id = $3 WHERE id = $2 AND workspace_id = $1 AND triage_id = ''`, workspace, id, triage)
	return err
}

// StartedRun reports whether a person ever started a run on an incident.
func (r *Reader) StartedRun(workspace, incident, person string) (bool, error) {
	_, found, err := one(r, scanCount, `SELECT 1 FROM run WHERE incident_id = $2 AND workspace_id = $1 AND started_by = $3 LIMIT 1`, workspace, incident, person)
	return found, err
}

// Runs lists runs newest first.
func (r *Reader) Runs(f soc.RunFilter) ([]soc.Run, error) {
	q := &listQuery{}
	where := ` WHERE workspace_id = ` + q.arg(f.Workspace)
	for _, c := range []struct{ column, value string }{
		{"state", string(f.State)}, {"run_trigger", string(f.Trigger)}, {"agent_id", f.Agent}, {"incident_id", f.Incident},
	} {
		if c.value != "" {
			where += ` AND ` + c.column + ` = ` + q.arg(c.value)
		}
	}
	const served = `COALESCE((SELECT t.taint FROM taint t WHERE t.agent_id = run.agent_id AND t.incident_id = run.incident_id), 'clean')`
	if f.Taint != "" {
		where += ` AND ` + served + ` = ` + q.arg(string(f.Taint))
	}
	if f.Flagged != nil {
		where += ` AND (` + served + ` = 'flagged') = ` + q.arg(*f.Flagged)
	}
	if f.Before != "" {
		where += ` AND id < ` + q.arg(f.Before)
	}
	return allInOrder(r, scanRun, runColumns+where+` ORDER BY id DESC LIMIT `+q.arg(f.Limit), q.args...)
}

// SetRunState stores the state of a run that has not ended; it reports false
// where it has.
func (tx *Tx) SetRunState(workspace, id string, state soc.RunState, at time.Time) (bool, error) {
	n, err := tx.update(`UPDATE run SET state = $3, updated_at = $4 WHERE id = $2 AND workspace_id = $1 AND state IN ('Queued', 'Leased', 'Investigating', 'Submitting')`,
		workspace, id, string(state), micros(at))
	return n == 1, err
}

// Taint is what the server served an agent of an incident; clean if nothing.
func (r *Reader) Taint(agent, incident string) (soc.Taint, error) {
	t, found, err := one(r, func(x row) (soc.Taint, error) {
		var t soc.Taint
		err := x.Scan(&t)
		return t, err
	}, `SELECT taint FROM taint WHERE agent_id = $1 AND incident_id = $2`, agent, incident)
	if !found {
		t = soc.TaintClean
	}
	return t, err
}

// RaiseTaint makes the taint of an agent on incidents at least t. It never
// decreases (S38), and what stands already is not written again.
func (tx *Tx) RaiseTaint(agent string, incidents []string, t soc.Taint, at time.Time) error {
	if len(incidents) == 0 {
		return nil
	}
	each, values := tx.rowsOf("$2", incidents)
	return tx.insert(`INSERT INTO taint (agent_id, incident_id, taint, at) SELECT $1, each.value, $3, $4 FROM `+each+` WHERE TRUE
ON CONFLICT (agent_id, incident_id) DO UPDATE SET taint = excluded.taint, at = excluded.at
WHERE taint.taint = 'clean' AND excluded.taint <> 'clean' OR taint.taint = 'tainted' AND excluded.taint = 'flagged'`, agent, values, string(t), micros(at))
}

// InsertLedger adds a served call.
func (tx *Tx) InsertLedger(l soc.LedgerEntry, agent string) error {
	return tx.insert(`INSERT INTO ledger (workspace_id, run_id, incident_id, agent_id, tool, argument_digest, row_count, evidence, flagged, duration_us, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, l.Workspace, l.Run, l.Incident, agent, l.Tool, l.ArgumentDigest, l.Rows, list(l.Evidence), l.Flagged, l.Duration.Microseconds(), micros(l.At))
}

// Ledger lists the served calls of a run in order, at most limit.
func (r *Reader) Ledger(workspace, run string, limit int) ([]soc.LedgerEntry, error) {
	return all(r, scanLedger, ledgerColumns+` WHERE run_id = $2 AND workspace_id = $1 ORDER BY seq LIMIT $3`,
		workspace, run, limit)
}

const ledgerColumns = `SELECT workspace_id, run_id, incident_id, tool, argument_digest, row_count, evidence, flagged, duration_us, at FROM ledger`

func scanLedger(x row) (soc.LedgerEntry, error) {
	var l soc.LedgerEntry
	var evidence string
	var duration, at int64
	err := x.Scan(&l.Workspace, &l.Run, &l.Incident, &l.Tool, &l.ArgumentDigest, &l.Rows, &evidence, &l.Flagged, &duration, &at)
	if err != nil {
		return l, err
	}
	l.Duration, l.At = time.Duration(duration)*time.Microsecond, fromMicros(at)
	return l, decode(evidence, &l.Evidence)
}

// LedgerElsewhere lists an agent's served calls that belong to no run, because
// they were about no single incident, newest first.
func (r *Reader) LedgerElsewhere(workspace, agent string, since time.Time, limit int) ([]soc.LedgerEntry, error) {
	return all(r, scanLedger, ledgerColumns+` WHERE agent_id = $2 AND workspace_id = $1 AND run_id = '' AND at >= $3 ORDER BY at DESC LIMIT $4`,
		workspace, agent, micros(since), limit)
}
