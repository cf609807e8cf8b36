package store

import (
	"strings"
	"time"

	"vedette/backend/soc"
)

// memoryKeys are the three levels of one decision and its key at each.
func memoryKeys(detector, title string) map[soc.MemoryLevel]string {
	return map[soc.MemoryLevel]string{soc.LevelTitle: title, soc.LevelDetector: detector, soc.LevelWorkspace: ""}
}

// memoryLevels is the order in which levels are read, finest first.
var memoryLevels = []soc.MemoryLevel{soc.LevelTitle, soc.LevelDetector, soc.LevelWorkspace}

// InsertVerdictEvent remembers a decision at every level (T6).
func (tx *Tx) InsertVerdictEvent(e soc.VerdictEvent) error {
	err := tx.insert(`INSERT INTO verdict_event (id, workspace_id, incident_id, detector_key, title_key, category, key_version, verdict, decided_by, decided_at, recorded_at, superseded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, e.ID, e.Workspace, e.Incident, e.DetectorKey, e.TitleKey, e.Category, e.KeyVersion, string(e.Verdict), e.By, micros(e.DecidedAt), micros(e.RecordedAt), e.SupersededBy)
	if err != nil {
		return err
	}
	return tx.creditType(e.Workspace, e.TitleKey, func() error { return tx.tallyVerdict(e) })
}

// tallyVerdict counts a decision at every level.
func (tx *Tx) tallyVerdict(e soc.VerdictEvent) error {
	keys := memoryKeys(e.DetectorKey, e.TitleKey)
	for _, level := range memoryLevels {
		err := tx.insert(`INSERT INTO memory_tally (workspace_id, level, memory_key, verdict, decided_by, n, first_at, last_at) VALUES ($1, $2, $3, $4, $5, 1, $6, $7)
ON CONFLICT (workspace_id, level, memory_key, verdict, decided_by) DO UPDATE SET n = memory_tally.n + 1,
  first_at = CASE WHEN memory_tally.n = 0 OR excluded.first_at < memory_tally.first_at THEN excluded.first_at ELSE memory_tally.first_at END,
  last_at = CASE WHEN memory_tally.n = 0 OR excluded.last_at > memory_tally.last_at THEN excluded.last_at ELSE memory_tally.last_at END`,
			e.Workspace, string(level), keys[level], string(e.Verdict), e.By, micros(e.DecidedAt), micros(e.DecidedAt))
		if err != nil {
			return err
		}
	}
	return tx.insert(`INSERT INTO memory_category (workspace_id, category, verdict, n) VALUES ($1, $2, $3, 1)
ON CONFLICT (workspace_id, category, verdict) DO UPDATE SET n = memory_category.n + 1`, e.Workspace, e.Category, string(e.Verdict))
}

const verdictEventColumns = `SELECT id, workspace_id, incident_id, detector_key, title_key, category, key_version, verdict, decided_by, decided_at, recorded_at, superseded_by FROM verdict_event`

func scanVerdictEvent(r row) (soc.VerdictEvent, error) {
	var e soc.VerdictEvent
	var decided, recorded int64
	err := r.Scan(&e.ID, &e.Workspace, &e.Incident, &e.DetectorKey, &e.TitleKey, &e.Category, &e.KeyVersion, &e.Verdict, &e.By, &decided, &recorded, &e.SupersededBy)
	e.DecidedAt, e.RecordedAt = fromMicros(decided), fromMicros(recorded)
	return e, err
}

// IncidentVerdictEvents lists the standing events of an incident.
func (r *Reader) IncidentVerdictEvents(workspace, incident string) ([]soc.VerdictEvent, error) {
	return all(r, scanVerdictEvent, verdictEventColumns+` WHERE incident_id = $2 AND workspace_id = $1 AND superseded_by = '' ORDER BY decided_at, id`, workspace, incident)
}

// SupersedeVerdictEvent lets an event count no more: by is the event that
// replaces it, or a word for what undid it.
func (tx *Tx) SupersedeVerdictEvent(e soc.VerdictEvent, by string) error {
	n, err := tx.update(`UPDATE verdict_event SET superseded_by = $3 WHERE id = $2 AND workspace_id = $1 AND superseded_by = ''`, e.Workspace, e.ID, by)
	if err != nil || n == 0 {
		return err
	}
	return tx.creditType(e.Workspace, e.TitleKey, func() error { return tx.untallyVerdict(e) })
}

// untallyVerdict takes a decision out of the counts of every level.
func (tx *Tx) untallyVerdict(e soc.VerdictEvent) error {
	keys := memoryKeys(e.DetectorKey, e.TitleKey)
	for _, level := range memoryLevels {
		// The first or last that stands now, where the superseded one was it. The
		// level's index is in order of time.
		end := `COALESCE((SELECT decided_at FROM verdict_event` + strings.NewReplacer("$2", "$3").Replace(levelWhere[level]) + ` AND verdict = $4 AND decided_by = $5 ORDER BY decided_at`
		if err := tx.insert(`UPDATE memory_tally SET n = n - 1,
  first_at = CASE WHEN first_at = $6 THEN `+end+` LIMIT 1), 0) ELSE first_at END,
  last_at = CASE WHEN last_at = $6 THEN `+end+` DESC LIMIT 1), 0) ELSE last_at END
