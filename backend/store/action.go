package store

import (
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// actionStates are the triage family's statuses of a step (soc.TriageStepStatus)
// as conditions on step and gamebook.
var actionStates = map[string]string{
	"executing": `s.status = 'Dispatched'`, "completed": `s.status = 'Confirmed'`, "unverified": `s.status = 'Unconfirmed'`,
	"failed": `s.status = 'Failed'`, "unknown": `s.status = 'Unknown'`, "rolled_back": `s.status = 'RolledBack'`,
	"rejected":         `s.status IN ('Queued', 'NotRun') AND g.status = 'Rejected'`,
	"expired":          `s.status IN ('Queued', 'NotRun') AND g.status = 'Expired'`,
	"cancelled":        `(s.status = 'NotRun' AND g.status NOT IN ('Rejected', 'Expired') OR s.status = 'Queued' AND g.status IN ('Cancelled', 'Halted'))`,
	"pending_approval": `s.status = 'Queued' AND g.status NOT IN ('Rejected', 'Expired', 'Cancelled', 'Halted') AND g.needs_approval = TRUE`,
	"pending":          `s.status = 'Queued' AND g.status NOT IN ('Rejected', 'Expired', 'Cancelled', 'Halted') AND g.needs_approval = FALSE`,
}

// actionLevels are the approval levels as conditions (soc.Need.Level).
var actionLevels = map[soc.Role]string{
	soc.RoleAnalyst: `g.need_roles LIKE '%"analyst"%' AND g.need_roles NOT LIKE '%"senior"%' AND g.need_roles NOT LIKE '%"manager"%'`,
	soc.RoleSenior:  `g.need_roles LIKE '%"senior"%' AND g.need_roles NOT LIKE '%"manager"%'`,
	soc.RoleManager: `g.need_roles LIKE '%"manager"%'`,
}

// actionKey names a step of a gamebook and its place in the list.
type actionKey struct {
	step, gamebook string
	at             int64
}

// actionsFrom names the table that is walked first, in the order of the list,
// by CROSS JOIN: SQLite keeps to what is written so, and stops at the end of the
// page.
func actionsFrom(q *listQuery, f soc.ActionFilter) string {
	tables := `gamebook g CROSS JOIN step s`
	if strings.TrimPrefix(f.Sort, "-") == "executed_at" {
		tables = `step s CROSS JOIN gamebook g`
	}
	from := ` FROM ` + tables + ` CROSS JOIN incident i
WHERE s.gamebook_id = g.id AND i.id = g.incident_id AND g.workspace_id = ` + q.arg(f.Workspace) + ` AND s.workspace_id = ` + q.arg(f.Workspace) + ` AND i.deleted_at = 0`
	if f.Incident != "" {
		from += ` AND g.incident_id = ` + q.arg(f.Incident)
	}
	if f.Playbook != "" {
		from += ` AND s.playbook_id = ` + q.arg(f.Playbook)
	}
	if condition := actionLevels[f.Level]; condition != "" {
		from += ` AND ` + condition
	}
	var states []string
	for _, word := range f.Statuses {
		condition, known := actionStates[word]
		if !known {
			condition = `1 = 0`
		}
		states = append(states, `(`+condition+`)`)
	}
	if len(states) > 0 {
		from += ` AND (` + strings.Join(states, ` OR `) + `)`
	}
	return from
}

// ListActions lists the steps of gamebooks by time of request or dispatch, with
// their gamebooks. Those of deleted incidents are left out.
func (r *Reader) ListActions(f soc.ActionFilter) (page soc.ActionPage, err error) {
	q := &listQuery{}
	column, order, than := `g.requested_at`, `DESC`, `<`
	if strings.TrimPrefix(f.Sort, "-") == "executed_at" {
		column = `s.dispatched_at`
	}
	if f.Sort != "" && !strings.HasPrefix(f.Sort, "-") {
		order, than = `ASC`, `>`
	}
	from := actionsFrom(q, f)
	if f.After != nil {
		at, _ := strconv.ParseInt(f.After.Value, 10, 64)
		from += ` AND ` + column + ` ` + than + `= ` + q.arg(at) + ` AND (` + column + `, s.id) ` + than + ` (` + q.arg(at) + `, ` + q.arg(f.After.ID) + `)`
	}
	keys, err := all(r, func(x row) (actionKey, error) {
		var k actionKey
		return k, x.Scan(&k.step, &k.gamebook, &k.at)
	}, `SELECT s.id, g.id, `+column+from+` ORDER BY `+column+` `+order+`, s.id `+order+` LIMIT `+q.arg(f.Limit+1)+` OFFSET `+q.arg(f.Offset), q.args...)
	if err != nil {
		return page, err
	}
	if len(keys) > f.Limit {
		keys = keys[:f.Limit]
		last := keys[f.Limit-1]
		page.Next = &soc.Keyset{Value: strconv.FormatInt(last.at, 10), ID: last.step}
	}
	known := map[string]soc.Gamebook{}
	for _, k := range keys {
		g, seen := known[k.gamebook]
		if !seen {
			if g, _, err = r.Gamebook(f.Workspace, k.gamebook); err != nil {
				return page, err
			}
			known[k.gamebook] = g
		}
		for _, s := range g.Steps {
			if s.ID == k.step {
				page.Actions = append(page.Actions, soc.Action{Gamebook: g, Step: s})
			}
		}
	}
	return page, nil
}

// CountActions counts what ListActions lists, up to a limit.
func (r *Reader) CountActions(f soc.ActionFilter, limit int) (n int, err error) {
	q := &listQuery{}
	from := actionsFrom(q, f)
	err = r.q.queryRow(r.ctx, `SELECT COUNT(*) FROM (SELECT 1`+from+` LIMIT `+q.arg(limit)+`) counted`, q.args...).Scan(&n)
	return n, failure(err)
}
