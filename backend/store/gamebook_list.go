package store

import (
	"strconv"

	"vedette/backend/soc"
)

// ListGamebooks lists gamebooks with their steps, newest request first.
func (r *Reader) ListGamebooks(f soc.GamebookFilter) (found []soc.Gamebook, next *soc.Keyset, err error) {
	q := &listQuery{}
	where := ` WHERE workspace_id = ` + q.arg(f.Workspace)
	if f.Status != "" {
		where += ` AND status = ` + q.arg(string(f.Status))
	}
	if f.Incident != "" {
		where += ` AND incident_id = ` + q.arg(f.Incident)
	}
	if f.Playbook != "" {
		where += ` AND id IN (SELECT gamebook_id FROM step WHERE workspace_id = ` + q.arg(f.Workspace) + ` AND playbook_id = ` + q.arg(f.Playbook) + `)`
	}
	if f.Entity != "" {
		where += ` AND id IN (SELECT gamebook_id FROM step WHERE workspace_id = ` + q.arg(f.Workspace) + ` AND entity_id = ` + q.arg(f.Entity) + `)`
	}
	if f.Agent != "" {
		where += ` AND requested_by = ` + q.arg(f.Agent)
	}
	if !f.From.IsZero() {
		where += ` AND requested_at >= ` + q.arg(micros(f.From))
	}
	if !f.To.IsZero() {
		where += ` AND requested_at < ` + q.arg(micros(f.To))
	}
	if f.After != nil {
		at, _ := strconv.ParseInt(f.After.Value, 10, 64)
		where += ` AND (requested_at, id) < (` + q.arg(at) + `, ` + q.arg(f.After.ID) + `)`
	}
	found, err = all(r, scanGamebook, gamebookColumns+where+` ORDER BY requested_at DESC, id DESC LIMIT `+q.arg(f.Limit+1), q.args...)
	if err != nil {
		return nil, nil, err
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		last := found[len(found)-1]
		next = &soc.Keyset{Value: strconv.FormatInt(micros(last.RequestedAt), 10), ID: last.ID}
	}
	for n := range found {
		if found[n].Steps, err = r.Steps(f.Workspace, found[n].ID); err != nil {
			return nil, nil, err
		}
	}
	return found, next, nil
}