WHERE workspace_id = $1 AND level = $2 AND memory_key = $3 AND verdict = $4 AND decided_by = $5`,
			e.Workspace, string(level), keys[level], string(e.Verdict), e.By, micros(e.DecidedAt)); err != nil {
			return err
		}
	}
	return tx.insert(`UPDATE memory_category SET n = n - 1 WHERE workspace_id = $1 AND category = $2 AND verdict = $3`, e.Workspace, e.Category, string(e.Verdict))
}

// History reads what the workspace decided about an alert type. With a zero
// asOf it reads the kept counts; with a time it counts the events decided by
// then, which is for tests and evaluation (T9) and costs what it counts.
func (r *Reader) History(workspace string, key soc.AlertKey, asOf time.Time) ([]soc.LevelCounts, error) {
	keys := memoryKeys(key.Detector, key.Title)
	levels := make([]soc.LevelCounts, 0, len(memoryLevels))
	for _, level := range memoryLevels {
		counts, err := r.levelCounts(workspace, level, keys[level], asOf)
		if err != nil {
			return nil, err
		}
		levels = append(levels, counts)
	}
	return levels, nil
}

// levelWhere is the events of one level.
var levelWhere = map[soc.MemoryLevel]string{
	soc.LevelTitle:     ` WHERE workspace_id = $1 AND title_key = $2 AND superseded_by = ''`,
	soc.LevelDetector:  ` WHERE workspace_id = $1 AND detector_key = $2 AND superseded_by = ''`,
	soc.LevelWorkspace: ` WHERE workspace_id = $1 AND $2 = '' AND superseded_by = ''`,
}

func (r *Reader) levelCounts(workspace string, level soc.MemoryLevel, key string, asOf time.Time) (soc.LevelCounts, error) {
	out := soc.LevelCounts{Level: level, Deciders: map[string]int{}}
	text := `SELECT verdict, decided_by, n, first_at, last_at FROM memory_tally WHERE workspace_id = $1 AND level = $2 AND memory_key = $3 AND n > 0`
	args := []any{workspace, string(level), key}
	if !asOf.IsZero() {
		text = `SELECT verdict, decided_by, COUNT(*), MIN(decided_at), MAX(decided_at) FROM verdict_event` + levelWhere[level] + ` AND decided_at <= $3 GROUP BY verdict, decided_by`
		args = []any{workspace, key, micros(asOf)}
	}
	if level == soc.LevelWorkspace {
		var err error
		if out.Types, err = r.typeShares(workspace, asOf); err != nil {
			return out, err
		}
	}
	type tally struct {
		verdict     soc.Verdict
		by          string
		n           int
		first, last int64
	}
	tallies, err := all(r, func(x row) (tally, error) {
		var t tally
		err := x.Scan(&t.verdict, &t.by, &t.n, &t.first, &t.last)
		return t, err
	}, text, args...)
	if err != nil {
		return out, err
	}
	for _, t := range tallies {
		out.Counts.Add(t.verdict, t.n)
		out.Deciders[t.by] += t.n
		if first := fromMicros(t.first); out.First.IsZero() || first.Before(out.First) {
			out.First = first
		}
		if last := fromMicros(t.last); last.After(out.Last) {
			out.Last = last
		}
	}
	if len(tallies) == 0 {
		return out, nil
	}
	until := int64(1) << 62
	if !asOf.IsZero() {
		until = micros(asOf)
	}
	out.Newest, err = all(r, func(x row) (soc.Verdict, error) {
		var v soc.Verdict
		err := x.Scan(&v)
		return v, err
	}, `SELECT verdict FROM verdict_event`+levelWhere[level]+` AND decided_at <= $3 AND verdict <> 'Undetermined' ORDER BY decided_at DESC LIMIT $4`, workspace, key, until, soc.LastVerdicts)
	return out, err
}
