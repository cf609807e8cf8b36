package store

import "vedette/backend/soc"

// LoopWorker is what is known of whoever works on the runs of an agent's
// identity; false is that nobody ever asked for one.
func (r *Reader) LoopWorker(agent string) (soc.LoopWorker, bool, error) {
	return one(r, func(x row) (w soc.LoopWorker, err error) {
		var asked, failed int64
		var models string
		if err := x.Scan(&asked, &models, &failed, &w.Failures); err != nil {
			return w, err
		}
		w.AskedAt, w.FailedAt = fromMicros(asked), fromMicros(failed)
		return w, decode(models, &w.Models)
	}, `SELECT asked_at, models, failed_at, failures FROM loop_worker WHERE agent_id = $1`, agent)
}

// SetLoopWorker stores it.
func (tx *Tx) SetLoopWorker(agent string, w soc.LoopWorker) error {
	return tx.insert(`INSERT INTO loop_worker (agent_id, asked_at, models, failed_at, failures) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (agent_id) DO UPDATE SET asked_at = excluded.asked_at, models = excluded.models, failed_at = excluded.failed_at, failures = excluded.failures`,
		agent, micros(w.AskedAt), list(w.Models), micros(w.FailedAt), w.Failures)
}
