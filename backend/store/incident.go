package store

import (
	"database/sql"
	"time"

	"vedette/backend/soc"
)

const incidentColumns = `seq, id, short_id, workspace_id, source, external_id, number, source_number, incident_type, title, description,
severity, ingest_severity, highest_severity, status, verdict, verdict_reason, verdict_by, verdict_score, investigation_id, held, hold_reasons,
proposed_verdict, closing_comment, triaged_at, last_triage, assignee_id, assignee_name, assignee_email, tactics, products, rule_ids, flags,
dangling_alerts, alert_count, entity_count, evidence_count, created_at, updated_at, first_activity, last_activity, source_modified,
ingested_at, deleted_at, version, evidence_version, duplicate, duplicate_of, root_cause, closed_by, closed_at`

func scanIncident(r row) (soc.Incident, error) {
	var i soc.Incident
	var score sql.NullInt64
	var holds, tactics, products, rules, flags, dangling string
	var triaged, created, updated, first, last, modified, ingested, deleted, closed int64
	err := r.Scan(&i.Seq, &i.ID, &i.ShortID, &i.Workspace, &i.Source, &i.ExternalID, &i.Number, &i.SourceNumber, &i.Type, &i.Title, &i.Description,
		&i.Severity, &i.IngestSeverity, &i.HighestSeverity, &i.Status, &i.Verdict, &i.VerdictReason, &i.VerdictBy, &score, &i.Investigation, &i.Held, &holds,
		&i.ProposedVerdict, &i.ClosingComment, &triaged, &i.LastTriage, &i.AssigneeID, &i.AssigneeName, &i.AssigneeEmail, &tactics, &products, &rules, &flags,
		&dangling, &i.AlertCount, &i.EntityCount, &i.EvidenceCount, &created, &updated, &first, &last, &modified,
		&ingested, &deleted, &i.Version, &i.EvidenceVersion, &i.Duplicate, &i.DuplicateOf, &i.RootCause, &i.ClosedBy, &closed)
	if err != nil {
		return i, err
	}
	if score.Valid {
		n := int(score.Int64)
		i.VerdictScore = &n
	}
	i.TriagedAt, i.CreatedAt, i.UpdatedAt = fromMicros(triaged), fromMicros(created), fromMicros(updated)
	i.FirstActivity, i.LastActivity, i.SourceModified = fromMicros(first), fromMicros(last), fromMicros(modified)
	i.IngestedAt, i.DeletedAt, i.ClosedAt = fromMicros(ingested), fromMicros(deleted), fromMicros(closed)
	return i, decodeAll(holds, &i.HoldReasons, tactics, &i.Tactics, products, &i.Products, rules, &i.RuleIDs, flags, &i.Flags, dangling, &i.DanglingAlerts)
}

// kept is the incident with the moment of its closing: closed <=> closed_at.
func kept(i soc.Incident) soc.Incident {
	switch {
	case i.Status != soc.StatusClosed:
		i.ClosedAt, i.ClosedBy = time.Time{}, ""
	case i.ClosedAt.IsZero():
		i.ClosedAt = i.UpdatedAt
	}
	return i
}

// Incident finds an incident by UUID or short id. A deleted one is not found.
func (r *Reader) Incident(workspace, id string) (soc.Incident, bool, error) {
	return one(r, scanIncident, `SELECT `+incidentColumns+` FROM incident WHERE (id = $2 OR short_id = $2) AND workspace_id = $1 AND deleted_at = 0`, workspace, id)
}

// IncidentBySource finds an incident by its source's own id.
func (r *Reader) IncidentBySource(workspace, source, externalID string) (soc.Incident, bool, error) {
	return one(r, scanIncident, `SELECT `+incidentColumns+` FROM incident WHERE workspace_id = $1 AND source = $2 AND external_id = $3 AND deleted_at = 0`, workspace, source, externalID)
}

// IncidentByNumber finds an incident by its running number, for hints.
func (r *Reader) IncidentByNumber(workspace string, number int64) (soc.Incident, bool, error) {
	return one(r, scanIncident, `SELECT `+incidentColumns+` FROM incident WHERE workspace_id = $1 AND number = $2 AND deleted_at = 0`, workspace, number)
}

// IncidentKeyExists tells whether an incident with this source key was ever
// made, deleted or not: keys are never reused.
func (r *Reader) IncidentKeyExists(workspace, source, externalID string) (bool, error) {
	_, found, err := one(r, func(x row) (int, error) {
		var n int
		err := x.Scan(&n)
		return n, err
	}, `SELECT 1 FROM incident WHERE workspace_id = $1 AND source = $2 AND external_id = $3`, workspace, source, externalID)
	return found, err
}

