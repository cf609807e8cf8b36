package store

import (
	"time"

	"vedette/backend/soc"
)

const runWorkColumns = `SELECT run_id, workspace_id, incident_id, agent_id, priority, evidence_version, stage, seq, chain, fence, lease_expires_at, bad, budget, used, model, prompts, error,
queued_at, started_at, finished_at, faults FROM run_work`

func scanRunWork(r row) (soc.RunWork, error) {
	var w soc.RunWork
	var lease, queued, started, finished int64
	var budget, used string
	err := r.Scan(&w.Run, &w.Workspace, &w.Incident, &w.Agent, &w.Priority, &w.EvidenceVersion, &w.Stage, &w.Seq, &w.Chain, &w.Fence, &lease, &w.Bad, &budget, &used, &w.Model, &w.Prompts, &w.Error,
		&queued, &started, &finished, &w.Faults)
	if err != nil {
		return w, err
	}
	w.LeaseExpires, w.QueuedAt, w.StartedAt, w.FinishedAt = fromMicros(lease), fromMicros(queued), fromMicros(started), fromMicros(finished)
	return w, decodeAll(budget, &w.Budget, used, &w.Used)
}

// RunWork is the work of a run of the loop; any other run has none.
func (r *Reader) RunWork(workspace, run string) (soc.RunWork, bool, error) {
	return one(r, scanRunWork, runWorkColumns+` WHERE run_id = $2 AND workspace_id = $1`, workspace, run)
}

// WaitingWork lists what an agent could take: not finished and in nobody's
// hands, most severe first and
// then oldest, or simply oldest; behind them those that lost their endpoint.
func (r *Reader) WaitingWork(workspace, agent string, oldest bool, now time.Time, limit int) ([]soc.RunWork, error) {
	order := ` ORDER BY faults, priority DESC, queued_at, run_id`
	if oldest {
		order = ` ORDER BY faults, queued_at, run_id`
	}
	return all(r, scanRunWork, runWorkColumns+` WHERE workspace_id = $1 AND agent_id = $2 AND finished_at = 0 AND lease_expires_at <= $3`+order+` LIMIT $4`, workspace, agent, micros(now), limit)
}

// CountHeldWork counts the runs that are in somebody's hands, up to a limit.
func (r *Reader) CountHeldWork(workspace string, now time.Time, limit int) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM run_work WHERE workspace_id = $1 AND finished_at = 0 AND lease_expires_at > $2 LIMIT $3) w`, workspace, micros(now), limit).Scan(&n)
	return n, failure(err)
}

// OverdueWork lists, over the whole installation, what nobody holds of runs whose
// time is over.
func (r *Reader) OverdueWork(now time.Time, limit int) ([]soc.RunWork, error) {
	return all(r, scanRunWork, runWorkColumns+` WHERE finished_at = 0 AND lease_expires_at <= $1
AND EXISTS (SELECT 1 FROM run WHERE run.id = run_work.run_id AND run.expires_at <= $1) LIMIT $2`, micros(now), limit)
}

// InvestigatedVersion is the newest evidence version of an incident for which an
// agent has a run of the loop, 0 for none.
func (r *Reader) InvestigatedVersion(workspace, agent, incident string) (int64, error) {
	var n int64
	err := r.q.queryRow(r.ctx, `SELECT COALESCE(MAX(evidence_version), 0) FROM run_work WHERE incident_id = $3 AND agent_id = $2 AND workspace_id = $1`, workspace, agent, incident).Scan(&n)
	return n, failure(err)
}

// LabelledOutcomes counts the investigations of a model with these prompts that a
// person decided about, up to a limit (T25).
func (r *Reader) LabelledOutcomes(workspace, model, prompts string, limit int) (int, error) {
	var n int
	err := r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM run_work w JOIN investigation i ON i.run_id = w.run_id
WHERE w.workspace_id = $1 AND w.model = $2 AND w.prompts = $3 AND w.finished_at > 0 AND i.state IN ('accepted', 'rejected') LIMIT $4) n`, workspace, model, prompts, limit).Scan(&n)
	return n, failure(err)
}

// InvestigationOfRun is the newest investigation that a run submitted.
func (r *Reader) InvestigationOfRun(workspace, run string) (id string, held, found bool, err error) {
	type submitted struct {
		id   string
		held bool
	}
	s, found, err := one(r, func(x row) (s submitted, err error) {
		err = x.Scan(&s.id, &s.held)
		return s, err
	}, `SELECT id, held FROM investigation WHERE run_id = $2 AND workspace_id = $1 AND run_id <> '' ORDER BY at DESC, id DESC LIMIT 1`, workspace, run)
	return s.id, s.held, found, err
}