// SourcesInUse lists the sources of a workspace's incidents by name.
func (r *Reader) SourcesInUse(workspace string) ([]string, error) {
	// A loose index scan: one look-up per source instead of one per incident.
	return all(r, func(x row) (string, error) {
		var s string
		err := x.Scan(&s)
		return s, err
	}, `WITH RECURSIVE used(source) AS (
  SELECT (SELECT MIN(source) FROM incident WHERE workspace_id = $1)
  UNION ALL
  SELECT (SELECT MIN(i.source) FROM incident i WHERE i.workspace_id = $1 AND i.source > used.source) FROM used WHERE used.source IS NOT NULL
) SELECT source FROM used WHERE source IS NOT NULL`, workspace)
}

const incidentInsert = `INSERT INTO incident (id, short_id, workspace_id, source, external_id, number, source_number, incident_type, title, description,
severity, severity_rank, ingest_severity, highest_severity, status, phase, verdict, verdict_reason, verdict_by, verdict_score, investigation_id, held, hold_reasons,
proposed_verdict, closing_comment, triaged_at, last_triage, assignee_id, assignee_name, assignee_email, tactics, products, rule_ids, flags,
dangling_alerts, alert_count, entity_count, evidence_count, created_at, updated_at, first_activity, last_activity, source_modified,
ingested_at, deleted_at, version, evidence_version, duplicate, duplicate_of, root_cause, closed_by, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
$31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52)`

// InsertIncident adds an incident and returns it with Seq set.
func (tx *Tx) InsertIncident(i soc.Incident) (soc.Incident, error) {
	added := []soc.Incident{i}
	err := tx.InsertIncidents(added)
	return added[0], err
}

// InsertIncidents adds incidents and sets their Seq.
func (tx *Tx) InsertIncidents(incidents []soc.Incident) error {
	args := make([][]any, len(incidents))
	for n := range incidents {
		incidents[n] = kept(incidents[n])
		i := incidents[n]
		args[n] = []any{
			i.ID, i.ShortID, i.Workspace, i.Source, i.ExternalID, i.Number, i.SourceNumber, i.Type, i.Title, i.Description,
			string(i.Severity), i.Severity.Rank(), string(i.IngestSeverity), string(i.HighestSeverity), string(i.Status), int(i.Phase()), string(i.Verdict), i.VerdictReason, string(i.VerdictBy), i.VerdictScore, i.Investigation, i.Held, list(i.HoldReasons),
			string(i.ProposedVerdict), i.ClosingComment, micros(i.TriagedAt), i.LastTriage, i.AssigneeID, i.AssigneeName, i.AssigneeEmail, list(i.Tactics), list(i.Products), list(i.RuleIDs), list(i.Flags),
			list(i.DanglingAlerts), i.AlertCount, i.EntityCount, i.EvidenceCount, micros(i.CreatedAt), micros(i.UpdatedAt), micros(i.FirstActivity), micros(i.LastActivity), micros(i.SourceModified),
			micros(i.IngestedAt), micros(i.DeletedAt), i.Version, i.EvidenceVersion,
			i.Duplicate, i.DuplicateOf, i.RootCause, i.ClosedBy, micros(i.ClosedAt),
		}
	}
	seqs, err := tx.q.insertEach(tx.ctx, incidentInsert, "seq", args)
	if err != nil {
		return failure(err)
	}
	for n, seq := range seqs {
		incidents[n].Seq = seq
	}
	if err := tx.tallyAll(incidents); err != nil {
		return err
	}
	if err := tx.startClocks(incidents); err != nil {
		return err
	}
	for _, i := range incidents {
		if err := tx.reindexWords(soc.Incident{}, i); err != nil {
			return err
		}
	}
	return nil
}

const incidentUpdate = `UPDATE incident SET source_number = $2, incident_type = $3, title = $4, description = $5, severity = $6, severity_rank = $7,
highest_severity = $8, status = $9, phase = $10, verdict = $11, verdict_reason = $12, verdict_by = $13, verdict_score = $14, investigation_id = $15,
held = $16, hold_reasons = $17, proposed_verdict = $18, closing_comment = $19, triaged_at = $20, last_triage = $21, assignee_id = $22,
assignee_name = $23, assignee_email = $24, tactics = $25, products = $26, rule_ids = $27, flags = $28, dangling_alerts = $29, alert_count = $30,
entity_count = $31, evidence_count = $32, created_at = $33, updated_at = $34, first_activity = $35, last_activity = $36, source_modified = $37,
deleted_at = $38, version = $39, evidence_version = $40, duplicate = $43, duplicate_of = $44, root_cause = $45, closed_by = $46, closed_at = $47
WHERE id = $1 AND version = $41 AND workspace_id = $42`