// InsertRunWork adds the work of a run.
func (tx *Tx) InsertRunWork(w soc.RunWork) error {
	return tx.insert(`INSERT INTO run_work (run_id, workspace_id, incident_id, agent_id, priority, evidence_version, stage, seq, chain, fence, lease_expires_at, bad, budget, used, model, prompts, error,
queued_at, started_at, finished_at, faults) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		w.Run, w.Workspace, w.Incident, w.Agent, w.Priority, w.EvidenceVersion, string(w.Stage), w.Seq, w.Chain, w.Fence, micros(w.LeaseExpires), w.Bad, text(w.Budget), text(w.Used), w.Model, w.Prompts, string(w.Error),
		micros(w.QueuedAt), micros(w.StartedAt), micros(w.FinishedAt), w.Faults)
}

// UpdateRunWork stores the work of a run if nobody took it over since it was
// read with that fence; it reports whether that is so.
func (tx *Tx) UpdateRunWork(w soc.RunWork, fence int64) (bool, error) {
	n, err := tx.update(`UPDATE run_work SET stage = $3, seq = $4, chain = $5, fence = $6, lease_expires_at = $7, bad = $8, budget = $9, used = $10, model = $11, prompts = $12, error = $13,
started_at = $14, finished_at = $15, faults = $16 WHERE run_id = $2 AND workspace_id = $1 AND fence = $17`,
		w.Workspace, w.Run, string(w.Stage), w.Seq, w.Chain, w.Fence, micros(w.LeaseExpires), w.Bad, text(w.Budget), text(w.Used), w.Model, w.Prompts, string(w.Error),
		micros(w.StartedAt), micros(w.FinishedAt), w.Faults, fence)
	return n == 1, err
}

const runStageColumns = `SELECT run_id, workspace_id, seq, stage, fence, model, result, exchanges, used, error, report, chain, at FROM run_stage`

func scanRunStage(r row) (soc.RunStage, error) {
	var s soc.RunStage
	var result, exchanges, used string
	var at int64
	err := r.Scan(&s.Run, &s.Workspace, &s.Seq, &s.Stage, &s.Fence, &s.Model, &result, &exchanges, &used, &s.Error, &s.Report, &s.Chain, &at)
	s.Result, s.Exchanges, s.At = []byte(result), []byte(exchanges), fromMicros(at)
	if err != nil {
		return s, err
	}
	return s, decode(used, &s.Usage)
}

// RunStages lists the stored stages of a run in order; there are few.
func (r *Reader) RunStages(workspace, run string) ([]soc.RunStage, error) {
	return all(r, scanRunStage, runStageColumns+` WHERE run_id = $2 AND workspace_id = $1 ORDER BY seq`, workspace, run)
}

// InsertRunStage adds a stage.
func (tx *Tx) InsertRunStage(s soc.RunStage) error {
	return tx.insert(`INSERT INTO run_stage (run_id, workspace_id, seq, stage, fence, model, result, exchanges, used, error, report, chain, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		s.Run, s.Workspace, s.Seq, string(s.Stage), s.Fence, s.Model, string(s.Result), string(s.Exchanges), text(s.Usage), string(s.Error), s.Report, s.Chain, micros(s.At))
}

// LoopDay is what a workspace used on a day, counted from the epoch.
func (r *Reader) LoopDay(workspace string, day int64) (soc.LoopDay, error) {
	used, _, err := one(r, func(x row) (u soc.LoopDay, err error) {
		err = x.Scan(&u.Tokens, &u.CostMicros)
		return u, err
	}, `SELECT tokens, cost_micros FROM loop_day WHERE workspace_id = $1 AND day = $2`, workspace, day)
	return used, err
}

// AddLoopDay adds to what a workspace used on a day.
func (tx *Tx) AddLoopDay(workspace string, day int64, used soc.LoopDay) error {
	return tx.insert(`INSERT INTO loop_day (workspace_id, day, tokens, cost_micros) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, day) DO UPDATE SET tokens = loop_day.tokens + excluded.tokens, cost_micros = loop_day.cost_micros + excluded.cost_micros`,
		workspace, day, used.Tokens, used.CostMicros)
}