// UpdateIncident stores the changed incident. before is the row as read in
// this transaction; the new version is before.Version + 1 and is returned.
func (tx *Tx) UpdateIncident(before, i soc.Incident) (soc.Incident, error) {
	i = kept(i)
	i.Version = before.Version + 1
	n, err := tx.update(incidentUpdate, i.ID, i.SourceNumber, i.Type, i.Title, i.Description, string(i.Severity), i.Severity.Rank(),
		string(i.HighestSeverity), string(i.Status), int(i.Phase()), string(i.Verdict), i.VerdictReason, string(i.VerdictBy), i.VerdictScore, i.Investigation,
		i.Held, list(i.HoldReasons), string(i.ProposedVerdict), i.ClosingComment, micros(i.TriagedAt), i.LastTriage, i.AssigneeID,
		i.AssigneeName, i.AssigneeEmail, list(i.Tactics), list(i.Products), list(i.RuleIDs), list(i.Flags), list(i.DanglingAlerts), i.AlertCount,
		i.EntityCount, i.EvidenceCount, micros(i.CreatedAt), micros(i.UpdatedAt), micros(i.FirstActivity), micros(i.LastActivity), micros(i.SourceModified),
		micros(i.DeletedAt), i.Version, i.EvidenceVersion, before.Version, before.Workspace,
		i.Duplicate, i.DuplicateOf, i.RootCause, i.ClosedBy, micros(i.ClosedAt))
	if err != nil {
		return i, err
	}
	if n != 1 {
		// Another replica changed the row after it was read here.
		return i, unavailableError(errStaleRow)
	}
	if before.Status != i.Status || before.Severity != i.Severity || int(before.Phase()) != int(i.Phase()) || before.DeletedAt.IsZero() != i.DeletedAt.IsZero() {
		if err := tx.tally(before, -1); err != nil {
			return i, err
		}
		if err := tx.tally(i, 1); err != nil {
			return i, err
		}
	}
	if err := tx.keepClock(before, i); err != nil {
		return i, err
	}
	if !sameWords(before, i) {
		return i, tx.reindexWords(before, i)
	}
	return i, nil
}

// tally keeps the counts that lists show; deleted incidents are not counted.
func (tx *Tx) tally(i soc.Incident, n int) error {
	if !i.DeletedAt.IsZero() {
		return nil
	}
	return tx.addTally(i.Workspace, Tally{i.Status, int(i.Phase()), i.Severity.Rank(), n})
}

// tallyAll counts new incidents, alike ones together.
func (tx *Tx) tallyAll(incidents []soc.Incident) error {
	type group struct {
		workspace string
		tally     Tally
	}
	var order []group
	counts := map[group]int{}
	for _, i := range incidents {
		if !i.DeletedAt.IsZero() {
			continue
		}
		g := group{i.Workspace, Tally{Status: i.Status, Phase: int(i.Phase()), SeverityRank: i.Severity.Rank()}}
		if counts[g] == 0 {
			order = append(order, g)
		}
		counts[g]++
	}
	for _, g := range order {
		g.tally.N = counts[g]
		if err := tx.addTally(g.workspace, g.tally); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) addTally(workspace string, t Tally) error {
	if t.N < 0 {
		// An upsert would be refused for its first half: CHECK (n >= 0).
		return tx.insert(`UPDATE incident_tally SET n = n + $5 WHERE workspace_id = $1 AND status = $2 AND phase = $3 AND severity_rank = $4`,
			workspace, string(t.Status), t.Phase, t.SeverityRank, t.N)
	}
	return tx.insert(`INSERT INTO incident_tally (workspace_id, status, phase, severity_rank, n) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, status, phase, severity_rank) DO UPDATE SET n = incident_tally.n + excluded.n`, workspace, string(t.Status), t.Phase, t.SeverityRank, t.N)
}

// Tally is a kept count of incidents.
type Tally struct {
	Status       soc.Status
	Phase        int
	SeverityRank int
	N            int
}

// Tallies reads the kept counts of a workspace.
func (r *Reader) Tallies(workspace string) ([]Tally, error) {
	return all(r, func(x row) (Tally, error) {
		var t Tally
		err := x.Scan(&t.Status, &t.Phase, &t.SeverityRank, &t.N)
		return t, err
	}, `SELECT status, phase, severity_rank, n FROM incident_tally WHERE workspace_id = $1 AND n > 0 ORDER BY status, phase, severity_rank`, workspace)
}
